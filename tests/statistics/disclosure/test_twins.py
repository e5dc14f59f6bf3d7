"""Attacks on what is released of small tables: none may tell a count under five, and every twin must be one."""

import itertools
import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from harness import heads
from harness.metrics import METRICS
from harness.metrics.decided import counts, spans
from harness.metrics.decided.rows import Decisions
from harness.privacy.suppression import MINIMUM, crowded
from harness.statistics import paired
from harness.statistics.disclosure import coarsening, hidden, releasing, twins
from harness.statistics.disclosure.coarsening import RUNGS, SEEDS, WITHHELD, Rung
from harness.statistics.disclosure.counted import ALL
from harness.statistics.disclosure.twins import WIDTH
from harness.task import Groups, Reading, Task

KNOWN = paired.Settings(0.95, 0.02)
FAMILIES = ("one", "two")
LADDER = (
    *(Rung("rounded", step, True) for step in (0.001, 0.01, 0.02, 0.05, 0.1)),
    *(rung for _, rung in RUNGS),
)


def task_of(labels: int, metric: str, head: str = "sequence", positive: str | None = None) -> Task:
    return Task(
        name="t", version="1", title="T", head=head, reader=lambda folder: Reading([], 0), schema=lambda: None,
        labels=tuple(f"l{i}" for i in range(labels)), groups=Groups(), metrics=(metric,), licence="CC0-1.0",
        citation="", positive=positive,
    )  # fmt: skip


def decided(labels: int, gold, answers) -> Decisions:
    names = [f"l{i}" for i in range(labels)]
    groups = tuple(f"g{i:04}" for i in range(len(gold)))
    made = (tuple(names[i] for i in of) for of in (gold, answers))
    return Decisions(tuple(names), *made, groups, "l1" if labels == 2 else None)


def drawn(n: int, labels: int, skill: float, seeds: int, draw: int) -> hidden.Rows:
    """A test part of chance: two families, two arms, a linear model."""
    chance = np.random.default_rng([n, labels, draw])
    gold = chance.choice(labels, n, p=[0.6, 0.4] if labels == 2 else None)
    runs = []
    for system in (*FAMILIES, "linear"):
        for arm in ("baseline", "clinical") if system != "linear" else ("linear",):
            for _ in range(seeds if system != "linear" else 1):
                right = chance.random(n) < skill + 0.04 * (arm == "clinical")
                answers = np.where(right, gold, (gold + chance.integers(1, labels, n)) % labels)
                made = decided(labels, gold, answers)
                runs.append((system, arm, list(made.groups), made))
    task = task_of(labels, "binary_f1" if labels == 2 else "macro_f1", positive="l1" if labels == 2 else None)
    return hidden.of(task, runs)


@pytest.mark.parametrize("labels", [2, 4])
def test_sets_of_answers_that_share_runs_are_measured_as_each_is_alone(labels):
    rows, chance = drawn(12, labels, 0.7, 3, 5), np.random.default_rng(3)
    for system, answers in rows.answers.items():
        tried = rows.steps(answers, 6, chance)
        together = coarsening.measured(rows, system, tried, KNOWN)
        for at, one in enumerate(tried):
            alone = coarsening.measured(rows, system, one, KNOWN)
            assert together.keys() == alone.keys()
            for key, value in alone.items():
                assert together[key][at] == pytest.approx(float(value), abs=1e-12), key


def test_a_twin_with_more_rows_of_a_label_releases_the_same():
    rows, rung = drawn(60, 4, 0.8, 2, 1), coarsening.Rung("rounded", 0.1, True)
    search = twins.Search(rows, rung, KNOWN)
    for label in range(4):
        (made,) = search._roomy(label, [rows])
        assert made.gold_counts()[label] == rows.gold_counts()[label] + WIDTH
        for system, answers in rows.answers.items():
            figures = [
                coarsening.released(rung, coarsening.measured(of, system, given, KNOWN))
                for of, given in ((rows, answers), (made, made.answers[system]))
            ]
            assert figures[0] == figures[1]
        assert search._roomy(label, [rows]) == [made]


