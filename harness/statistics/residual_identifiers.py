"""Count the identifying characters that stay readable if the predicted spans are masked, by document and by label.

Masking ignores labels (a name that is predicted as a place is masked, too), but recall does not. Both masking and
recall are reported, because only masking says what a reader of the masked document still sees. Only readable characters
are counted, so not the blank between two predicted spans or a soft hyphen (`spans.unseen`).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from harness.metrics.decided.counts import by_class
from harness.metrics.decided.spans import Document, Span, SpanDecisions


@dataclass(frozen=True)
class Leak:
    """The number of identifying `characters`, and the number of them that masking leaves readable (`leaked`)."""

    leaked: int
    characters: int


def leaked_characters(decisions: SpanDecisions) -> Leak:
    """Count the characters inside gold spans, and those of them that are outside every predicted span. A character of
    two gold spans counts once."""
    counted = [_characters(document, document.gold, document.masked) for document in decisions.documents]
    return Leak(sum(leaked for leaked, _ in counted), sum(total for _, total in counted))


def by_document(decisions: SpanDecisions) -> dict[str, Leak]:
    """The leak of each document with a gold span, by document id. A document leaks if `leaked` is above 0."""
    return {d.id: Leak(*_characters(d, d.gold, d.masked)) for d in decisions.documents if d.gold}


def by_label(decisions: SpanDecisions) -> list[dict[str, Any]]:
    """Count gold spans, masked spans and readable characters by label: one dict per label, in the order of the task's
    list.

    `support` is the number of gold spans of the label (the same span given twice counts once). `recall` is the share of
    these spans that were predicted with the same ends and label. `masked` is the share of these spans in which no
    character stays readable. `documents` is the number of documents with the label, and `document_leak_rate` the share
    of these documents in which a character of that label stays readable. `leaked` and `characters` are as in `Leak`.
    Shares are from 0 to 1, and 0 if the label has no gold span.
    """
    recall = {row["label"]: row["recall"] for row in by_class(decisions)}
    covered = [document.masked for document in decisions.documents]
    rows = []
    for label in decisions.labels:
        support = masked = documents = leaking = leaked = characters = 0
        for document, masks in zip(decisions.documents, covered, strict=True):
            spans = {span for span in document.gold if span[2] == label}
            if not spans:
                continue
            readable, total = _characters(document, spans, masks)
            support += len(spans)
            masked += sum(_characters(document, [span], masks)[0] == 0 for span in spans)
            documents, leaking = documents + 1, leaking + (readable > 0)
            leaked, characters = leaked + readable, characters + total
        rows.append(
            {
                "label": label,
                "support": support,
                "recall": recall[label],
                "masked": masked / support if support else 0.0,
                "documents": documents,
                "document_leak_rate": leaking / documents if documents else 0.0,
                **asdict(Leak(leaked, characters)),
            }
        )
    return rows


def _characters(document: Document, spans: Iterable[Span], covered: set[int]) -> tuple[int, int]:
    """The number of readable characters in `spans` that are not `covered`, and the number of all of them."""
    wanted = document.seen(spans)
    return len(wanted - covered), len(wanted)
