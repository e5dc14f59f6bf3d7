"""Every declared metric: computed, within its scale, better where the answers are, and refused where it cannot lead."""

import dataclasses
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from harness import metrics
from harness.heads import HEADS
from harness.metrics.decided import rows as of_rows
from harness.metrics.decided import sets as of_sets
from harness.metrics.decided import spans
from harness.task import Groups, Reading, Task

LABELS = ("no", "maybe", "yes")
LENGTH = 24
TASK = Task(
    name="toy", version="1", title="Toy", head="sequence", reader=lambda folder: Reading([], 0), schema=lambda: None,
    labels=LABELS, groups=Groups(), metrics=("macro_f1",), licence="CC0", citation="none", positive="yes",
)  # fmt: skip
ROWS = [m for m in metrics.METRICS.values() if "rows" in m.of]
SPANS = [m for m in metrics.METRICS.values() if "spans" in m.of]
quick = settings(max_examples=60, deadline=None, derandomize=True)
label = st.sampled_from(LABELS)
rows = st.lists(st.tuples(label, label, st.sampled_from("uvw")), min_size=1, max_size=25)
cuts = st.lists(
    st.tuples(st.integers(0, LENGTH - 4), st.integers(1, 4), label).map(lambda s: (s[0], s[0] + s[1], s[2])), max_size=5
)
documents = st.lists(st.tuples(cuts, cuts), min_size=1, max_size=6)


def faults(task):
    return metrics.faults(task, HEADS[task.head].decides)


def decided(found) -> of_rows.Decisions:
    gold, predicted, groups = zip(*found, strict=True)
    return of_rows.Decisions(LABELS, gold, predicted, groups, "yes")


def marked(found) -> spans.SpanDecisions:
    return spans.SpanDecisions(
        LABELS, tuple(spans.Document(f"d{i}", tuple(g), tuple(p), LENGTH) for i, (g, p) in enumerate(found))
    )


def test_every_name_and_title_is_of_one_metric():
    assert all(name == metric.name for name, metric in metrics.METRICS.items())
    assert len({metric.title for metric in metrics.METRICS.values()}) == len(metrics.METRICS)


@pytest.mark.parametrize("metric", ROWS, ids=lambda m: m.name)
@quick
@given(found=rows)
def test_scores_of_rows_stay_on_their_scale(metric, found):
    score = metric(decided(found))
    assert metric.lowest - 1e-12 <= score <= metric.highest + 1e-12


@pytest.mark.parametrize("metric", SPANS, ids=lambda m: m.name)
@quick
@given(found=documents)
def test_scores_of_spans_stay_on_their_scale(metric, found):
    assert metric.lowest <= metric(marked(found)) <= metric.highest


@pytest.mark.parametrize("metric", ROWS, ids=lambda m: m.name)
def test_better_answers_to_rows_score_better(metric):
    """Of 300 rows more and more are answered right, the others at random: the metric moves the way it declares."""
    chance = random.Random(metric.name)
    gold = [chance.choice(LABELS) for _ in range(300)]
    guesses, order = [chance.choice(LABELS) for _ in gold], chance.sample(range(300), 300)
    scores = []
    for right in (0, 75, 150, 225, 300):
        known = set(order[:right])
        answers = [g if i in known else guess for i, (g, guess) in enumerate(zip(gold, guesses, strict=True))]
        groups = [f"{i // 2:03d}" for i in range(300)]
        scores.append(metric(decided(zip(gold, answers, groups, strict=True))))
    gains = [metric.gain(later - before) for before, later in itertools.pairwise(scores)]
    assert all(gain > 0 for gain in gains)
    assert scores[-1] == metric.best((metric.lowest, metric.highest)), "all right is the best there is"


@pytest.mark.parametrize("metric", SPANS, ids=lambda m: m.name)
def test_better_answers_to_documents_score_better(metric):
    """Of 100 documents more and more are marked right, in the others every second span is found."""
    chance = random.Random(metric.name)
    gold = [[(0, 3, chance.choice(LABELS)), (8, 11, chance.choice(LABELS))] for _ in range(100)]
    order, scores = chance.sample(range(100), 100), []
    for right in (0, 25, 50, 75, 100):
        known = set(order[:right])
        scores.append(metric(marked([(g, g if i in known else g[:1]) for i, g in enumerate(gold)])))
    gains = [metric.gain(later - before) for before, later in itertools.pairwise(scores)]
    assert all(gain > 0 for gain in gains)
    assert scores[-1] == metric.best((metric.lowest, metric.highest))


