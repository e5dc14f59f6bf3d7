"""Simulate comparisons with a known true difference, as counts per group. calibration.py uses the comparisons.

Run k of an arm answers one row (an example, an entity) correctly if

    level_arm + seed_k + group + item + item_arm + noise > 0.

Both arms share `group` and `item`, because some texts are hard for everyone. `item_arm` is what only this arm finds
hard, in all of its runs. `seed_k` is the luck of a run, and `noise` is the rest. All are normal, in units of the noise.
They are independent, with one exception: the luck of two runs with one seed may be correlated (`luck`). A wrong answer
is another label, the same one for an item, drawn by how common labels are. With infinitely many groups, the score of a
run depends only on its seed and is known in closed form. So `level` and the spread of `seed` are solved for the wanted
score, difference and spread over seeds.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from harness.metrics import named

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def normal(rng: np.random.Generator, scale: float, shape: tuple[int, ...]) -> np.ndarray:
    return np.float32(scale) * rng.standard_normal(shape, dtype=np.float32)


def luck(
    rng: np.random.Generator,
    repeats: int,
    seeds: int,
    deviations: tuple[float, float],
    correlation: float = 0.0,
) -> list[np.ndarray]:
    """The luck of each run, which moves all its rows: [repeats, seeds] for either arm."""
    first, own = (rng.standard_normal((repeats, seeds), dtype=np.float32) for _ in range(2))
    second = correlation * first + np.sqrt(1 - correlation**2) * own
    return [np.float32(deviation) * z for deviation, z in zip(deviations, (first, second), strict=True)]


@dataclass(frozen=True)
class Classified:
    """Rows in groups of `size`, with `shares` of the labels. If `paired`, each group has every label once."""

    name: str
    groups: int
    size: int
    shares: tuple[float, ...]
    base: float
    metric: str = "macro_f1"
    paired: bool = False
    group_sd: float = 0.5
    item_sd: float = 0.7
    arm_sd: float = 0.5

    strata = None  # all groups are of one kind

    @property
    def others(self) -> np.ndarray:
        """The share of each label among the wrong answers to a gold label: [gold, answer]."""
        shares = np.array(self.shares)
        table = np.tile(shares, (len(shares), 1))
        np.fill_diagonal(table, 0)
        return table / table.sum(axis=1, keepdims=True)

    def population(self, levels: np.ndarray) -> np.ndarray:
        """The score of a run on infinitely many groups, for each of the `levels` of skill."""
        return named(self.metric).score(self.shares_of_counts(levels))

    def shares_of_counts(self, levels: np.ndarray) -> np.ndarray:
        """The average contribution of a row to the counts, [levels, counts]."""
        deviation = np.sqrt(1 + self.group_sd**2 + self.item_sd**2 + self.arm_sd**2)
        right = special.ndtr(levels / deviation)[:, None]
        shares = np.array(self.shares)
        by_label = np.stack([shares * right, (shares @ self.others) * (1 - right), shares * (1 - right)], axis=-1)
        return by_label[:, 1] if self.metric == "binary_f1" else by_label.reshape(len(levels), -1)

    def draw(self, rng, levels, luck) -> list[np.ndarray]:
        """Counts [repeats, seeds, groups, counts] of the two arms; `luck` [repeats, seeds] of either."""
        repeats, seeds = luck[0].shape
        rows, labels = self.groups * self.size, np.arange(len(self.shares))
        if self.paired:
            gold = np.broadcast_to(np.tile(labels, rows // len(labels)), (repeats, rows))
        else:
            gold = rng.choice(labels, size=(repeats, rows), p=self.shares)
        other = (rng.random((repeats, rows, 1)) > self.others.cumsum(axis=1)[gold]).sum(axis=-1)
        other = np.minimum(other, labels[-1])
        shared = np.repeat(normal(rng, self.group_sd, (repeats, self.groups)), self.size, axis=1)
        shared += normal(rng, self.item_sd, (repeats, rows))
        arms = []
        for level, of_run in zip(levels, luck, strict=True):
            per_item = np.float32(level) + shared + normal(rng, self.arm_sd, (repeats, rows))
            run = per_item[:, None] + of_run[..., None]
            right = run + normal(rng, 1, (repeats, seeds, rows)) > 0
            called = np.where(right, gold[:, None], other[:, None])
            arms.append(self._counts(np.broadcast_to(gold[:, None], called.shape), called))
        return arms

    def _counts(self, gold: np.ndarray, called: np.ndarray) -> np.ndarray:
        labels = (1,) if self.metric == "binary_f1" else range(len(self.shares))
        columns = np.zeros((*gold.shape[:-1], self.groups, 3 * len(labels)))
        for place, label in enumerate(labels):
            true, says = gold == label, called == label
            for i, hit in enumerate((true & says, ~true & says, true & ~says)):
                for row in range(self.size):
                    columns[..., 3 * place + i] += hit[..., row :: self.size]
        return columns


@dataclass(frozen=True)
class Kinds:
    """Groups of two kinds, as many of each in every test set. Both arms answer the second kind equally well."""

    name: str
    first: Classified
    second: Classified
    base: float
    metric: str = "binary_f1"

    @property
    def groups(self) -> int:
        return self.first.groups + self.second.groups

    @property
    def strata(self) -> np.ndarray:
        return np.repeat([0, 1], [self.first.groups, self.second.groups])

    @property
    def _level(self) -> float:
        (level,), _ = solve(self.second, (self.second.base,), (0.0,))
        return level

    def population(self, levels: np.ndarray) -> np.ndarray:
        """The score of a run at each level of the first kind, over infinitely many groups of these shares."""
        first, second = (kind.groups * kind.size for kind in (self.first, self.second))
        known = self.second.shares_of_counts(np.array([self._level]))
        return named(self.metric).score(first * self.first.shares_of_counts(levels) + second * known)

    def draw(self, rng, levels, luck) -> list[np.ndarray]:
        """Counts [repeats, seeds, groups, counts] of the two arms, the first kind's groups before the second's."""
        first = self.first.draw(rng, levels, luck)
        second = self.second.draw(rng, (self._level,) * 2, [np.zeros_like(of_run) for of_run in luck])
        return [np.concatenate(pair, axis=-2) for pair in zip(first, second, strict=True)]


@dataclass(frozen=True)
class Marked:
    """Documents with about `mean` entities (negative binomial, or log-normal). Missed ones are wrong or not called."""

    name: str
    groups: int
    mean: float
    base: float
    metric: str = "strict_f1"
    group_sd: float = 0.6
    item_sd: float = 0.7
    arm_sd: float = 0.4
    false_alarms: float = 0.5  # per missed entity: half found with a wrong label or end
    most: int = 20
    log_spread: float = 0.0  # above 0: document lengths are log-normal, with this spread

    strata = None  # all documents are of one kind

    def population(self, levels: np.ndarray) -> np.ndarray:
        """The score of a run on infinitely many documents, for each of the `levels` of skill."""
        deviation = np.sqrt(1 + self.group_sd**2 + self.item_sd**2 + 2 * self.arm_sd**2)
        right = special.ndtr(levels / deviation)
        totals = np.stack([right, (1 - right) * self.false_alarms, 1 - right], axis=-1)
        return named(self.metric).score(totals)

    def draw(self, rng, levels, luck) -> list[np.ndarray]:
        """Counts [repeats, seeds, documents, counts] of the two arms; `luck` [repeats, seeds] of either."""
        repeats, seeds = luck[0].shape
        size = (repeats, self.groups, self.most)
        if self.log_spread:
            n = np.round(self.mean * np.exp(rng.normal(-(self.log_spread**2) / 2, self.log_spread, size[:2])))
            n = np.clip(n, 1, self.most).astype(int)
        else:
            n = np.minimum(rng.negative_binomial(8, 8 / (8 + self.mean), size[:2]), self.most)
        there = np.arange(self.most) < n[..., None]
        shared = normal(rng, self.group_sd, (*size[:2], 1)) + normal(rng, self.item_sd, size)
        arms = []
        for level, of_run in zip(levels, luck, strict=True):
            own = normal(rng, self.arm_sd, size) + normal(rng, self.arm_sd, (*size[:2], 1))
            run = (np.float32(level) + shared + own)[:, None] + of_run[..., None, None]
            right = (run + normal(rng, 1, (repeats, seeds, *size[1:])) > 0) & there[:, None]
            matched = right.sum(axis=-1)
            missed = n[:, None] - matched
            wrong = rng.binomial(missed, self.false_alarms)
            arms.append(np.stack([matched, wrong, missed], axis=-1).astype(np.float64))
        return arms


def solve(setting, scores: tuple[float, float], spreads: tuple[float, float]) -> tuple[list[float], list[float]]:
    """Levels and seed deviations that give the arms' scores (0 to 1) these means and spreads over seeds."""
    found = [_solve(setting, *wanted) for wanted in zip(scores, spreads, strict=True)]
    return [level for level, _ in found], [deviation for _, deviation in found]


def _solve(setting, score: float, spread: float) -> tuple[float, float]:
    def moments(level, deviation):
        values = setting.population(level + deviation * NODES)
        mean = float(WEIGHTS @ values)
        return mean, float(np.sqrt(WEIGHTS @ (values - mean) ** 2))

    level, deviation = 0.0, 0.0
    for _ in range(20):
        before = deviation
        level = optimize.brentq(lambda x, d=deviation: moments(x, d)[0] - score, -8, 8)
        if spread:
            deviation = optimize.brentq(lambda x, at=level: moments(at, x)[1] - spread, 1e-6, 4)
        if abs(deviation - before) < 1e-9:
            return level, deviation
    return level, deviation
