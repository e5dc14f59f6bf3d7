"""Entity scores on character spans, so that the gold count is the same for every tokenizer.

A span is (start, end, label), end exclusive, in characters of its document. Counts are pooled over
documents (micro). Field conventions: the i2b2/n2c2 de-identification tracks report a strict score
(both ends and the label right) and a relaxed one (label right and at least one character shared).
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from harness.errors import DataError

Span = tuple[int, int, str]
# From the gold and the predicted spans of one label and document to how many match.
Matching = Callable[[set[tuple[int, int]], set[tuple[int, int]]], int]


@dataclass(frozen=True)
class Document:
    """Gold and predicted spans of one document; a span given twice counts once.

    `unseen` are characters inside gold spans that nobody can read (see `unseen`): left unmasked they tell nothing.
    """

    id: str
    gold: tuple[Span, ...]
    predicted: tuple[Span, ...]
    length: int
    unseen: frozenset[int] = frozenset()

    @property
    def masked(self) -> set[int]:
        """The characters that masking the predicted spans would remove."""
        return {i for start, end, _ in self.predicted for i in range(start, end)}

    def seen(self, spans: Iterable[Span]) -> set[int]:
        """The characters inside `spans` that a reader of the document sees."""
        return {i for start, end, _ in spans for i in range(start, end)} - self.unseen


def unseen(text: str, spans: Iterable[Span]) -> frozenset[int]:
    """The characters inside `spans` that leave no ink: white space, controls, format characters, variation selectors.

    A combining mark is seen: an accent that is left over says something of the letter that was masked.
    """
    return frozenset(i for start, end, _ in spans for i in range(start, min(end, len(text))) if _is_blank(text[i]))


def _is_blank(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")
        or character in _DRAWN_AS_NOTHING
        or "VARIATION SELECTOR" in unicodedata.name(character, "")
    )


# Fillers of Korean and Khmer, a blank of braille, and a joiner of combining marks: letters or marks to Unicode.
_DRAWN_AS_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


@dataclass(frozen=True)
class SpanDecisions:
    """Documents to score over a fixed label list.

    Raises DataError for a repeated document id, a label outside the list, or a span that is empty
    or reaches outside its document.
    """

    labels: tuple[str, ...]
    documents: tuple[Document, ...]

    def __post_init__(self):
        seen: set[str] = set()
        labels = frozenset(self.labels)
        for document in self.documents:
            if document.id in seen:
                raise DataError(f"Document {document.id} stands twice.", remedy="Make the predictions again.")
            seen.add(document.id)
            for side in ("gold", "predicted"):
                for start, end, label in getattr(document, side):
                    if label not in labels:
                        raise DataError(
                            f"Document {document.id}: the {side} label {label!r} is not in the task's label list.",
                            remedy=f"Labels: {', '.join(self.labels)}.",
                        )
                    if not 0 <= start < end <= document.length:
                        raise DataError(
                            f"Document {document.id}: the {side} span {start}–{end} is empty or outside its "
                            f"{document.length} characters.",
                            remedy="Make the predictions again with `harness finetune`.",
                        )


@dataclass(frozen=True)
class Counts:
    """Matches, gold spans and predicted spans; ratios with an empty denominator are 0."""

    matched: int
    gold: int
    predicted: int

    @property
    def precision(self) -> float:
        return self.matched / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.matched / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        total = self.gold + self.predicted
        return 2 * self.matched / total if total else 0.0


def strict_counts(decisions: SpanDecisions) -> dict[str, Counts]:
    """Per label: spans of the same document with the same start, end and label."""
    return _counts(decisions, strictly)


def relaxed_counts(decisions: SpanDecisions) -> dict[str, Counts]:
    """Per label: the largest one-to-one pairing of gold and predicted spans that share a character.

    One-to-one means that two halves of a name found separately count one match and one false alarm,
    and one long prediction over two names one match and one miss.
    """
    return _counts(decisions, paired)


def _counts(decisions: SpanDecisions, matching: Matching) -> dict[str, Counts]:
    totals: dict[str, Counter] = {label: Counter() for label in decisions.labels}
    for document in decisions.documents:
        for label, c in counted(document, matching).items():
            totals[label].update(matched=c.matched, gold=c.gold, predicted=c.predicted)
    return {label: Counts(c["matched"], c["gold"], c["predicted"]) for label, c in totals.items()}


def counted(document: Document, matching: Matching) -> dict[str, Counts]:
    """The counts of the labels that one document has, in order; no others."""
    gold, predicted = _by_label(document.gold), _by_label(document.predicted)
    return {
        label: Counts(matching(gold[label], predicted[label]), len(gold[label]), len(predicted[label]))
        for label in sorted(gold.keys() | predicted.keys())
    }


def _by_label(spans: Iterable[Span]) -> dict[str, set[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for start, end, label in spans:
        found[label].add((start, end))
    return found


def strictly(gold: set[tuple[int, int]], predicted: set[tuple[int, int]]) -> int:
    """How many spans are the same."""
    return len(gold & predicted)


def paired(gold: set[tuple[int, int]], predicted: set[tuple[int, int]]) -> int:
    """The largest one-to-one pairing of spans that share a character."""
    # Each prediction touches a contiguous run of the (disjoint) gold spans. Walking the gold from
    # left to right and giving each the prediction whose run ends first is then a maximum matching
    # (Glover 1967, convex bipartite graphs).
    waiting = sorted(predicted, key=lambda span: span[1])
    pairs = 0
    for start, end in sorted(gold):
        for i, (other_start, other_end) in enumerate(waiting):
            if other_start < end and start < other_end:
                del waiting[i]
                pairs += 1
                break
    return pairs


def _pooled(counts: dict[str, Counts]) -> Counts:
    return Counts(*(sum(getattr(c, part) for c in counts.values()) for part in ("matched", "gold", "predicted")))


def strict_f1(decisions: SpanDecisions) -> float:
    """Micro-F1 over (document, start, end, label)."""
    return _pooled(strict_counts(decisions)).f1


def relaxed_f1(decisions: SpanDecisions) -> float:
    """Micro-F1 where a shared character and the same label suffice, paired one to one."""
    return _pooled(relaxed_counts(decisions)).f1


def macro_f1(decisions: SpanDecisions) -> float:
    """Unweighted mean of strict F1 over every label of the fixed list (an absent label counts 0)."""
    counts = strict_counts(decisions)
    return sum(c.f1 for c in counts.values()) / len(counts)


def document_leak_rate(decisions: SpanDecisions) -> float:
    """Share of documents that would leak if every predicted span were masked; lower is better.

    The denominator is the documents with at least one gold span; a document leaks when at least one
    character that can be read of at least one of its gold spans lies outside the union of its predicted
    spans, whatever their labels (a name masked as a place is masked). 0 where no document has gold spans.
    """
    marked = [document for document in decisions.documents if document.gold]
    return sum(leaks(document) for document in marked) / len(marked) if marked else 0.0


def leaks(document: Document) -> bool:
    """Does a readable character of a gold span lie outside the union of the predicted spans?"""
    return bool(document.seen(document.gold) - document.masked)


def per_label(decisions: SpanDecisions) -> list[dict]:
    """Strict precision, recall, F1 (0 to 1) and gold count of every label, in list order."""
    return [
        {"label": label, "precision": c.precision, "recall": c.recall, "f1": c.f1, "support": c.gold}
        for label, c in strict_counts(decisions).items()
    ]


def nothing_found(decisions: SpanDecisions) -> SpanDecisions:
    """The same documents without predictions: every token called the majority class, "outside"."""
    return replace(decisions, documents=tuple(replace(d, predicted=()) for d in decisions.documents))


METRICS: dict[str, Callable[[SpanDecisions], float]] = {
    function.__name__: function for function in (strict_f1, relaxed_f1, macro_f1, document_leak_rate)
}
