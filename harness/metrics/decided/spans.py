"""Gold and predicted entities of documents as character spans, counted in the same way for every tokenizer.

A span is (start, end, label): characters of its document, from `start` to before `end`.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import DataError

if TYPE_CHECKING:
    from scipy import sparse

Span = tuple[int, int, str]
# The number of matches between the gold and the predicted spans of one label in one document.
Matching = Callable[[set[tuple[int, int]], set[tuple[int, int]]], int]


@dataclass(frozen=True)
class Document:
    """The gold and predicted spans of one document. A span that is given twice counts once.

    `length` is the number of characters. `unseen` has the positions of characters inside gold spans that nobody can
    read, such as blanks (see the function `unseen`). Such characters reveal nothing if they are not masked.
    """

    id: str
    gold: tuple[Span, ...]
    predicted: tuple[Span, ...]
    length: int
    unseen: frozenset[int] = frozenset()

    @property
    def masked(self) -> set[int]:
        """The positions of the characters that masking the predicted spans would remove."""
        return {i for start, end, _ in self.predicted for i in range(start, end)}

    def seen(self, spans: Iterable[Span]) -> set[int]:
        """The positions of the characters inside `spans` that a reader of the document sees."""
        return {i for start, end, _ in spans for i in range(start, end)} - self.unseen


def unseen(text: str, spans: Iterable[Span]) -> frozenset[int]:
    """The positions of the characters inside `spans` that show nothing: white space, control and format characters,
    variation selectors.

    A combining mark is visible: an accent that is left over says something about the masked letter.
    """
    return frozenset(i for start, end, _ in spans for i in range(start, min(end, len(text))) if _is_blank(text[i]))


def _is_blank(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")
        or character in _DRAWN_AS_NOTHING
        or "VARIATION SELECTOR" in unicodedata.name(character, "")
    )


# Korean and Khmer fillers, the braille blank, a joiner of combining marks: for Unicode letters, marks or symbols.
_DRAWN_AS_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


@dataclass(frozen=True)
class SpanDecisions:
    """The gold and predicted spans of documents to score, over a fixed list of labels.

    Raises DataError if a document id occurs twice, a label is not in the list, or a span is empty or reaches outside
    its document.
    """

    labels: tuple[str, ...]
    documents: tuple[Document, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        labels = frozenset(self.labels)
        for document in self.documents:
            if document.id in seen:
                raise DataError(
                    f"Document {document.id} occurs twice.",
                    remedy="Make the predictions again with `harness finetune`.",
                )
            seen.add(document.id)
            for side in ("gold", "predicted"):
                for start, end, label in getattr(document, side):
                    if label not in labels:
                        raise DataError(
                            f"Document {document.id}: the {side} label {label!r} is not in the task's label list.",
                            remedy="Add it to the task's labels, or make the predictions again with "
                            f"`harness finetune`. The labels are {', '.join(self.labels)}.",
                        )
                    if not 0 <= start < end <= document.length:
                        raise DataError(
                            f"Document {document.id}: the {side} span {start}–{end} is empty or outside its "
                            f"{document.length} characters.",
                            remedy="Make the predictions again with `harness finetune`.",
                        )

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def held(self) -> set[str]:
        """The labels that occur in gold."""
        return {label for document in self.documents for _, _, label in document.gold}

    def subset(self, at: list[int]) -> "SpanDecisions":
        """A copy with only the documents at the positions `at`."""
        return replace(self, documents=tuple(self.documents[i] for i in at))

    def keys(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The group of every document. `groups` maps document ids to groups. Without `groups`, the group of a document
        is its id."""
        return tuple(groups[d.id] if groups is not None else d.id for d in self.documents)

    def found(self, matching: Matching, pooled: bool) -> "sparse.csr_array":
        """True positives, false positives and false negatives of every document: [documents, 3] if `pooled` over
        labels, otherwise [documents, 3 × labels].

        `matching` (`strictly` or `paired`) counts the matches between the gold and the predicted spans of a label.
        """
        from harness.metrics.decided.counts import table

        at = {label: 0 if pooled else 3 * i for i, label in enumerate(self.labels)}
        cells = [
            (i, at[label] + k, n)
            for i, document in enumerate(self.documents)
            for label, c in counted(document, matching).items()
            for k, n in enumerate((c.matched, c.predicted - c.matched, c.gold - c.matched))
        ]
        shape = (len(self.documents), 3 if pooled else 3 * len(self.labels))
        rows, columns, counts = zip(*cells, strict=True) if cells else ((), (), ())
        return table(rows, columns, counts, shape)

    def by_label(self) -> "sparse.csr_array":
        """True positives, false positives and false negatives of every document and label, [documents, 3 × labels]. A
        predicted span matches only a gold span with the same label and the same ends."""
        return self.found(strictly, pooled=False)

    def leaking(self) -> "sparse.csr_array":
        """The table [documents, 2] of (leaks, does not leak), see `leaks`. A document without a gold span has (0,
        0)."""
        import numpy as np

        from harness.metrics.decided.counts import hits

        marked, leaking = ([f(d) for d in self.documents] for f in (lambda d: bool(d.gold), leaks))
        return hits(np.array(leaking, dtype=bool), np.array(marked, dtype=bool))


@dataclass(frozen=True)
class Counts:
    """The numbers of matches, gold spans and predicted spans of one label in one document."""

    matched: int
    gold: int
    predicted: int


def counted(document: Document, matching: Matching) -> dict[str, Counts]:
    """The counts of each label that a gold or predicted span of the document has, by label, in alphabetical order.
    `matching` is as in `SpanDecisions.found`."""
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
    """The number of spans (start, end) that are both in `gold` and in `predicted`."""
    return len(gold & predicted)


def paired(gold: set[tuple[int, int]], predicted: set[tuple[int, int]]) -> int:
    """The largest number of pairs of a gold and a predicted span that share a character, if each span is in one pair at
    most."""
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


def leaks(document: Document) -> bool:
    """True if a readable character of a gold span lies outside all predicted spans."""
    return bool(document.seen(document.gold) - document.masked)


def nothing_found(decisions: SpanDecisions) -> SpanDecisions:
    """A copy of `decisions` without predicted spans, as if every token were called the majority class, "outside"."""
    return replace(decisions, documents=tuple(replace(d, predicted=()) for d in decisions.documents))
