"""The settings of robustness: the ways in which the test texts are written otherwise."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.objectives.settings import BetweenZeroAndOne, Seed


@dataclass(frozen=True)
class Robustness:
    """The fine-tuned encoders answer the test part again in each of the `kinds` (`harness.text.perturbing`; none:
    nothing is done). `rate` is the share of words of four letters or more that are misspelled; what chance decides,
    `seed` does."""

    kinds: tuple[str, ...]
    rate: BetweenZeroAndOne
    seed: Seed

    def as_recorded(self) -> dict[str, Any] | None:
        """What `runs.json` says of it; nothing where nothing is done."""
        return asdict(self) | {"kinds": list(self.kinds)} if self.kinds else None


NOT_DONE = Robustness((), 0.1, 1)
