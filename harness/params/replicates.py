"""The names of encoders by arm and replicate, such as `clinical-2`. The first replicate has the name of its arm."""


def named(arm: str, replicate: int = 1) -> str:
    """What the encoder of an arm's n-th pre-training run is called."""
    return arm if replicate == 1 else f"{arm}-{replicate}"


def arm_of(encoder: str) -> str:
    return encoder.partition("-")[0]


def shared_updates(share: float, steps: int) -> int:
    """The updates of `steps` that the branched ends of an arm have in common: at least one, and not all."""
    return max(1, min(steps - 1, round(share * steps)))


def number_of(encoder: str) -> int:
    """Which of its arm's pre-training runs made it, from 1."""
    return int(encoder.partition("-")[2] or 1)
