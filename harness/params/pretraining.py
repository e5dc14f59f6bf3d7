"""How one arm is pre-trained, as `params.yaml` says it, and what the authors of each recipe trained with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# A profile states only what it does otherwise.
_BERT = {
    # Devlin et al. 2019, section 3.1 and appendix A.2, with run_pretraining.py and optimization.py of
    # google-research/bert: 15 % of the tokens; Adam with .9, .999 and eps 1e-6; decay .01 on all but biases and
    # normalisation; the gradient cut at 1; 10,000 of 1,000,000 updates of warm-up, then linearly to zero. Its
    # create_pretraining_data.py cuts a tenth of the documents at a length drawn from 2 up (short_seq_prob = 0.1).
    "optimizer": "adamw", "betas": [0.9, 0.999], "eps": 1e-6,
    "weight_decay": 0.01, "head_weight_decay": 0.01, "decay_with_rate": True, "clip": 1.0,
    "schedule": "linear", "warmup": 0.01, "floor": 0.0, "cooldown": 0.1, "cooldown_shape": "linear",
    "mask_rate": 0.15, "mask_rate_end": 0.15, "mask_schedule": "constant",
    "span_p": None, "span_modulus": None, "short_rows": 0.1,
}  # fmt: skip
PUBLISHED = {
    "mlm": _BERT,
    "mlm_nsp": _BERT,
    # LTG-BERT (Samuel et al. 2023), training/train.py and mlm_dataset.py of ltgoslo/ltg-bert: .9, .98 and eps 1e-6;
    # decay .1, in the output layer too; cut at 2; 1.6 % of warm-up, then a cosine to a tenth; span lengths
    # geometric(1/3) modulo 10; a tenth of the rows cut at a length drawn from 1 to one below the full (short_p = 0.1).
    "span": {
        "optimizer": "adamw", "betas": [0.9, 0.98], "eps": 1e-6,
        "weight_decay": 0.1, "head_weight_decay": 0.1, "decay_with_rate": True, "clip": 2.0,
        "schedule": "cosine", "warmup": 0.016, "floor": 0.1, "cooldown": 0.1, "cooldown_shape": "linear",
        "mask_rate": 0.15, "mask_rate_end": 0.15, "mask_schedule": "constant",
        "span_p": 1 / 3, "span_modulus": 10, "short_rows": 0.1,
    },
    # ModernBERT (Warner et al. 2024, arXiv 2412.13663) with modernbert-base-pretrain.yaml of AnswerDotAI/ModernBERT:
    # StableAdamW with .9, .98 and eps 1e-6 in place of clipping; decay 1e-5 whatever the rate; 3 of 1,719 G tokens of
    # warm-up, then stable, with no decay in that file (t_decay: 0tok), and rows packed full. The decay is a phase of
    # its own in the paper (section 2.2.2): after 250 G tokens of longer rows, 50 G as 1 - sqrt, so 50 of 2,019. It
    # hides 30 % throughout; the fall to 15 % is the dynamic schedule of Ankner et al. 2023.
    "dynamic": {
        "optimizer": "stable_adamw", "betas": [0.9, 0.98], "eps": 1e-6,
        "weight_decay": 1e-5, "head_weight_decay": 1e-5, "decay_with_rate": False, "clip": None,
        "schedule": "trapezoidal", "warmup": 0.0017, "floor": 0.0, "cooldown": 0.025, "cooldown_shape": "sqrt",
        "mask_rate": 0.30, "mask_rate_end": 0.15, "mask_schedule": "linear",
        "span_p": None, "span_modulus": None, "short_rows": 0.0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Pretraining:
    """Pre-training of one arm by a published recipe (see `harness.training.recipes`).

    What `params.yaml` leaves out of it is as `PUBLISHED` for that recipe.

    `steps` updates, or one epoch where it is null, of `effective_batch` rows of at most `length` tokens.
    `device_batch` rows go through a device at once; the accumulation follows from it and the number of
    devices, the effective batch never does. `schedule` rises over `warmup` (a share of the updates) and falls to
    `floor` (a share of `learning_rate`): at once, or, "trapezoidal", over the last `cooldown` along
    `cooldown_shape`. An update shrinks a decayed matrix by `weight_decay` times the rate, or without
    `decay_with_rate` times the rate's share of the highest; the output layer and the embeddings tied to it by
    `head_weight_decay`. A gradient longer than `clip` is cut to it (null: none is). `mask_rate` becomes
    `mask_rate_end` by `mask_schedule`; a span's length is geometric with `span_p`, modulo `span_modulus`. The share
    `short_rows` of the rows (with next sentences: of the documents, each with all its rows) is cut at a length drawn
    evenly, so that short texts are no news at fine-tuning.
    The state is saved every `save_steps` updates or `save_minutes` minutes (0: not), so that an
    interrupted training goes on; held-out text is scored every `evaluate_every` updates (0: only before
    and after).
    """

    recipe: Literal["mlm", "mlm_nsp", "span", "dynamic"]
    steps: int | None
    effective_batch: int
    device_batch: int
    length: int
    optimizer: Literal["adamw", "stable_adamw"]
    betas: tuple[float, ...]
    eps: float
    learning_rate: float
    schedule: Literal["linear", "cosine", "constant", "trapezoidal"]
    warmup: float
    floor: float
    cooldown: float
    cooldown_shape: Literal["linear", "sqrt"]
    weight_decay: float
    head_weight_decay: float
    decay_with_rate: bool
    clip: float | None
    mask_rate: float
    mask_rate_end: float
    mask_schedule: Literal["constant", "linear", "cosine"]
    span_p: float | None
    span_modulus: int | None
    short_rows: float
    evaluate_every: int
    save_steps: int
    save_minutes: float
    seed: int

    @staticmethod
    def left_out(section: Mapping) -> Mapping:
        """What keys that `section` leaves out are: by its recipe, where there is such a one."""
        recipe = section.get("recipe")
        return PUBLISHED.get(recipe if isinstance(recipe, str) else "", PUBLISHED["mlm"])
