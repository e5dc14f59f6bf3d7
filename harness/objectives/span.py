"""The NorBERT3 objective: masked LM of whole spans (LTG-BERT, Samuel et al. 2023). As in `mlm_dataset.py` of
ltgoslo/ltg-bert, span lengths are geometric, the number of masked tokens is binomial at 15 %, and the 80/10/10 rule is
decided per span."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from harness.objectives.masked import Masked, Masks
from harness.objectives.objective import Setup
from harness.objectives.settings import BetweenZeroAndOne


@dataclass(frozen=True)
class Spans(Masks):
    """The settings of masked LM on whole spans. A span's length is drawn from a geometric distribution with the
    parameter `span_p`, modulo `span_modulus`."""

    span_p: BetweenZeroAndOne
    span_modulus: Annotated[int, Interval(ge=2)]


class MaskedSpans(Masked):
    def in_words(self) -> str:
        return f"{super().in_words()} of whole spans"

    def masks(self, setup: Setup, ids, rate: float, generator) -> tuple:
        from harness.objectives.common.masking import mask_spans

        v, s = setup.vocabulary, setup.settings
        return mask_spans(ids, v.maskable(ids), rate, v.mask, v.replacements, generator, s.span_p, s.span_modulus)


span = MaskedSpans(
    name="span",
    settings=Spans,
    # LTG-BERT (Samuel et al. 2023), training/train.py and mlm_dataset.py of ltgoslo/ltg-bert: .9, .98 and eps 1e-6;
    # weight decay .1, also in the output layer; clipping at 2; warm-up over 1.6 %, then a cosine to a tenth; lengths
    # geometric(1/3) modulo 10; a tenth of the rows cut at a length drawn from 1 to one below the full (short_p = 0.1).
    published={
        "optimizer": "adamw", "betas": [0.9, 0.98], "eps": 1e-6,
        "weight_decay": 0.1, "head_weight_decay": 0.1, "decay_with_rate": True, "clip": 2.0,
        "schedule": "cosine", "warmup": 0.016, "floor": 0.1, "cooldown": 0.1, "cooldown_shape": "linear",
        "mask_rate": 0.15, "mask_rate_end": 0.15, "mask_schedule": "constant",
        "span_p": 1 / 3, "span_modulus": 10, "short_rows": 0.1,
    },
)  # fmt: skip
