"""Represent the gold and predicted spans of restricted data, which an attacker could try to infer from released
figures.

`harness.statistics.disclosure.hidden` has the class for rows with one label, and explains the common methods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from harness.metrics.decided.counts import Score
from harness.statistics.disclosure.counted import ALL
from harness.statistics.disclosure.grouped import Grouped


@dataclass(frozen=True)
class Documents(Grouped):
    """Documents with counted spans, in which documents of the same group follow each other.

    `gold` [documents, labels] has the number of gold spans. `answers` maps a system (a family or the linear model) to
    the numbers of found and of invented (wrongly predicted) spans of its runs, [runs, documents, labels, 2]. If a
    metric pools all labels, there is one label. `starts` has the position of each group's first document. `arms` and
    `replicates` map a system to the arm and to the pre-training run of each run.

    A pooled score does not reveal the number of spans of each label: the score stays the same if the labels of spans
    are exchanged, in gold and answers alike.
    """

    metric: str
    labels: int
    starts: np.ndarray
    gold: np.ndarray
    answers: Mapping[str, np.ndarray]
    arms: Mapping[str, tuple[str, ...]]
    replicates: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    crowded: bool = False  # a document may have any number of spans

    @property
    def called(self) -> str:
        return self.metric

    def tells(self, name: str, label: int) -> bool:
        return label != ALL or name == "wrong"

    def columns(self, answers: np.ndarray) -> np.ndarray:
        found, invented = answers[..., 0], answers[..., 1]
        table = np.stack([found, invented, self.gold - found], axis=-1).astype(np.float64)
        return self.summed(table.reshape(*table.shape[:-2], -1))

    def skill(self, answers: np.ndarray) -> tuple[np.ndarray, Score]:
        """The pair (counts [..., runs, groups, counts], score function): the task's own score, which is 0 if nothing is
        found."""
        return self.columns(answers), self.score

    def count(self, answers: np.ndarray, name: str, label: int) -> np.ndarray:
        if label == ALL:
            return self.gold.sum() - answers[..., 0].sum(axis=(-2, -1)) + answers[..., 1].sum(axis=(-2, -1))
        found, invented = (answers[..., label, side].sum(axis=-1) for side in (0, 1))
        known = {"called": found + invented, "found": found, "invented": invented}
        return known[name] if name in known else self.gold[:, label].sum() - found

    def gold_counts(self) -> np.ndarray:
        return self.gold.sum(axis=0)

    def cell_follows(self, width: int) -> bool:
        """False, because spans have no confusion matrix."""
        return False

    def imagined(self, skills: Mapping[str, np.ndarray], shared: float, chance: np.random.Generator) -> "Documents":
        """Random spans for the same numbers of documents, groups and runs. `skills` maps a system to the share of found
        spans of each run. On the share `shared` of the documents, all runs of a system answer alike."""
        gold = chance.poisson(chance.choice([1.0, 3.0, 6.0]), self.gold.shape)
        gold[chance.integers(len(gold)), :] += 1
        answers = {}
        for system, skill in skills.items():
            given = np.empty((len(skill), *gold.shape, 2), dtype=np.int64)
            for run, how_often in enumerate(skill):
                given[run, ..., 0] = chance.binomial(gold, how_often)
                given[run, ..., 1] = chance.binomial(gold, 1 - how_often)
            alike = chance.random(len(gold)) < shared
            given[:, alike] = given[:1, alike]
            answers[system] = given
        return replace(self, gold=gold, answers=answers)

    def steps(self, answers: np.ndarray, number: int, chance: np.random.Generator) -> np.ndarray:
        made, which = np.repeat(answers[None], number, axis=0), np.arange(number)
        for _ in range(2):
            at = tuple(chance.integers(0, size, len(which)) for size in answers.shape)
            step = chance.choice([-1, 1], len(which))
            most = np.where(at[3] == 0, self.gold[at[1], at[2]], 1 << 30)
            made[(which, *at)] = np.clip(made[(which, *at)] + step, 0, most)
            which = which[: number // 2]
        return made

    def pushed(
        self, answers: np.ndarray, run: int, name: str, label: int, value: int, chance: np.random.Generator
    ) -> np.ndarray | None:
        if label == ALL:
            # Change only the missed or only the invented spans of one label, whichever has the room.
            label, step = int(chance.integers(self.labels)), value - int(self.count(answers[run], "wrong", ALL))
            there = {side: int(self.count(answers[run], side, label)) for side in ("missed", "invented")}
            room = {
                "missed": range(int(self.gold[:, label].sum()) + 1),
                "invented": range(there["invented"] + step + 1),
            }
            sides = [side for side in there if there[side] + step in room[side]]
            if not sides:
                return None
            name = sides[chance.integers(len(sides))]
            value = there[name] + step
        made, gold = answers.copy(), self.gold[:, label]
        side = 0 if name in ("found", "missed") else 1
        here = made[run, :, label, side]
        wanted = {"missed": int(gold.sum()) - value, "called": value - int(made[run, :, label, 0].sum())}
        step = wanted.get(name, value) - int(here.sum())
        for _ in range(abs(step)):
            free = np.flatnonzero(here > 0) if step < 0 else np.flatnonzero((here < gold) | (side == 1))
            if not len(free):
                return None
            here[chance.choice(free)] += 1 if step > 0 else -1
        return made

    def with_gold(self, label: int, value: int, chance: np.random.Generator) -> "Documents | None":
        gold, answers = self.gold.copy(), {system: given.copy() for system, given in self.answers.items()}
        while (step := value - int(gold[:, label].sum())) != 0:
            room = np.arange(len(gold)) if step > 0 else np.flatnonzero(gold[:, label] > 0)
            if not len(room):
                return None
            at = chance.choice(room)
            for given in answers.values():
                found = given[:, at, label, 0]
                if step > 0:
                    found += chance.random(len(found)) < 0.5
                else:
                    np.minimum(found, gold[at, label] - 1, out=found)
            gold[at, label] += 1 if step > 0 else -1
        # A split puts every label into every part if it can, so no label may disappear.
        kept = gold.sum(axis=0)[self.gold.any(axis=0)].all()
        return replace(self, gold=gold, answers=answers) if kept and gold.any() else None
