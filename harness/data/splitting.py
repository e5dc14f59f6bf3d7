"""Split the rows of a task: assign whole groups to train, validation and test, by seed and stratum.

A split is frozen once it is made: when rows are added, earlier rows keep their part. The order of groups is that of
SHA-256(seed, smallest member id), so neither the order of the rows nor the names of the groups decide anything.

If all groups have one size, each stratum (rows with the same label or document type) is cut with the largest-remainder
method. The rounding error is carried from stratum to stratum, so that the totals are exact. Groups of unequal size are
placed one by one, the largest first. In both cases no part misses its share by more than the largest group.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

EXCLUDED, HOLDOUT = "excluded", "holdout"


@dataclass(frozen=True)
class Row:
    """One record, as the splitter needs it. `stratum` is the record's label or document type, and each part gets its
    share of every stratum. `holdout` is true if the data fix the record as holdout. `labels` are all labels of the
    record or of its spans."""

    id: str
    group: str
    stratum: str = ""
    holdout: bool = False
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Group:
    turn: str
    ids: tuple[str, ...]
    strata: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        return len(self.ids)


def split(
    rows: Iterable[Row], shares: Mapping[str, float], seed: int | str, frozen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Assign each row to a part. Returns the part of each id: a key of `shares`, "holdout" or "excluded".

    `shares` maps parts to their shares of the rows, which add up to 1. `frozen` is the result of an earlier split. Ids
    in `frozen` keep their part. A new row of an old group goes into the part of that group, or is excluded if the group
    is in several parts or in the holdout. New groups fill the parts up to their shares.
    """
    frozen = frozen or {}
    result: dict[str, str] = {}
    new: list[_Group] = []
    placed: dict[str, Counter] = {name: Counter() for name in shares}
    for members in grouped(rows):
        known = sorted({frozen[row.id] for row in members if frozen.get(row.id) in shares})
        held_out = any(_is_held_out(row, frozen) for row in members)
        follows = EXCLUDED if held_out or len(known) > 1 else known[0] if known else None
        free = []
        for row in members:
            if _is_held_out(row, frozen):
                result[row.id] = HOLDOUT
            elif (split := frozen.get(row.id, follows)) is not None:
                result[row.id] = split
            else:
                free.append(row)
            if result.get(row.id) in shares:
                placed[result[row.id]][row.stratum] += 1
        if free:
            new.append(_group(free, seed))
    equal = len({group.size for group in new}) == 1
    found = _cut_strata(new, shares) if equal and not any(placed.values()) else _place_greedily(new, shares, placed)
    return dict(sorted((result | found).items()))


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each group, sorted by id. Groups are sorted by their smallest id, so the names of groups decide
    nothing."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        groups.setdefault(row.group, []).append(row)
    return [groups[name] for name in sorted(groups, key=lambda name: groups[name][0].id)]


def _is_held_out(row: Row, frozen: Mapping[str, str]) -> bool:
    return row.holdout or frozen.get(row.id) == HOLDOUT


def turn(smallest_id: str, seed: int | str) -> str:
    """The sort key of a group with this smallest id. The key depends on the seed, and neither on the order of rows nor
    on the names of groups."""
    return hashlib.sha256(f"{seed}\n{smallest_id}".encode()).hexdigest()


def _group(rows: list[Row], seed: int | str) -> _Group:
    ids = tuple(row.id for row in rows)
    return _Group(turn(ids[0], seed), ids, tuple(sorted(Counter(row.stratum for row in rows).items())))


def _cut_strata(groups: list[_Group], shares: Mapping[str, float]) -> dict[str, str]:
    """The parts of groups of equal size. Each stratum (label multiset) is cut in proportion to `shares`. The rounding
    error is carried into the next stratum, so that the last one makes the totals exact."""
    strata: dict[tuple, list[_Group]] = {}
    for group in sorted(groups, key=lambda group: group.turn):
        strata.setdefault(group.strata, []).append(group)
    due = {name: 0.0 for name in shares}
    result: dict[str, str] = {}
    for stratum in sorted(strata):
        members = strata[stratum]
        for name, share in shares.items():
            due[name] += share * len(members)
        # Handing out unit by unit to the largest claim is the largest-remainder method.
        taken: Counter[str] = Counter()
        for _ in members:
            name = max(due, key=lambda name: round(due[name], 9))
            due[name] -= 1
            taken[name] += 1
        queue = iter(members)
        for name in shares:
            for _ in range(taken[name]):
                result |= dict.fromkeys(next(queue).ids, name)
    return result


def _place_greedily(groups: list[_Group], shares: Mapping[str, float], placed) -> dict[str, str]:
    """Place groups of unequal size, from the largest to the smallest. Returns the part of each id.

    `placed` counts the rows that already are in each part, by stratum. A group goes to a part with enough room. Of
    several such parts, it goes to the part with the smallest `_misfit` of labels. If no part has enough room, the group
    goes to the part that lacks most rows. Hence no part misses its share by more than the largest group.
    """
    totals: Counter = sum(placed.values(), Counter())
    for group in groups:
        totals.update(dict(group.strata))
    n = sum(totals.values())
    counts = {name: Counter(placed[name]) for name in shares}
    filled = {name: counts[name].total() for name in shares}
    result: dict[str, str] = {}
    for group in sorted(groups, key=lambda group: (-group.size, group.turn)):
        lacking = {name: round(share * n - filled[name], 9) for name, share in shares.items()}
        roomy = [name for name in shares if lacking[name] >= group.size]
        if roomy:
            misfits = {name: _misfit(group, counts[name], filled[name], shares[name], totals, n) for name in roomy}
            chosen = min(misfits, key=lambda name: round(misfits[name], 9))
        else:
            chosen = max(shares, key=lambda name: lacking[name])
        counts[chosen].update(dict(group.strata))
        filled[chosen] += group.size
        result |= dict.fromkeys(group.ids, chosen)
    return result


def _misfit(group: _Group, counts: Counter, filled: int, share: float, totals: Counter, n: int) -> float:
    """The growth of chi-square, over labels and over all rows, if the group joins a part. `counts` (by stratum) and
    `filled` are the rows of the part, `totals` and `n` those of all parts."""
    terms = [(counts[label], added, share * totals[label]) for label, added in group.strata]
    terms.append((filled, group.size, share * n))
    return sum(growth(*term) for term in terms)


def growth(have: int, added: int, target: float) -> float:
    """The growth of a term of chi-square, (have - target)² / target, if `have` grows by `added`."""
    return added * (2 * (have - target) + added) / target
