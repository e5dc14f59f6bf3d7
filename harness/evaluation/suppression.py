"""Which counts may be shown: the rule for small cells, in one place.

A count of 1 to 4 is not shown (primary suppression). Zero is shown, since it is about nobody. Further cells are
hidden until no hidden one follows from the rest (secondary suppression: Hundepool et al. 2024, *Handbook on
Statistical Disclosure Control*, 2nd edition, section 4.2). That a count is small is a choice: the handbook's common
one is under 3, and it warns that zeros, too, can tell of a group (5.2); offices that check what researchers take out
ask for 3 to 10 (`harness.exporting.manifest` names some). The handbook sends checkers of such output to the
guidelines of ESSnet and Data without Boundaries (6.6.1); those, and the *SDC Handbook* of the Safe Data Access
Professionals, are not followed here rule by rule. A reader who subtracts is taken to know this rule, every total and
margin that is shown and, of a confusion matrix, how many answers are right in all; and to guess that a hidden cell is
not zero. Hidden cells look alike, whichever reason they have: a sign for "under 5" would tell the others apart.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

MINIMUM = 5
Counts = Sequence[Sequence[int]]


def is_small(count: int, minimum: int = MINIMUM) -> bool:
    return 0 < count < minimum


def protected(hidden: Collection[int], minimum: int = MINIMUM) -> bool:
    """Are these the counts of hidden cells of one total that none of them, and no small sum, follows from?

    Their sum is known. It must be no small count itself, and leave more than one way to share it out.
    """
    return not hidden or (len(hidden) > 1 and sum(hidden) >= max(minimum, len(hidden) + 1))


def suppressed(counts: Mapping[str, int], minimum: int = MINIMUM, shown: Collection[str] = ()) -> set[str]:
    """The cells of one known total that are not shown: the small ones, and the next smallest until they are protected.

    Cells in `shown` stand elsewhere and cannot be hidden as complements. Where even all others do not protect the
    small ones, all others are returned, and the total must not be shown either: see `protected`.
    """
    order = sorted((v for v in counts if counts[v]), key=lambda value: (counts[value], value))
    hidden = {value for value in order if is_small(counts[value], minimum)}
    free = [value for value in order if value not in hidden and value not in shown]
    while free and not protected([counts[v] for v in hidden], minimum):
        hidden.add(free.pop(0))
    return hidden


@dataclass
class Pattern:
    """What is hidden of square tables of counts that share their labels: cells, and the totals of rows and columns."""

    cells: list[list[bool]]
    rows: list[bool]
    columns: list[bool]

    def apply(self, table: Counts) -> list[list[int | None]]:
        """`table` with None in the hidden cells."""
        return [
            [None if hide else n for n, hide in zip(row, hidden, strict=True)]
            for row, hidden in zip(table, self.cells, strict=True)
        ]


def pattern(tables: Sequence[Counts], minimum: int = MINIMUM) -> Pattern:
    """What to hide of confusion matrices (rows gold, columns predicted) that are shown side by side or added up.

    A cell is hidden in all of them when it is small in one: otherwise the sum would tell it.
    """
    size = range(len(tables[0]))
    totals = [([sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]) for table in tables]
    made = Pattern(
        [[any(is_small(table[i][j], minimum) for table in tables) for j in size] for i in size],
        *([any(is_small(found[axis][i], minimum) for found in totals) for i in size] for axis in (0, 1)),
    )
    for axis, margin in enumerate((made.rows, made.columns)):
        for found in totals:
            names = {str(i): n for i, n in enumerate(found[axis])}
            for name in suppressed(names, minimum) if any(margin) else ():
                margin[int(name)] = True
    if 2 * sum(map(sum, made.cells)) >= sum(any(table[i][j] for table in tables) for i in size for j in size):
        # Mostly holes: what is left would say little, and hiding it at once is far cheaper than piece by piece.
        made.cells = [[True for _ in size] for _ in size]
    while (open_ := _open_places(tables, made, minimum)) and _hide_more(tables, made, open_):
        pass
    return made


# A place is ("cell", row, column), ("row", i) or ("column", j).
Place = tuple


def _open_places(tables: Sequence[Counts], made: Pattern, minimum: int) -> list[Place]:
    """Hidden places whose count, or whose line's hidden sum when it is small, follows from what is shown."""
    found: list[Place] = []
    for table in tables:
        found += _small_sums(table, made, minimum)
    for table in () if found else tables:
        found += exposed(table, made)
    return sorted(set(found))


def _small_sums(table: Counts, made: Pattern, minimum: int) -> list[Place]:
    """Lines with a shown total whose hidden cells together are a small count."""
    size, found = range(len(table)), []
    for i in size:
        if not made.rows[i] and is_small(sum(table[i][j] for j in size if made.cells[i][j]), minimum):
            found.append(("row", i))
        if not made.columns[i] and is_small(sum(table[j][i] for j in size if made.cells[j][i]), minimum):
            found.append(("column", i))
    return found


