"""Make figures of restricted data coarser, and decide which of them are released.

How much is released goes by the number of rows of a part alone, which everybody may know, so that it tells nothing of
what is in them. The kinds, the finest first:

    seeds        every run, metric and class, as of other data; only where no count is small at all
    difference   of the primary metric the difference and its interval, to 2 points, and no score of either arm
    direction    the same to 2 or 5 points, and it is not said that arms are equivalent, since that few rows can differ
                 tells of them
    verdict      the verdict
    withheld     nothing: of rows too few for any of these, and where the figures themselves would tell a small count
                 (`harness.statistics.disclosure.twins`)

Differences are rounded to the nearest step, the ends of an interval outwards and p-values up, so that nothing looks
surer than it is. A verdict follows from the p-value as it is released: rounding can lose one, and makes none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import special

from harness.statistics import variance
from harness.statistics.disclosure.hidden import Hidden
from harness.statistics.paired import NOTHING, Settings, lower_end

CLINICAL = "clinical"
SEEDS, WITHHELD = "seeds", "withheld"
# The classes of p-values, by their upper ends. Holm's adjustment multiplies them.
CLASSES = (0.001, 0.005, 0.01, 0.05, 1.0)
_EXACT = 1e-9
SLOPE = 20  # one step a twentieth of the wrong side of a limit
Figure = tuple[str, str]  # what is measured, and the arm
Figures = Mapping[Figure, np.ndarray]


@dataclass(frozen=True)
class Rung:
    """`step` of what is rounded, in whole points; `difference` and `equivalence` are released or not."""

    name: str
    step: float = 1.0
    difference: bool = False
    equivalence: bool = True

    @property
    def description(self) -> str:
        """What is released, in words."""
        points = f"{100 * self.step:g} points"
        alike = "" if self.equivalence else ", and no verdict of equivalence"
        return {
            **dict.fromkeys(
                ("difference", "direction"), f"difference and interval rounded to {points}{alike}; no score of an arm"
            ),
            "verdict": "the verdict alone",
            WITHHELD: "nothing: the test part is too small or tells a count under 5, or cannot be measured or checked",
            SEEDS: "every run, since no count is under 5",
        }[self.name]


# By how many rows a part has at least.
RUNGS = (
    (1000, Rung("difference", 0.02, True)),
    (400, Rung("direction", 0.02, True, False)),
    (20, Rung("direction", 0.05, True, False)),
    (0, Rung("verdict", equivalence=False)),
)
NAMED = {(rung.name, rung.step): rung for rung in (*(rung for _, rung in RUNGS), Rung(SEEDS), Rung(WITHHELD))}


def rung_of(rows: int) -> Rung:
    """What is released of so many rows of which some count is small."""
    return next(rung for least, rung in RUNGS if rows >= least)


def measured(hidden: Hidden, system: str, answers: np.ndarray, settings: Settings) -> dict[Figure, np.ndarray]:
    """Figures of a system's answers [..., runs, rows...], each an array of the leading shape.

    `("mean", arm)`, and per arm that the clinical one is compared with, `("delta", arm)`, `("low", arm)`,
    `("high", arm)`, `("p", arm)`, `("sign", arm)`, `("same", arm)`, the p-value of equivalence, and `("collapsed",
    arm)`, which holds where it is not above 0 (see `harness.statistics.paired.Estimate.skill_low`).
    """
    names = hidden.arms[system]
    at = {arm: [i for i, name in enumerate(names) if name == arm] for arm in dict.fromkeys(names)}
    distinct, which = _distinct(answers, hidden.answers[system].ndim - 1)
    columns = hidden.columns(distinct)
    if CLINICAL not in at:
        scores = hidden.score(columns.sum(axis=-2))[which]
        return {("mean", arm): scores[..., runs].mean(-1) for arm, runs in at.items()}
    every = variance.jackknife(columns, hidden.score)
    knowing = variance.jackknife(*hidden.skill(distinct))
    arms = {arm: _runs(every, which[..., runs]) for arm, runs in at.items()}
    found: dict[Figure, np.ndarray] = {("mean", arm): of.mean for arm, of in arms.items()}
    for against in at.keys() - {CLINICAL}:
        delta = found["mean", CLINICAL] - found["mean", against]
        found["delta", against] = delta
        if hidden.groups < 2 or arms[CLINICAL].seeds < 2:
            continue
        differences = variance.differences(arms[against], arms[CLINICAL])
        made_by = [of[i] for i in at[CLINICAL]] if (of := hidden.replicates.get(system)) else []
        if len(set(made_by)) > 1:
            differences = variance.averaged(differences, made_by)
        parts = variance.components(differences)
        se, df = np.sqrt(parts.total), parts.df
        still = se < NOTHING
        se, df = np.where(still, 1 / hidden.groups, se), np.where(still, hidden.groups - 1.0, df)
        half = special.stdtrit(df, (1 + settings.level) / 2) * se
        found["low", against] = np.maximum(delta - half, -hidden.reach)
        found["high", against] = np.minimum(delta + half, hidden.reach)
        found["p", against] = 2 * special.stdtr(df, -np.abs(delta) / se)
        # Which way a difference points is said only where a verdict may follow from it.
        found["sign", against] = np.where(found["p", against] <= 1 - settings.level, delta, 0.0)
        outside = special.stdtr(df, -(settings.margin - np.abs(delta)) / se)
        found["same", against] = np.minimum(1.0, 2 * outside)
        lows = [lower_end(_runs(knowing, which[..., at[arm]]), settings.level) for arm in (against, CLINICAL)]
        found["collapsed", against] = np.maximum(*lows)
    return found


def _runs(every: variance.Arm, which: np.ndarray) -> variance.Arm:
    return variance.Arm(every.scores[which], every.shifts[which, :], every.strata)


def _distinct(answers: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Every run once, and which of these each is, of answers whose last `rows` dimensions are a run's: sets of answers
    that are looked at together differ in a run or two, and a run is measured by itself."""
    runs = np.ascontiguousarray(answers).reshape(-1, *answers.shape[answers.ndim - rows :])
    places: dict[bytes, int] = {}
    which = np.array([places.setdefault(run.tobytes(), len(places)) for run in runs])
    _, first = np.unique(which, return_index=True)
    return runs[first], which.reshape(answers.shape[: answers.ndim - rows])


