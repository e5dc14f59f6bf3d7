"""Make figures of restricted data coarser, and decide which of them are released.

There are five kinds of release, the finest first. A count is small if it is under 5.

    seeds        every run, metric and label, as for other data, but only if no count is small
    difference   the difference of two arms by the primary metric and its interval, rounded to 2 points, but no score
                 of an arm
    direction    the same figures rounded to 2 or 5 points, without a verdict of equivalence: equivalence reveals that
                 few rows can differ
    verdict      the verdict alone
    withheld     nothing: too few rows, or the figures would reveal a small count
                 (`harness.statistics.disclosure.twins`)

The choice among `difference`, `direction` and `verdict` depends only on the number of rows of a part. Everybody may
know that number, so the choice reveals nothing about the content of the rows.

Differences are rounded to the nearest step, the ends of an interval outwards and p-values up, so that nothing looks
more certain than it is. A verdict follows from the released p-value. Rounding can lose a verdict, but creates none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import special

from harness.params.arms import BASELINE, CLINICAL
from harness.privacy.suppression import MINIMUM
from harness.statistics import variance
from harness.statistics.disclosure.hidden import Hidden
from harness.statistics.paired import NOTHING, Settings, lower_end

SEEDS, WITHHELD = "seeds", "withheld"
# Upper ends of the classes of p-values. Some are far below 0.05, because Holm's adjustment multiplies p-values.
CLASSES = (0.001, 0.005, 0.01, 0.05, 1.0)
_EXACT = 1e-9
SLOPE = 20  # a figure 1/20 on the wrong side of a limit is one step away
Figure = tuple[str, str]  # what is measured, and the arm
Figures = Mapping[Figure, np.ndarray]


@dataclass(frozen=True)
class Rung:
    """A kind of release of the figures of restricted data, as the module docstring lists them. `step` is the unit of
    rounding (0.02: 2 points). `difference` and `equivalence` say whether a difference of arms and a verdict of
    equivalence are released."""

    name: str
    step: float = 1.0
    difference: bool = False
    equivalence: bool = True

    @property
    def description(self) -> str:
        """A description of the figures that are released, for a reader."""
        points = f"{100 * self.step:g} points"
        alike = "" if self.equivalence else ", and no verdict of equivalence"
        return {
            **dict.fromkeys(
                ("difference", "direction"), f"difference and interval rounded to {points}{alike}; no score of an arm"
            ),
            "verdict": "the verdict alone",
            WITHHELD: f"nothing: the test part is too small, would reveal a count under {MINIMUM}, or cannot be "
            "measured or checked",
            SEEDS: f"every run, since no count is under {MINIMUM}",
        }[self.name]


# The smallest number of rows, and the kind of release from there on.
RUNGS = (
    (1000, Rung("difference", 0.02, True)),
    (400, Rung("direction", 0.02, True, False)),
    (20, Rung("direction", 0.05, True, False)),
    (0, Rung("verdict", equivalence=False)),
)
NAMED = {(rung.name, rung.step): rung for rung in (*(rung for _, rung in RUNGS), Rung(SEEDS), Rung(WITHHELD))}


def rung_of(rows: int) -> Rung:
    """The kind of release for a part with this number of `rows`, if one of the part's counts is small (under 5)."""
    return next(rung for least, rung in RUNGS if rows >= least)


