"""A task that is led by a metric of another scale or direction: every table and figure says what came of it."""

import csv
import dataclasses
import io

import fakes
import pytest

from harness.report.disclosure import loading
from harness.report.export import machine, model_index
from harness.report.model import judging
from harness.report.render import forest, tables
from harness.report.text import cautions, formats, headline
from harness.tracking import recordings

LED = {"nor_deid": ("document_leak_rate", "strict_f1"), "aismec": ("mcc", "binary_f1")}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    led = {name: dataclasses.replace(fakes.TASKS[name], metrics=metrics) for name, metrics in LED.items()}
    with pytest.MonkeyPatch.context() as patch:
        for name, task in led.items():
            patch.setitem(fakes.TASKS, name, task)
        root = fakes.build(tmp_path_factory.mktemp("led"), tasks=tuple(LED), families=("nb_bert",), rows=80)
        fakes.score(root, tuple(LED), ("nb_bert",))
        comparisons = loading.load(root, fakes.settings(tuple(LED), ("nb_bert",)).run, fakes.TASKS)
    statistics = fakes.settings().statistics
    return {c.task: c for c in comparisons}, judging.judged(comparisons, statistics), statistics


def turned(c):
    """The same comparison with the arms exchanged."""
    estimate = c.estimates["test", "baseline"]
    swapped = dataclasses.replace(
        estimate, reference=estimate.clinical, clinical=estimate.reference, delta=-estimate.delta,
        ci_low=-estimate.ci_high, ci_high=-estimate.ci_low, differences=tuple(-d for d in estimate.differences),
    )  # fmt: skip
    return dataclasses.replace(c, estimates=c.estimates | {("test", "baseline"): swapped})


def certain(c):
    estimate = dataclasses.replace(c.estimates["test", "baseline"], p_value=1e-6)
    half = abs(estimate.delta) / 2
    sure = dataclasses.replace(
        estimate, ci_low=estimate.delta - half, ci_high=estimate.delta + half, groups_variance=1e-8, interaction=0.0,
        differences=(estimate.delta,) * len(estimate.differences),
    )  # fmt: skip
    return dataclasses.replace(c, estimates=c.estimates | {("test", "baseline"): sure})


def test_the_arm_that_leaks_less_is_better(read):
    comparisons, _, statistics = read
    c = certain(comparisons["nor_deid"])
    estimate = c.estimates["test", "baseline"]
    assert estimate.delta < -0.05, "the clinical arm of the miniature leaks less"
    assert judging.judged([c], statistics)["nor_deid", "nb_bert", "baseline"].verdict == "better"
    assert judging.judged([turned(c)], statistics)["nor_deid", "nb_bert", "baseline"].verdict == "worse"


def test_the_constant_answer_to_beat_is_the_one_that_leaks_least(read):
    c = read[0]["nor_deid"]
    known = c.constants["test"]
    assert known["majority"]["document_leak_rate"] == 1.0 == c.best_constant
    perfect = dataclasses.replace(c, constants={"test": known | {"other": {"document_leak_rate": 0.0}}})
    assert perfect.best_constant == 0.0 and not cautions.beats_constants(perfect)
    assert cautions.beats_constants(c)


def test_names_are_the_metrics_own(read):
    comparisons, judged, _ = read
    rows = list(csv.DictReader(io.StringIO(tables.results_csv(list(comparisons.values())))))
    assert {(r["task"], r["metric"]) for r in rows if r["primary"] == "true"} == {
        ("nor_deid", "document_leak_rate"), ("aismec", "mcc"),
    }  # fmt: skip
    compared = list(csv.DictReader(io.StringIO(tables.comparison_csv(list(comparisons.values()), judged))))
    assert [row["metric"] for row in compared] == ["document_leak_rate", "mcc"]
    assert float(compared[0]["delta"]) < 0, "clinical − reference, whichever way is better"
    found = machine.metrics(list(comparisons.values()), judged)
    assert "document_leak_rate" in found["nor_deid"]["nb_bert"] and "mcc" in found["aismec"]["nb_bert"]
    index = "".join(model_index.files(list(comparisons.values())).values())
    assert "type: document_leak_rate" in index and "type: matthews_correlation" in index and "type: f1" not in index
    for task, c in comparisons.items():
        recording = recordings.Recording(c, {"baseline": judged[task, "nb_bert", "baseline"]}, (), "p", "f", {})
        told = dict((name, value) for name, value, _ in recordings.comparison_metrics(recording))
        assert told[f"{c.primary}_difference"] == told["primary_difference"] == round(c.delta(), 4)
        assert told["primary_improvement"] > 0


def test_a_difference_without_an_interval_has_a_dash_for_it_in_mlflow(read):
    comparisons, judged, _ = read
    estimate = comparisons["aismec"].estimates["test", "baseline"]
    shown = []
    for e in (estimate, dataclasses.replace(estimate, ci_low=None, ci_high=None)):
        c = dataclasses.replace(comparisons["aismec"], estimates={("test", "baseline"): e})
        judgements = {"baseline": judged["aismec", "nb_bert", "baseline"]}
        shown.append(recordings.list_tags(recordings.Recording(c, judgements, (), "p", "f", {}))["interval"])
    assert " to " in shown[0] and shown[1] == "–"


def test_a_reader_is_told_which_way_is_better(read):
    comparisons, judged, statistics = read
    both = list(comparisons.values())
    blocks = headline.blocks(both, judged, statistics)
    assert "On `nor_deid` lower is better: a difference below 0 is an improvement" in blocks[2].text
    assert "lower is better" not in headline.blocks([comparisons["aismec"]], judged, statistics)[2].text
    table = headline.headline_table(both)
    assert [row[1] for row in table.rows] == ["documents that leak (lower is better)", "MCC"]
    assert "MCC on its own scale" in table.caption
    leaks, mcc = table.rows
    assert leaks[-1].startswith("−") and mcc[7].count(".") == 2 and len(mcc[7].split(" ")[0].split(".")[1]) == 3
    verdict = formats.verdict(
        judged["nor_deid", "nb_bert", "baseline"], comparisons["nor_deid"].estimates["test", "baseline"]
    )
    assert verdict in headline.verdict_table(both, judged, 0.95).rows[0]


def test_the_forest_plot_has_better_on_the_right(read, monkeypatch):
    """Where lower is better a fall is drawn to the right and printed with its sign."""
    comparisons, judged, statistics = read
    drawn, printed = [], []
    text = forest.plotting.canvas

    def canvas(*arguments, **options):
        figure, axes = text(*arguments, **options)
        panel = axes.flat[0]
        kept, marks = panel.text, panel.scatter
        panel.scatter = lambda x, y, **look: (drawn.extend(x), marks(x, y, **look))[1]
        panel.text = lambda x, y, words, **more: (printed.append(words), kept(x, y, words, **more))[1]
        return figure, axes

    monkeypatch.setattr(forest.plotting, "canvas", canvas)
    forest.draw([comparisons["nor_deid"]], judged, statistics)
    delta = comparisons["nor_deid"].delta()
    assert delta < 0 < drawn[0] == pytest.approx(-100 * delta, abs=0.01)
    assert any("lower is better" in words for words in printed)
    assert any(words.startswith(formats.difference(delta, "document_leak_rate")) for words in printed)
