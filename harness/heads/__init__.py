"""The task heads (kinds of task), one file each. Code that depends on the kind of task asks the head of the task.

To add a head, add one file here that ends with its object. A task declares the name of its head, and `of` finds it.
"""

from harness.errors import DataError, nearest
from harness.heads.head import Head
from harness.system import members
from harness.task import Task

__all__ = ["HEADS", "Head", "named", "of"]

HEADS: dict[str, Head] = {
    head.name: head for head in sorted(members.of(__name__, __path__, Head), key=lambda head: head.place)
}


def of(task: Task) -> Head:
    """The head of a task that the registry has checked."""
    return HEADS[task.head]


def named(name: str) -> Head:
    """The head with the `name` that a stored file gives. Raises DataError if there is none (any more)."""
    if name not in HEADS:
        raise DataError(
            f"There is no head {name!r}.{nearest(name, HEADS)}", remedy="Make the file again with `dvc repro`."
        )
    return HEADS[name]
