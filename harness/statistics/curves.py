"""ROC and calibration curves of a binary task.

Points carry no thresholds and no row: a threshold is one patient's score.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

GRID = 101  # points of a ROC curve, at equally spaced false positive rates


def roc(
    positive: Sequence[bool], scores: Sequence[float], smallest: int = 1, called: Sequence[bool] = ()
) -> dict[str, Any] | None:
    """`auc`, `average_precision` and [false positive rate, true positive rate] points on a fixed grid; None where gold
    is constant.

    At each rate stands the highest true positive rate reached without a higher rate of false alarms, which
    keeps the curve of a small test set the step function it is. The areas are the exact ones; that under precision and
    recall (AUPRC) is the average precision, without interpolation.

    With `smallest` above 1 every step stands for at least so many rows of either kind (see `merged`), straight lines
    between; None, too, where there are too few rows for that.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

    gold = np.asarray(positive, dtype=bool)
    if gold.all() or not gold.any():
        return None
    areas = {
        "auc": float(roc_auc_score(gold, scores)),
        "average_precision": float(average_precision_score(gold, scores)),
    }
    false, true, _ = roc_curve(gold, scores, drop_intermediate=False)
    grid = np.linspace(0, 1, GRID)
    if smallest > 1:
        cut = merged(gold, scores, smallest, called)
        if not cut:
            return None
        steps = np.array([(0, 0)] + [(step["negatives"], step["positives"]) for step in cut])
        far, near = steps.cumsum(axis=0).T
        reached = np.interp(grid, far / far[-1], near / near[-1])
        return {**areas, "points": [[float(f), float(t)] for f, t in zip(grid, reached, strict=True)]}
    # A rate such as 29/100 and its grid point may differ in the last bit.
    reached = true[np.searchsorted(false, grid + 1e-9, side="right") - 1]
    return {**areas, "points": [[float(f), float(t)] for f, t in zip(grid, reached, strict=True)]}


def best_threshold(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """The lowest score from which on to call rows positive gives the highest F1; of no positive row a half."""
    from sklearn.metrics import precision_recall_curve

    if not any(positive):
        return 0.5
    precision, recall, found = precision_recall_curve(positive, scores)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return float(found[f1[:-1].argmax()])


def merged(positive: ArrayLike, scores: ArrayLike, smallest: int, called: Sequence[bool] = ()) -> list[dict[str, Any]]:
    """The rows by falling score, cut wherever at least `smallest` rows of either kind lie between two cuts.

    One dict per stretch: `positives`, `negatives`, `score` (the mean). What is left at the end joins the stretch before
    it. Equal scores are never parted. Where it is given which rows were `called` positive, one cut is between these and
    the others: how many of either kind they are is known, and would be subtracted. Empty where no cut is possible.
    """
    gold, given = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=float)
    if len(called):
        above, below = (merged(gold[side], given[side], smallest) for side in (np.asarray(called), ~np.asarray(called)))
        return above + below if above and below else []
    open_ = np.zeros(3)
    closed: list[np.ndarray] = []
    for value in np.unique(given)[::-1]:
        at = given == value
        open_ = open_ + np.array([gold[at].sum(), (~gold[at]).sum(), given[at].sum()])
        if min(open_[:2]) >= smallest:
            closed.append(open_)
            open_ = np.zeros(3)
    if closed:
        closed[-1] = closed[-1] + open_
    return [{"positives": int(p), "negatives": int(n), "score": float(s / (p + n))} for p, n, s in closed]


def calibration(
    positive: Sequence[bool],
    probabilities: Sequence[float],
    bins: int = 10,
    minimum: int = 5,
    smallest: int = 1,
    called: Sequence[bool] = (),
) -> dict[str, Any]:
    """Reliability per equal-width bin of the predicted probability (0 to 1), and two summaries.

    `points` has {"predicted": mean probability, "observed": share of positives, "n": rows} for each bin with at
    least `minimum` rows; `suppressed` counts the rows in smaller bins. `brier` is the mean squared error,
    `expected_error` the mean of |observed − predicted| over all bins weighted by rows (Naeini et al. 2015).
    With `smallest` above 1 the points are those of `merged` instead, and no row is suppressed.
    """
    gold, given = np.asarray(positive, dtype=float), np.asarray(probabilities, dtype=float)
    place = np.minimum((given * bins).astype(int), bins - 1)
    n = np.bincount(place, minlength=bins)
    filled = np.maximum(n, 1)
    predicted = np.bincount(place, given, minlength=bins) / filled
    observed = np.bincount(place, gold, minlength=bins) / filled
    shown = n >= minimum
    summary = {
        "brier": float(np.mean((given - gold) ** 2)),
        "expected_error": float((n * np.abs(observed - predicted)).sum() / len(gold)),
    }
    if smallest > 1:
        found = [
            (step["positives"], step["positives"] + step["negatives"], step["score"])
            for step in merged(gold > 0, given, smallest, called)
        ]
        points = [{"predicted": score, "observed": p / rows, "n": rows} for p, rows, score in found[::-1]]
        return {"points": points, "suppressed": 0, **summary}
    return {
        "points": [
            {"predicted": float(predicted[i]), "observed": float(observed[i]), "n": int(n[i])}
            for i in np.flatnonzero(shown)
        ],
        "suppressed": int(n[~shown].sum()),
        **summary,
    }