@pytest.mark.parametrize("labels", [2, 8])
def test_errors_over_all_labels_are_looked_for_without_more_rows_of_one(labels):
    """All labels together are none that rows could have."""
    rows = replace(drawn(22, labels, 0.9, 2, 1), metric="macro_f1")
    search = twins.Search(rows, coarsening.Rung("rounded", 0.1, True), KNOWN)
    assert search._roomy(ALL, [rows]) == []
    assert not search._opened(("one", 0, "wrong", ALL), search._roomy(ALL, [rows]))


def f1(hit: int, false: int, miss: int) -> float:
    return 2 * hit / (2 * hit + false + miss) if hit else 0.0


def tables(n: int, positives: int):
    """(hits, false alarms, misses) that a run can have."""
    return [(tp, fp, positives - tp) for tp in range(positives + 1) for fp in range(n - positives + 1)]


def sums(values: list[float], times: int) -> list[float]:
    found = [0.0]
    for _ in range(times):
        found = sorted({round(a + b, 9) for a, b in itertools.product(found, values)})
    return found


def attack(n: int, cells: dict[tuple[str, int], list[tuple[float, float]]]) -> dict[str, set[int]]:
    """Every count that two labels allow: `cells` are by system and number of runs in a mean, (low, high) of the means.

    Positives are tried one by one, all runs of a mean together; what one table of a run allows depends on whether
    the others of its mean can make up for it.
    """
    left: dict[str, set[int]] = defaultdict(set)
    for positives in range(n + 1):
        here: dict[str, set[int]] = defaultdict(set)
        possible = True
        every = tables(n, positives)
        scores = sorted({round(f1(*table), 9) for table in every})
        for (system, runs), ranges in cells.items():
            others = np.array(sums(scores, runs - 1))
            for at, (low, high) in enumerate(ranges):
                fits = [
                    table for table in every
                    if np.any((others >= runs * low - f1(*table) - 1e-7) & (others <= runs * high - f1(*table) + 1e-7))
                ]  # fmt: skip
                possible &= bool(fits)
                for name, column in (("found", 0), ("invented", 1), ("missed", 2)):
                    here[f"{system} {at} {name}"] |= {table[column] for table in fits}
                here[f"{system} {at} right negatives"] |= {n - positives - table[1] for table in fits}
        if possible:
            left["positives"].add(positives)
            left["negatives"].add(n - positives)
            for name, values in here.items():
                left[name] |= values
    return left


def true_counts(rows: hidden.Rows) -> dict[str, set[int]]:
    """By the names of the attack, what the runs really have."""
    found = {"positives": {int(rows.gold.sum())}, "negatives": {int((rows.gold == 0).sum())}}
    for system, answers in rows.answers.items():
        for at, arm in enumerate(dict.fromkeys(rows.arms[system])):
            of = [a for a, name in zip(answers, rows.arms[system], strict=True) if name == arm]
            for name, hit in (
                ("found", [(a & rows.gold).sum() for a in of]),
                ("invented", [(a & (1 - rows.gold)).sum() for a in of]),
                ("missed", [((1 - a) & rows.gold).sum() for a in of]),
                ("right negatives", [((1 - a) & (1 - rows.gold)).sum() for a in of]),
            ):
                found[f"{system} {at} {name}"] = {int(n) for n in hit}
    return found


def published(rows: hidden.Rows, rung: coarsening.Rung) -> set[str]:
    """What kinds of figures the tables hold."""
    found: set[str] = set()
    for system, answers in rows.answers.items():
        figures = coarsening.measured(rows, system, answers, KNOWN)
        found |= {what for what, _ in coarsening.released(rung, figures)}
    return found


NINE = {  # (hits, false alarms) of each run: 22 rows, 9 positives
    ("one", "baseline"): [(9, 2), (8, 1), (7, 3)], ("one", "clinical"): [(8, 0), (9, 1), (8, 2)],
    ("linear", "linear"): [(8, 0)],
}  # fmt: skip


