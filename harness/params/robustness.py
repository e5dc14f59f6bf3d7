"""The settings of the robustness test, in which the fine-tuned encoders read perturbed (for example misspelled) test
texts."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.objectives.settings import BetweenZeroAndOne, Seed


@dataclass(frozen=True)
class Robustness:
    """How the test part is perturbed. The fine-tuned encoders answer the test part once more for each of the `kinds`,
    with texts that are perturbed in this way (see `harness.text.perturbing`; an empty list means no perturbed texts).
    `rate` is the share of words of four letters or more that are misspelled. `seed` decides all that is random."""

    kinds: tuple[str, ...]
    rate: BetweenZeroAndOne
    seed: Seed

    def as_recorded(self) -> dict[str, Any] | None:
        """The settings as plain values for `runs.json`, the record of a comparison's runs, or None if `kinds` is
        empty."""
        return asdict(self) | {"kinds": list(self.kinds)} if self.kinds else None


NOT_DONE = Robustness((), 0.1, 1)
