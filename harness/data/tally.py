"""What became of the documents of one part of the corpus, counted for its card."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from harness.privacy.identifiers import KINDS, LOOKALIKE

# Why a document goes, in the order in which it is asked; OVERLAP is named with the task.
KEPT, EMPTY, DUPLICATE, NEAR_DUPLICATE, OVERLAP = range(5)
_REASONS = {EMPTY: "empty", DUPLICATE: "duplicate", NEAR_DUPLICATE: "near duplicate"}


@dataclass
class Tally:
    """Counts by document type, and what is kept by written standard. Filled one block of rows at a time."""

    read: Counter = field(default_factory=Counter)
    kept: Counter = field(default_factory=Counter)
    removed: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    words: Counter = field(default_factory=Counter)  # kept, by written standard
    documents: Counter = field(default_factory=Counter)  # kept, by written standard
    identifiers: Counter = field(default_factory=Counter)  # kept, by kind
    documents_with_identifiers: int = 0
    lookalikes: int = 0  # kept; see identifiers.LOOKALIKE
    documents_with_lookalikes: int = 0
    longest_match_kept: int = 0
    longest_match_removed: int = 0

    def add(
        self, table: np.ndarray, reasons: np.ndarray, kinds: list[str], standards: list[str], tasks: tuple[str, ...]
    ) -> None:
        """`table`: rows of type DOCUMENT; `reasons`: why each goes, or KEPT; the lists name their numbers."""
        marks = np.stack([table["kind"], reasons, np.where(reasons == OVERLAP, table["task"], 0)], axis=1)
        rows, counts = np.unique(marks.astype(np.int64), axis=0, return_counts=True)
        for (kind, reason, task), n in zip(rows.tolist(), counts.tolist(), strict=True):
            self.read[kinds[kind]] += n
            if reason == KEPT:
                self.kept[kinds[kind]] += n
            else:
                name = f"overlap with {tasks[task - 1]}" if reason == OVERLAP else _REASONS[reason]
                self.removed[name][kinds[kind]] += n
        kept = table[reasons == KEPT]
        for standard in np.unique(kept["standard"]).tolist():
            mine = kept["words"][kept["standard"] == standard]
            self.documents[standards[standard]] += len(mine)
            self.words[standards[standard]] += int(mine.sum(dtype=np.int64))
        for kind in KINDS:
            self.identifiers[kind] += int(kept[kind].sum(dtype=np.int64))
        self.documents_with_identifiers += int(np.any([kept[kind] > 0 for kind in KINDS], axis=0).sum())
        self.lookalikes += int(kept[LOOKALIKE].sum(dtype=np.int64))
        self.documents_with_lookalikes += int((kept[LOOKALIKE] > 0).sum())
        removed = table["longest"][reasons == OVERLAP]
        self.longest_match_kept = max(self.longest_match_kept, int(kept["longest"].max(initial=0)))
        self.longest_match_removed = max(self.longest_match_removed, int(removed.max(initial=0)))

    def as_card(self) -> dict:
        words, documents = self.words.total(), self.documents.total()
        return {
            "documents": {"in": self.read.total(), "kept": self.kept.total()},
            "in": dict(self.read),
            "kept": dict(self.kept),
            "removed": {
                reason: {"documents": types.total(), "by_document_type": dict(types)}
                for reason, types in self.removed.items()
            },
            "words": words,
            "written_standard": {
                standard: {
                    "documents": count,
                    "words": self.words[standard],
                    "share_of_documents": round(count / documents, 4),
                    "share_of_words": round(self.words[standard] / words, 4) if words else 0.0,
                }
                for standard, count in self.documents.items()
            },
            LOOKALIKE: {"found": self.lookalikes, "documents": self.documents_with_lookalikes},
            "longest_match": {"kept": self.longest_match_kept, "removed": self.longest_match_removed},
        }
