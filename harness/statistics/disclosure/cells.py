"""Bound the single cells of a confusion matrix by its diagonal and its margins.

If no label of a task has a small count (under 5), the scores of every run and label are released. For each label, these
scores reveal the numbers of gold, predicted and correct rows. They do not state which label was confused with which
other label, but this may follow. Example with three labels: if ten rows of one label are missed, and each other label
is predicted wrongly five times, all cells are known.
"""

import numpy as np


def confined(matrix: np.ndarray, width: int, minimum: int) -> bool:
    """True if the margins and the diagonal of a confusion matrix reveal too much about a small cell off the diagonal.

    `matrix` is [gold labels, predicted labels]. A cell is small if it is under `minimum`. Too much is revealed if a
    small cell has fewer than `width` possible values, or only possible values under `minimum`.

    Margins and diagonal give each cell a smallest and a largest value. All whole numbers between the two are possible,
    because these are tables of a transportation problem, and the constraints of such a problem are totally unimodular.
    """
    matrix = np.asarray(matrix)
    off = ~np.eye(len(matrix), dtype=bool)
    rows, columns = np.nonzero(off)
    asked = np.flatnonzero(matrix[off] < minimum).tolist()
    if len(matrix) < 3 or not asked:
        # With two labels, the margins determine every cell, and each cell is a count of a label, checked elsewhere.
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
    """Off-diagonal cells with the margins `sums`, one cell of which is as small (1) or as large (-1) as possible."""
    from scipy.optimize import linprog

    goal = np.zeros(margins.shape[1])
    goal[cell] = sign
    # The simplex method ends in a corner of the possible tables, and the corners are whole numbers.
    return np.round(linprog(goal, A_eq=margins, b_eq=sums, method="highs-ds").x)
