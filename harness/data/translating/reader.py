"""The reader of a translated task. The reader reads two files: the original items, and their translations (see
`memory`)."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from harness.data.reader import Reader
from harness.data.translating import fields, memory
from harness.data.translating.dropping import unusable
from harness.system.files import read_jsonl
from harness.task import Reading


def translated(texts: Iterable[str], labels: Iterable[str]) -> Reader:
    """A Reader of the files that `harness translate` writes.

    In a record, the columns in `texts` are translated, and all other columns are those of the original. `labels` are
    the task's labels, which name the options. An item with an unusable translation (see `dropping`) is dropped and
    counted, but it stays among the `originals` of the Reading.
    """
    texts, labels = tuple(texts), tuple(labels)

    def read(folder: Path) -> Reading:
        path = folder / memory.ORIGINALS
        originals = read_jsonl(path, made_by="harness translate", keys=("id", *texts))
        said = memory.of(folder / memory.MEMORY, originals, texts, labels)
        records, dropped = [], Counter[str]()
        for original in originals:
            own = {name: said[original["id"], name] for name, _ in fields.of(original, texts, labels)}
            if reason := unusable(own):
                dropped[reason] += 1
            else:
                records.append(fields.put(original, texts, labels, own))
        return Reading(records, len(originals), dict(sorted(dropped.items())), originals=originals)

    return Reader(read, lambda folder: {memory.ORIGINALS, memory.MEMORY})
