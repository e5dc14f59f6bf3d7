"""Learning-rate schedules as pure functions of the update's number, so that a resumed run needs no state."""

import math

SHAPES = ("linear", "cosine", "constant", "trapezoidal")


def linear_schedule(step: int, steps: int, warmup: float) -> float:
    """Factor on the learning rate at update `step` (from 0): linear warm-up, then linear to zero."""
    rising = max(1, math.ceil(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def learning_rate_factor(
    step: int, steps: int, warmup: float, shape: str, *, floor: float = 0.1, cooldown: float = 0.1
) -> float:
    """Factor (0 to 1) on the highest learning rate at update `step` (from 0) of `steps`.

    All shapes rise linearly over the first `warmup` (a share of `steps`). Then "linear" falls to zero;
    "cosine" falls to `floor` along half a cosine wave (Loshchilov and Hutter 2017, without restarts;
    LTG-BERT was trained with a floor of 0.1); "constant" stays; "trapezoidal" stays until the last
    `cooldown` (a share of `steps`), in which it falls linearly to zero (warm-up, stable, decay; Zhai et
    al. 2022, and ModernBERT). Raises ValueError for another shape.
    """
    if shape == "linear":
        return linear_schedule(step, steps, warmup)
    if shape not in SHAPES:
        raise ValueError(f"no schedule {shape!r}; one of {', '.join(SHAPES)}")
    rising = max(1, math.ceil(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    if shape == "cosine":
        done = min(1.0, (step - rising) / max(1, steps - rising))
        return floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2
    if shape == "trapezoidal":
        falling = min(steps - rising, math.ceil(steps * cooldown))
        return max(0.0, min(1.0, (steps - step) / max(1, falling)))
    return 1.0
