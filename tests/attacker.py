"""Somebody who holds the published files of a restricted run, knows every rule, and looks for counts under five.

`read` takes the ranges that the tables and the report's words leave for every mean over seeds and every difference.
`possible` tries all gold counts and, for each of them, all counts that a run can have, and keeps those that some runs
together would publish. Scores are looked at in steps of `GRID`; ranges are widened by what that loses, so that too much
is kept by a hair and never too little. Labels that no figure names look alike: of more than two, what is kept of one is
kept of each.
"""

import csv
import itertools
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

GRID = 8000
MINIMUM, WIDTH = 5, 5
CLINICAL = "clinical"
Range = tuple[float, float]


@dataclass
class Seen:
    """What is read of one task: by system and arm how many runs a mean is of and its range, by system and the arm that
    the clinical one is compared with the range of the difference."""

    rows: int
    labels: int
    means: dict[str, dict[str, tuple[int, Range]]] = field(default_factory=lambda: defaultdict(dict))
    differences: dict[str, dict[str, Range]] = field(default_factory=lambda: defaultdict(dict))


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def read(reports: Path, task: str, labels: int, seeds: int) -> Seen:
    said = re.search(rf"of `{task}`, ([^;]*)", (reports / "appendix.md").read_text(encoding="utf-8"))
    points = re.search(r"rounded to (\d+) point", said[1]) if said else None

    def around(text: str) -> Range:
        half = int(points[1]) / 200 if points else 0.5 * 10.0 ** -len(text.split(".")[1])
        return float(text) - half, float(text) + half

    compared = [row for row in table(reports / "comparison.csv") if row["task"] == task]
    seen = Seen(int(compared[0]["n_test"]), labels)
    for row in compared:
        way = {"better": (0.0, 1.0), "worse": (-1.0, 0.0)}.get(row["verdict"], (-1.0, 1.0))
        seen.differences[row["family"]][row["against"]] = around(row["delta"]) if row["delta"] else way
    for row in table(reports / "results.csv"):
        if row["task"] == task and row["primary"] == "true" and row["value"]:
            one = row["seed"] or "all"
            arm = row["arm"] if one == "all" else f"{row['arm']} {one}"
            seen.means[row["family"]][arm] = (seeds if one == "all" else 1, around(row["value"]))
    for row in table(reports / "simple_baselines.csv"):
        if row["task"] == task and row["primary"] == "true" and row["value"]:
            seen.means["linear"][row["system"]] = (1, around(row["value"]))
    for family, of in seen.differences.items():
        # Of an arm whose mean is not released there are runs all the same.
        for arm in (CLINICAL, *of):
            seen.means[family].setdefault(arm, (seeds, (-1.0, 2.0)))
    return seen


def published(site: Path) -> dict[str, str]:
    """The text of everything that a site publishes or has in git: reports, bundle, lock, MLflow's store."""
    found = {}
    for place in ("reports", "bundle", "dvc.lock", "dvc.yaml", "data.dvc", "params.yaml", "mlartifacts"):
        path = site / place
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and file.suffix != ".png":
                text = file.read_text(encoding="utf-8")
                found[file.relative_to(site).as_posix()] = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    with closing(sqlite3.connect(site / "mlflow.db")) as store:
        found["mlflow.db"] = "\n".join(store.iterdump())
    return found


def leaking(site: Path, task: str) -> dict[str, list[str]]:
    """By file the figures of the site's own scores of a task, as tables would print them, but for whole points."""
    exact = {
        value
        for path in (site / "artifacts" / "scores" / task).rglob("*.json")
        if path.name != "released.json"
        for value in _fractions(json.loads(path.read_text(encoding="utf-8")))
    }
    told = {
        f"{scale * value:.{digits}f}"
        for value in exact
        for scale, digits in ((1, 4), (1, 5), (1, 6), (1, 8), (100, 2), (100, 3))
        if value >= 0.1 and abs(100 * value - round(100 * value)) > 1e-6
    }
    numbers = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
    found = {path: sorted(told & set(numbers.findall(text))) for path, text in published(site).items()}
    return {path: figures for path, figures in found.items() if figures}


