"""The base class of perturbations (ways to rewrite texts), and a class for those that use a list of words."""

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
    """One way to rewrite texts. `name` is its name in `params.yaml` and in all files."""

    name: str

    def edited(self, text: str, rate: float, drawn: Random) -> Edited:
        """The rewritten text. `rate` is the share of words that are misspelled, and `drawn` the random generator."""
        return Edited(text, tuple(self.edits(text, rate, drawn)))

    @abstractmethod
    def edits(self, text: str, rate: float, drawn: Random) -> Iterator[Edit]:
        """Yield the edits of the text, in order. Each edit changes something."""

    @abstractmethod
    def explained(self, rate: float) -> str:
        """The description for a report. It is a method, because the hash of a training's code leaves out methods that
        the training does not call. So a new wording makes no training stale."""


@dataclass(frozen=True)
class Listed(Perturbation):
    """A perturbation that replaces whole words and phrases, each time they occur, by the TOML list `file` in this
    folder. Capitals of a first letter, or of a whole word, are kept."""

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
    """`new` with the capitals of the word `like`. Capitals in `new` stay."""
    if len(like) > 1 and like.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if like[:1].isupper() else new
