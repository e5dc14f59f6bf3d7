"""Bound the single cells of a confusion matrix by its diagonal and its margins.

Where no label has a small count, every run and class is released. Scores tell then how many rows of each label there
are, were called and were found. What was taken for what is not told, but it may follow: of three labels, ten rows
missed of one and five invented of each of the others leave nothing to choose.
"""

import numpy as np


def confined(matrix: np.ndarray, width: int, minimum: int) -> bool:
    """Can a cell under `minimum` be told closer than to `width` values, one of them not under it?

    Whole numbers between the least and the most that margins and diagonal allow are all possible (such tables are those
    of a transportation problem, whose constraints are totally unimodular).
    """
    matrix = np.asarray(matrix)
    off = ~np.eye(len(matrix), dtype=bool)
    rows, columns = np.nonzero(off)
    asked = np.flatnonzero(matrix[off] < minimum).tolist()
    if len(matrix) < 3 or not asked:
        # Of two labels the margins tell every cell, and each of them is a count of a label.
        return False
    there = matrix[off].astype(float)
    margins = np.concatenate([np.arange(len(matrix))[:, None] == at for at in (rows, columns)]).astype(float)
    sums, lowest, highest = margins @ there, there.copy(), there.copy()
    for cell in asked:
        for sign in (1, -1):
            if highest[cell] - lowest[cell] + 1 >= width and highest[cell] >= minimum:
                break
            table = _furthest(margins, sums, cell, sign)
            lowest, highest = np.minimum(lowest, table), np.maximum(highest, table)
        else:
            if highest[cell] - lowest[cell] + 1 < width or highest[cell] < minimum:
                return True
    return False


def _furthest(margins: np.ndarray, sums: np.ndarray, cell: int, sign: int) -> np.ndarray:
    """A table with these sums in which a cell is the least (1) or the most (-1) that it can be."""
    from scipy.optimize import linprog

    goal = np.zeros(margins.shape[1])
    goal[cell] = sign
    # The simplex method ends in a corner, and corners are whole.
    return np.round(linprog(goal, A_eq=margins, b_eq=sums, method="highs-ds").x)
