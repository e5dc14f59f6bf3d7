"""The section `tune` of `params.yaml`: the learning rates and lengths of fine-tuning among which each arm may
choose."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated

from annotated_types import Interval

from harness.objectives.settings import Seed
from harness.params.marks import each_once

Factor = Annotated[float, Interval(gt=0, le=1_000)]


@dataclass(frozen=True)
class Tune:
    """The search of every arm for its fine-tuning recipe. An arm tries every pair of a learning rate and a length, once
    with each of `seeds`, and is scored on the validation part.

    `learning_rates` are factors of the recipe's learning rate. `lengths` are factors of the recipe's number of updates.
    The `seeds` must differ from the seeds of the runs that are reported.
    """

    learning_rates: tuple[Factor, ...]
    lengths: tuple[Factor, ...]
    seeds: tuple[Seed, ...]

    def checks(self) -> Iterator[tuple]:
        yield from each_once(self, "learning_rates", "lengths", "seeds")

    @property
    def factors(self) -> tuple[tuple[float, float], ...]:
        """The pairs (factor of the number of updates, factor of the learning rate) that are tried, in ascending
        order."""
        return tuple(product(sorted(self.lengths), sorted(self.learning_rates)))
