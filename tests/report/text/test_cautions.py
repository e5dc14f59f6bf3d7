"""What a reader must not conclude: said where it holds, and not elsewhere."""

import dataclasses

import fakes
import pytest

from harness.report.disclosure import loading
from harness.report.text.cautions import CHANCE, cautions

TASKS = ("nor_deid", "synergi")


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory):
    root = fakes.build(tmp_path_factory.mktemp("cautions"), TASKS, ("modernbert",))
    fakes.score(root, TASKS, ("modernbert",))
    return {c.task: c for c in loading.load(root, fakes.settings(TASKS, ("modernbert",)).run, fakes.TASKS)}


def said(comparisons, cards=None, start=""):
    return [item for item in cautions(list(comparisons), cards or {}) if item.startswith(start)]


def at(c, above):
    """The comparison with every primary score so far above the best constant answer."""
    values = {key: c.best_constant + above if key[2:] == ("test", c.primary) else v for key, v in c.values.items()}
    return dataclasses.replace(c, values=values)


@pytest.mark.parametrize(("above", "warned"), [(CHANCE / 2, True), (CHANCE * 2, False), (-0.01, False)])
def test_scores_near_a_constant_answer_are_named(comparisons, above, warned):
    """Those under one are named by another sentence."""
    found = said([at(comparisons["synergi"], above)], start="A strong conclusion from a difference near chance")
    assert bool(found) is warned and all("`synergi` with ModernBERT" in item for item in found)


def test_a_shipped_holdout_is_no_text_from_elsewhere(comparisons):
    (found,) = said(comparisons.values(), start="That a score on the shipped holdout")
    assert "`nor_deid`" in found and "synergi" not in found
    assert not said([comparisons["synergi"]], start="That a score on the shipped holdout")


@pytest.mark.parametrize(
    ("repository", "arm", "warned"),
    [
        ("answerdotai/ModernBERT-large", "baseline", True),
        ("answerdotai/ModernBERT-large", "clinical", False),
        ("ltg/norbert3-large", "baseline", False),
    ],
)
def test_a_baseline_of_another_language_is_named(comparisons, repository, arm, warned):
    card = {"source": {"kind": "hub", "repository": repository, "revision": "0" * 40}}
    found = said(comparisons.values(), {("modernbert", arm): card}, "That a gain over the baseline is medical")
    assert bool(found) is warned and all("ModernBERT (English)" in item for item in found)
    built = {("modernbert", "baseline"): {"source": {"kind": "build"}}}
    assert not said(comparisons.values(), built, "That a gain over the baseline")


def test_ends_of_one_training_are_named_where_a_card_says_so(comparisons):
    cards = {("modernbert", "clinical-2"): {"source": {"kind": "build"}, "branched": {"share": 0.75, "seed": 2}}}
    start = "That the intervals include all the variation"
    (found,) = said(comparisons.values(), cards, start)
    assert "share the first 75 % (ModernBERT) of their training" in found and "lower bound for the procedure" in found
    assert not said(comparisons.values(), {("modernbert", "clinical-2"): {"source": {"kind": "build"}}}, start)
