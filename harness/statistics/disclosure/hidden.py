"""The gold labels and answers that an attacker could try to infer from released figures.

Two kinds: rows that have one label each, and documents of which spans are counted
(`harness.statistics.disclosure.hidden_spans`). Both say what they contribute to
the primary metric, in the columns of `harness.metrics.decided.counts`, which counts could tell of a person, and how
another set of rows can be made of this one by small steps.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from harness.metrics import METRICS
from harness.metrics.decided import spans
from harness.metrics.decided.counts import Score
from harness.privacy.suppression import MINIMUM, crowded
from harness.statistics.disclosure import cells
from harness.statistics.disclosure.counted import ALL, COUNTED, GOLD, IN_ALL, Counted
from harness.statistics.disclosure.grouped import Grouped
from harness.statistics.disclosure.hidden_spans import Documents
from harness.task import Task

Answers = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Rows(Grouped):
    """Rows of one label each, ordered by group: `gold` [rows] and, by system, `answers` [runs, rows], as positions in
    the label list. `starts` is where each group begins, `arms` names the arm of each run of a system; `named` is what
    the metric is called elsewhere, where that is not `metric`. `replicates` says by which pre-training run the encoder
    of each run of a system was made; a system that it lacks has one.
    """

    metric: str
    labels: int
    positive: int | None
    starts: np.ndarray
    gold: np.ndarray
    answers: Answers
    arms: Mapping[str, tuple[str, ...]]
    named: str = ""
    replicates: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def called(self) -> str:
        return self.named or self.metric

    @property
    def crowded(self) -> bool:
        """Are there so few rows that a label in each part would tell how many there are of it?"""
        return not self.named and crowded(self.rows, self.labels)

    def columns(self, answers: np.ndarray) -> np.ndarray:
        """What each group contributes: [..., runs, groups, counts] of answers [..., runs, rows]."""
        gold, right = self.gold, answers == self.gold
        if self.metric == "group_accuracy":
            whole = np.logical_and.reduceat(right, self.starts, axis=-1)
            return np.stack([whole, ~whole], axis=-1).astype(np.float64)
        if self.metric == "accuracy":
            found = [right, ~right]
        elif self.metric == "micro_f1":
            found = [right, ~right, ~right]
        elif self.metric in ("sensitivity", "specificity"):
            among = (gold == self.positive) == (self.metric == "sensitivity")
            found = [right & among, ~right & among]
        elif self.metric == "binary_f1":
            found = _three(answers == self.positive, gold == self.positive)
        else:
            found = [column for label in range(self.labels) for column in _three(answers == label, gold == label)]
        return self.summed(np.stack(found, axis=-1).astype(np.float64))

    def skill(self, answers: np.ndarray) -> tuple[np.ndarray, Score]:
        """The same columns, and a score by which every answer that never looks has 0."""
        if self.named:
            return self.columns(answers), lambda totals: 1 - self.score(totals)
        return replace(self, metric="mcc").columns(answers), METRICS["mcc"].score

    def tells(self, name: str, label: int) -> bool:
        """Is this a count of its own? Of two labels, what is missed of one is invented of the other."""
        if self.named:
            return label == 1 and name in ("found", "missed")
        if label == ALL:
            return self.labels > 1
        return self.labels != 2 or label == 1 or name in ("called", "found")

    def count(self, answers: np.ndarray, name: str, label: int) -> np.ndarray:
        """How many of `name` each run has, of answers [..., rows]."""
        if label == ALL:
            right = answers == self.gold
            if self.metric == "group_accuracy":
                # Groups that are right as a whole, and those that are not: fewer than rows.
                right = np.logical_and.reduceat(right, self.starts, axis=-1)
            return (right == (name == "right")).sum(axis=-1)
        called, gold = answers == label, self.gold == label
        which: dict[str, Callable[[], np.ndarray]] = {
            "called": lambda: called, "found": lambda: called & gold,
            "missed": lambda: ~called & gold, "invented": lambda: called & ~gold,
        }  # fmt: skip
        return which[name]().sum(axis=-1)

    def gold_counts(self) -> np.ndarray:
        return np.bincount(self.gold, minlength=self.labels)

    def cell_follows(self, width: int) -> bool:
        """Does a small cell of a run's matrix follow from its margins and its diagonal?"""
        side = self.labels
        places = (self.gold * side + answers for of in self.answers.values() for answers in of)
        matrices = (np.bincount(at, minlength=side * side).reshape(side, side) for at in places)
        return not self.named and any(cells.confined(matrix, width, MINIMUM) for matrix in matrices)

    def imagined(self, skills: Mapping[str, np.ndarray], shared: float, chance: np.random.Generator) -> "Rows":
        """Rows of this form by chance, each label once at least where they suffice: a run answers as many rightly as
        its skill says, on the share `shared` of rows together with the other runs."""
        n = len(self.gold)
        drawn = chance.choice(self.labels, n, p=chance.dirichlet(np.full(self.labels, 3.0)))
        gold = chance.permutation(np.concatenate([np.arange(self.labels), drawn])[:n]).astype(self.gold.dtype)
        answers = {}
        for system, skill in skills.items():
            common, own = chance.random(n), chance.random((len(skill), n))
            right = np.where(chance.random((len(skill), n)) < shared, common, own) < skill[:, None]
            away = (gold + chance.integers(1, max(2, self.labels), n)) % self.labels
            answers[system] = np.where(right, gold, away).astype(gold.dtype)
        return replace(self, gold=gold, answers=answers)

    def steps(self, system: str, answers: np.ndarray, number: int, chance: np.random.Generator) -> np.ndarray:
        """`number` other sets of answers of a system, each one or two answers away from these."""
        made = np.repeat(answers[None], number, axis=0)
        which = np.arange(number)
        for _ in range(2):
            run, row = (chance.integers(0, size, len(which)) for size in answers.shape)
            label = chance.integers(0, self.labels, len(which))
            # Half of all steps put an answer right: among many labels chance would seldom hit the right one.
            label = np.where(chance.random(len(which)) < 0.5, self.gold[row], label)
            made[which, run, row] = label
            which = which[: number // 2]
        return made

    def pushed(
        self, answers: np.ndarray, run: int, name: str, label: int, value: int, chance: np.random.Generator
    ) -> np.ndarray | None:
        """The answers with as many of `name` in one run as asked for; None where the gold does not allow it."""
        made, here = answers.copy(), answers[run].copy()
        if label == ALL:
            right = here == self.gold
            step = (value if name == "right" else len(here) - value) - int(right.sum())
            pool = np.flatnonzero(~right if step > 0 else right)
            if abs(step) > len(pool) or self.labels < 2:
                return None
            at = chance.choice(pool, abs(step), replace=False)
            away = (self.gold[at] + chance.integers(1, self.labels, len(at))) % self.labels
            here[at] = self.gold[at] if step > 0 else away
            made[run] = here
            return made
        gold, other = self.gold == label, _another(self.gold, label, self.labels, chance)
        inside = {"called": gold | ~gold, "found": gold, "missed": gold, "invented": ~gold}[name]
        is_it = {"missed": here != label}.get(name, here == label) & inside
        step = value - int(is_it.sum())
        pool = np.flatnonzero(inside & (~is_it if step > 0 else is_it))
        if abs(step) > len(pool):
            return None
        at = chance.choice(pool, abs(step), replace=False)
        becomes_label = (step > 0) != (name == "missed")
        here[at] = label if becomes_label else other[at]
        made[run] = here
        return made

    def with_gold(self, label: int, value: int, chance: np.random.Generator) -> "Rows | None":
        """Rows of which as many have a label as asked for; an answer stays as right or wrong as it was."""
        has = self.gold == label
        step = value - int(has.sum())
        pool = chance.permutation(np.flatnonzero(~has if step > 0 else has))
        if not self.crowded:
            # A split brings every label into every part (`harness.data.spreading`): the last row of one stays.
            _, last = np.unique(self.gold[pool], return_index=True)
            pool = np.delete(pool, [at for at in last if self.gold[pool[at]] != label or value == 0])
        if abs(step) > len(pool):
            return None
        gold, at = self.gold.copy(), pool[: abs(step)]
        gold[at] = label if step > 0 else _another(self.gold, label, self.labels, chance)[at]
        answers = {}
        for system, given in self.answers.items():
            right, made = given == self.gold, given.copy()
            wrong = np.where(given == gold, self.gold, given)
            made[:, at] = np.where(right, gold, wrong)[:, at]
            answers[system] = made
        return replace(self, gold=gold, answers=answers) if self._measurable(gold) else None

    def _measurable(self, gold: np.ndarray) -> bool:
        """Of other gold the report would say that there is nothing to measure (`harness.statistics.measurable`)."""
        if self.positive is None or not (self.named or METRICS[self.metric].positive):
            return True
        is_it = gold == self.positive
        return bool((~is_it if self.metric == "specificity" else is_it).any())


def _three(called: np.ndarray, gold: np.ndarray) -> list[np.ndarray]:
    return [called & gold, called & ~gold, ~called & gold]


def _another(gold: np.ndarray, label: int, labels: int, chance: np.random.Generator) -> np.ndarray:
    """For each row a label that is not `label`: its gold where that is another, otherwise any other."""
    step = chance.integers(1, labels, len(gold)) if labels > 1 else 0
    return np.where(gold == label, (label + step) % labels, gold).astype(gold.dtype)


Hidden = Rows | Documents


def of(task: Task, runs: Sequence[tuple[Any, ...]]) -> Hidden:
    """The rows of one part; `runs` are (system, arm, group of each row, decisions) over the same rows."""
    order, starts = ordered(runs[0][2])
    metric, first = task.metrics[0], runs[0][3]
    arms: dict[str, list[str]] = {}
    for system, arm, _, _ in runs:
        arms.setdefault(system, []).append(arm)

    def by_system(made: Callable[[Any], np.ndarray]) -> dict[str, np.ndarray]:
        return {
            system: np.stack([made(decided)[order] for of, _, _, decided in runs if of == system]) for system in arms
        }

    named = {system: tuple(names) for system, names in arms.items()}
    if metric == "document_leak_rate":
        # A document with identifiers is one that is sought, and one that leaks is found.
        marked = np.array([bool(d.gold) for d in first.documents], dtype=np.int64)
        answers = by_system(lambda decided: np.array([spans.leaks(d) for d in decided.documents], dtype=np.int64))
        return Rows("sensitivity", 2, 1, starts, marked[order], answers, named, metric)
    if isinstance(first, spans.SpanDecisions):
        matching = spans.paired if metric == "relaxed_f1" else spans.strictly
        labels = task.labels if metric == "macro_f1" else None
        gold, _ = _spans(first, matching, labels)
        answers = by_system(lambda decided: _spans(decided, matching, labels)[1])
        return Documents(metric, gold.shape[1], starts, gold[order], answers, named)
    at = {label: i for i, label in enumerate(task.labels)}
    gold = np.array([at[label] for label in first.gold], dtype=np.int64)
    answers = by_system(lambda decided: np.array([at[label] for label in decided.predicted], dtype=np.int64))
    positive = None if task.positive is None else at[task.positive]
    return Rows(metric, len(at), positive, starts, gold[order], answers, named)


def counted_alike(hidden: Hidden, runs: Sequence[tuple[Any, ...]]) -> bool:
    """Does a metric count what `columns` holds? A metric that was added may count otherwise, and then a check of these
    columns would say nothing about its figures. `runs` as in `of`; one run of each system shows it."""
    metric = METRICS[hidden.metric]
    # A question of its own that `of` put into other columns; whole groups, which decisions alone do not know.
    if hidden.called != hidden.metric or metric.whole:
        return True
    for system in hidden.answers:
        decided = next(decided for of, _, _, decided in runs if of == system)
        own = metric.contributed(decided).sum(axis=0)
        if not np.array_equal(np.ravel(own), hidden.columns(hidden.answers[system][:1])[0].sum(axis=0)):
            return False
    return True


def _spans(
    decided: spans.SpanDecisions, matching: spans.Matching, labels: Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Gold spans [documents, labels], and [.., 2] those found and those invented; one label where none is named."""
    width = 1 if labels is None else len(labels)
    gold = np.zeros((len(decided.documents), width), dtype=np.int64)
    answers = np.zeros((*gold.shape, 2), dtype=np.int64)
    for i, document in enumerate(decided.documents):
        for label, c in spans.counted(document, matching).items():
            at = 0 if labels is None else labels.index(label)
            gold[i, at] += c.gold
            answers[i, at] += (c.matched, c.predicted - c.matched)
    return gold, answers


def ordered(groups: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The rows in order of their groups, and where each group begins in that order."""
    _, position = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)
    order = np.argsort(position, kind="stable")
    starts = np.flatnonzero(np.diff(position[order], prepend=-1))
    return order, starts


def small(hidden: Hidden, minimum: int = MINIMUM) -> Iterator[Counted]:
    """What is counted fewer times than `minimum`, nought included."""
    return (key for key, n in counts(hidden) if n < minimum)


def counts(hidden: Hidden) -> Iterator[tuple[Counted, int]]:
    """Everything that is counted: gold labels, and of every run what was called, found, missed and invented, by label,
    and over all labels what was answered rightly and wrongly."""
    for label, n in enumerate(hidden.gold_counts().tolist()):
        yield (*GOLD, label), n
    for system, answers in hidden.answers.items():
        of_all = [(name, ALL) for name in IN_ALL]
        for name, label in (*itertools.product(COUNTED, range(hidden.labels)), *of_all):
            if hidden.tells(name, label):
                for run, n in enumerate(hidden.count(answers, name, label).tolist()):
                    yield (system, run, name, label), n