def measured(hidden: Hidden, system: str, answers: np.ndarray, settings: Settings) -> dict[Figure, np.ndarray]:
    """Compute the figures of one system (a family or the linear model), from which its released figures are made.

    `answers` are one or many sets of answers of the system's runs, [..., runs, rows...]. Each figure is an array of the
    leading shape. The result maps (name of the figure, arm) to the array, for each arm that is compared with the
    clinical arm. The names are:

        delta      the mean score of the clinical arm minus that of the arm
        low, high  the ends of the interval of delta
        p          the p-value of no difference
        sign       delta if it is significant, else 0
        same       the p-value of equivalence (small: equivalent)
        collapsed  not above 0 if neither arm knows anything (`harness.statistics.paired.Estimate.skill_low`)

    If there are fewer than two groups or runs, there is only delta. Without a clinical arm, the result is empty.
    """
    names = hidden.arms[system]
    at = {arm: [i for i, name in enumerate(names) if name == arm] for arm in dict.fromkeys(names)}
    found: dict[Figure, np.ndarray] = {}
    if CLINICAL not in at:
        return found
    distinct, which = _distinct(answers, hidden.answers[system].ndim - 1)
    every = variance.jackknife(hidden.columns(distinct), hidden.score)
    knowing = variance.jackknife(*hidden.skill(distinct))
    arms = {arm: _runs(every, which[..., runs]) for arm, runs in at.items()}
    for against in at.keys() - {CLINICAL}:
        delta = arms[CLINICAL].mean - arms[against].mean
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
        # The direction of a difference is released only if a verdict may follow from it.
        found["sign", against] = np.where(found["p", against] <= 1 - settings.level, delta, 0.0)
        outside = special.stdtr(df, -(settings.margin - np.abs(delta)) / se)
        found["same", against] = np.minimum(1.0, 2 * outside)
        lows = []
        for arm in (against, CLINICAL):
            knows = _runs(knowing, which[..., at[arm]])
            if arm != BASELINE and len(set(made_by)) > 1:
                knows = variance.averaged(knows, made_by)
            lows.append(lower_end(knows, settings.level))
        found["collapsed", against] = np.maximum(*lows)
    return found


def _runs(every: variance.Arm, which: np.ndarray) -> variance.Arm:
    return variance.Arm(every.scores[which], every.shifts[which, :], every.strata)


def _distinct(answers: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct runs in `answers`, whose last `rows` dimensions are one run's, and the position of each run among
    them. Answers that are measured together differ in one or two runs, so each distinct run is measured once."""
    runs = np.ascontiguousarray(answers).reshape(-1, *answers.shape[answers.ndim - rows :])
    places: dict[bytes, int] = {}
    which = np.array([places.setdefault(run.tobytes(), len(places)) for run in runs])
    _, first = np.unique(which, return_index=True)
    return runs[first], which.reshape(answers.shape[: answers.ndim - rows])


def skills(arms: Sequence[str], wanted: Mapping[Figure, Any], rung: Rung, middle: float) -> np.ndarray:
    """The share of right answers (0 to 1) that imagined runs need, so that the differences of the arms are as released.

    `arms` has the arm of each run, and `wanted` the released figures in steps (see `released`). The share is `middle`
    for the clinical runs, and for an arm without a released difference.
    """
    return np.clip([middle - wanted.get(("delta", arm), 0.0) * rung.step for arm in arms], 0.0, 1.0)


def released(rung: Rung, figures: Figures) -> dict[Figure, Any]:
    """The released form of `figures` (from `measured`), by the same keys, without the figures that `rung` does not
    release.

    `delta`, `low` and `high` become numbers of rounding steps. `p` and `same` become positions in CLASSES. `sign`
    becomes −1, 0 or 1. `collapsed` becomes 1 (neither arm knows anything) or 0.
    """
    return {key: release(value) for key, value, release in _kept(rung, figures)}


def distance(rung: Rung, figures: Figures, wanted: Mapping[Figure, Any]) -> np.ndarray:
    """The distance from `figures` (from `measured`) to the nearest figures that are released as `wanted`, in rounding
    steps or similar units, added up over the figures. `wanted` is a result of `released`. If the distance is below
    0.001, the figures may be released as `wanted`."""
    parts = (release.far(value, wanted[key]) for key, value, release in _kept(rung, figures))
    return sum(parts, start=np.zeros(()))


class _Release(Protocol):
    """A way to release an array of figures, and the distance of figures from a release as `wanted`."""

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
