"""Find or make the sample rows that the test of a task reads. They must fit the task's present declaration.

`harness new-task` writes invented rows, with labels and columns that the author of the task then changes. While the
rows are unchanged, they are written anew for the labels, the file and the columns of the declaration. If the author has
put rows of his own in place, those are read as they are.
"""

from pathlib import Path

from harness import heads
from harness.data import sources
from harness.data.reader import Layout
from harness.errors import HarnessError
from harness.plugins import examples, written
from harness.system import files
from harness.task import Task

INVENTED = "harness new-task"
_ORDER = ("group", "id")  # the id comes last: if the file has one column for both, rows still differ


def of(task: Task, stored: Path, into: Path) -> Path:
    """The folder with the sample of `task`: `stored` itself, or `into` if the invented rows in `stored` are written
    anew."""
    layout = getattr(task.reader, "layout", None)
    if layout is None or (layout.format == "table") == heads.of(task).windowed or not _invented(task, Path(stored)):
        return Path(stored)
    rows = examples.rows(heads.of(task), task.labels)
    made = _table(task, layout, rows) if layout.format == "table" else written.files(rows, layout)
    for name, content in made.items():
        files.write_bytes(into / name, content)
    hashes = {name: files.sha256(into / name) for name in sorted(made)}
    sources.write_source(into, sources.read_source(stored) | {"files": hashes})
    return into


def _invented(task: Task, stored: Path) -> bool:
    """True if `stored` has exactly what `harness new-task` wrote."""
    try:
        source = sources.read_source(stored)
        sources.verify(stored, source)
    except HarnessError:
        return False
    if source["address"] != INVENTED:
        return False
    head = heads.of(task)
    for format_ in head.template.formats:
        sample = examples.files(head, format_)
        # Another release of a library may write other bytes of a binary file.
        binary = format_ in ("parquet", "dataset")
        if sample.keys() == source["files"].keys() and (
            binary or all((stored / name).read_bytes() == content for name, content in sample.items())
        ):
            return True
    return False


def _table(task: Task, layout: Layout, plain: list[dict]) -> dict[str, bytes]:
    """The sample as one table in the format that the task's reader reads: {file name: bytes}."""
    any_ = "sample.csv" if layout.delimiter or layout.names else "sample.jsonl"
    file = {"": "sample.arrow", "*": any_}.get(str(layout.file), str(layout.file))
    rows, ending = [_row(task, layout, row) for row in plain], Path(file).suffix.lower().lstrip(".")
    return {file: written.table(rows, ending, layout.delimiter, layout.names, layout.encoding)}


def _row(task: Task, layout: Layout, row: dict) -> dict:
    """A row by the file's columns, without the task's own columns, whose values nobody can invent."""
    if layout.answer and "label" in row:
        number = task.labels.index(row["label"])
        row = row | {
            "label": {
                "number from 0": number,
                "number from 1": number + 1,
                "text": row.get("options", task.labels)[number],
            }.get(layout.answer, row["label"])
        }
    made: dict[str, object] = {}
    for column in sorted(layout.columns, key=lambda column: column in _ORDER and 1 + _ORDER.index(column)):
        theirs, value = layout.columns[column], row.get(column)
        if isinstance(theirs, str):
            words = {ours: word for word, ours in reversed(list(layout.values.get(column, {}).items()))}
            made |= {} if value is None else {theirs: words.get(value, value) if isinstance(value, str) else value}
        elif value is not None and isinstance(theirs, tuple):
            made |= dict(zip(theirs, value, strict=False))
    return made