def _hide_more(tables: Sequence[Counts], made: Pattern, open_: list[Place]) -> bool:
    """Hide the cell that costs least in every open row and column, and one for all open cells; where none is left, the
    totals.

    False where nothing is left to hide.
    """
    size = range(len(tables[0]))
    # A zero only when nothing else is left: hiding it hides nobody.
    cost = [[(max(t[i][j] for t in tables) == 0, max(t[i][j] for t in tables), i, j) for j in size] for i in size]
    lines = [[place] for place in open_ if place[0] != "cell"]
    if cells := [place for place in open_ if place[0] == "cell"]:
        # One cell often closes a ring for all of them.
        lines.append([("row", i) for _, i, _ in cells] + [("column", j) for *_, j in cells])
    done: set[Place] = set()
    for of_place in lines:
        if done & set(of_place):
            continue
        left = [cost[i][j] for i in size for j in size if {("row", i), ("column", j)} & set(of_place)]
        left = [(i, j) for *_, i, j in sorted(left) if not made.cells[i][j]]
        margins = [({"row": made.rows, "column": made.columns}[kind], i) for kind, i in of_place]
        if left:
            i, j = left[0]
            made.cells[i][j] = True
            done |= {("row", i), ("column", j)}
        elif shown := [(margin, i) for margin, i in margins if not margin[i]]:
            for margin, i in shown:
                margin[i] = True
            done |= set(of_place)
    if not done:
        # The places' own lines are hidden whole: what is left anywhere else goes.
        done = {("row", i) for i in size if not (made.rows[i] and made.columns[i] and all(made.cells[i]))}
        made.rows, made.columns = [True for _ in size], [True for _ in size]
        made.cells = [[True for _ in size] for _ in size]
    return bool(done)


def exposed(table: Counts, made: Pattern) -> list[Place]:
    """Hidden cells and totals that take one value in every table of whole numbers that fits what is shown.

    Known are the cells and totals that `made` shows, the sum of all, and that of the diagonal. A hidden cell that is
    not zero is taken to be known not to be; zeros may be found out, as they may be shown.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    size = range(len(table))
    hidden = [(i, j) for i in size for j in size if made.cells[i][j]]
    if not hidden:
        return []
    true = np.array([table[i][j] for i, j in hidden], dtype=float)
    row = {("row", i): np.array([float(a == i) for a, _ in hidden]) for i in size}
    column = {("column", j): np.array([float(b == j) for _, b in hidden]) for j in size}
    known = [row["row", i] for i in size if not made.rows[i]]
    known += [column["column", j] for j in size if not made.columns[j]]
    known += [np.ones(len(hidden)), np.array([float(i == j) for i, j in hidden])]
    sums = np.array(known) @ true
    asked = {("cell", *cell): line for cell, line in zip(hidden, np.eye(len(hidden)), strict=True)}
    asked |= {place: line for place, line in row.items() if made.rows[place[1]]}
    asked |= {place: line for place, line in column.items() if made.columns[place[1]]}
    asked = {place: line for place, line in asked.items() if line @ true}

    def other(goal: np.ndarray) -> np.ndarray:
        """A table that fits and makes `goal` as small as can be, as its hidden cells."""
        found = milp(
            goal,
            constraints=LinearConstraint(np.array(known), sums, sums),
            integrality=np.ones(len(hidden)),
            bounds=Bounds(np.minimum(true, 1), np.inf if sums[-2] == 0 else sums[-2]),
        )
        return true if found.x is None else np.round(found.x)

    moved = _moved_by_swaps(table, made)
    left, found = {place: line for place, line in asked.items() if place not in moved}, []
    # A table that moves one place moves many: what it has moved need not be asked about again.
    while left:
        place, line = next(iter(left.items()))
        others = sum(left.values()) / (len(hidden) * len(left) * (1 + sums[-2]))
        for sign in (-1, 1):
            made_up = other(sign * line - others)
            if line @ made_up != line @ true:
                break
        else:
            found.append(place)
        left = {p: line for p, line in left.items() if p != place and line @ made_up == line @ true}
    return found


def _moved_by_swaps(table: Counts, made: Pattern) -> set[Place]:
    """Cells that a small swap of ones changes, which no total and no diagonal shows: most of them, found fast.

    Either four cells off the diagonal (one up, one down in two rows and two columns), or six of which one on the
    diagonal goes up and another down.
    """
    import numpy as np

    up = np.array(made.cells)
    down = up & (np.array(table) > 1)
    size = len(table)
    off = ~np.eye(size, dtype=bool)
    apart = off[:, None, :, None] & off[None, :, None, :]
    four = np.einsum("ij,kl,il,kj->ijkl", up & off, up & off, down & off, down & off) & apart
    found = four.any((2, 3)) | four.any((1, 2))
    d_up, d_down = np.diag(up), np.diag(down)
    # (i,i) (k,l) (m,k) up, (i,l) (k,k) (m,i) down.
    six = np.einsum("i,k,ik,kl,mk,il,mi->iklm", d_up, d_down, off, up & off, up & off, down & off, down & off)
    found |= six.any((0, 3)) | six.any((0, 2)).T | six.any((1, 3)) | six.any((1, 2)).T
    found |= np.diag(six.any((1, 2, 3)) | six.any((0, 2, 3)))
    return {("cell", int(i), int(j)) for i, j in zip(*np.nonzero(found), strict=True)}
