"""Each verdict is told apart by sign and word, and stands with its interval."""

from pathlib import Path

import fakes
import pytest

from harness.reporting import content, results, wording
from harness.stages import report as stage


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    root: Path = fakes.build(tmp_path_factory.mktemp("grid"), tasks=("synergi", "nor_deid"), families=("nb_bert",))
    fakes.score(root, ("synergi", "nor_deid"), ("nb_bert",))
    settings = fakes.settings(("synergi", "nor_deid"), ("nb_bert",))
    comparisons = results.load(root, settings.run, fakes.TASKS)
    judged = results.judged(comparisons, settings.statistics)
    assert stage.read_background(root, settings).checkpoints
    return content.verdict_table(comparisons, judged, 0.95), comparisons, judged


def test_a_row_holds_what_the_statistics_found(table):
    shown, comparisons, judged = table
    assert len(shown.rows) == 2
    for row, c in zip(shown.rows, comparisons, strict=True):
        estimate, judgement = c.estimates["test", "baseline"], judged[c.task, c.family, "baseline"]
        low, high = (wording.difference(end) for end in (estimate.ci_low, estimate.ci_high))
        assert row[3:6] == (wording.VERDICTS[judgement.verdict], wording.difference(estimate.delta), f"{low} to {high}")
        assert low != high and row[6] == wording.p_value(judgement.p_holm)


def test_signs_and_words_of_verdicts_all_differ():
    assert len({text[0] for text in wording.VERDICTS.values()}) == len(wording.VERDICTS) == 4


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.0004, "< .001"), (0.0214, ".021"), (0.9996, "1.000"), (1.0, "1")]
)
def test_p_values(value, shown):
    assert wording.p_value(value) == shown
