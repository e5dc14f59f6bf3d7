"""Identifying characters that stay readable when the predicted spans are masked, by document and by label.

Masking ignores labels (a name masked as a place is masked), recall does not: the two stand side by side,
because only the first says what a reader of the masked document still sees. A character is one that can be read: the
blank between two predicted spans, or a soft hyphen, is none (`spans.unseen`).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from harness.metrics.decided.spans import Document, Span, SpanDecisions


@dataclass(frozen=True)
class Leak:
    """Identifying characters left readable, of all of them; `share` is 0 where there are none."""

    leaked: int
    characters: int

    @property
    def share(self) -> float:
        return self.leaked / self.characters if self.characters else 0.0


def leaked_characters(decisions: SpanDecisions) -> Leak:
    """Characters inside gold spans and outside every predicted span; a character of two gold spans counts once."""
    counted = [_characters(document, document.gold, document.masked) for document in decisions.documents]
    return Leak(sum(leaked for leaked, _ in counted), sum(total for _, total in counted))


def by_document(decisions: SpanDecisions) -> dict[str, Leak]:
    """The same per document id, for the documents with a gold span; it leaks where `leaked` is above 0."""
    return {d.id: Leak(*_characters(d, d.gold, d.masked)) for d in decisions.documents if d.gold}


def by_label(decisions: SpanDecisions) -> list[dict[str, Any]]:
    """One row per label of the fixed list, in its order. Shares are 0 where the label has no gold span.

    `support` gold spans (the same span given twice counts once), `recall` the share found strictly, `masked`
    the share of which no character is left readable, `documents` with the label, `document_leak_rate` the share
    of these in which a character of that label is left readable, `leaked` and `characters`.
    """
    recall = {row["label"]: row["recall"] for row in decisions.by_class}
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
    """Of the readable characters in these spans: how many are not covered, and how many there are."""
    wanted = document.seen(spans)
    return len(wanted - covered), len(wanted)