ORACLES = {
    "binary_f1": lambda g, p: oracle.f1_score(g, p, labels=["yes"], average="macro", zero_division=0),
    "macro_f1": lambda g, p: oracle.f1_score(g, p, labels=LABELS, average="macro", zero_division=0),
    "micro_f1": lambda g, p: oracle.f1_score(g, p, labels=LABELS, average="micro", zero_division=0),
    "weighted_f1": lambda g, p: oracle.f1_score(g, p, labels=LABELS, average="weighted", zero_division=0),
    "accuracy": oracle.accuracy_score,
    "mcc": oracle.matthews_corrcoef,
    "sensitivity": lambda g, p: oracle.recall_score(g, p, labels=["yes"], average="macro", zero_division=0),
    "specificity": lambda g, p: oracle.recall_score(
        [x == "yes" for x in g], [x == "yes" for x in p], pos_label=False, zero_division=0
    ),
}


@pytest.mark.parametrize("name", sorted(ORACLES))
@quick
@given(found=rows)
def test_counts_give_what_scikit_learn_gives(name, found):
    gold, predicted, _ = zip(*found, strict=True)
    assert metrics.METRICS[name](decided(found)) == pytest.approx(ORACLES[name](gold, predicted), abs=1e-12)


@quick
@given(st.lists(st.tuples(st.frozensets(label), st.frozensets(label)), min_size=1, max_size=25))
def test_the_mean_over_labels_of_the_correlation_is_scikit_learns(found):
    gold, predicted = zip(*found, strict=True)
    decisions = of_sets.LabelSets(LABELS, gold, predicted, tuple(map(str, range(len(gold)))))
    by_label = [oracle.matthews_corrcoef([n in g for g in gold], [n in p for p in predicted]) for n in LABELS]
    assert metrics.METRICS["mean_mcc"](decisions) == pytest.approx(sum(by_label) / len(LABELS), abs=1e-12)


@pytest.mark.parametrize("metric", ROWS, ids=lambda m: m.name)
def test_a_metric_that_a_constant_answer_wins_cannot_lead(metric):
    """The declared word is held against the numbers: on any mixture of labels no leading metric gives a constant 1."""
    gold = ["no"] * 5 + ["maybe"] * 3 + ["yes"] * 4
    groups = [str(i // 2) for i in range(len(gold))]
    scores = [metric(decided(zip(gold, [answer] * len(gold), groups, strict=True))) for answer in LABELS]
    assert (max(scores) == metric.highest) is bool(metric.unfit)


@pytest.mark.parametrize(
    ("change", "said", "remedy"),
    [
        (
            {"metrics": ("sensitivity", "binary_f1")},
            "sensitivity cannot be the first",
            "Put one of binary_f1",
        ),
        ({"metrics": ("specificity",)}, "“never positive” scores 1", "specificity may come after it"),
        ({"metrics": ("marco_f1",)}, "Did you mean 'macro_f1'", "Metrics of this head: binary_f1"),
        ({"metrics": ("macro_f1", "macro_f1")}, "repeats macro_f1", "once"),
        ({"metrics": ("mcc", "sensitivity"), "positive": None}, "sensitivity, which needs TASK.positive", "remove"),
        ({"head": "tokens", "metrics": ("accuracy",)}, "for the head 'tokens'", "document_leak_rate"),
        ({"head": "pair", "metrics": ("strict_f1",)}, "no metric 'strict_f1' for the head 'pair'", "group_accuracy"),
    ],
)
def test_metrics_that_do_not_fit_a_task(change, said, remedy):
    ((what, how),) = faults(dataclasses.replace(TASK, **change))
    assert said in what and remedy in how


def test_metrics_that_do():
    for metric in metrics.METRICS.values():
        kinds = {"spans": "tokens", "rows": "pair", "sets": "multilabel"}
        task = dataclasses.replace(TASK, head=next(kinds[kind] for kind in kinds if kind in metric.of))
        first = () if not metric.unfit else ("macro_f1",)
        assert not list(faults(dataclasses.replace(task, metrics=(*first, metric.name))))


def test_only_what_may_lead_is_offered():
    task = dataclasses.replace(TASK, metrics=("sensitivity",))
    ((_, offered),) = faults(task)
    for name in offered.split("one of ")[1].split(" first")[0].split(", "):
        assert not list(faults(dataclasses.replace(task, metrics=(name,))))