def nine() -> hidden.Rows:
    gold, runs = [1] * 9 + [0] * 13, []
    for (system, arm), of in NINE.items():
        for hit, false in of:
            answers = [int(i < hit or 9 <= i < 9 + false) for i in range(22)]
            made = decided(2, gold, answers)
            runs.append((system, arm, list(made.groups), made))
    return hidden.of(task_of(2, "binary_f1", positive="l1"), runs)


def test_exact_scores_of_every_seed_give_22_rows_away_and_what_is_released_does_not():
    """9/10, 16/17 and the rest have one solution in whole numbers."""
    rows = nine()
    score = [f1(hit, false, 9 - hit) for of in NINE.values() for hit, false in of]
    exact = {(f"run {i}", 1): [(value - 5e-5, value + 5e-5)] for i, value in enumerate(score)}
    assert {round(value, 4) for value in score} >= {0.9, 0.9412}
    left = attack(22, exact)
    assert left["positives"] == {9} and left["run 0 0 missed"] == {0} and left["run 0 0 invented"] == {2}
    checked = twins.check({"test": rows}, KNOWN)["test"]
    assert checked.rung.name not in (SEEDS, WITHHELD)
    assert "mean" not in published(rows, checked.rung), "no score, not even a rounded one"


# Test parts of 60, 150 and 600 rows; skill from hardly any to hardly a fault.
KINDS = {(9, 0.8), (22, 0.65), (22, 0.93), (90, 0.65)}


@pytest.mark.parametrize(
    ("n", "skill"),
    [
        pytest.param(n, skill, marks=[] if (n, skill) in KINDS else pytest.mark.extended)
        for n, skill in itertools.product((9, 22, 90), (0.65, 0.8, 0.93))
    ],
)
def test_no_count_of_two_labels_can_be_told(n, skill):
    rows = drawn(n, 2, skill, 2, int(100 * skill))
    checked = twins.check({"test": rows}, KNOWN)["test"]
    if checked.rung.name == SEEDS:
        assert not [name for name, values in true_counts(rows).items() if min(values) < MINIMUM]
        return
    assert "mean" not in published(rows, checked.rung)
    for values in checked.open.values():
        assert len(values) >= WIDTH and values[-1] >= MINIMUM


def figures_by_hand(rows: hidden.Hidden, decide, rung: coarsening.Rung) -> dict:
    """What is released, by the functions that score predictions, and rounded anew."""
    found, task = {}, decide.task
    runs: dict = defaultdict(list)
    for system, answers in rows.answers.items():
        for arm, given in zip(rows.arms[system], answers, strict=True):
            runs[system, arm].append(decide(rows.gold, given))
    metric, skill = METRICS[task.metrics[0]], METRICS[heads.of(task).skill]
    knows = {key: counts.stack([skill.count(decisions) for decisions in of]) for key, of in runs.items()}
    for (system, arm), of in runs.items():
        counted = [metric.count(decisions) for decisions in of]
        runs[system, arm] = counts.stack(counted)
    for (system, arm), of in runs.items():
        if (system, "clinical") not in runs or arm == "clinical":
            continue
        e = paired.compare(of, runs[system, "clinical"], metric, KNOWN)
        if rung.difference:
            found[system, "difference"] = (
                math.floor(e.delta / rung.step + 0.5 + 1e-7), math.floor(e.ci_low / rung.step + 1e-7),
                math.ceil(e.ci_high / rung.step - 1e-7),
            )  # fmt: skip
        found[system, "p"] = next(i for i, end in enumerate(coarsening.CLASSES) if e.p_value <= end + 1e-7)
        found[system, "said"] = (
            (e.p_value <= 0.05 + 1e-9) * (e.delta > 0) - (e.p_value <= 0.05 + 1e-9) * (e.delta < 0),
            rung.equivalence and next(i for i, end in enumerate(coarsening.CLASSES) if e.p_equivalent <= end + 1e-7),
            paired.skill_low([knows[system, arm], knows[system, "clinical"]], skill, None, KNOWN.level) <= 1e-9,
        )
    return found


