"""The names of encoders by arm and replicate, such as `clinical-2`. The first replicate has the name of its arm."""


def named(arm: str, replicate: int = 1) -> str:
    """What the encoder of an arm's n-th pre-training run is called."""
    return arm if replicate == 1 else f"{arm}-{replicate}"


def arm_of(encoder: str) -> str:
    return encoder.partition("-")[0]


def number_of(encoder: str) -> int:
    """Which of its arm's pre-training runs made it, from 1."""
    return int(encoder.partition("-")[2] or 1)
