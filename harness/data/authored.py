"""Call the functions that a task's author wrote in `tasks/<name>.py`, and report their exceptions as errors of that
file.

An exception that is no HarnessError may quote the data. So the error message gives only the exception's type and line.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import HarnessError, RegistryError
from harness.system import messages
from harness.task import Reading, Task


def read(task: Task, folder: Path) -> Reading:
    """The Reading (records and counts, see `harness.task`) that the task's reader returns for the data in `folder`.
    Raises RegistryError if the reader returns anything else, or fails with an exception that is no HarnessError."""
    found = _called(task, "reader", lambda: task.reader(folder))
    if not isinstance(found, Reading):
        raise _wrong(task, "reader", found, "a Reading", "Return Reading(records, rows_in, …); see harness/task.py.")
    if not isinstance(found.records, list) or not all(isinstance(record, Mapping) for record in found.records):
        what = "a Reading whose records are a list of dicts"
        raise _wrong(task, "reader", found.records, what, "Give each record as a dict of its columns.")
    return found


def schema(task: Task):
    """The pandera schema that the task's function `schema` returns. Raises RegistryError if the function returns
    anything else, or fails with an exception that is no HarnessError."""
    import pandera.pandas as pa

    found = _called(task, "schema", task.schema)
    if not isinstance(found, pa.DataFrameSchema):
        remedy = f"Write schema=lambda: schema.{task.head}(LABELS)."
        raise _wrong(task, "schema", found, "a pandera DataFrameSchema", remedy)
    return found


def failures(task: Task, frame):
    """The failure cases of the records in `frame` under the task's schema: pandera's data frame with one row per
    failure. Returns None if there is no failure."""
    import pandera.pandas as pa

    declared = schema(task)

    def cases():
        try:
            declared.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            return errors.failure_cases

    # A parser in the author's schema may raise any exception, which may quote the value.
    return _called(task, "schema", cases)


def _called(task: Task, field: str, call: Callable):
    try:
        return call()
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # whatever an author's function raises
        file = f"{task.name}.py"
        raise RegistryError(
            f"tasks/{file}{messages.line_in(error, file)}: TASK.{field} fails with {type(error).__name__}.",
            remedy=f"Fix the function; `harness check {task.name}` runs it again.",
        ) from None


def _wrong(task: Task, field: str, found, wanted: str, remedy: str) -> RegistryError:
    return RegistryError(
        f"tasks/{task.name}.py: TASK.{field} gives {type(found).__name__}, not {wanted}.", remedy=remedy
    )
