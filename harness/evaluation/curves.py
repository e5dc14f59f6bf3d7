"""Curves of a binary task from its scores: what other thresholds would give, and whether scores are probabilities.

Points carry no thresholds and no row: a threshold is one patient's score.
"""

from collections.abc import Sequence

import numpy as np

GRID = 101  # points of a ROC curve, at equally spaced false positive rates


def roc(positive: Sequence[bool], scores: Sequence[float]) -> dict | None:
    """`auc` and [false positive rate, true positive rate] points on a fixed grid; None where gold is constant.

    At each rate stands the highest true positive rate reached without a higher rate of false alarms, which
    keeps the curve of a small test set the step function it is. The area is the exact one.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    gold = np.asarray(positive, dtype=bool)
    if gold.all() or not gold.any():
        return None
    false, true, _ = roc_curve(gold, scores, drop_intermediate=False)
    grid = np.linspace(0, 1, GRID)
    # A rate such as 29/100 and its grid point may differ in the last bit.
    reached = true[np.searchsorted(false, grid + 1e-9, side="right") - 1]
    return {
        "auc": float(roc_auc_score(gold, scores)),
        "points": [[float(f), float(t)] for f, t in zip(grid, reached, strict=True)],
    }


def calibration(positive: Sequence[bool], probabilities: Sequence[float], bins: int = 10, minimum: int = 5) -> dict:
    """Reliability per equal-width bin of the predicted probability (0 to 1), and two summaries.

    `points` has {"predicted": mean probability, "observed": share of positives, "n": rows} for each bin with at
    least `minimum` rows; `suppressed` counts the rows in smaller bins. `brier` is the mean squared error,
    `expected_error` the mean of |observed − predicted| over all bins weighted by rows (Naeini et al. 2015).
    """
    gold, given = np.asarray(positive, dtype=float), np.asarray(probabilities, dtype=float)
    place = np.minimum((given * bins).astype(int), bins - 1)
    n = np.bincount(place, minlength=bins)
    filled = np.maximum(n, 1)
    predicted = np.bincount(place, given, minlength=bins) / filled
    observed = np.bincount(place, gold, minlength=bins) / filled
    shown = n >= minimum
    return {
        "points": [
            {"predicted": float(predicted[i]), "observed": float(observed[i]), "n": int(n[i])}
            for i in np.flatnonzero(shown)
        ],
        "suppressed": int(n[~shown].sum()),
        "brier": float(np.mean((given - gold) ** 2)),
        "expected_error": float((n * np.abs(observed - predicted)).sum() / len(gold)),
    }
