"""Attack the released figures of restricted data, at the sizes of real data sets. `disclosure.md` has the results.

    python benchmarks/disclosure.py --rows 22 --labels 8 --skills 0.65 0.8 --draws 2 [--metric mcc] [--cells 100]

A *twin* is another data set with the same released figures (`harness/statistics/disclosure/twins.py`). An attacker
cannot exclude a twin, so a count is safe if it has enough different values over the twins. One line of JSON per case
has the rung (the kind of release), the seconds of the check, and what the attacks found:

- `told` (binary and macro-F1): the number of counts that an attacker bounds by trying all data with the released means
  and differences (`tests/attacker.py`). With more than two labels and 30 rows, only a sample of gold counts is tried.
  Such a sample can show that no count is bounded, but not that a count is bounded. Otherwise, the number is exact.
- `wrong`: the number of twins that would release other figures, if they are scored by the functions that score
  predictions.
- `narrow`: the number of small counts that have fewer values over the other twins than declared.
- `cells`: the number of cells under five in the confusion matrix of a run that were tried, drawn at random.
  `closed`: those cells for which no other data with the same figures were found that give enough values.
- With `--again N`, N twins are checked themselves. `same`: the number of twins that would be released on the same
  rung. `alone`: the small counts that have enough values over all N twins, but not over the twins on the same rung.
- With `--two`, `both` is `told` for this release together with an earlier release of two of the three seeds.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "statistics" / "disclosure")]

import attacker  # noqa: E402
import test_twins as of_tests  # noqa: E402

from harness.privacy.suppression import MINIMUM  # noqa: E402
from harness.statistics.disclosure import coarsening, hidden, twins  # noqa: E402

KNOWN, SEEDS, TRIES = of_tests.KNOWN, 3, 4
LARGE, SAMPLE = 30, 6


class Cells(hidden.Rows):
    """The answers of a test part (`hidden.Rows`) that also count single cells of the confusion matrix."""

    def count(self, answers, name, label):
        if name != "cell":
            return super().count(answers, name, label)
        gold, called = divmod(label, self.labels)
        return ((self.gold == gold) & (answers == called)).sum(axis=-1)


def drawn(rows: int, labels: int, skill: float, draw: int, metric: str) -> Cells:
    """Random answers of two families of two arms and three seeds, and of a linear model. Each label has a row if it
    can."""
    made = of_tests.drawn(rows, labels, skill, SEEDS, 1000 + draw + int(100 * skill))
    positive = 1 if labels == 2 else None
    made = Cells(**{field.name: getattr(made, field.name) for field in fields(made)} | {"metric": metric})
    gold = made.gold.copy()
    for label in np.flatnonzero(np.bincount(gold, minlength=labels) == 0)[: max(0, rows - labels + 1)]:
        common = np.bincount(gold, minlength=labels).argmax()
        gold[np.flatnonzero(gold == common)[0]] = label
    moved = {system: np.where(given == made.gold, gold, given) for system, given in made.answers.items()}
    return replace(made, gold=gold, answers=moved, positive=positive)


def checked(rows: Cells) -> tuple[coarsening.Rung, float, list[Cells]]:
    """The released rung, the CPU seconds of the disclosure check, and the twins that supported this rung."""
    found, real = [], twins.Search._note

    def note(search, twin):
        taken = real(search, twin)
        if taken:
            found.append((search._rung, twin))
        return taken

    start, twins.Search._note = time.process_time(), note
    try:
        rung = twins.check({"test": rows}, KNOWN)["test"].rung
    finally:
        twins.Search._note = real
    return rung, time.process_time() - start, [twin for of, twin in found if of == rung]


def read(rows: Cells, rung: coarsening.Rung) -> attacker.Seen:
    """What an attacker reads from the tables of a rung: the ranges of every mean and every difference."""
    seen = attacker.Seen(len(rows.gold), rows.labels)
    for system, answers in rows.answers.items():
        figures = coarsening.measured(rows, system, answers, KNOWN)
        shown, arms = coarsening.released(rung, figures), rows.arms[system]
        for (what, arm), value in shown.items():
            if what == "delta":
                seen.differences[system][arm] = ((value - 0.5) * rung.step, (value + 0.5) * rung.step)
        for arm in set(arms):
            seen.means[system][arm] = (arms.count(arm), (-1.0, 2.0))
    return seen


def told(rows: Cells, rung: coarsening.Rung) -> int:
    with some_golds(len(rows.gold), rows.labels):
        return len(attacker.tight(attacker.possible(read(rows, rung))))


@contextmanager
def some_golds(rows: int, labels: int) -> Iterator[None]:
    """Let the attacker try only some gold counts if there are many: from even ones to nearly all rows in one label."""
    every = attacker.golds
    if labels > 2 and rows > LARGE:
        even, chance = [rows // labels + (at < rows % labels) for at in range(labels)], np.random.default_rng(1)
        one = (rows - labels + 1, *[1] * (labels - 1))
        some = {tuple(sorted(even, reverse=True)), one, *(_shifted(even, chance) for _ in range(SAMPLE - 2))}
        attacker.golds = lambda *_: iter(sorted(some))
    try:
        yield
    finally:
        attacker.golds = every


def _shifted(gold: tuple[int, ...], chance: np.random.Generator) -> tuple[int, ...]:
    made = list(gold)
    for _ in range(12):
        one, other = chance.choice(len(made), 2, replace=False)
        if made[one] > 1:
            made[one], made[other] = made[one] - 1, made[other] + 1
    return tuple(sorted(made, reverse=True))


def verified(rows: Cells, rung: coarsening.Rung, found: list[Cells]) -> tuple[int, int, int]:
    """The number of twins that release something else, of small counts, and of small counts that are too narrow."""
    decide = of_tests.Labels(of_tests.task_of(rows.labels, rows.metric, positive="l1" if rows.labels == 2 else None))
    wanted, wrong = of_tests.figures_by_hand(rows, decide, rung), 0
    values, small = defaultdict(set), set(twins.small(rows))
    for twin in [rows, *found]:
        if of_tests.figures_by_hand(twin, decide, rung) != wanted:
            wrong += 1
        else:
            for key, n in twins.counts(twin):
                values[key].add(n)
    return wrong, len(small), sum(not _wide(values[key]) for key in small)


def _wide(values: set[int]) -> bool:
    return len(values) >= twins.WIDTH and max(values) >= MINIMUM


def again(rows: Cells, rung: coarsening.Rung, found: list[Cells], number: int) -> tuple[int, int]:
    """The number of chosen twins that would be released on the same rung, and of small counts that need the others."""
    chosen = np.random.default_rng(1).permutation(len(found))[:number]
    every, same, alike = defaultdict(set), defaultdict(set), 0
    for twin in [rows, *(found[at] for at in chosen)]:
        kept = twin is rows or twins.check({"test": twin}, KNOWN)["test"].rung == rung
        alike += kept and twin is not rows
        for key, n in twins.counts(twin):
            every[key].add(n)
            if kept:
                same[key].add(n)
    return alike, sum(_wide(every[key]) and not _wide(same[key]) for key in set(twins.small(rows)))


def both(rows: Cells, rung: coarsening.Rung) -> int:
    """The number of counts bounded by this release and one of fewer seeds together."""
    seen, answers, arms = read(rows, rung), {}, {}
    for system, names in rows.arms.items():
        kept = [at for at, arm in enumerate(names) if names[:at].count(arm) < SEEDS - 1]
        answers[system], arms[system] = rows.answers[system][kept], tuple(names[at] for at in kept)
    earlier = replace(rows, answers=answers, arms=arms)
    first = read(earlier, checked(earlier)[0])
    for system in rows.answers:
        seen.means[f"{system}, earlier"] = first.means[system]
        if system in first.differences:
            seen.differences[f"{system}, earlier"] = first.differences[system]
    return len(attacker.tight(attacker.possible(seen)))


def closed(rows: Cells, rung: coarsening.Rung, number: int) -> tuple[int, int]:
    """The number of single cells tried, and of those for which no data with the same figures were found."""
    search, chance = twins.Search(rows, rung, KNOWN), np.random.default_rng(1)
    places = [
        (system, run, cell)
        for system, answers in rows.answers.items()
        for run in range(len(answers))
        for cell in range(rows.labels**2)
        if rows.count(answers[run], "cell", cell) < MINIMUM
    ]
    chance.shuffle(places)
    more: dict[int, list[Cells]] = {}
    shut = 0
    for system, run, cell in ((system, int(run), int(cell)) for system, run, cell in places[:number]):
        values = {int(rows.count(rows.answers[system][run], "cell", cell))}
        for value in (MINIMUM, MINIMUM + 1, *range(MINIMUM), MINIMUM + 2):
            if _wide(values):
                break
            if value not in values and _reached(search, rows, more, (system, run, "cell", cell), value, chance):
                values.add(value)
        shut += not _wide(values)
    return min(number, len(places)), shut


def _reached(search, rows: Cells, more: dict, key: tuple, value: int, chance) -> bool:
    """True if data with the same figures are found in which a cell is `value`."""
    system, run, _, cell = key
    gold, called = divmod(cell, rows.labels)
    if gold not in more:
        made = (rows.with_gold(gold, MINIMUM + 2 + int(chance.integers(4)), chance) for _ in range(2 * TRIES))
        more[gold] = [found for found in map(search._repaired, filter(None, made)) if found is not None][:1]
    for base in (rows, *more[gold]):
        inside = np.flatnonzero(base.gold == gold)
        for _ in range(TRIES):
            answers = base.answers[system].copy()
            has = answers[run][inside] == called
            step = value - int(has.sum())
            pool = inside[~has if step > 0 else has]
            if len(pool) < abs(step):
                break
            at = chance.choice(pool, abs(step), replace=False)
            other = (called + chance.integers(1, rows.labels, len(at))) % rows.labels
            answers[run, at] = called if step > 0 else other
            if search._settled(base, system, answers, key, value) is not None:
                return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=22)
    parser.add_argument("--labels", type=int, default=2)
    parser.add_argument("--skills", type=float, nargs="+", default=[0.5, 0.65, 0.8, 0.93])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--metric", default="")
    parser.add_argument("--cells", type=int, default=50)
    parser.add_argument("--again", type=int, default=0)
    parser.add_argument("--two", action="store_true")
    options = parser.parse_args()
    metric = options.metric or ("binary_f1" if options.labels == 2 else "macro_f1")
    for skill in options.skills:
        for draw in range(options.draws):
            rows = drawn(options.rows, options.labels, skill, draw, metric)
            rung, seconds, found = checked(rows)
            line = {"rows": options.rows, "labels": options.labels, "metric": metric, "skill": skill, "draw": draw}
            line |= {"rung": rung.name, "step": rung.step, "seconds": round(seconds, 1)}
            if rung.name not in (coarsening.SEEDS, coarsening.WITHHELD):
                if metric in ("binary_f1", "macro_f1") and (metric == "binary_f1") == (options.labels == 2):
                    line["told"] = told(rows, rung)
                line["twins"] = len(found)
                line["wrong"], line["small"], line["narrow"] = verified(rows, rung, found)
                if options.again:
                    line["same"], line["alone"] = again(rows, rung, found, options.again)
                if options.two:
                    line["both"] = both(rows, rung)
                if options.labels > 2 and options.cells:
                    line["cells"], line["closed"] = closed(rows, rung, options.cells)
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
