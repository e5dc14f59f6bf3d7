"""The base class of perturbations (ways to rewrite test texts), and a class for those that use a list of words."""

import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from harness.text.edited import Edit, Edited


@dataclass(frozen=True)
class Perturbation(ABC):
    """One way to rewrite texts, such as with typing errors. `name` is its name in `params.yaml` and in all files."""

    name: str

    def edited(self, text: str, rate: float, drawn: Random) -> Edited:
        """Rewrite `text`. `rate` is the share of words (0 to 1) that a perturbation with random errors changes, and
        `drawn` the random generator."""
        return Edited(text, tuple(self.edits(text, rate, drawn)))

    @abstractmethod
    def edits(self, text: str, rate: float, drawn: Random) -> Iterator[Edit]:
        """Yield the edits of `text`, in text order. Each edit changes something. The arguments are as in `edited`."""

    @abstractmethod
    def explained(self, rate: float) -> str:
        """A description of the perturbation for a report, as a phrase. It is a method, because the hash of a training's
        code leaves out methods that the training does not call. So another wording does not make a training out of
        date."""


@dataclass(frozen=True)
class Listed(Perturbation):
    """A perturbation that replaces words and phrases of a list, each time they occur. `file` is the name of the TOML
    list in this folder, from the old word to the new one. Capitals of a first letter, or of a whole word, are kept."""

    file: str

    @cached_property
    def words(self) -> dict[str, str]:
        return tomllib.loads(Path(__file__).with_name(self.file).read_text(encoding="utf-8"))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest = sorted(self.words, key=lambda word: (-len(word), word))
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])", re.IGNORECASE)

    def edits(self, text: str, rate: float, drawn: Random) -> Iterator[Edit]:
        for found in self._pattern.finditer(text):
            # Ignoring case also finds words with "ſ" for "s", which are not in the list.
            if (new := self.words.get(found[0].lower())) is None:
                continue
            new = cased(new, found[0])
            if new.endswith(".") and text.startswith(".", found.end()):
                new = new[:-1]  # one full stop ends both
            if new != found[0]:
                yield Edit(found.start(), found.end(), new)


def cased(new: str, like: str) -> str:
    """The word `new` with capitals like those of the word `like`: a capital first letter, or all capitals. Capitals in
    `new` stay."""
    if len(like) > 1 and like.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if like[:1].isupper() else new
