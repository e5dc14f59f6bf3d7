"""The section `tune`: the budget with which each arm searches for its learning rate and length of fine-tuning."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated

from annotated_types import Interval

from harness.objectives.settings import Seed
from harness.params.marks import Check

Factor = Annotated[float, Interval(gt=0, le=1_000)]


@dataclass(frozen=True)
class Tune:
    """Every arm tries every pair of a learning rate and a length, once with each of `seeds`, on the validation part.

    `learning_rates` are factors of the recipe's learning rate. `lengths` are factors of its number of updates. The
    `seeds` must be none of those that are reported.
    """

    learning_rates: tuple[Factor, ...]
    lengths: tuple[Factor, ...]
    seeds: tuple[Seed, ...]

    def checks(self) -> Iterator[tuple]:
        for key in ("learning_rates", "lengths", "seeds"):
            listed = getattr(self, key)
            once = len(listed) == len(set(listed)) > 0
            yield Check(key, list(listed), once, "a list that is not empty and has no value twice")

    @property
    def factors(self) -> tuple[tuple[float, float], ...]:
        """The pairs (length, learning rate) that are tried, shorter ones first."""
        return tuple(product(sorted(self.lengths), sorted(self.learning_rates)))
