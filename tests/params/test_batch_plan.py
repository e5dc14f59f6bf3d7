"""The batch of an update: exact whatever it is divided over, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.params.batch_plan import batch_plan
from harness.params.config import BatchPlan

small = st.integers(1, 64)


@given(small, small, small)
def test_every_plan_that_divides_is_found(per_device, accumulation, devices):
    effective = per_device * accumulation * devices
    plan = batch_plan(effective, per_device, devices)
    assert plan == BatchPlan(per_device, accumulation, devices) and plan.effective == effective


@given(st.integers(1, 512), small, st.integers(1, 9))
def test_a_plan_is_exact_or_refused_with_one_that_works(effective, per_device, devices):
    try:
        assert batch_plan(effective, per_device, devices).effective == effective
    except ConfigError as error:
        assert effective % (per_device * devices)
        if "batch per device to" in error.remedy:
            smaller = int(error.remedy.rstrip(".").split()[-1])
            assert smaller < per_device and batch_plan(effective, smaller, devices).effective == effective
        else:
            assert effective % devices


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (64, -8, 4)])
def test_what_is_no_number_of_rows_or_devices_is_refused(numbers):
    with pytest.raises(ConfigError, match="must be 1 or more"):
        batch_plan(*numbers)


def test_the_published_batches_fit_four_devices():
    assert batch_plan(64, 8, 4).accumulation == 2 and batch_plan(256, 8, 4).accumulation == 8
    with pytest.raises(ConfigError, match="64 is not a multiple of 96"):
        batch_plan(64, 24, 4)
