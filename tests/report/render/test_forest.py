"""The forest plot's marks: one shape per verdict, which a grey print keeps apart."""

import fakes
import pytest

from harness.artifacts.scores import Scores
from harness.report.model import judging, results
from harness.report.render import forest
from harness.statistics.verdicts import VERDICTS


def test_shapes_differ_for_every_verdict():
    assert set(forest.MARK) == {*VERDICTS, "collapsed"}
    assert len({mark["marker"] for mark in forest.MARK.values()}) == len(forest.MARK)


@pytest.fixture
def drawn(monkeypatch):
    """The figure itself, before it is bytes."""
    monkeypatch.setattr(forest.plotting, "png", lambda figure: figure)

    def draw(*scores):
        comparisons = [results.read(Scores.of(**of), "A task", (1, 2)) for of in scores]
        statistics = fakes.STATISTICS
        return forest.draw(comparisons, judging.judged(comparisons, statistics), statistics).axes[0]

    return draw


def test_the_band_is_the_margin_and_the_mark_the_verdict(drawn):
    panel = drawn(fakes.SCORES_OF_A_COLLAPSED_PAIR)
    band = panel.patches[0].get_extents().transformed(panel.transData.inverted())
    assert (round(band.x0, 6), round(band.x1, 6)) == (-2.0, 2.0)
    assert [text.get_text() for text in panel.get_legend().get_texts()] == [
        "inconclusive: neither arm knows more than a constant answer"
    ]
    assert any("0.0  [−0.1 to +0.1]" in text.get_text() for text in panel.texts)


def test_an_interval_much_longer_than_the_others_ends_in_an_arrow(drawn):
    def scores(family, low):
        row = fakes.SCORES_OF_A_COLLAPSED_PAIR["comparisons"][0] | {"ci_low": low, "ci_high": 0.01}
        return fakes.SCORES_OF_A_COLLAPSED_PAIR | {"family": family, "comparisons": [row]}

    def arrows(panel):
        return [line.get_marker() for line in panel.lines if line.get_marker() in ("<", ">")]

    assert arrows(drawn(scores("a", -0.5))) == []
    panel = drawn(*(scores(family, -0.05) for family in "abc"), scores("d", -0.5))
    assert arrows(panel) == ["<"] and panel.get_xlim()[1] < 10


def test_one_seed_has_a_mark_and_no_interval(drawn):
    missing = dict.fromkeys(("ci_low", "ci_high", "p_value", "se", "df", "mde"))
    row = fakes.SCORES_OF_A_COLLAPSED_PAIR["comparisons"][0] | missing
    panel = drawn(fakes.SCORES_OF_A_COLLAPSED_PAIR | {"comparisons": [row]})
    assert any(text.get_text() == "0.0" for text in panel.texts)
