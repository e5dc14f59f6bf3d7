"""A text with places replaced, and where its other places are then."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple


class Edit(NamedTuple):
    """The characters from `start` to before `end` become `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Edited:
    """The text `before` with `edits`: in order, apart from each other, none of them empty."""

    before: str
    edits: tuple[Edit, ...]

    @property
    def text(self) -> str:
        pieces, at = [], 0
        for edit in self.edits:
            pieces += [self.before[at : edit.start], edit.new]
            at = edit.end
        return "".join([*pieces, self.before[at:]])

    def moved(self, place: int) -> int:
        """Where a place of `before`, which no edit has inside it, is in `text`."""
        return place + sum(len(edit.new) - (edit.end - edit.start) for edit in self.edits if edit.end <= place)

    def around(self, places: Collection[int]) -> "Edited":
        """Without the edits that have one of the places inside them."""
        kept = [edit for edit in self.edits if not any(edit.start < place < edit.end for place in places)]
        return replace(self, edits=tuple(kept))
