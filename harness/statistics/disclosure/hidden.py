"""Represent the gold labels and answers of restricted data, which an attacker could try to infer from released figures.

There are two classes: `Rows` with one label each, and `Documents` with counted spans
(`harness.statistics.disclosure.hidden_spans`). Both classes have the same methods. `columns` gives the contributions to
the primary metric (in the columns of `harness.metrics.decided.counts`). `count` gives the counts that could identify a
person. `steps`, `pushed` and `with_gold` make other data that differ a little.
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
    """Rows with one label each, in which rows of the same group follow each other.

    `gold` [rows] has the gold label of each row, as a position in the label list. `answers` maps a system (a family or
    the linear model) to the predicted labels of its runs, [runs, rows]. `labels` is the number of labels, and
    `positive` the position of the positive label (None: the task has none). `starts` has the position of each group's
    first row. `arms` maps a system to the arm of each run. `named` is the task's name of the metric, if rows are
    counted as for another metric, `metric`. `replicates` maps a system to the pre-training run behind each run. A
    system that is missing there was pre-trained once.
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
        """True if there are so few rows that some label must have a small count, because every label has a row in this
        part."""
        return not self.named and crowded(self.rows, self.labels)

    def columns(self, answers: np.ndarray) -> np.ndarray:
        """The counts from which the metric is computed, [..., runs, groups, counts], for `answers` [..., runs,
        rows]."""
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
        """The pair (counts [..., runs, groups, counts], function from summed counts to a score), for a score that is 0
        if the answers are constant. For the leak rate of documents, it is 0 if nothing is masked."""
        if self.named:
            return self.columns(answers), lambda totals: 1 - self.score(totals)
        return replace(self, metric="mcc").columns(answers), METRICS["mcc"].score

    def tells(self, name: str, label: int) -> bool:
        """True if the count `name` of a label follows from no other count, so that it must be checked itself. With two
        labels, for example, a missed row of one label is a wrongly predicted row of the other label. `name` and `label`
        are as in `count`."""
        if self.named:
            return label == 1 and name in ("found", "missed")
        if label == ALL:
            return self.labels > 1
        return self.labels != 2 or label == 1 or name in ("called", "found")

    def count(self, answers: np.ndarray, name: str, label: int) -> np.ndarray:
        """The count `name` for every run of `answers` [..., rows]. `name` is one of `counted.COUNTED` for the label at
        position `label`, or one of `counted.IN_ALL` if `label` is ALL (all labels together)."""
        if label == ALL:
            right = answers == self.gold
            if self.metric == "group_accuracy":
                # Whole groups are counted as right or wrong. They are fewer than rows.
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
        """True if a small cell of a run's confusion matrix follows from the margins and the diagonal of this matrix.
        `width` is the number of possible values that a small cell should have (see `cells.confined`)."""
        side = self.labels
        places = (self.gold * side + answers for of in self.answers.values() for answers in of)
        matrices = (np.bincount(at, minlength=side * side).reshape(side, side) for at in places)
        return not self.named and any(cells.confined(matrix, width, MINIMUM) for matrix in matrices)

    def imagined(self, skills: Mapping[str, np.ndarray], shared: float, chance: np.random.Generator) -> "Rows":
        """Random gold labels and answers with the same numbers of rows, groups and runs. Each label has a row if there
        are enough rows. `skills` maps a system to the share of right answers of each run. `shared` is the share of the
        draws that are common to all runs of a system."""
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

    def steps(self, answers: np.ndarray, number: int, chance: np.random.Generator) -> np.ndarray:
        """Random small changes of `answers` [runs, rows]: an array [number, runs, rows] in which each of the `number`
        sets of answers has at most two answers changed."""
        made = np.repeat(answers[None], number, axis=0)
        which = np.arange(number)
        for _ in range(2):
            run, row = (chance.integers(0, size, len(which)) for size in answers.shape)
            label = chance.integers(0, self.labels, len(which))
            # Half of all steps correct an answer: among many labels, a random one would seldom be right.
            label = np.where(chance.random(len(which)) < 0.5, self.gold[row], label)
            made[which, run, row] = label
            which = which[: number // 2]
        return made

    def pushed(
        self, answers: np.ndarray, run: int, name: str, label: int, value: int, chance: np.random.Generator
    ) -> np.ndarray | None:
        """A copy of `answers` [runs, rows], changed at random so that the count `name` of `label` is `value` in the run
        at position `run`. Returns None if the gold labels do not allow this. `name` and `label` are as in `count`."""
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
        """A copy in which `value` rows have the gold label `label`. Each answer stays right or wrong as before. Returns
        None if no such data are possible."""
        has = self.gold == label
        step = value - int(has.sum())
        pool = chance.permutation(np.flatnonzero(~has if step > 0 else has))
        if not self.crowded:
            # A split puts every label into every part (`harness.data.spreading`), so the last row of a label stays.
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
        """True if the metric can be measured with these `gold` labels. If not, the report would say so
        (`harness.statistics.measurable`), and an attacker could exclude these gold labels."""
        if self.positive is None or not (self.named or METRICS[self.metric].positive):
            return True
        is_it = gold == self.positive
        return bool((~is_it if self.metric == "specificity" else is_it).any())


def _three(called: np.ndarray, gold: np.ndarray) -> list[np.ndarray]:
    return [called & gold, called & ~gold, ~called & gold]


def _another(gold: np.ndarray, label: int, labels: int, chance: np.random.Generator) -> np.ndarray:
    """For each row a label other than `label`: the gold label of the row if it is another one, else a random one."""
    step = chance.integers(1, labels, len(gold)) if labels > 1 else 0
    return np.where(gold == label, (label + step) % labels, gold).astype(gold.dtype)


Hidden = Rows | Documents


def of(task: Task, runs: Sequence[tuple[Any, ...]]) -> Hidden:
    """The gold labels and answers of one part, as `Rows` or `Documents`. `runs` has one tuple (system, arm, group of
    each row, decisions) per run, all over the same rows."""
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
        # A document with identifiers is a positive row. A document that leaks is a positive answer.
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
    """True if the task's metric counts in the same way as `columns` of `hidden`. If an added metric counts in another
    way, a check of these columns says nothing about the figures of this metric. `runs` is as in `of`. One run of each
    system is compared."""
    metric = METRICS[hidden.metric]
    # Not comparable: `of` put another metric into these columns, or decisions alone do not know the whole groups.
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
    """Gold spans [documents, labels], and found and invented spans [.., 2]. There is one column if `labels` is None."""
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
    """The pair (order that sorts rows by group, position of each group's first row in that order)."""
    _, position = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)
    order = np.argsort(position, kind="stable")
    starts = np.flatnonzero(np.diff(position[order], prepend=-1))
    return order, starts


def small(hidden: Hidden) -> Iterator[Counted]:
    """The keys (system, run, name, label) of all counts below `MINIMUM`, zero included."""
    return (key for key, n in counts(hidden) if n < MINIMUM)


def counts(hidden: Hidden) -> Iterator[tuple[Counted, int]]:
    """All counts that could identify a person, as pairs (key, count). A key is (system, run, name of the count, label).

    Gold labels are counted by label. In every run, rows that are called (predicted), found, missed and invented
    (predicted wrongly) are counted by label, and right and wrong answers over all labels. Counts that follow from
    others are left out.
    """
    for label, n in enumerate(hidden.gold_counts().tolist()):
        yield (*GOLD, label), n
    for system, answers in hidden.answers.items():
        of_all = [(name, ALL) for name in IN_ALL]
        for name, label in (*itertools.product(COUNTED, range(hidden.labels)), *of_all):
            if hidden.tells(name, label):
                for run, n in enumerate(hidden.count(answers, name, label).tolist()):
                    yield (system, run, name, label), n
