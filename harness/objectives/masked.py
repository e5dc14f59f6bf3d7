"""The base class of all pre-training objectives with masked language modelling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.objectives.objective import Heads, Objective, Setup
from harness.objectives.settings import BetweenZeroAndOne, Pretraining
from harness.text.bio import IGNORED


@dataclass(frozen=True)
class Masks(Pretraining):
    """The settings of masked LM. `mask_rate` is the share of tokens that are masked at the first update.
    `mask_schedule` is the form of the change from `mask_rate` to `mask_rate_end` at the last update, or "constant" if
    the share stays at `mask_rate`."""

    mask_rate: BetweenZeroAndOne
    mask_rate_end: BetweenZeroAndOne
    mask_schedule: Literal["constant", "linear", "cosine"]


class Masked(Objective):
    """Masked LM on rows of one document each, with the 80/10/10 rule (Devlin et al. 2019)."""

    def in_words(self) -> str:
        return "masked language modelling"

    def at(self, settings: Masks, step: int, steps: int) -> dict[str, float]:
        from harness.objectives.common.masking import masking_rate

        s = settings
        return {"mask_rate": masking_rate(step, steps, s.mask_schedule, s.mask_rate, s.mask_rate_end)}

    def batch(self, setup: Setup, rows: Sequence, now: Mapping[str, float], generator) -> tuple[dict, dict]:
        from harness.objectives.common.windows import padded

        inputs = padded(rows, setup.vocabulary)
        inputs["input_ids"], masked = self.masks(setup, inputs["input_ids"], now["mask_rate"], generator)
        return inputs, {"masked": masked}

    def masks(self, setup: Setup, ids, rate: float, generator) -> tuple:
        """Mask the token ids `ids` [B, T]. Returns (masked ids, targets), both [B, T]. `rate` is the share of tokens to
        mask."""
        from harness.objectives.common.masking import mask_tokens

        v = setup.vocabulary
        return mask_tokens(ids, v.maskable(ids), rate, v.mask, v.replacements, generator)

    def losses(self, output, targets: Mapping, heads: Heads) -> dict:
        """The cross-entropy at the masked positions, summed, as {"masked": loss}. Logits are computed only at masked
        positions, because logits at all positions would take most of a small encoder's time."""
        from torch.nn.functional import cross_entropy

        chosen = targets["masked"] != IGNORED
        logits = heads.masked_lm(output.last_hidden_state[chosen]).float()
        return {"masked": cross_entropy(logits, targets["masked"][chosen], reduction="sum")}