class Labels:
    def __init__(self, task: Task):
        self.task = task

    def __call__(self, gold, answers):
        return decided(len(self.task.labels), gold, answers)


class Spans:
    """Documents in which spans stand one after the other, found ones where they are, invented ones behind."""

    def __init__(self, task: Task):
        self.task = task

    def __call__(self, gold, answers):
        documents = []
        for i, (of_gold, of_answers) in enumerate(zip(gold, answers, strict=True)):
            there = [(4 * k, 4 * k + 2, "l0") for k in range(int(of_gold[0]))]
            behind = [(1000 + 4 * k, 1002 + 4 * k, "l0") for k in range(int(of_answers[0][1]))]
            found = there[: int(of_answers[0][0])]
            documents.append(spans.Document(f"g{i:04}", tuple(there), tuple(found + behind), 5000))
        return spans.SpanDecisions(self.task.labels, tuple(documents))


def sparse_spans(draw: int) -> hidden.Documents:
    chance = np.random.default_rng(draw)
    gold = chance.integers(0, 2, (12, 1))
    task, runs = task_of(1, "strict_f1", head="tokens"), []
    decide = Spans(task)
    for system in (*FAMILIES, "linear"):
        for arm in ("baseline", "baseline", "clinical", "clinical") if system != "linear" else ("linear",):
            found = np.where(chance.random(gold.shape) < 0.7, gold, 0)
            answers = np.stack([found, chance.integers(0, 2, gold.shape)], axis=-1)
            made = decide(gold, answers)
            runs.append((system, arm, [d.id for d in made.documents], made))
    return hidden.of(task, runs)


