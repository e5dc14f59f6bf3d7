"""The perturbation that replaces every capital by a small letter."""

from collections.abc import Iterator
from random import Random

from harness.text.edited import Edit
from harness.text.perturbing.perturbation import Perturbation


class LowerCase(Perturbation):
    def edits(self, text: str, rate: float, drawn: Random) -> Iterator[Edit]:
        # Letter by letter, because a few change their length: "İ" becomes two characters.
        for at, letter in enumerate(text):
            if (small := letter.lower()) != letter:
                yield Edit(at, at + 1, small)

    def explained(self, rate: float) -> str:
        return "every capital letter is made small"


lower_case = LowerCase("lower_case")
