"""The verdict on a family: what it needs from its tasks."""

import dataclasses

import fakes
import pytest

from harness.artifacts.scores import Scores
from harness.report.model import judging, results

STATISTICS = dataclasses.replace(fakes.STATISTICS, primary="baseline")


def comparison(task, delta=0.0, skill_low=0.4, se=0.0005):
    scores = fakes.SCORES_OF_A_COLLAPSED_PAIR
    (row,) = scores["comparisons"]
    row = row | {
        "delta": delta, "clinical": row["reference"] + delta, "ci_low": delta - 3 * se, "ci_high": delta + 3 * se,
        "se": se, "df": 50.0, "skill_low": skill_low, "differences": [delta - se / 9, delta + se / 9],
        "groups_variance": se**2, "groups_df": 50.0,
    }  # fmt: skip
    return results.read(Scores.of(**scores | {"task": task, "comparisons": [row]}), "A task", (1, 2))


def verdict(*comparisons):
    (found,) = judging.summaries(list(comparisons), STATISTICS)
    return found


def test_a_family_in_which_no_arm_learnt_anything_has_no_verdict():
    """Arms with different constant answers differ by a lot, and arms with the same by nothing. Both say nothing."""
    for delta in (0.3, -0.3, 0.0):
        found = verdict(comparison("a", delta, skill_low=0.0), comparison("b", delta, skill_low=-0.1))
        assert (found.judgement.verdict, found.judgement.collapsed) == ("inconclusive", True)
        assert found.unlearnt == ("a", "b")


@pytest.mark.parametrize(("delta", "said"), [(0.3, "better"), (-0.3, "worse"), (0.0, "equivalent")])
def test_a_family_whose_tasks_are_learnt_has_the_verdict_of_its_mean(delta, said):
    found = verdict(comparison("a", delta), comparison("b", delta, skill_low=None))
    assert (found.judgement.verdict, found.judgement.collapsed, found.unlearnt) == (said, False, ())


def test_a_verdict_that_comes_from_tasks_without_any_skill_is_none():
    """The learnt task shows no difference, and the mean is moved by another, in which the arms are constant."""
    found = verdict(comparison("a", 0.0), comparison("b", 0.6, skill_low=0.0))
    assert found.estimate.delta == pytest.approx(0.3) and found.estimate.p_value < 1e-6
    assert (found.judgement.verdict, found.unlearnt) == ("inconclusive", ("b",))
    found = verdict(comparison("a", 0.3), comparison("b", 0.0, skill_low=0.0))
    assert (found.judgement.verdict, found.unlearnt) == ("better", ("b",))
    found = verdict(comparison("a", 0.01, se=0.02), *(comparison(name, 0.0, skill_low=0.0) for name in "bcde"))
    assert found.judgement.verdict == "inconclusive", "equivalence needs learnt tasks, too"


def test_tasks_of_an_undecided_family_stay_undecided():
    both = [comparison("a", 0.0), comparison("b", 0.6, skill_low=0.0)]
    assert {j.verdict for j in judging.judged(both, STATISTICS).values()} == {"inconclusive"}


def test_a_released_task_tells_whether_it_was_learnt():
    hidden = comparison("a", 0.3, skill_low=None)
    estimate = hidden.estimates["test", "baseline"]
    coarse = dataclasses.replace(hidden, evidence={"baseline": dataclasses.replace(estimate, skill_low=0.0)})
    assert verdict(coarse).judgement.verdict == "inconclusive" and verdict(coarse).unlearnt == ("a",)
    assert verdict(hidden).judgement.verdict == "better"
