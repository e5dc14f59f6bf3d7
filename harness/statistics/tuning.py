"""Choose a recipe by validation scores, and estimate the best score that a smaller budget would have found."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np

Trials = Sequence[Sequence[float]]  # by candidate, then seed: validation scores


def chosen(trials: Trials) -> int:
    """The position (from 0) of the candidate recipe with the highest mean validation score over its seeds. Of equal
    candidates, the first is chosen, which has the fewest updates, because candidates are sorted by length."""
    means = [fmean(scores) for scores in trials]
    return means.index(max(means))


def expected_best(trials: Trials) -> list[float]:
    """The expected best mean score after trying 1, 2, … all of the candidate recipes, as a list in this order.

    The candidates are drawn at random with replacement. The formula is from Dodge, Gururangan, Card, Schwartz & Smith
    (2019), “Show Your Work: Improved Reporting of Experimental Results”, EMNLP, equation 2: of N scores in ascending
    order, the i-th is the best of n draws with probability (i/N)^n − ((i − 1)/N)^n.
    """
    means = np.sort([fmean(scores) for scores in trials])
    reached = np.arange(len(means) + 1) / len(means)
    return [float(np.diff(reached**n) @ means) for n in range(1, len(means) + 1)]
