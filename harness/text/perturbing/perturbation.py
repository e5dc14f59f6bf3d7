"""The base class of perturbations, and the one by a declared list of words."""

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
    """One way in which texts are written otherwise; `name` stands in `params.yaml` and in every file."""

    name: str

    def edited(self, text: str, rate: float, drawn: Random) -> Edited:
        """The text as it is written otherwise; `rate` is the share of words that are misspelled, `drawn` is what
        chance decides by."""
        return Edited(text, tuple(self.edits(text, rate, drawn)))

    @abstractmethod
    def edits(self, text: str, rate: float, drawn: Random) -> Iterator[Edit]:
        """What becomes of the text, in order; each edit changes something."""

    @abstractmethod
    def explained(self, rate: float) -> str:
        """What a report says of it. A method, so that other words make no training stale."""


@dataclass(frozen=True)
class Listed(Perturbation):
    """Whole words and phrases that a list in TOML replaces, each time they occur: `file` stands in this folder. A first
    letter, or a whole word, in capitals stays so."""

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
            # What else ignoring case finds ("ſ" for "s") is no word of the list.
            if (new := self.words.get(found[0].lower())) is None:
                continue
            new = cased(new, found[0])
            if new.endswith(".") and text.startswith(".", found.end()):
                new = new[:-1]  # one full stop ends both
            if new != found[0]:
                yield Edit(found.start(), found.end(), new)


def cased(new: str, like: str) -> str:
    """`new` with the capitals of the word `like`; capitals of its own stay."""
    if len(like) > 1 and like.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if like[:1].isupper() else new
