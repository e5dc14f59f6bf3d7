"""The rows that the test of a task reads: invented ones, in the shape that its declaration has now.

`harness new-task` writes rows of labels and columns that nobody keeps: as long as they stand there unchanged, they are
written anew for the labels, the file and the columns of the declaration. Rows that somebody put there are read as they
are.
"""

from pathlib import Path

from harness import files
from harness.data import sources
from harness.data.mapping import Layout
from harness.errors import HarnessError
from harness.plugins import examples
from harness.task import Task

INVENTED = "harness new-task"
_ORDER = ("group", "id")  # where both are one column of the file, rows differ


def of(task: Task, stored: Path, into: Path) -> Path:
    """The folder of `task`'s sample: `stored`, or `into`, where the invented rows of `stored` are written anew."""
    format_ = _invented(task, Path(stored))
    if format_ is None:
        return Path(stored)
    layout = getattr(task.reader, "layout", None)
    made = examples.files(task.head, format_, task.labels) if layout is None else _laid_out(task, layout, format_)
    for name, content in made.items():
        files.write_bytes(into / name, content)
    hashes = {name: files.sha256(into / name) for name in sorted(made)}
    sources.write_source(into, sources.read_source(stored) | {"files": hashes})
    return into


def _invented(task: Task, stored: Path) -> str | None:
    """The format in which `stored` holds what `harness new-task` wrote; None where it holds anything else."""
    try:
        source = sources.read_source(stored)
        sources.verify(stored, source)
    except HarnessError:
        return None
    if source["address"] != INVENTED:
        return None
    for format_ in examples.FORMATS.get(task.head, ()):
        written = examples.files(task.head, format_)
        # Another release of a library may write other bytes of a binary file.
        binary = format_ in ("parquet", "dataset")
        if written.keys() == source["files"].keys() and (
            binary or all((stored / name).read_bytes() == content for name, content in written.items())
        ):
            return format_
    return None


def _laid_out(task: Task, layout: Layout, format_: str) -> dict[str, bytes]:
    """The sample as the one table that the task's reader reads."""
    usual = examples.FILES.get(format_, f"sample.{format_}")
    file = layout.file if layout.file and "*" not in layout.file else usual
    rows = [_row(task, layout, row) for row in examples.rows(task.head, task.labels)]
    return {file: examples.table(rows, Path(file).suffix.lower().lstrip("."), layout.delimiter, layout.names)}


def _row(task: Task, layout: Layout, row: dict) -> dict:
    """A row by the file's columns; what a column of the task's own would hold nobody can invent."""
    number = task.labels.index(row["label"])
    label = {
        "number from 0": number,
        "number from 1": number + 1,
        "text": row.get("options", task.labels)[number],
    }.get(layout.answer, row["label"])
    made = {}
    for column in sorted(layout.columns, key=lambda column: column in _ORDER and 1 + _ORDER.index(column)):
        theirs, value = layout.columns[column], label if column == "label" else row.get(column)
        if isinstance(theirs, str):
            words = {ours: word for word, ours in reversed(layout.values.get(column, {}).items())}
            made |= {} if value is None else {theirs: words.get(value, value) if isinstance(value, str) else value}
        elif value is not None:
            made |= dict(zip(theirs, value, strict=False))
    return made
