"""Decide whether a small count can be inferred, by a search for other data that release the same figures.

An attacker who has every figure and knows every rule can exclude a data set only if its figures would differ. A *twin*
is another set of gold labels and answers for which exactly the same figures would be released. The attacker cannot
exclude a twin, nor any count in it. A count is safe if the twins that were found give it at least `WIDTH` different
values, one of them not small, or if it is small in no twin. Otherwise the count is taken to be exposed, and nothing is
released. This errs on the safe side: the data that an attacker cannot exclude include these twins, whatever the
attacker can do. Twins are searched for, not enumerated. So a safe release may be refused, but no unsafe release is
allowed. The values of a count over the twins lie within the feasibility interval of a cell, which should be wide enough
on either side (*Handbook on Statistical Disclosure Control*, Hundepool et al. 2024, 2nd edition, section 4.2). The same
handbook says that rounded figures can be unpicked and should be audited (5.5). This search is such an audit. Zero
counts as small: that nobody was missed says something about everybody.

The decision to release, and how much, also reveals something. Somebody who runs the check on every data set that fits
the figures can exclude those data sets for which more or less would have been released. So the search uses the figures
and never the rows. The kind of release (`coarsening.Rung`) depends on the number of rows, twins are made from the
figures alone, and every count is examined, whether it is small in the true rows or not. All rows with the same figures
then get the same decision (such a decision is *simulatable*: Kenthapadi, Mishra & Nissim 2005). The true rows are used
only at the end: each of their small counts must be among the safe ones.

Every run and every label is examined by itself. If seeds are exchanged, the data are twins as well, and so they are
with exchanged labels if the metric does not name a label. But such twins would still reveal "one of the seeds missed
exactly two".

The rows keep their groups, which an attacker may know. Every kind of release except `seeds` reveals that some count is
small, so data without a small count are no twins. Twins do not cover knowledge from elsewhere, such as how common a
condition is.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.privacy.suppression import MINIMUM
from harness.statistics.disclosure import coarsening
from harness.statistics.disclosure.coarsening import SEEDS, WITHHELD, Rung
from harness.statistics.disclosure.counted import ALL, GOLD, Counted
from harness.statistics.disclosure.hidden import Hidden, counts, small
from harness.statistics.paired import Settings

WIDTH = 5
BATCH, STEPS, STARTS, SHAKES = 24, 40, 3, 12
BEGUN, PASSES, BASES, HARDER = 120, 4, 3, 6
MIDDLE, SHARED = (0.7, 0.95, 0.5, 0.85), (0.5, 0.0, 0.9, 1.0)
SEED = 20_261_129
Values = dict[Counted, set[int]]
EXACT = 1e-3  # figures fewer steps away than this are checked for being released as wanted


@dataclass(frozen=True)
class Checked:
    """The result of a disclosure check of one part. `rung` is the kind of release (see `coarsening`). `open` maps each
    small count, by its key (system, run, name, label), to the values that an attacker cannot exclude."""

    rung: Rung
    open: Mapping[Counted, tuple[int, ...]]


def check(
    parts: Mapping[str, Hidden], known: Settings, width: int = WIDTH, whole: Iterable[Hidden] = ()
) -> dict[str, Checked]:
    """Decide how the figures of every part of a task are released. Returns a `Checked` for each part.

    `parts` maps a part to its gold labels and answers. `known` are the settings of the comparisons. A safe count has at
    least `width` possible values. `whole` has the same rows as other metrics count them, because the finest kind of
    release shows the scores of these metrics, too. The smallest part decides the kind of release for all parts. If one
    part fails the check, all parts are withheld.
    """
    few = any(set(small(hidden)) for hidden in (*parts.values(), *whole))
    if not few and not any(hidden.cell_follows(width) for hidden in parts.values()):
        return {part: Checked(Rung(SEEDS), {}) for part in parts}
    withheld = {part: Checked(Rung(WITHHELD), {}) for part in parts}
    if "test" in parts and parts["test"].crowded:
        return withheld
    rung, found = coarsening.rung_of(min(hidden.rows for hidden in parts.values())), {}
    for part, hidden in parts.items():
        values = (search := Search(hidden, rung, known, width)).run()
        # If the search did not make a small count of the true rows safe, it missed rows like the true ones.
        if values is None or not all(search.safe(key) for key in small(hidden)):
            return withheld
        opened = {key: tuple(sorted(values[key] | {n})) for key, n in sorted(counts(hidden)) if n < MINIMUM}
        found[part] = Checked(rung, opened)
    return found


class Search:
    """A search for twins of one part, for one kind of release (`rung`). The module docstring explains twins.

    The object keeps only the published facts about the rows: their number, their groups and the figures. So everybody
    who reads these facts would find the same twins. `values` maps the key of a count to the values found so far.
    """

    def __init__(self, hidden: Hidden, rung: Rung, known: Settings, width: int = WIDTH):
        self._rung, self._known, self._width = rung, known, width
        self._wanted = {system: self._released(hidden, system, of) for system, of in hidden.answers.items()}
        self._form = hidden.form()
        self._chance = np.random.default_rng(SEED)
        self._roomiest: dict[int, list[Hidden]] = {}
        self.values: Values = defaultdict(set)

    def run(self) -> Values | None:
        """Search for twins, and return the values found for every count, by its key. Returns None if no twin is found,
        or if a count that can be small stays exposed."""
        twins = self._first()
        for twin in twins:
            self._note(twin)
        if not self.values:
            return None
        for _ in range(PASSES):
            for key in self._left(lambda key: key[:3] == GOLD):
                if not self._open_gold(key[3], twins) and self._exposed(key):
                    return None
            for system in sorted(self._form.answers):
                mine = self._left(_of(system))
                # The first count has the smallest values and decides soonest.
                if mine and not self._open(mine[0], twins) and self._exposed(mine[0]):
                    return None
                self._shake(system, twins)
                for key in self._left(_of(system)):
                    if not self._open(key, twins) and self._exposed(key):
                        return None
            if not any(self._exposed(key) for key in self.values):
                return self.values
        return None

    def _first(self) -> list[Hidden]:
        """Up to BASES twins, made from random data and the released figures alone."""
        found, form = [], self._form
        for shared, middle in itertools.product(SHARED, MIDDLE):
            skills = {
                of: coarsening.skills(arms, self._wanted[of], self._rung, middle) for of, arms in form.arms.items()
            }
            made = self._repaired(form.imagined(skills, shared, self._chance), max(BEGUN, form.rows))
            found += [] if made is None else [self._few(made)]
            if len(found) == BASES:
                break
        return found

    def _few(self, base: Hidden) -> Hidden:
        """The same twin with a small count in every system, if possible. It stays a twin if one system changes."""
        has = {key[0] for key in small(base)}
        for system in sorted(base.answers.keys() - has):
            answers, labels = base.answers[system], range(base.labels)
            for value, name, label in itertools.product((2, 0, 4), ("missed", "invented"), labels):
                key = (system, 0, name, label)
                pushed = base.pushed(answers, 0, name, label, value, self._chance) if base.tells(name, label) else None
                made = None if pushed is None else self._settled(base, system, pushed, key, value)
                if made is not None:
                    base = replace(base, answers={**base.answers, system: made})
                    break
        return base

    def _left(self, which: Callable[[Counted], bool]) -> list[Counted]:
        left = [key for key in self.values if which(key) and not self.safe(key)]
        return sorted(left, key=lambda key: (max(self.values[key]), key))

    def safe(self, key: Counted) -> bool:
        seen = self.values[key]
        return len(seen) >= self._width and max(seen) >= MINIMUM

    def _exposed(self, key: Counted) -> bool:
        """True if the count can be small and is not safe. A count that cannot be small may be revealed."""
        return min(self.values[key]) < MINIMUM and not self.safe(key)

    def _open_gold(self, label: int, twins: list[Hidden]) -> bool:
        key = (*GOLD, label)
        for value in self._order(key):
            for start in range(STARTS):
                base = twins[-1] if start % 2 else twins[0]
                made = base.with_gold(label, value, self._chance)
                if made is not None and (made := self._repaired(made)) is not None and self._note(made):
                    twins.append(made)
                    break
            if self.safe(key):
                return True
        return self.safe(key)

    def _open(self, key: Counted, twins: list[Hidden]) -> bool:
        """Try to make a count safe, also with more rows of its label, because few rows leave the count little room."""
        known, label = self._roomiest.get(key[3], []), key[3]
        if self._opened(key, known or _widest(twins, label)):
            return True
        if self._opened(key, _widest(twins, label) if known else self._roomy(label, twins)):
            return True
        return self._exposed(key) and self._opened(key, [*twins[:HARDER], *self._roomiest.get(label, [])], BEGUN)

    def _opened(self, key: Counted, bases: list[Hidden], steps: int = STEPS) -> bool:
        system, run, name, label = key
        for value in self._order(key) if bases else ():
            for start in range(max(STARTS, len(bases))):
                base = bases[start % len(bases)]
                pushed = base.pushed(base.answers[system], run, name, label, value, self._chance)
                if pushed is None:
                    continue
                if self._noted(base, system, self._settled(base, system, pushed, key, value, steps)):
                    break
            if self.safe(key):
                return True
        return self.safe(key)

    def _roomy(self, label: int, twins: list[Hidden]) -> list[Hidden]:
        """A list with one twin that has more gold rows of a label than the first twin, or an empty list if none is
        found. The search for a label is done once."""
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
        """Note twins in which every run of a system is changed. They open most counts."""
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
        """The values to try for a count that it has not had: first one that is not small, then values near it."""
        seen = self.values[key]
        start = max(seen)
        near = sorted(range(max(0, min(seen) - self._width), start + self._width + 2), key=lambda n: abs(n - start))
        return [n for n in dict.fromkeys([max(MINIMUM, start + 1), *near, MINIMUM]) if n not in seen]

    def _repaired(self, made: Hidden, steps: int = STEPS) -> Hidden | None:
        """The same gold with answers of every system that release the wanted figures; None if none are found."""
        answers = {}
        for system in made.answers:
            found = self._settled(made, system, made.answers[system], steps=steps)
            if found is None:
                return None
            answers[system] = found
        return replace(made, answers=answers)

    def _settled(
        self,
        base: Hidden,
        system: str,
        answers: np.ndarray,
        key: Counted | None = None,
        value: int = 0,
        steps: int = STEPS,
    ) -> np.ndarray | None:
        """Answers near these that release the wanted figures, with `value` as the count `key`; None if not found."""
        current, cost, wanted = answers, np.inf, self._wanted[system]
        for step in range(steps):
            tried = base.steps(current, BATCH, self._chance)
            tried[0] = current
            figures = coarsening.measured(base, system, tried, self._known)
            # The last digits depend on the processor and on what a process has loaded. They must not decide the step.
            far = np.round(np.zeros(BATCH) + coarsening.distance(self._rung, figures, wanted), 6)
            missed = np.abs(base.count(tried[:, key[1]], key[2], key[3]) - value) if key else np.zeros(BATCH)
            total = far + 3.0 * missed
            best = int(np.argmin(total))
            if far[best] < EXACT and missed[best] == 0 and self._released(base, system, tried[best]) == wanted:
                return tried[best]
            if total[best] < cost or self._chance.random() < 0.1:
                current, cost = tried[best], total[best]
            elif step % 10 == 9:
                # Leave a local minimum.
                current, cost = tried[int(np.argsort(total, kind="stable")[3])], np.inf
        return None

    def _released(self, hidden: Hidden, system: str, answers: np.ndarray) -> dict[coarsening.Figure, Any]:
        figures = coarsening.measured(hidden, system, answers, self._known)
        return coarsening.released(self._rung, figures)

    def _noted(self, base: Hidden, system: str, answers: np.ndarray | None) -> bool:
        """Note the twin `base` with other answers of one system; False if it is none. Other systems' answers stay."""
        return answers is not None and self._note(replace(base, answers={**base.answers, system: answers}))

    def _note(self, twin: Hidden) -> bool:
        """Note the counts of a twin. Rows without any small count are no twin, because they would be released whole."""
        found = list(counts(twin))
        if all(n >= MINIMUM for _, n in found):
            return False
        for key, n in found:
            self.values[key].add(n)
        return True


def _widest(twins: list[Hidden], label: int) -> list[Hidden]:
    """The first twin, and the twins with the most and the fewest rows of a label, which leave the most room."""
    many = sorted(twins[1:], key=lambda twin: int(twin.gold_counts()[label]))
    return [twins[0], *many[-1:], *many[:1]]


def _of(system: str) -> Callable[[Counted], bool]:
    return lambda key: key[0] == system