@pytest.mark.parametrize("kind", ["two labels", "eight labels", "spans"])
def test_every_twin_releases_what_the_true_rows_release(kind, monkeypatch):
    """By the functions that score predictions: an attacker cannot exclude any of the twins."""
    made = {"two labels": lambda: drawn(22, 2, 0.8, 2, 1), "eight labels": lambda: drawn(22, 8, 0.75, 2, 1)}
    rows = made.get(kind, lambda: sparse_spans(1))()
    task = {
        "two labels": task_of(2, "binary_f1", positive="l1"), "eight labels": task_of(8, "macro_f1"),
        "spans": task_of(1, "strict_f1", head="tokens"),
    }[kind]  # fmt: skip
    decide = (Spans if kind == "spans" else Labels)(task)
    for rung in (LADDER[3], LADDER[-2]):
        search, found = twins.Search(rows, rung, KNOWN), []
        monkeypatch.setattr(
            search, "_note", lambda twin, found=found, note=search._note: (found.append(twin), note(twin))
        )
        search.run()
        assert found
        wanted = figures_by_hand(rows, decide, rung)
        for twin in found[:: max(1, len(found) // 25)]:
            # One system's answers: the others keep answers that go with its gold.
            got = figures_by_hand(twin, decide, rung)
            assert got == {key: wanted[key] for key in got}
        assert kind != "eight labels" or any((twin.gold != rows.gold).any() for twin in found)


def test_figures_are_those_of_the_scoring_functions():
    for rows, decide in (
        (drawn(22, 2, 0.7, 3, 5), Labels(task_of(2, "binary_f1", positive="l1"))),
        (drawn(22, 8, 0.7, 3, 5), Labels(task_of(8, "macro_f1"))),
        (sparse_spans(5), Spans(task_of(1, "strict_f1", head="tokens"))),
    ):
        for rung in LADDER:
            mine = {}
            for system, answers in rows.answers.items():
                shown = coarsening.released(rung, coarsening.measured(rows, system, answers, KNOWN))
                of = {what: int(v) for (what, arm), v in shown.items() if arm == "baseline"}
                if rung.difference and "delta" in of:
                    mine[system, "difference"] = tuple(of[key] for key in ("delta", "low", "high"))
                if "p" in of:
                    mine[system, "p"] = of["p"]
                    mine[system, "said"] = (of["sign"], of.get("same", False), bool(of["collapsed"]))
            assert mine == figures_by_hand(rows, decide, rung)


def test_of_several_pre_trainings_the_replicates_are_what_scatters():
    """As in `paired.compare`: seeds within a replicate are no further evidence."""
    rows = drawn(60, 2, 0.7, 4, 5)
    made_by = (1, 1, 1, 1, 1, 2, 1, 2)  # baseline, then clinical
    metric = METRICS["binary_f1"]
    arms = [counts.Stack.of(rows.columns(rows.answers["one"][at])) for at in (slice(0, 4), slice(4, 8))]
    expected = paired.compare(*arms, metric, KNOWN, replicates=[1, 2, 1, 2])
    several = replace(rows, replicates={"one": made_by})
    found, once = (coarsening.measured(of, "one", of.answers["one"], KNOWN) for of in (several, rows))
    assert (
        float(found["p", "baseline"]) == pytest.approx(expected.p_value) != pytest.approx(float(once["p", "baseline"]))
    )
    assert float(found["high", "baseline"]) == pytest.approx(expected.ci_high)


def test_rows_that_would_be_released_whole_are_no_twins():
    """A coarser rung says that something is small: of rows where nothing is, nobody would see it."""
    many, few = drawn(400, 2, 0.8, 2, 3), drawn(22, 2, 0.8, 2, 1)
    search = twins.Search(few, LADDER[3], KNOWN)
    before = {key: set(values) for key, values in search.values.items()}
    assert not list(twins.small(many)) and not search._note(many) and search.values == before
    assert search._note(replace(few, answers={**few.answers, "one": few.answers["two"]})) and search.values != before


@pytest.mark.parametrize("kind", ["two labels", "eight labels", "spans"])
def test_errors_and_right_answers_of_a_run_are_counts_too(kind):
    """Two of five errors are few, whichever label each of them is of."""
    made = {"two labels": lambda: drawn(22, 2, 0.9, 2, 1), "eight labels": lambda: drawn(22, 8, 0.9, 2, 1)}
    rows, chance = made.get(kind, lambda: sparse_spans(1))(), np.random.default_rng(1)
    found = dict(twins.counts(rows))
    for system, answers in rows.answers.items():
        if kind == "spans":
            wrong = (rows.gold[:, 0] - answers[..., 0, 0] + answers[..., 0, 1]).sum(axis=-1)
        else:
            wrong = (answers != rows.gold).sum(axis=-1)
            assert [found[system, run, "right", ALL] for run in range(len(wrong))] == (len(rows.gold) - wrong).tolist()
        assert [found[system, run, "wrong", ALL] for run in range(len(wrong))] == wrong.tolist()
        pushed = [rows.pushed(answers, 0, "wrong", ALL, n, chance) for n in range(8)]
        assert [int(rows.count(p[0], "wrong", ALL)) == n for n, p in enumerate(pushed) if p is not None].count(
            False
        ) == 0
        assert sum(p is not None for p in pushed) > 4


@pytest.mark.parametrize(("n", "labels"), [(22, 8), (11, 8), (22, 2)])
def test_no_twin_lacks_a_label_that_a_split_brings_into_every_part(n, labels, monkeypatch):
    """Who knows the rules of splitting could exclude it. Of 11 rows and eight labels no label can have five anyway."""
    rows = drawn(n, labels, 0.8, 2, 1)
    gold = np.concatenate([np.arange(labels), rows.gold[labels:]])
    rows, found = replace(rows, gold=gold), []
    search = twins.Search(rows, LADDER[4], KNOWN)
    note = search._note
    monkeypatch.setattr(search, "_note", lambda twin: (found.append(twin), note(twin))[1])
    search._note(rows)
    for label in range(labels):
        search._open_gold(label, [rows])
    lacking = [twin for twin in found if not twin.gold_counts().all()]
    assert len(found) > 3 and bool(lacking) == (n < labels - 1 + MINIMUM) == crowded(n, labels)


def taken(rows: hidden.Hidden) -> tuple[twins.Checked, list[hidden.Hidden]]:
    """What is released, and the twins that were found."""
    found, note = [], twins.Search._note

    def noted(search, twin):
        if kept := note(search, twin):
            found.append(twin)
        return kept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twins.Search, "_note", noted)
        return twins.check({"test": rows}, KNOWN)["test"], found


@pytest.mark.parametrize(
    ("n", "labels", "skill"),
    [
        (9, 2, 0.8),
        (22, 2, 0.8),
        *(pytest.param(*of, marks=pytest.mark.extended) for of in ((22, 2, 0.65), (22, 8, 0.8))),
    ],
)
@pytest.mark.no_cover
def test_how_much_is_released_tells_nothing_for_all_twins_get_the_same(n, labels, skill):
    """Who runs the check on every data set that fits the figures leaves out those that would be released otherwise."""
    rows = drawn(n, labels, skill, 3, 1)
    checked, found = taken(rows)
    assert checked.rung == coarsening.rung_of(n) and len(found) > 20
    chosen = np.random.default_rng(1).permutation(len(found))[:4]
    for twin in [found[at] for at in chosen]:
        assert twins.check({"test": twin}, KNOWN)["test"].rung == checked.rung


def test_the_search_sees_the_figures_and_not_the_rows():
    rows = drawn(22, 2, 0.8, 2, 1)
    _, found = taken(rows)
    other = next(twin for twin in found if (twin.gold_counts() != rows.gold_counts()).any())
    searched = [twins.Search(of, coarsening.rung_of(22), KNOWN).run() for of in (rows, other)]
    assert searched[0] == searched[1] and searched[0]


def extreme(arms: tuple[float, float], linear: float, positives: int, draw: int) -> hidden.Rows:
    """22 rows with so many positives, answered rightly as often as said."""
    chance, gold, runs = np.random.default_rng(draw), np.arange(22) < positives, []
    for system, skills in (("one", arms), ("linear", (linear,))):
        for arm, skill in zip(("baseline", "clinical") if system == "one" else ("linear",), skills, strict=True):
            for _ in range(2 if system == "one" else 1):
                right = chance.random(22) < skill
                made = decided(2, gold.astype(int), np.where(right, gold, ~gold).astype(int))
                runs.append((system, arm, list(made.groups), made))
    return hidden.of(task_of(2, "binary_f1", positive="l1"), runs)


@pytest.mark.extended
def test_that_nothing_is_released_tells_no_count_either():
    """Of all rows of a size of which nothing is released, each count has the width."""
    left, withheld = defaultdict(set), 0
    for draw, (one, other, way) in enumerate(itertools.product((0.0, 0.1, 0.25), (0.9, 1.0), (1, -1, 1, -1))):
        rows = extreme((one, other)[::way], 0.5, (2, 5, 9, 13, 17, 20)[(draw + draw // 6) % 6], draw)
        if twins.check({"test": rows}, KNOWN)["test"].rung.name == WITHHELD:
            withheld += 1
            for key, n in twins.counts(rows):
                left[key].add(n)
    assert withheld > 10
    assert [key for key, values in left.items() if len(values) < WIDTH or max(values) < MINIMUM] == []


@pytest.mark.parametrize(("n", "labels"), [(9, 8), (11, 8), (5, 2)])
def test_nothing_is_released_of_rows_whose_number_alone_tells_of_each_label(n, labels):
    assert twins.check({"test": drawn(n, labels, 0.7, 2, 1)}, KNOWN)["test"].rung.name == WITHHELD


def test_rows_without_a_small_count_stand_on_the_first_rung():
    rows = drawn(400, 2, 0.8, 2, 3)
    assert not list(twins.small(rows))
    assert twins.check({"test": rows}, KNOWN)["test"].rung.name == SEEDS


@pytest.mark.extended
def test_what_another_metric_counts_few_of_keeps_a_task_from_the_first_rung():
    rows, few = drawn(400, 2, 0.8, 2, 3), drawn(9, 2, 0.8, 2, 3)
    assert twins.check({"test": rows}, KNOWN, whole=[few])["test"].rung.name != SEEDS


def test_what_was_taken_for_what_keeps_a_task_from_the_first_rung_where_it_follows_from_the_margins():
    """No label has a small count; that the first was never called the second follows from the others."""
    matrix = np.array([[20, 0, 5], [0, 20, 5], [5, 5, 20]])
    runs = []
    for system, arms in (("one", ("baseline", "baseline", "clinical", "clinical")), ("linear", ("linear",))):
        for arm in arms:
            gold, answers = np.repeat(np.indices((3, 3)).reshape(2, -1), matrix.ravel(), axis=1)
            made = decided(3, gold, answers)
            runs.append((system, arm, list(made.groups), made))
    told = hidden.of(task_of(3, "macro_f1"), runs)
    assert not list(twins.small(told))
    assert twins.check({"test": told}, KNOWN)["test"].rung.name != SEEDS
    free = replace(told, answers=shuffled(told))
    assert not list(twins.small(free)) and twins.check({"test": free}, KNOWN)["test"].rung.name == SEEDS


def shuffled(rows: hidden.Rows) -> dict:
    """Twelve rows of every label answered wrongly, six as each of the others."""
    answers = rows.gold.copy()
    for label in range(3):
        at = np.flatnonzero(rows.gold == label)[:12]
        answers[at] = (label + 1 + np.arange(12) % 2) % 3
    return {system: np.repeat(answers[None], len(of), axis=0) for system, of in rows.answers.items()}


def test_groups_that_are_right_as_a_whole_are_counted_where_they_are_the_score():
    rows = drawn(40, 2, 0.7, 2, 1)
    pairs = replace(rows, metric="group_accuracy", starts=np.arange(0, 40, 2))
    found = dict(twins.counts(pairs))
    for system, answers in pairs.answers.items():
        for run, given in enumerate(answers):
            whole = int((given == pairs.gold).reshape(20, 2).all(axis=1).sum())
            assert (found[system, run, "right", ALL], found[system, run, "wrong", ALL]) == (whole, 20 - whole)


def test_what_equivalence_would_tell_is_not_said():
    """Hardly an error in 90 rows: arms within two points of each other leave no room for five of any label."""
    rows, told = drawn(22, 2, 0.8, 2, 1), LADDER[-2]
    of = {("delta", "baseline"), ("low", "baseline"), ("high", "baseline"), ("p", "baseline"), ("sign", "baseline")}
    figures = coarsening.measured(rows, "one", rows.answers["one"], KNOWN)
    assert coarsening.released(told, figures).keys() == of | {("collapsed", "baseline")}
    record = releasing.record(task_of(2, "binary_f1"), {}, {"test": twins.Checked(told, {})}, {"test": rows}, KNOWN)
    assert releasing.read(record).rung == told and "no verdict of equivalence" in told.description


@pytest.mark.extended
def test_rows_with_hardly_an_error_release_a_difference_all_the_same():
    assert twins.check({"test": drawn(90, 8, 0.98, 3, 1098)}, KNOWN)["test"].rung == LADDER[-2]


def test_nothing_is_released_where_the_width_cannot_be_had():
    rows = drawn(9, 2, 0.8, 2, 3)
    assert twins.check({"test": rows}, KNOWN, width=11)["test"].rung.name == WITHHELD


def test_how_much_is_released_goes_by_the_number_of_rows_and_never_down():
    kinds = [coarsening.rung_of(n) for n in range(2000)]
    assert list(dict.fromkeys(rung.name for rung in kinds)) == ["verdict", "direction", "difference"]
    told = [(rung.difference, rung.equivalence, -rung.step) for rung in kinds if rung.difference]
    assert told == sorted(told)
    rows = drawn(22, 2, 0.8, 2, 1)
    same = replace(rows, answers=dict(rows.answers))
    assert twins.check({"test": rows}, KNOWN) == twins.check({"test": same}, KNOWN), "no chance but a fixed one"
