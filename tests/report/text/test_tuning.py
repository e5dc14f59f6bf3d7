"""Tuned and declared results stand beside each other, and differ in nothing but the recipe."""

from dataclasses import replace

import fakes
import pytest

from harness.artifacts.scores import Candidate, Tuned
from harness.report.disclosure import loading
from harness.report.text import tuning


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    root, tasks = (
        fakes.build(tmp_path_factory.mktemp("tuned"), ("synergi", "aismec"), ("nb_bert",)),
        ("synergi", "aismec"),
    )
    fakes.score(root, tasks, ("nb_bert",))
    return loading.load(root, fakes.settings(tasks, ("nb_bert",)).run, fakes.TASKS)


def searched(c):
    chosen = dict.fromkeys(c.arms, 0)
    tuned = Tuned(
        candidates=(Candidate(learning_rate=1e-3, steps=20),), chosen=chosen,
        expected=dict.fromkeys(c.arms, (0.5,)), untuned=(),
    )  # fmt: skip
    return replace(c, tuned=tuned, untuned=dict(c.estimates))


def test_both_means_are_over_the_same_tasks(read):
    """Of the second task no search may be shown. Its difference would move one of the two means only."""
    shown, hidden = read[0], read[1]
    moved = replace(hidden.estimates["test", "baseline"], delta=0.9, ci_low=0.8, ci_high=1.0)
    hidden = replace(hidden, estimates=hidden.estimates | {("test", "baseline"): moved})
    _, families, *_ = tuning.blocks([searched(shown), hidden], fakes.STATISTICS)
    (row,) = families.rows
    assert row[2:5] == row[5:8], "the same scores, tuned or not"
    assert "Mean difference over `synergi`, tuned" in families.caption
    assert tuning.blocks([hidden], fakes.STATISTICS) == ()
