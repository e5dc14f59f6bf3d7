"""Divide the batch of one update over devices and accumulation steps.

An update sees the same number of rows (the effective batch) on any number of devices. Rows that do not fit on the
devices at once are accumulated. The checks of `params.yaml`, the checkpoint's card and the batch script all use this
module, so that they agree.
"""

from harness.errors import ConfigError
from harness.params.config import BatchPlan


def batch_plan(effective: int, per_device: int, devices: int) -> BatchPlan:
    """The plan that divides an update of exactly `effective` rows into micro-batches of `per_device` rows on each of
    `devices`.

    Raises ConfigError if a number is below 1, or if `effective` is not a multiple of `per_device` × `devices`, because
    rounding would train another recipe than the declared one.
    """
    for name, value in (("effective batch", effective), ("batch per device", per_device), ("devices", devices)):
        if value < 1:
            raise ConfigError(f"The {name} must be 1 or more, not {value}.", remedy=f"Correct the {name}.")
    at_once = per_device * devices
    if effective % at_once:
        fitting = [n for n in range(per_device, 0, -1) if effective % (n * devices) == 0]
        raise ConfigError(
            f"An effective batch of {effective} cannot be made of {per_device} rows on each of {devices} devices: "
            f"{effective} is not a multiple of {at_once}.",
            remedy=f"Set the batch per device to {fitting[0]}."
            if fitting
            else f"Use a number of devices that divides {effective}.",
        )
    return BatchPlan(per_device, effective // at_once, devices)
