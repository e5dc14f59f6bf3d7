"""Make and read the names of encoders by arm and replicate. Replicates are several pre-trainings of an arm that differ
only in their seed. The second replicate of the arm `clinical` has the name `clinical-2`, and the first has the name of
its arm."""


def named(arm: str, replicate: int = 1) -> str:
    """The name of the encoder that is replicate number `replicate` (from 1) of `arm`, such as "clinical-2"."""
    return arm if replicate == 1 else f"{arm}-{replicate}"


def arm_of(encoder: str) -> str:
    return encoder.partition("-")[0]


def shared_updates(share: float, steps: int) -> int:
    """The number of updates that the branched replicates of an arm have in common: the share `share` of `steps`, but at
    least 1 and (if `steps` is above 1) never all. Branched replicates continue the same partly trained encoder with
    different seeds."""
    return max(1, min(steps - 1, round(share * steps)))


def number_of(encoder: str) -> int:
    """The number (from 1) of the replicate in the name `encoder`: 2 for "clinical-2", 1 for "clinical"."""
    return int(encoder.partition("-")[2] or 1)
