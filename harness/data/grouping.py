"""Find the groups of records that a split must keep together.

Records and keys are the nodes of a graph. A record is tied to its keys (the value of its group column, and its texts),
and keys that are near duplicates are tied to each other. A group is a connected component.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from harness.errors import DataError
from harness.heads import Head
from harness.task import Groups
from harness.text.visible import folded, visible

# Tolerance, so that two computations of one cosine do not fall on different sides of the threshold.
ROUNDING = 1e-6
# Term weights shift when rows are added, so a pair that was just below the threshold when it was
# placed may be just above it now. Pairs of already placed records get this much allowance.
DRIFT = 0.02


def shared_texts(record: Mapping, head: Head) -> frozenset[str]:
    """The texts of a record that another record may repeat, as a reader sees them (`text.visible`), case-folded. `head`
    is the kind of task, which says which texts are compared."""
    return frozenset(folded(text) for text in head.compared_texts(record, folded))


@dataclass(frozen=True)
class Links:
    """The ties between records, from which the groups follow.

    `keys` maps the id of each record to the record's keys: "group:" with its group value, and "text:" with each of its
    texts. Records with a common key are tied. `near` has pairs of near-duplicate texts, as (key, key, cosine), and ties
    their records, too. `threshold` is the cosine from which two texts are near duplicates.
    """

    keys: dict[str, frozenset[str]]
    near: tuple[tuple[str, str, float], ...]
    threshold: float


def find_links(records: Iterable[Mapping], groups: Groups, head: Head) -> Links:
    """The ties between all records, by the rules in `groups`. Raises DataError if a column that the rules name is
    missing or empty in a record, or if an id is repeated."""
    keys: dict[str, frozenset[str]] = {}
    texts: set[str] = set()
    for record in records:
        compared = shared_texts(record, head)
        texts |= compared
        held = {f"text:{text}" for text in compared}
        held |= {f"text:{folded(_as_text(record, column))}" for column in groups.link_equal}
        if groups.column is not None:
            held.add(f"group:{visible(_as_text(record, groups.column)).strip()}")
        if record["id"] in keys:
            raise DataError(f"The id {record['id']!r} occurs twice.", remedy="Give every record its own id.")
        keys[record["id"]] = frozenset(held)
    ordered = sorted(texts)
    near = tuple(
        (f"text:{ordered[i]}", f"text:{ordered[j]}", cosine)
        for i, j, cosine in near_duplicates(ordered, groups.near_duplicate)
    )
    return Links(keys, near, groups.near_duplicate)


def near_duplicates(texts: list[str], threshold: float) -> list[tuple[int, int, float]]:
    """All pairs of near-duplicate texts, as (i, j, cosine) with positions i < j in `texts`.

    Two texts are near duplicates if their TF-IDF vectors of character n-grams have a cosine of at least `threshold`.
    Counts enter by their logarithm, so that a ruled line of 80 dashes does not make texts alike.
    """
    if len(texts) < 2:
        return []
    from sklearn.feature_extraction.text import TfidfTransformer

    from harness.data.cosines import close_pairs, counted

    counts = counted(texts)
    vectors = TfidfTransformer(sublinear_tf=True).fit(counts).transform(counts, copy=False)
    pairs = []
    for left, right, cosines in close_pairs(vectors, threshold - ROUNDING):
        found = zip(left.tolist(), right.tolist(), cosines.tolist(), strict=True)
        pairs += [(i, j, cosine) for i, j, cosine in found if i != j]
    return sorted(pairs)


def components(links: Links, ids: Collection[str], placed: Mapping[str, str] | None = None) -> dict[str, str]:
    """The group of each record in `ids`, as a dict from record id to group id. A group id is the smallest record id in
    the group.

    Records outside `ids` are ignored, and connect nothing. `placed` is an earlier, frozen split (record id to part). If
    all records with the texts of a near-duplicate pair are in `placed`, and in different parts, the pair was judged in
    that split already. Such a pair counts only from a cosine of threshold + DRIFT, because cosines shift when rows are
    added.
    """
    import numpy
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ordered = sorted(ids)
    holders: dict[str, list[int]] = {}
    for number, record_id in enumerate(ordered):
        for key in links.keys[record_id]:
            holders.setdefault(key, []).append(number)
    ties = [(members[0], member) for members in holders.values() for member in members[1:]]
    for left, right, cosine in links.near:
        if left not in holders or right not in holders:
            continue
        splits = {(placed or {}).get(ordered[number]) for number in holders[left] + holders[right]}
        judged = None not in splits and len(splits) > 1
        if not judged or cosine >= links.threshold + DRIFT:
            ties.append((holders[left][0], holders[right][0]))
    rows, columns = numpy.array(ties, numpy.int64).reshape(-1, 2).T
    graph = coo_array((numpy.ones(len(ties), bool), (rows, columns)), shape=(len(ordered), len(ordered)))
    smallest: dict[int, str] = {}
    parts = connected_components(graph, directed=False)[1].tolist()
    return {record_id: smallest.setdefault(part, record_id) for record_id, part in zip(ordered, parts, strict=True)}


def _as_text(record: Mapping, column: str) -> str:
    value = record.get(column)
    if value is None or value == "":
        raise DataError(
            f"Record {record['id']!r} has no {column!r}, which keeps its group together.",
            remedy=f"Fill in {column}, or remove it from the task's groups.",
        )
    return "\n".join(value) if isinstance(value, list) else str(value)
