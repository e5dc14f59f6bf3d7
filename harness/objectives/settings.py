"""The pre-training settings in `params.yaml` that all pre-training objectives have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval

# An upper limit that finds typing errors, such as six zeros too many. No real run needs more.
UPDATES = 100_000_000
Updates = Annotated[int, Interval(ge=1, le=UPDATES)]
Rows = Annotated[int, Interval(ge=1, le=1_000_000)]  # of a batch
Tokens = Annotated[int, Interval(ge=1, le=1_000_000)]  # of a row
# The range that the random number generators of numpy, scikit-learn and torch all accept.
Seed = Annotated[int, Interval(ge=0, le=2**32 - 1)]
# An update of Adam moves a weight by about the learning rate.
Rate = Annotated[float, Interval(gt=0, le=1)]
Share = Annotated[float, Interval(ge=0, le=1)]
BelowOne = Annotated[float, Interval(ge=0, lt=1)]
BetweenZeroAndOne = Annotated[float, Interval(gt=0, lt=1)]


@dataclass(frozen=True)
class Pretraining:
    """Pre-training of one arm by the objective that `recipe` names (see `harness.objectives`).

    An objective adds settings. Omitted settings have the values that the authors of the recipe published.

    `steps` is the number of updates (null: as many as one epoch has). An update has `effective_batch` rows of at most
    `length` tokens. `device_batch` rows go through a device at once, and gradients are accumulated up to
    `effective_batch`. The learning rate rises over `warmup` (a share of the updates) to `learning_rate`, then falls by
    `schedule` to `floor` (a share of `learning_rate`), or stays at `learning_rate` if `schedule` is "constant". With
    the `schedule` "trapezoidal" the learning rate falls only over the last `cooldown` (a share of the updates), in the
    form `cooldown_shape`. An update shrinks a decayed matrix by `weight_decay` times the current rate, or, if
    `decay_with_rate` is false, by `weight_decay` times current rate / `learning_rate`. For the output layer and the
    embeddings tied to it, `head_weight_decay` replaces `weight_decay`. A gradient with a norm above `clip` is scaled
    down to the norm `clip` (null: no clipping). The share `short_rows` of the rows (for next-sentence prediction, of
    the documents with all their rows) is cut at a uniformly drawn length, so that the encoder also learns short texts.
    The training state is saved every `save_steps` updates or `save_minutes` minutes (0: not saved), so that an
    interrupted training can resume. Held-out text is scored every `evaluate_every` updates (0: only before and after
    the training).
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
        """Yield a check for each setting that depends on other settings: a tuple with the key, the value, whether the
        value fits, and the wanted value in words, the first four values of a `harness.params.marks.Requirement`."""
        yield "betas", list(self.betas), len(self.betas) == 2, "two numbers"
        # If an update shrinks a weight by its whole value or more, the weight changes its sign.
        most = 1 / self.learning_rate if self.decay_with_rate else 1
        for key in ("weight_decay", "head_weight_decay"):
            yield key, getattr(self, key), getattr(self, key) < most, f"below {most:g}"
