"""How one arm is pre-trained, as `params.yaml` says it: what every objective has."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Pretraining:
    """Pre-training of one arm by the objective that `recipe` names (see `harness.objectives`), which adds settings.

    What `params.yaml` leaves out of it is as the authors of the recipe published it.

    `steps` updates, or one epoch where it is null, of `effective_batch` rows of at most `length` tokens.
    `device_batch` rows go through a device at once; the accumulation follows from it and the number of
    devices, the effective batch never does. `schedule` rises over `warmup` (a share of the updates) and falls to
    `floor` (a share of `learning_rate`): at once, or, "trapezoidal", over the last `cooldown` along
    `cooldown_shape`. An update shrinks a decayed matrix by `weight_decay` times the rate, or without
    `decay_with_rate` times the rate's share of the highest; the output layer and the embeddings tied to it by
    `head_weight_decay`. A gradient longer than `clip` is cut to it (null: none is). The share
    `short_rows` of the rows (with next sentences: of the documents, each with all its rows) is cut at a length drawn
    evenly, so that short texts are no news at fine-tuning.
    The state is saved every `save_steps` updates or `save_minutes` minutes (0: not), so that an
    interrupted training goes on; held-out text is scored every `evaluate_every` updates (0: only before
    and after).
    """

    recipe: str
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
    short_rows: float
    evaluate_every: int
    save_steps: int
    save_minutes: float
    seed: int