def _fractions(value: object) -> Iterator[float]:
    """Every number between 0 and 1 in some JSON."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _fractions(inner)
    elif isinstance(value, float) and 0 < abs(value) < 1:
        yield abs(value)


def possible(seen: Seen) -> dict[tuple[str, str, str], set[int]]:
    """By system, arm and name of a count, what some data would publish; of the gold, by `("", "", "gold")`."""
    left: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    lost = 0.5 * (seen.labels if seen.labels > 2 else 1)
    for gold in golds(seen.rows, seen.labels):
        every, counts = runs(seen.rows, gold)
        fitting = {}
        for system, arms in seen.means.items():
            found = _fitting(every, arms, seen.differences.get(system, {}), lost)
            if not all(of.any() for of in found.values()):
                break
            fitting |= {(system, arm): of for arm, of in found.items()}
        else:
            left["", "", "gold"] |= set(gold)
            for (system, arm), scores in fitting.items():
                for (name, value), reached in counts.items():
                    if value not in left[system, arm, name] and (reached & scores).any():
                        left[system, arm, name].add(value)
    return left


def tight(left: dict) -> dict:
    """Counts that may be under five and have fewer possible values than declared, or none of five and more."""
    return {
        what: sorted(values)
        for what, values in left.items()
        if min(values) < MINIMUM and (len(values) < WIDTH or max(values) < MINIMUM)
    }


def _fitting(every: np.ndarray, arms: dict, differences: dict, lost: float) -> dict[str, np.ndarray]:
    """By arm, which scores one of its runs can have; others of the same mean make up for it. `lost` is by how many
    steps a score can be off."""
    sums, others = {}, {}
    for arm, (number, (low, high)) in arms.items():
        others[arm] = _sum(every, number - 1)
        total = _sum(every, number)
        at = np.arange(len(total)) / (number * GRID)
        slack = lost / GRID + 1e-9
        sums[arm] = total & (at >= low - slack) & (at <= high + slack)
    if differences:
        number = arms[CLINICAL][0]
        for arm, ends in differences.items():
            sums[CLINICAL] = sums[CLINICAL] & _near(sums[arm], ends, number, lost)
        for arm, (low, high) in differences.items():
            sums[arm] = sums[arm] & _near(sums[CLINICAL], (-high, -low), number, lost)
    return {arm: _sum_of(sums[arm], others[arm][::-1])[len(others[arm]) - 1 :][: GRID + 1] for arm in arms}


def _near(sums: np.ndarray, ends: Range, number: int, lost: float) -> np.ndarray:
    """Sums that lie within these ends of one of `sums`."""
    low, high = (round(number * (GRID * end + way * (2 * lost + 1))) for end, way in zip(ends, (-1, 1), strict=True))
    before = np.concatenate([[0], np.cumsum(sums)])
    at = np.arange(len(sums))
    first, last = np.clip(at - high, 0, len(sums)), np.clip(at - low + 1, 0, len(sums))
    return before[last] > before[first]


def _sum(every: np.ndarray, number: int) -> np.ndarray:
    """What `number` scores add up to, as marks on the grid."""
    found = np.ones(1, dtype=bool)
    for _ in range(number):
        found = _sum_of(found, every)
    return found


def _sum_of(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if min(len(one), len(other)) == 1:
        return one if len(other) == 1 and other[0] else other if one[0] else np.zeros_like(other)
    return fftconvolve(one.astype(float), other.astype(float)) > 0.5


def golds(rows: int, labels: int) -> Iterator[tuple[int, ...]]:
    """Gold counts: of two labels those of the positive one, of more all there are but for their order. Each label has
    a row: a split brings it into every part."""
    if labels == 2:
        yield from ((n,) for n in range(1, rows))
        return
    least = int(rows >= labels)

    def parts(left: int, number: int, most: int) -> Iterator[tuple[int, ...]]:
        if number == 1:
            if least <= left <= most:
                yield (left,)
            return
        for n in range(min(most, left - least * (number - 1)), least - 1, -1):
            yield from ((n, *rest) for rest in parts(left - n, number - 1, n))

    yield from parts(rows, labels, rows)


def runs(rows: int, gold: Sequence[int]) -> tuple[np.ndarray, dict[tuple[str, int], np.ndarray]]:
    """The scores that any run can have, and those with a count of some label, as marks on the grid."""
    if len(gold) == 1:
        return _binary(rows, gold[0])
    marks: dict = defaultdict(int)
    whole = 0
    for own in sorted(set(gold)):
        others = list(gold)
        others.remove(own)
        rest = _labels(tuple(others), rows, len(gold))
        for called, found in itertools.product(range(rows + 1), range(own + 1)):
            if found <= called:
                scores = rest[rows - called] << _step(found, own, called, len(gold))
                whole |= scores
                named = {"found": found, "called": called, "missed": own - found, "invented": called - found}
                for name, value in named.items():
                    marks[name, value] |= scores
    return _marks(whole), {key: _marks(bits) for key, bits in marks.items()}


@cache
def _labels(gold: tuple[int, ...], rows: int, labels: int) -> tuple[int, ...]:
    """By how many rows were called one of these labels, what they add to the mean over `labels`, as bits."""
    if not gold:
        return (1, *[0] * rows)
    before, own = _labels(gold[1:], rows, labels), gold[0]
    made = [0] * (rows + 1)
    for called, found in itertools.product(range(rows + 1), range(own + 1)):
        if found <= called:
            step = _step(found, own, called, labels)
            for at in range(rows + 1 - called):
                made[at + called] |= before[at] << step
    return tuple(made)


def _step(found: int, gold: int, called: int, labels: int) -> int:
    """What a label adds to the mean over labels, on the grid."""
    return round(GRID * 2 * found / (gold + called) / labels) if found else 0


def _marks(bits: int) -> np.ndarray:
    raw = np.frombuffer(bits.to_bytes(GRID // 8 + 2, "little"), dtype=np.uint8)
    return np.unpackbits(raw, bitorder="little")[: GRID + 1].astype(bool)


def _binary(rows: int, gold: int) -> tuple[np.ndarray, dict[tuple[str, int], np.ndarray]]:
    whole = np.zeros(GRID + 1, dtype=bool)
    counts: dict = defaultdict(lambda: np.zeros(GRID + 1, dtype=bool))
    for found, invented in itertools.product(range(gold + 1), range(rows - gold + 1)):
        score = round(GRID * 2 * found / (found + invented + gold)) if found else 0
        whole[score] = True
        right = rows - gold - invented
        named = {"found": found, "called": found + invented, "missed": gold - found, "invented": invented}
        for name, value in (named | {"left out rightly": right, "wrong": gold - found + invented}).items():
            counts[name, value][score] = True
    return whole, counts
