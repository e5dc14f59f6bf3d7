"""Average the difference of two arms over the tasks of an encoder family, and give this mean one interval.

Each task has its own test groups, so the variances over groups add up over tasks. The runs are not separate: seed k (or
pre-training replicate k) is the same in all tasks, and an unlucky encoder is unlucky in every task. So the runs are
averaged over tasks before their spread is computed. A joint resampling of runs and of every task's groups has the same
effect (the multi-bootstrap of Sellam et al. 2022, *The MultiBERTs*, ICLR, section 4). The variance here is the closed
form of that resampling. tests/statistics/test_families.py compares the two.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy import stats

from harness.metrics import Metric
from harness.statistics.paired import NOTHING, Estimate, Settings, detectable, of_error


@dataclass(frozen=True)
class Joint:
    """The mean difference over the tasks of one family, made by `joint`. `at` are the positions of the averaged tasks
    in the input of `joint`. `estimate` is the mean over these tasks, on the scale of `metric`.

    `probability` (0 to 1) is the probability that the clinical arm is better on a task drawn at random from these
    tasks: the mean over tasks of the confidence that the true difference of a task is an improvement. `probability` is
    None if one of these confidences is not known.
    """

    estimate: Estimate
    metric: Metric
    at: tuple[int, ...]
    probability: float | None


def joint(estimates: Sequence[Estimate], metrics: Sequence[Metric], settings: Settings) -> Joint:
    """The mean difference over the tasks of one family. `estimates` and `metrics` have one entry per task.

    The skill of the mean is the highest skill of a task. It is unknown (None) if the skill of one task is unknown.

    Only tasks with a difference enter the mean, and only tasks with the same scale of the score: the scale from 0 to 1
    if one of the tasks has it, else the scale of the first task. If a lower score is better, the reversed score (1 −
    score on the scale from 0 to 1) replaces the score.

    For restricted data, a difference may be published with its interval only, without the parts of its variance. Such a
    difference enters with the largest standard error and the fewest degrees of freedom that the interval allows. It
    counts as independent of the other tasks if every arm was pre-trained once. If several pre-training replicates are
    shared by all tasks, the standard errors are added up, as if the tasks were fully correlated.
    """
    at = _alike(estimates, metrics)
    if not at:
        first = estimates[0]
        return Joint(Estimate.of_nothing(None, first.n_seeds, first.n_replicates), metrics[0], (), None)
    chosen = [_turned(estimates[i], metrics[i]) for i in at]
    weight, first = 1 / len(at), chosen[0]
    metric = replace(metrics[at[0]], higher_is_better=True)
    reach = metric.highest - metric.lowest
    groups = [e.n_groups for e in chosen if e.n_groups is not None]
    delta = _mean([e.delta for e in chosen])
    known: dict[str, Any] = dict.fromkeys(field.name for field in fields(Estimate)) | {
        "reference": _mean([e.reference for e in chosen]),
        "clinical": _mean([e.clinical for e in chosen]),
        "delta": delta,
        "n_groups": sum(groups) if len(groups) == len(chosen) else None,
        "n_seeds": first.n_seeds,
        "n_replicates": first.n_replicates,
        "skill_low": _highest([e.skill_low for e in chosen]),
    }
    assert delta is not None
    errors = [_error(e, settings) for e in chosen]
    if all(error is not None for error in errors):
        se, df, parts = _together(chosen, weight, settings)
        known |= of_error(delta, se, df, reach, settings) | parts
    improved = [
        float(stats.t.cdf(e.delta / error[0], error[1]))
        for e, error in zip(chosen, errors, strict=True)
        if error is not None and e.delta is not None
    ]
    probability = math.fsum(improved) / len(improved) if len(improved) == len(chosen) else None
    estimate = Estimate(**known)
    return Joint(replace(estimate, mde=detectable(estimate, 1 - settings.level, reach)), metric, at, probability)


def _alike(estimates: Sequence[Estimate], metrics: Sequence[Metric]) -> tuple[int, ...]:
    measured = [i for i, estimate in enumerate(estimates) if estimate.delta is not None]
    scales = [(metrics[i].lowest, metrics[i].highest) for i in measured]
    wanted = (0.0, 1.0) if (0.0, 1.0) in scales else scales[0] if scales else None
    return tuple(i for i, scale in zip(measured, scales, strict=True) if scale == wanted)


def _turned(e: Estimate, metric: Metric) -> Estimate:
    """The estimate with the score reversed if a lower score is better, so that a higher score is always better."""
    if metric.higher_is_better:
        return e

    def less(value: float | None, whole: float = 0.0) -> float | None:
        return None if value is None else whole - value

    both = metric.highest + metric.lowest
    return replace(
        e, reference=less(e.reference, both), clinical=less(e.clinical, both), delta=less(e.delta),
        ci_low=less(e.ci_high), ci_high=less(e.ci_low),
        differences=None if e.differences is None else tuple(-d for d in e.differences),
    )  # fmt: skip


def _error(e: Estimate, settings: Settings) -> tuple[float, float] | None:
    """Standard error and degrees of freedom of one task's difference (None if unknown). For a released interval they
    are the largest error and the fewest degrees that it allows."""
    if e.se is not None and e.df is not None:
        return e.se, e.df
    units = e.n_replicates if e.n_replicates > 1 else e.n_seeds
    if e.delta is None or e.ci_low is None or e.ci_high is None or units < 2:
        return None
    half = max(e.delta - e.ci_low, e.ci_high - e.delta)
    return half / float(stats.norm.ppf((1 + settings.level) / 2)), units - 1.0


def _together(chosen: Sequence[Estimate], weight: float, settings: Settings) -> tuple[float, float, dict[str, Any]]:
    """Standard error and degrees of freedom of the mean, and the parts of its variance as fields of an Estimate by
    name. The parts are left out if those of one task are not released."""
    parts: list[tuple[float, float]] = []  # variance, degrees of freedom
    interaction, runs, released = 0.0, [], []
    for e in chosen:
        if e.differences is None or e.groups_variance is None or e.groups_df is None or e.interaction is None:
            released.append(_error(e, settings) or (0.0, 1.0))
            continue
        runs.append(weight * np.array(e.differences))
        interaction += weight**2 * e.interaction
        # If nothing varies in a task: about the variance that one differing group would give, as in the task's own row.
        least = 1 / e.n_groups**2 if e.n_groups and e.se is not None and e.groups_variance < NOTHING**2 else 0.0
        parts.append((weight**2 * max(e.groups_variance, least), e.groups_df))
    total = math.fsum(v for v, _ in parts)
    fields_of: dict[str, Any] = {}
    if runs:
        of_runs = np.sum(runs, axis=0)
        if not released:
            below = math.fsum(v**2 / df for v, df in parts)
            fields_of = {
                "differences": tuple(of_runs.tolist()),
                "groups_variance": total,
                "groups_df": total**2 / below if below > 0 else min(df for _, df in parts),
                "interaction": interaction,
            }
        spread = float(of_runs.var(ddof=1)) / len(of_runs)
        parts.append((spread, len(of_runs) - 1.0))
        total += max(0.0, spread - interaction)
    below = math.fsum(v**2 / df for v, df in parts)
    known = (total, max(total**2 / below, min(df for _, df in parts)) if below > 0 else 1.0)
    apart = [known] if parts else []
    apart += [((weight * se) ** 2, df) for se, df in released]
    fewest = min(df for _, df in apart)
    if released and chosen[0].n_replicates > 1:
        # Every task shares the replicates. How much of an interval they cause is not released, so the errors add up.
        return math.fsum(math.sqrt(v) for v, _ in apart), fewest, fields_of
    total, below = math.fsum(v for v, _ in apart), math.fsum(v**2 / df for v, df in apart)
    return math.sqrt(total), max(total**2 / below, fewest) if below > 0 else fewest, fields_of


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def _highest(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None
