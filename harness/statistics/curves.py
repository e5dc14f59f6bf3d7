"""Compute ROC and calibration curves of a binary task.

The points of a curve contain no threshold and no row, because a threshold is the score of one patient.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

GRID = 101  # points of a ROC curve, at equally spaced false positive rates


def roc(
    positive: Sequence[bool], scores: Sequence[float], smallest: int = 1, called: Sequence[bool] = ()
) -> dict[str, Any] | None:
    """The ROC curve of predicted scores, as a dict with its `points`, its area `auc`, and the `average_precision`.

    `positive` says for each row whether its gold label is positive, and `scores` has the predicted score of the
    positive label. `points` are pairs [false positive rate, true positive rate] at GRID equally spaced false positive
    rates. The true positive rate is the highest one that is reached without a higher false positive rate, so the curve
    of a small test set stays a step function. `auc` and `average_precision` (the area under precision and recall,
    AUPRC, without interpolation) are computed from the rows, not from the points.

    If `smallest` is above 1, every step of the curve covers at least `smallest` positive and `smallest` negative rows,
    with straight lines between the steps. `merged` makes the steps and explains `called`. Returns None if all gold
    labels are the same, or if there are too few rows for one step.
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
    else:
        # A rate such as 29/100 and its grid point may differ in the last bit.
        reached = true[np.searchsorted(false, grid + 1e-9, side="right") - 1]
    return {**areas, "points": [[float(f), float(t)] for f, t in zip(grid, reached, strict=True)]}


def best_threshold(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """The threshold with the highest F1, if every row with this score or a higher one is called positive. Of several
    such thresholds, the lowest is returned. Returns 0.5 if no gold label is positive."""
    from sklearn.metrics import precision_recall_curve

    if not any(positive):
        return 0.5
    precision, recall, found = precision_recall_curve(positive, scores)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return float(found[f1[:-1].argmax()])


def merged(positive: ArrayLike, scores: ArrayLike, smallest: int, called: Sequence[bool] = ()) -> list[dict[str, Any]]:
    """Divide the rows, from the highest score to the lowest, into stretches that are large enough to be shown.

    Each stretch has at least `smallest` positive and `smallest` negative rows by gold label. Rows left at the end join
    the last stretch. Rows with equal scores are in the same stretch. `called` says for each row whether the model
    predicted the positive label. If `called` is given, no stretch mixes rows that were called positive with other rows.
    The reason: a reader knows from other scores how many positives and negatives each of the two sides has, and could
    subtract.

    Returns one dict per stretch: `positives` and `negatives` (numbers of rows), and `score` (the mean score). Returns
    an empty list if there are too few rows for one stretch (with `called`: for one stretch on each side).
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
    """The calibration curve of predicted probabilities (0 to 1), as a dict with its `points` and two summary errors.

    `positive` says for each row whether its gold label is positive. The rows are divided by probability into `bins`
    bins of equal width. `points` has {"predicted": mean probability, "observed": share of positives, "n": rows} for
    each bin with at least `minimum` rows. `suppressed` is the number of rows in smaller bins. `brier` is the mean
    squared error. `expected_error` is the mean of |observed − predicted| over all bins, weighted by rows (Naeini et al.
    2015). If `smallest` is above 1, the points are the stretches of `merged` (which explains `called`) instead of bins,
    and `suppressed` is 0.
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
