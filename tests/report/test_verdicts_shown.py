"""Each verdict is told apart by sign and word, and stands with its interval."""

import dataclasses
from pathlib import Path

import fakes
import pytest

from harness.artifacts.scores import Scores
from harness.report.disclosure import loading
from harness.report.model import judging, results
from harness.report.render import tables
from harness.report.text import formats, headline
from harness.stages import report as stage


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    root: Path = fakes.build(tmp_path_factory.mktemp("grid"), tasks=("synergi", "nor_deid"), families=("nb_bert",))
    fakes.score(root, ("synergi", "nor_deid"), ("nb_bert",))
    settings = fakes.settings(("synergi", "nor_deid"), ("nb_bert",))
    comparisons = loading.load(root, settings.run, fakes.TASKS)
    judged = judging.judged(comparisons, settings.statistics)
    assert stage.read_background(root, settings).checkpoints
    return headline.verdict_table(comparisons, judged, 0.95), comparisons, judged


def test_a_row_holds_what_the_statistics_found(table):
    shown, comparisons, judged = table
    assert len(shown.rows) == 2
    for row, c in zip(shown.rows, comparisons, strict=True):
        estimate, judgement = c.estimates["test", "baseline"], judged[c.task, c.family, "baseline"]
        low, high = (formats.difference(end, c.primary) for end in (estimate.ci_low, estimate.ci_high))
        delta = formats.difference(estimate.delta, c.primary)
        assert row[2:5] == (formats.verdict(judgement, estimate), delta, f"{low} to {high}")
        assert low != high and row[5] == formats.p_value(judgement.p_holm)


def test_signs_and_words_of_verdicts_all_differ():
    assert len({text[0] for text in formats.VERDICTS.values()}) == len(formats.VERDICTS) == 4


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.0004, "< .001"), (0.0214, ".021"), (0.9996, "1.000"), (1.0, "1")]
)
def test_p_values(value, shown):
    assert formats.p_value(value) == shown


def test_a_pair_that_a_constant_answer_beats_is_named_and_never_equivalent():
    """Two arms that both always answer the positive label agree to the last row."""
    scores = fakes.SCORES_OF_A_COLLAPSED_PAIR
    comparison = results.read(Scores.of(**scores), "A task", (1, 2))
    judged = judging.judged([comparison], fakes.STATISTICS)
    judgement = judged["t", "nb_bert", "baseline"]
    assert (judgement.verdict, judgement.collapsed) == ("inconclusive", True)
    shown = headline.verdict_table([comparison], judged, 0.95).rows[0]
    assert shown[2] == "?\u00a0inconclusive (neither arm knows more than a constant answer)"
    assert ",inconclusive," in tables.comparison_csv([comparison], judged)
    (row,) = scores["comparisons"]
    better = results.read(Scores.of(**scores | {"comparisons": [row | {"skill_low": 0.1}]}), "A task", (1, 2))
    assert judging.judged([better], fakes.STATISTICS)["t", "nb_bert", "baseline"].verdict == "equivalent"


def test_several_arms_to_compare_with_get_a_column(table):
    _, comparisons, judged = table
    c = comparisons[0]
    both = dataclasses.replace(
        c, arms=(*c.arms, "control"), estimates=c.estimates | {("test", "control"): c.estimates["test", "baseline"]}
    )
    judged = judged | {(c.task, c.family, "control"): judged[c.task, c.family, "baseline"]}
    shown = headline.verdict_table([both], judged, 0.95)
    assert shown.header[2] == "Against" and [row[2] for row in shown.rows] == ["Baseline", "Control"]
