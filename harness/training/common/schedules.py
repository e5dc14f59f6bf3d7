"""Learning-rate schedules as pure functions of the update number, so that a resumed run needs no state."""

import math


def learning_rate_factor(
    step: int,
    steps: int,
    warmup: float,
    shape: str = "linear",
    *,
    floor: float = 0.0,
    cooldown: float = 0.1,
    cooldown_shape: str = "linear",
) -> float:
    """The factor (0 to 1) on the highest learning rate at update `step` (from 0) of `steps`.

    All shapes rise linearly over the first `warmup` (a share of `steps`). Then "constant" stays at 1, and the others
    fall to `floor`. "linear" falls along a line, and "cosine" along half a cosine wave (Loshchilov and Hutter 2017,
    without restarts). "trapezoidal" (warm-up, stable, decay; Hägele et al. 2024, and ModernBERT) falls only in the last
    `cooldown` (a share of `steps`), along a line, or as 1 - sqrt(done) if `cooldown_shape` is "sqrt".
    """
    rising = max(1, math.ceil(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    if shape == "constant":
        return 1.0
    falling = max(1, steps - rising)
    if shape == "trapezoidal":
        falling = max(1, min(falling, math.ceil(steps * cooldown)))
    left = max(0.0, min(1.0, (steps - step) / falling))
    if shape == "cosine":
        left = (1 - math.cos(math.pi * left)) / 2
    elif shape == "trapezoidal" and cooldown_shape == "sqrt":
        left = 1 - math.sqrt(1 - left)
    return floor + (1 - floor) * left
