"""The section `tune`: the budget with which each arm searches for its learning rate and length of fine-tuning."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Interval

from harness.objectives.settings import Seed
from harness.params.marks import Check

if TYPE_CHECKING:
    from harness.params.config import Recipe

Factor = Annotated[float, Interval(gt=0, le=1_000)]


@dataclass(frozen=True)
class Tune:
    """Every arm tries every pair of a learning rate and a length, once with each of `seeds`, on the validation part.

    `learning_rates` and `lengths` are factors: of the recipe's learning rate, and of its number of updates. The seeds
    are none of those that are reported.
    """

    learning_rates: tuple[Factor, ...]
    lengths: tuple[Factor, ...]
    seeds: tuple[Seed, ...]

    def checks(self) -> Iterator[tuple]:
        for key in ("learning_rates", "lengths", "seeds"):
            listed = getattr(self, key)
            once = len(listed) == len(set(listed)) > 0
            yield Check(key, list(listed), once, "a list with something in it and nothing twice")

    def candidates(self, recipe: "Recipe") -> tuple["Recipe", ...]:
        """The recipes that are tried: shorter ones first, then in the order of the learning rates."""
        return tuple(
            dataclasses.replace(
                recipe, steps=max(1, round(recipe.steps * length)), learning_rate=recipe.learning_rate * rate
            )
            for length in sorted(self.lengths)
            for rate in sorted(self.learning_rates)
        )
