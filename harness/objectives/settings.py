"""The settings of pre-training in `params.yaml` that every objective has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval

# No run that ends needs more, and a slip of the keyboard (a zero too many, or six) is far above.
UPDATES = 100_000_000
Updates = Annotated[int, Interval(ge=1, le=UPDATES)]
Rows = Annotated[int, Interval(ge=1, le=1_000_000)]  # of a batch
Tokens = Annotated[int, Interval(ge=1, le=1_000_000)]  # of a row
# What every generator of random numbers takes: numpy's, scikit-learn's and torch's.
Seed = Annotated[int, Interval(ge=0, le=2**32 - 1)]
# An update of Adam moves a weight by about the learning rate.
Rate = Annotated[float, Interval(gt=0, le=1)]
Share = Annotated[float, Interval(ge=0, le=1)]
BelowOne = Annotated[float, Interval(ge=0, lt=1)]
BetweenZeroAndOne = Annotated[float, Interval(gt=0, lt=1)]


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
    steps: Updates | None
    effective_batch: Rows
    device_batch: Rows
    length: Tokens
    optimizer: Literal["adamw", "stable_adamw"]
    betas: tuple[BelowOne, ...]
    eps: BetweenZeroAndOne
    learning_rate: Rate
    schedule: Literal["linear", "cosine", "constant", "trapezoidal"]
    warmup: Share
    floor: Share
    cooldown: Share
    cooldown_shape: Literal["linear", "sqrt"]
    weight_decay: Annotated[float, Interval(ge=0)]
    head_weight_decay: Annotated[float, Interval(ge=0)]
    decay_with_rate: bool
    clip: Annotated[float, Interval(gt=0)] | None
    short_rows: Share
    evaluate_every: Annotated[int, Interval(ge=0)]
    save_steps: Annotated[int, Interval(ge=0)]
    save_minutes: Annotated[float, Interval(ge=0)]
    seed: Seed

    def checks(self) -> Iterator[tuple]:
        """The parts of a `harness.params.marks.Check` for each setting that must fit others."""
        yield "betas", list(self.betas), len(self.betas) == 2, "two numbers"
        # One update shrinks by that, or by that times the rate: from 1 on the weights change their sign.
        most = 1 / self.learning_rate if self.decay_with_rate else 1
        for key in ("weight_decay", "head_weight_decay"):
            yield key, getattr(self, key), getattr(self, key) < most, f"below {most:g}"
