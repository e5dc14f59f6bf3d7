"""What people see of a training: tokens, loss, speed, time left, and the share of a GPU's peak."""

import pytest
import torch

from harness.training.common import peaks
from harness.training.pretrain import watching
from harness.training.pretrain.loop import About

ABOUT = About("pretrain small clinical", "f" * 64, steps=40, parameters=1_000_000, devices=2)


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    return now


def hear(observer, clock, steps=range(1, 41)) -> None:
    """Half a second and 500 tokens for each update."""
    for step in steps:
        clock[0] += 0.5
        observer.update(step, {"loss": 9 - step / 10, "tokens": 500 * step, "learning_rate": 1e-3, "mask_rate": 0.15})


def test_a_line_for_each_tenth_with_speed_and_time_left(clock, capsys):
    hear(watching.Lines(ABOUT), clock)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[4] == (
        "pretrain small clinical: 20 of 40 updates, 10,000 tokens, loss 7.000, 1,000 tokens/s, 10 s left"
    )


def test_a_training_that_goes_on_counts_its_own_speed_only(clock, capsys):
    hear(watching.Lines(ABOUT), clock, range(31, 41))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0].split(": ")[1] for line in lines] == [
        "32 of 40 updates", "36 of 40 updates", "40 of 40 updates"
    ]  # fmt: skip
    assert all("1,000 tokens/s" in line for line in lines)


def test_the_share_of_the_peak_is_six_flop_per_token_and_parameter(clock, capsys, monkeypatch):
    assert watching.utilisation(1e6, 350_000_000, 4) is None or torch.cuda.is_available()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100 80GB HBM3")
    assert watching.utilisation(4 * 989.4e12 / (6 * 350e6) / 2, 350_000_000, 4) == pytest.approx(0.5)
    monkeypatch.setattr(peaks, "PEAKS", ((r"\bH100\b", 6e-3, 6e-3),))
    assert watching.progress_text({"tokens": 10, "loss": 1.0}, watching.Pace(1000.0, 0.5, 3)).endswith("50 % of peak")
    hear(watching.Lines(ABOUT), clock)
    assert "1,000 tokens/s, 50 % of peak" in capsys.readouterr().err  # 6 × 1e6 × 1000 / (6e9 × 2)


def test_a_bar_says_the_same(clock):
    said = []

    class Screen:
        def update(self, task, completed, **fields):
            said.append((completed, fields["said"]))

    hear(watching.Bar(ABOUT, Screen(), 0), clock)
    assert said[0] == (1, "500 tokens, loss 8.900")
    assert said[-1] == (40, "20,000 tokens, loss 5.000, 1,000 tokens/s")
