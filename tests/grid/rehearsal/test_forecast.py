"""Hours of a stage, from how much it does and how long a little of it took."""

import dataclasses

import pytest

from harness.grid.rehearsal import disk, forecast
from harness.grid.rehearsal.counting import Amount, Pretrained, Training
from harness.grid.rehearsal.forecast import Carry, Speed
from harness.params.config import Engine

CPU = Engine("cpu", "fp32", "sdpa", "fast", 1, 1, "ddp", False, False)
GPUS = dataclasses.replace(CPU, device="cuda", precision="bf16", devices=4)
MEASURED = {"update": 10.0, "optimizer": 2.0, "row": 0.5, "flops": 4e12, "row_flops": 1e11, "fixed": 3.0}


def test_a_comparison_takes_its_updates_answers_and_starts_on_the_cores_that_there_are():
    amount = Amount((Training(100, 40, 60, 15),), 1500)
    speed = Speed(update=0.1, row=0.01, judge=0.01, fixed=1.0, encode=0.001)
    made = forecast.finetuning("finetune", "t f", amount, speed, rows=1000, encoders=4, workers=2, device="cpu")
    run = 100 * 0.1 + 40 * 0.02 + 60 * 0.01 + 1.0
    reading = forecast.STARTING + 1000 * 0.001 + 4 * 1.0 / 2
    # Fifteen runs on two workers are eight, one after the other.
    assert made.seconds == pytest.approx(8 * run + reading)
    assert made.busy == pytest.approx(15 * run + reading)
    assert made.dominated_by == "updates" and made.updates == 1500


def test_trainings_of_different_lengths_fill_the_workers_but_none_is_shorter_than_the_longest():
    assert forecast.side_by_side([(10.0, 2), (1.0, 4)], 2) == 12
    assert forecast.side_by_side([(10.0, 1), (1.0, 4)], 4) == 10


def encoders(branched: bool) -> list[Pretrained]:
    parts = ("general", "clinical")
    first = [Pretrained(arm, 100, 2, parts, 1) for arm in ("clinical", "control")]
    return first + [
        Pretrained(f"{arm}-2", 25 if branched else 100, 2, parts, 0, branched) for arm in ("clinical", "control")
    ]


@pytest.mark.parametrize("branched", [False, True])
def test_ends_begin_when_their_trunks_are_there(branched):
    speed = Speed(update=1.0, row=0.1, fixed=5.0)
    made = forecast.pretraining(
        "pretrain", "f", encoders(branched), speed, held_out={"general": 10, "clinical": 20, "task": 99}, state=6.0,
        save_minutes=0, once={"tokenising": 7.0}, workers=2, engine=CPU,
    )  # fmt: skip
    first = 100 + 2 * 30 * 0.1 + 6.0 + 2.0 + 5.0
    second = (25 if branched else 100) + 6 + 2 + 5
    assert made.seconds == pytest.approx(forecast.STARTING + 7 + first + second)
    assert made.busy == pytest.approx(forecast.STARTING + 7 + 2 * (first + second))
    assert made.runs == 4 and made.updates == (250 if branched else 400)


def test_devices_are_occupied_together_and_states_are_saved_by_the_clock():
    one = [Pretrained("clinical", 7200, 2, (), 0)]
    made = forecast.pretraining(
        "pretrain", "f", one, Speed(update=1.0, row=0.1), held_out={}, state=30.0, save_minutes=15, once={}, workers=1,
        engine=GPUS,
    )  # fmt: skip
    assert made.seconds == pytest.approx(forecast.STARTING + 7200 + 8 * 30 + 10)
    assert made.busy == pytest.approx(4 * made.seconds)


def test_a_faster_device_shortens_arithmetic_and_four_of_them_share_an_update():
    here, there = Speed.of(MEASURED, Carry()), Speed.of(MEASURED, Carry(2e12))
    assert (here.update, here.row, here.fixed) == (10.0, 0.5, 3.0)
    # 4e12 operations in 8 seconds here: the other is four times as fast, also with the optimizer's step.
    assert there.update == pytest.approx(2.0 + 0.5) and there.row == pytest.approx(0.05)
    # Of four devices each has 1e12 of the operations, which took the 8 seconds here, and is sixteen times as fast.
    assert Speed.of(MEASURED, Carry(2e12), devices=4).update == pytest.approx(0.5 + 2.0 / 16)


def test_a_time_that_was_measured_there_gives_the_figure():
    assert forecast.device_flops(MEASURED, 0.5, 4) == 2e12


def test_at_most_one_training_leaves_its_states_at_a_time():
    writes = {"a": disk.Writes(10, 100), "b": disk.Writes(20, 300)}
    assert disk.total(writes) == 2 * 30 + 300
