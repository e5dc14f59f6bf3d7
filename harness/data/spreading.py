"""Correct a split: find labels that a part lacks, and exchange groups between parts until the part has these labels.

The splitter (`harness.data.splitting`) places groups by one stratum. But a document has many entity labels, and a rare
label of any task may round to no row in a small part. So the split is corrected, rarest label first, by exchanging
whole groups (after the iterative stratification of Sechidis, Tsoumakas & Vlahavas 2011). A split without such a fault
stays unchanged.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.data.splitting import Row, grouped, growth, turn

# The order of parts for a label of too few groups. Train is first: a label that is not learnt cannot be measured.
PRIORITY = ("train", "test", "validation")
CANDIDATES = 48  # groups tried on each side of an exchange, so that the work stays linear in the rows


def wanted(groups: int, names: Collection[str]) -> tuple[str, ...]:
    """The parts (or folds) among `names` that should have a label, if this number of `groups` have the label. If there
    are fewer groups than parts, the parts are taken in the order of PRIORITY."""
    others = sorted(set(names) - set(PRIORITY))
    return tuple([*(name for name in PRIORITY if name in names), *others])[:groups]


def lacking(labels: Mapping[str, Collection[str]], splits: Mapping[str, str], names: Collection[str]) -> dict:
    """The parts that lack a label, as {label: parts}. Only labels that some row has, and that at least one part in
    `names` lacks, are keys.

    `labels` maps each row id to the labels of the row, and `splits` maps each row id to the part of the row.
    """
    held: dict[str, set[str]] = {}
    for row_id, own in labels.items():
        for label in own:
            held.setdefault(label, set()).add(splits[row_id])
    return {
        label: tuple(name for name in PRIORITY if name in names and name not in parts)
        for label, parts in sorted(held.items())
        if not parts >= set(names)
    }


@dataclass(frozen=True)
class _Group:
    ids: tuple[str, ...]
    labels: Counter

    @property
    def size(self) -> int:
        return len(self.ids)


_NOTHING = _Group((), Counter())


def spread(
    places: Mapping[str, str],
    rows: Iterable[Row],
    labels: Mapping[str, Collection[str]],
    shares: Mapping[str, float],
    seed: int | str,
    settled: Collection[str] = (),
    without: Collection[str] = (),
) -> dict[str, str]:
    """Exchange groups between parts until each label is spread evenly. Returns the new part of each id.

    The exchanges stop when every part has every label that it can have, and the shares of the labels are within the
    tolerance of `leakage.label_shares`. The exchanges also stop when no further exchange helps.

    `places` is the part of each id so far, and `labels` has the distinct labels of each id. `shares` maps parts to
    their shares of the rows. Rows in `settled` (from a frozen split) and rows in parts outside `shares` do not move. No
    part may deviate from its share by more rows than the largest group has. `without` are parts of restricted data with
    so few rows that small counts of labels could be derived. Such a part gets no label that it lacks.
    """
    state = _State(places, rows, labels, shares, seed, settled, without)
    while exchange := state.next_exchange():
        state.apply(*exchange)
    return dict(sorted(state.places.items()))


class _State:
    def __init__(self, places, rows, labels, shares, seed, settled, without):
        self.places, self.shares, self.without = dict(places), shares, frozenset(without)
        self.rows = Counter({name: 0 for name in shares})
        self.counts: dict[str, Counter] = {name: Counter() for name in shares}
        self.holders: dict[str, Counter] = {name: Counter() for name in shares}
        self.movable: dict[str, dict[str, _Group]] = {name: {} for name in shares}
        self.largest = 1
        for members in grouped(rows):
            free = [row for row in members if self.places[row.id] in shares]
            if not free:
                continue
            group = _Group(tuple(row.id for row in free), Counter(x for row in free for x in set(labels[row.id])))
            name = self.places[group.ids[0]]
            self._add(name, group)
            self.largest = max(self.largest, group.size)
            if len(free) == len(members) and not any(row.id in settled for row in members):
                self.movable[name][turn(group.ids[0], seed)] = group
        self.n = self.rows.total()
        self.totals = sum(self.counts.values(), Counter())
        groups = sum(self.holders.values(), Counter())
        self.rarest = sorted(groups, key=lambda label: (groups[label], label))
        self.fixed: set[str] = set()
        self.wanted = {
            label: [part for part in wanted(n, shares) if part not in without] for label, n in groups.items()
        }

    def _add(self, name: str, group: _Group, sign: int = 1) -> None:
        self.rows[name] += sign * group.size
        for label, n in group.labels.items():
            self.counts[name][label] += sign * n
            self.holders[name][label] += sign

    def next_exchange(self) -> tuple | None:
        """The best exchange for the first fault that can be fixed: (other part, its group, faulty part, its group)."""
        for label, part, absent in self._faults():
            if found := min(self._exchanges(label, part, absent), default=None, key=lambda one: one[0]):
                self.fixed.add(label)
                return found[1]
        return None

    def _faults(self) -> Iterator[tuple[str, str, bool]]:
        """Yield (label, part with too little of it, whether the part has none), rarest label first."""
        for label in self.rarest:
            for part in self.wanted[label]:
                if not self.counts[part][label]:
                    yield label, part, True
        for label in self.rarest:
            off = {part: self._off(label, part) for part in self.shares}
            least = min((part for part in off if part not in self.without), default=None, key=lambda part: off[part])
            if least and (off[least] < -1 or max(off.values()) > 1):
                yield label, least, False

    def _off(self, label: str, part: str) -> float:
        """The label's share of the part minus its share of all rows, in units of the tolerance (which covers chance and
        the largest group, see `leakage.label_shares`). For a label in `fixed`, the unit is the largest group alone."""
        if label in self.fixed:
            return (self.counts[part][label] - self.shares[part] * self.totals[label]) / self.largest
        n, p = self.rows[part], self.totals[label] / self.n
        if not n:
            return 0.0
        return (self.counts[part][label] / n - p) / (3 * math.sqrt(p * (1 - p) / n) + self.largest / n)

    def _exchanges(self, label: str, part: str, absent: bool) -> Iterator[tuple]:
        """Yield (sort key, exchange) for each exchange that moves the label to the part and does no harm."""
        back = [group for _, group in _first(self.movable[part], lambda group: label not in group.labels)]
        for other in self.shares:
            if other == part:
                continue
            for key, group in _first(self.movable[other], lambda group: label in group.labels):
                for given in (*back, _NOTHING):
                    if self._brings(part, group, given) or self._brings(other, given, group):
                        continue
                    more, cost = self._change(part, group, other, given)
                    if more < 0 if absent else more <= 0 and cost < -1e-9:
                        apart = abs(group.size - given.size)
                        if not apart or self._keeps_shares(part, other, group.size - given.size):
                            yield (more, apart, round(cost, 9), key, given.ids), (other, group, part, given)

    def _brings(self, part: str, group: _Group, given: _Group) -> bool:
        """Whether a part of `without` would get a label that it lacks, with `group` in place of `given`."""
        if part not in self.without:
            return False
        return any(not self.counts[part][label] for label in group.labels.keys() - given.labels.keys())

    def _change(self, part: str, group: _Group, other: str, given: _Group) -> tuple[int, float]:
        """An exchange's change in the number of wanted parts that lack a label, and in chi-square over the labels."""
        more, cost = 0, 0.0
        for label in group.labels.keys() | given.labels.keys():
            moved = group.labels[label] - given.labels[label]
            for name, n in ((part, moved), (other, -moved)):
                have = self.counts[name][label]
                cost += growth(have, n, self.shares[name] * self.totals[label])
                if name in self.wanted[label]:
                    more += (have + n == 0) - (have == 0)
        return more, cost

    def _keeps_shares(self, part: str, other: str, moved: int) -> bool:
        return all(
            abs(self.rows[name] + n - self.shares[name] * self.n) <= self.largest and self.rows[name] + n > 0
            for name, n in ((part, moved), (other, -moved))
        )

    def apply(self, other: str, group: _Group, part: str, given: _Group) -> None:
        for source, target, one in ((other, part, group), (part, other, given)):
            if one.ids:
                key = next(key for key, found in self.movable[source].items() if found is one)
                self.movable[target][key] = self.movable[source].pop(key)
                self._add(source, one, -1)
                self._add(target, one)
                self.places |= dict.fromkeys(one.ids, target)


def _first(groups: Mapping[str, _Group], suits) -> list[tuple[str, _Group]]:
    return sorted((item for item in groups.items() if suits(item[1])), key=lambda item: item[0])[:CANDIDATES]
