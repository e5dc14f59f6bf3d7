"""Split a translated task in the same way as its original task, so that both tasks can be in one run.

A translated item is in the same part as its original. An item that was not translated changes nothing for the others.
If two items of different parts have the same, or nearly the same, translated text, this would be leakage. Then the item
further from the test part is excluded.
"""

from collections.abc import Iterator, Mapping, Sequence

from harness import heads
from harness.data import leakage
from harness.data.grouping import shared_texts
from harness.data.splitting import EXCLUDED
from harness.task import Task

# Of two records with like texts, the record in the part that is first here is excluded.
_FIRST = ("train", "validation", "test", "holdout")


def placed(task: Task, records: Sequence[Mapping], places: Mapping[str, str]) -> dict[str, str]:
    """The part of each translated record, by id. It is the part of the original, or "excluded" for a record that would
    cause leakage. `places` maps the id of each original to its part."""
    splits = {record["id"]: places[record["id"]] for record in sorted(records, key=lambda record: record["id"])}
    for pair in _alike(task, records, splits):
        out = min(pair, key=lambda record_id: _FIRST.index(places[record_id]))
        splits[out] = EXCLUDED
    return splits


def _alike(task: Task, records: Sequence[Mapping], splits: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The ids of each two records in different parts whose translated texts are the same, or nearly the same."""
    head = heads.of(task)
    texts = {record["id"]: shared_texts(record, head) for record in records}
    taking_part = {record_id: held for record_id, held in texts.items() if splits[record_id] != EXCLUDED}
    holders: dict[str, list[str]] = {}
    for record_id, held in sorted(taking_part.items()):
        for text in held:
            holders.setdefault(text, []).append(record_id)
    pairs = {
        (one, other)
        for those in holders.values()
        for at, one in enumerate(those)
        for other in those[at + 1 :]
        if splits[one] != splits[other]
    }
    pairs |= {pair[:2] for pair in leakage.near_across(texts, splits, task.groups.near_duplicate)}
    return iter(sorted(pairs))
