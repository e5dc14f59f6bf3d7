"""Choose a recipe by validation scores, and estimate the best score that a smaller budget would have found."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np

Trials = Sequence[Sequence[float]]  # by candidate, then seed: validation scores


def chosen(trials: Trials) -> int:
    """The position of the candidate with the highest mean score over its seeds; of equals the first, the shorter."""
    means = [fmean(scores) for scores in trials]
    return means.index(max(means))


def expected_best(trials: Trials) -> list[float]:
    """The expected best mean score after trying 1, 2, … of the candidates, drawn at random with replacement.

    From Dodge, Gururangan, Card, Schwartz & Smith (2019), “Show Your Work: Improved Reporting of Experimental Results”,
    EMNLP, equation 2: of N scores in ascending order, the i-th is the best of n draws with probability
    (i/N)^n − ((i − 1)/N)^n.
    """
    means = np.sort([fmean(scores) for scores in trials])
    reached = np.arange(len(means) + 1) / len(means)
    return [float(np.diff(reached**n) @ means) for n in range(1, len(means) + 1)]
