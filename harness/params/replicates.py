"""The names of encoders by arm and replicate, such as `clinical-2`. The first replicate has the name of its arm."""


def named(arm: str, replicate: int = 1) -> str:
    """The name of the encoder of one replicate of an arm."""
    return arm if replicate == 1 else f"{arm}-{replicate}"


def arm_of(encoder: str) -> str:
    return encoder.partition("-")[0]


def shared_updates(share: float, steps: int) -> int:
    """The number of updates (of `steps`) that an arm's branched replicates have in common: at least 1, never all."""
    return max(1, min(steps - 1, round(share * steps)))


def number_of(encoder: str) -> int:
    """The number of the replicate, from 1, whose encoder has this name."""
    return int(encoder.partition("-")[2] or 1)