def skills(arms: Sequence[str], wanted: Mapping[Figure, Any], rung: Rung, middle: float) -> np.ndarray:
    """How often each run of a system may be right, as what is released says, or else `middle` for the clinical ones."""
    return np.clip([middle - wanted.get(("delta", arm), 0.0) * rung.step for arm in arms], 0.0, 1.0)


def released(rung: Rung, figures: Figures) -> dict[Figure, Any]:
    """What a rung shows of figures: whole numbers of steps, places among the classes of p, and yes or no."""
    return {key: release(value) for key, value, release in _kept(rung, figures)}


def distance(rung: Rung, figures: Figures, wanted: Mapping[Figure, Any]) -> np.ndarray:
    """How far figures are from being released as `wanted`, in steps; below 0.001 they may be."""
    parts = (release.far(value, wanted[key]) for key, value, release in _kept(rung, figures))
    return sum(parts, start=np.zeros(()))


class _Release(Protocol):
    """What is released of an array of figures, and how far figures are from being released as `wanted`."""

    def __call__(self, value: np.ndarray) -> np.ndarray: ...

    def far(self, value: np.ndarray, wanted: int) -> np.ndarray: ...


def _kept(rung: Rung, figures: Figures) -> Iterator[tuple[Figure, np.ndarray, _Release]]:
    nearest, down, up = _Rounding(rung.step, 0.5), _Rounding(rung.step, 0.0), _Rounding(rung.step, 1.0)
    shown: dict[str, _Release] = {}
    if rung.difference:
        shown |= {"delta": nearest, "low": down, "high": up}
    shown |= {"p": _Classes(CLASSES), "sign": _Sign(), "collapsed": _Below()}
    if rung.equivalence:
        shown["same"] = _Classes(CLASSES)
    for (what, arm), value in figures.items():
        if what in shown:
            yield (what, arm), value, shown[what]


@dataclass(frozen=True)
class _Rounding:
    step: float
    above: float

    def __call__(self, value: np.ndarray) -> np.ndarray:
        if self.above == 1.0:
            return np.ceil(value / self.step - _EXACT).astype(int)
        return np.floor(value / self.step + self.above + _EXACT).astype(int)

    def far(self, value: np.ndarray, wanted: int) -> np.ndarray:
        low = wanted - self.above
        place = value / self.step
        return np.maximum(0, np.maximum(low - place, place - low - 1))


@dataclass(frozen=True)
class _Classes:
    ends: tuple[float, ...]

    def __call__(self, value: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.ends, value - _EXACT)

    def far(self, value: np.ndarray, wanted: int) -> np.ndarray:
        high, low = self.ends[wanted], self.ends[wanted - 1] if wanted else 0.0
        tiny = 1e-12
        above = np.log(np.maximum(value, tiny) / high)
        below = np.log(max(low, tiny) / np.maximum(value, tiny)) if low else np.zeros(np.shape(value))
        return np.maximum(0, np.maximum(above, below))


@dataclass(frozen=True)
class _Below:
    def __call__(self, value: np.ndarray) -> np.ndarray:
        return (value <= _EXACT).astype(int)

    def far(self, value: np.ndarray, wanted: int) -> np.ndarray:
        return np.where((value <= _EXACT) == wanted, 0.0, 0.1 + SLOPE * np.abs(value))


@dataclass(frozen=True)
class _Sign:
    def __call__(self, value: np.ndarray) -> np.ndarray:
        return np.sign(np.where(np.abs(value) < _EXACT, 0.0, value)).astype(int)

    def far(self, value: np.ndarray, wanted: int) -> np.ndarray:
        return np.where(self(value) == wanted, 0.0, 0.1 + SLOPE * np.abs(value))
