"""The section on test texts written otherwise: losses, kinds that change nothing, what is hidden."""

from dataclasses import replace

import fakes
import pytest

from harness.params.robustness import NOT_DONE, Robustness
from harness.report.disclosure import loading
from harness.report.model.document import Table
from harness.report.model.stored import Robustness as Row
from harness.report.text import robustness
from harness.statistics.paired import Estimate

SETTINGS = Robustness(("misspelled", "lower_case", "nynorsk"), 0.25, 1)
ARMS = ("baseline", "clinical")


def estimate(**known):
    return Estimate(**dict.fromkeys(Estimate.__dataclass_fields__) | {"n_groups": 20, "n_seeds": 2} | known)


def row(kind, values, losses, **found):
    keys = [(arm, seed) for arm in ARMS for seed in (1, 2)]
    value, loss = (dict(zip(keys, of, strict=True)) for of in (values, losses))
    return Row(kind, 40, 30, value, loss, {"baseline": estimate(**found)})


ROWS = (
    row("misspelled", (0.5, 0.6, 0.7, 0.8), (0.1, 0.2, 0.05, 0.05), delta=-0.1, ci_low=-0.15, ci_high=-0.05),
    row("lower_case", (0.7, 0.7, 0.8, 0.8), (0.0,) * 4, delta=0.0),
    Row("nynorsk", 40, 0, {}, {}, {}),
)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("robust"), tasks=("synergi",), families=("nb_bert",), seeds=(1, 2))
    fakes.score(root, tasks=("synergi",), families=("nb_bert",), seeds=(1, 2))
    (found,) = loading.load(root, fakes.settings(("synergi",), ("nb_bert",), (1, 2)).run, fakes.TASKS)
    return found


def test_what_each_way_of_writing_costs(comparison):
    done, said, table, read = robustness.blocks([replace(comparison, robustness=ROWS)], SETTINGS, 0.95)
    assert "25 % of the words of four letters or more have one typing error" in done.text and "below 0" in read.text
    misspelled, lower, nynorsk = said.items
    assert "mean loss over 1 comparison in points: baseline 15.0, clinical 5.0" in misspelled
    assert "95 % intervals of 1 difference of losses: 1 wholly below 0 (clinical loses less), 0 above" in misspelled
    assert "in 1 of 1 pair of arms no answer changes" in lower and "interval" not in lower
    assert nynorsk == "Nynorsk: no text of `synergi` changes."
    assert isinstance(table, Table)
    cells = [dict(zip(table.header, cells, strict=True)) for cells in table.rows]
    assert [c["Texts changed"] for c in cells] == ["30 of 40", "30 of 40", "0 of 40"]
    assert (cells[0]["Baseline"], cells[0]["Clinical"]) == ("55.0 (15.0)", "75.0 (5.0)")
    assert cells[0]["Difference of losses, against baseline"] == "−10.0 (−15.0 to −5.0)"
    assert cells[1]["Difference of losses, against baseline"] == "0.0 (no answer changes)"
    assert {cells[2][name] for name in table.header[4:]} == {"–"}


def test_a_score_that_rises_is_a_loss_below_zero(comparison):
    better = row("misspelled", (0.5, 0.6, 0.7, 0.8), (-0.1, -0.2, 0.0, 0.0), delta=0.15, ci_low=0.1, ci_high=0.2)
    _, said, table, _ = robustness.blocks([replace(comparison, robustness=(better,))], SETTINGS, 0.95)
    assert "55.0 (−15.0)" in table.rows[0] and "less), 1 above" in said.items[0]


def test_nothing_is_said_where_nothing_was_done_and_that_restricted_data_are_hidden(comparison):
    assert robustness.blocks([comparison], NOT_DONE, 0.95) == ()
    hidden = replace(comparison, task="calls", data_kind="restricted")
    (only,) = robustness.blocks([hidden], SETTINGS, 0.95)
    assert "Nothing is shown here of `calls`" in only.text
    *_, last = robustness.blocks([replace(comparison, robustness=ROWS), hidden], SETTINGS, 0.95)
    assert last == only
