"""The settings of robustness: how the test texts are perturbed."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.objectives.settings import BetweenZeroAndOne, Seed


@dataclass(frozen=True)
class Robustness:
    """The fine-tuned encoders also answer the test part perturbed in each of the `kinds` (`harness.text.perturbing`; an
    empty list: not at all). `rate` is the share of words of four letters or more that are misspelled. `seed` decides
    all that is random."""

    kinds: tuple[str, ...]
    rate: BetweenZeroAndOne
    seed: Seed

    def as_recorded(self) -> dict[str, Any] | None:
        """The entry in `runs.json`, or None if there are no `kinds`."""
        return asdict(self) | {"kinds": list(self.kinds)} if self.kinds else None


NOT_DONE = Robustness((), 0.1, 1)
