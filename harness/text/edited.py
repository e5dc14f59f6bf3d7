"""Replace pieces of a text, and compute the new positions of the characters that were not replaced."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple


class Edit(NamedTuple):
    """The replacement of the characters from `start` to before `end` by `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Edited:
    """A text (`before`) with the `edits` that change it. The edits are in text order, do not overlap, and replace at
    least one character each."""

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
        """The position in the edited text of the position `place` in the text before. No edit may have the position
        inside it."""
        return place + sum(len(edit.new) - (edit.end - edit.start) for edit in self.edits if edit.end <= place)

    def around(self, places: Collection[int]) -> "Edited":
        """A copy without the edits that have one of the positions `places` inside them, so that `moved` can move these
        positions."""
        kept = [edit for edit in self.edits if not any(edit.start < place < edit.end for place in places)]
        return replace(self, edits=tuple(kept))
