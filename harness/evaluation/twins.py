"""Could a small count be told from what is released? Other rows with the same figures say that it could not.

An attacker who holds every figure and knows every rule can exclude a data set only where its figures would differ.
So each *twin*, another set of gold labels and answers for which the very same figures would be released, is one that
he cannot exclude, and with it every count in it. A count is safe where the twins that were found give it at least
`WIDTH` different values, one of them not small; otherwise it is taken to be exposed. This errs on the safe side:
whatever an attacker can do, what he cannot exclude includes these twins. They are looked for, not counted up, so that
a safe release may be refused, and none that is not is let through. What twins span lies within what the *Handbook on
Statistical Disclosure Control* (Hundepool et al. 2024, 2nd edition, section 4.2) calls the feasibility interval of a
cell, which is to be wide enough on either side; the same handbook says that rounded figures can be unpicked and are
to be audited (5.5), which is what is done here. Noughts count as small: that nobody was missed tells of everybody.

Every run is looked at by itself, and every label: seeds that change places, or labels where a metric knows none by
name, are twins as well, but "one of the seeds missed exactly two" would be told all the same.

The rows keep their groups, and an attacker may know them. A coarser rung than the first says that something is small,
so that rows of which nothing is are no twins. What twins do not cover: that on each finer rung something could perhaps
be told, for which whoever knows the search could try each twin; and knowledge from elsewhere, such as how common a
condition is.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.evaluation import coarsening
from harness.evaluation.coarsening import LADDER, SEEDS, WITHHELD, Known, Rung
from harness.evaluation.counted import ALL, COUNTED, IN_ALL
from harness.evaluation.hidden import Hidden
from harness.evaluation.suppression import MINIMUM

WIDTH = 5
BATCH, STEPS, STARTS, SHAKES = 24, 40, 3, 12
SEED = 20_261_129
Counted = tuple[str, int, str, int]  # system, its run, what is counted, label
Values = dict[Counted, set[int]]
GOLD = ("", 0, "gold")
EXACT = 1e-3  # steps from where figures are released as they are


@dataclass(frozen=True)
class Checked:
    """The rung of a part, and the values of each small count that an attacker cannot exclude."""

    rung: Rung
    open: Mapping[Counted, tuple[int, ...]]


def check(
    parts: Mapping[str, Hidden], known: Known, width: int = WIDTH, whole: Iterable[Hidden] = ()
) -> dict[str, Checked]:
    """Every part of a task on the first rung that is safe for all of them.

    `whole` is what else the finest rung tells: the same rows as other metrics count them.
    """
    few = any(set(small(hidden)) for hidden in (*parts.values(), *whole))
    if not few and not any(hidden.cell_told(width) for hidden in parts.values()):
        return {part: Checked(Rung(SEEDS), {}) for part in parts}
    for rung in LADDER:
        found = {}
        for part, hidden in parts.items():
            values = Search(hidden, rung, known, width).run()
            if values is None:
                break
            found[part] = Checked(rung, {key: tuple(sorted(seen)) for key, seen in sorted(values.items())})
        else:
            return found
    return {part: Checked(Rung(WITHHELD), {}) for part in parts}


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


class Search:
    """Twins of one part on one rung."""

    def __init__(self, hidden: Hidden, rung: Rung, known: Known, width: int = WIDTH):
        self._true, self._rung, self._known, self._width = hidden, rung, known, width
        self._wanted = {system: self._released(hidden, system) for system in hidden.answers}
        self._chance = np.random.default_rng(SEED)
        self._asked = set(small(hidden))
        self._roomiest: dict[int, list[Hidden]] = {}
        self.values: Values = {key: {n} for key, n in counts(hidden)}

    def run(self) -> Values | None:
        """The values of what is small, or None as soon as one of them stays exposed."""
        twins = [self._true]
        for key in self._left(lambda key: key[:3] == GOLD):
            if not self._open_gold(key[3], twins):
                return None
        for system in sorted(self._true.answers):
            mine = self._left(lambda key, of=system: key[0] == of)
            # The narrowest decides soonest.
            if mine and not self._open(mine[0], twins):
                return None
            self._shake(system, twins)
            for key in self._left(lambda key, of=system: key[0] == of):
                if not self._open(key, twins):
                    return None
        return {key: self.values[key] for key in self._asked}

    def _left(self, which) -> list[Counted]:
        left = [key for key in self._asked if which(key) and not self._safe(key)]
        return sorted(left, key=lambda key: (max(self.values[key]), key))

    def _safe(self, key: Counted) -> bool:
        seen = self.values[key]
        return len(seen) >= self._width and max(seen) >= MINIMUM

    def _open_gold(self, label: int, twins: list[Hidden]) -> bool:
        key = (*GOLD, label)
        for value in self._order(key):
            for start in range(STARTS):
                base = twins[-1] if start % 2 else self._true
                made = base.with_gold(label, value, self._chance)
                if made is not None and (made := self._repaired(made)) is not None and self._note(made):
                    twins.append(made)
                    break
            if self._safe(key):
                return True
        return self._safe(key)

    def _open(self, key: Counted, twins: list[Hidden]) -> bool:
        """Few rows of a label leave little room for what is counted of it: then twins with more of them are tried."""
        known, label = self._roomiest.get(key[3], []), key[3]
        if self._opened(key, known or _widest(twins, label)):
            return True
        return self._opened(key, _widest(twins, label) if known else self._roomy(label, twins))

    def _opened(self, key: Counted, bases: list[Hidden]) -> bool:
        system, run, name, label = key
        for value in self._order(key) if bases else ():
            for start in range(STARTS):
                base = bases[start % len(bases)]
                pushed = base.pushed(base.answers[system], run, name, label, value, self._chance)
                if pushed is not None and self._noted(base, system, self._settled(base, system, pushed, key, value)):
                    break
            if self._safe(key):
                return True
        return self._safe(key)

    def _roomy(self, label: int, twins: list[Hidden]) -> list[Hidden]:
        """A twin with more rows of a label, where one is found; it is looked for once."""
        if label == ALL:
            return []
        if label not in self._roomiest:
            value = int(twins[0].gold_counts()[label]) + self._width
            self._roomiest[label] = []
            for base in (twins[0], *twins[:0:-1])[:STARTS]:
                made = base.with_gold(label, value, self._chance)
                if made is not None and (made := self._repaired(made)) is not None:
                    self._note(made)
                    self._roomiest[label] = [made]
                    break
        return self._roomiest[label]

    def _shake(self, system: str, twins: list[Hidden]) -> None:
        """Twins in which every run of a system is another: most counts are opened by them."""
        chance, bases = self._chance, _widest(twins, 0)
        for number in range(SHAKES):
            if not self._left(lambda key: key[0] == system):
                return
            base = bases[number % len(bases)]
            answers = base.answers[system]
            for run in range(len(answers)):
                name = ("missed", "invented", "found", "called")[chance.integers(4)]
                pushed = base.pushed(
                    answers, run, name, int(chance.integers(base.labels)), int(chance.integers(2 * MINIMUM)), chance
                )
                answers = answers if pushed is None else pushed
            self._noted(base, system, self._settled(base, system, answers))

    def _order(self, key: Counted) -> list[int]:
        """Values that a count has not had yet: first one that is not small, then those around it."""
        seen = self.values[key]
        start = max(seen)
        near = sorted(range(max(0, min(seen) - self._width), start + self._width + 2), key=lambda n: abs(n - start))
        return [n for n in dict.fromkeys([max(MINIMUM, start + 1), *near, MINIMUM]) if n not in seen]

    def _repaired(self, made: Hidden) -> Hidden | None:
        """The same gold with answers of every system that release the same."""
        answers = {}
        for system in made.answers:
            found = self._settled(made, system, made.answers[system])
            if found is None:
                return None
            answers[system] = found
        return replace(made, answers=answers)

    def _settled(
        self, base: Hidden, system: str, answers: np.ndarray, key: Counted | None = None, value: int = 0
    ) -> np.ndarray | None:
        """Answers near these that release the same and in which what `key` counts is `value`."""
        floor, current, cost = coarsening.floor_of(base), answers, np.inf
        for step in range(STEPS):
            tried = base.steps(system, current, BATCH, self._chance)
            tried[0] = current
            figures = coarsening.measured(base, system, tried, self._known, floor)
            # Last digits differ between processors, and with what a process has loaded; which step is best must not.
            far = np.round(np.zeros(BATCH) + coarsening.distance(self._rung, figures, self._wanted[system]), 6)
            missed = np.abs(base.count(tried[:, key[1]], key[2], key[3]) - value) if key else np.zeros(BATCH)
            total = far + 3.0 * missed
            best = int(np.argmin(total))
            if far[best] < EXACT and missed[best] == 0 and self._same(base, system, tried[best], floor):
                return tried[best]
            if total[best] < cost or self._chance.random() < 0.1:
                current, cost = tried[best], total[best]
            elif step % 10 == 9:
                # Out of a hollow.
                current, cost = tried[int(np.argsort(total, kind="stable")[3])], np.inf
        return None

    def _same(self, base: Hidden, system: str, answers: np.ndarray, floor: float | None) -> bool:
        figures = coarsening.measured(base, system, answers, self._known, floor)
        return coarsening.released(self._rung, figures) == self._wanted[system]

    def _released(self, hidden: Hidden, system: str) -> dict:
        figures = coarsening.measured(hidden, system, hidden.answers[system], self._known, coarsening.floor_of(hidden))
        return coarsening.released(self._rung, figures)

    def _noted(self, base: Hidden, system: str, answers: np.ndarray | None) -> bool:
        """Is a twin with one system's answers another? `base` is a twin, so that the others' answers are there."""
        return answers is not None and self._note(replace(base, answers={**base.answers, system: answers}))

    def _note(self, twin: Hidden) -> bool:
        """Take in what a twin counts. Rows without any small count are none: they would be released whole."""
        found = list(counts(twin))
        if all(n >= MINIMUM for _, n in found):
            return False
        for key, n in found:
            self.values[key].add(n)
        return True


def _widest(twins: list[Hidden], label: int) -> list[Hidden]:
    """The true rows, and the twins with the most and the fewest of a label: they leave most room."""
    many = sorted(twins[1:], key=lambda twin: int(twin.gold_counts()[label]))
    return [twins[0], *many[-1:], *many[:1]]
