"""The heads, one file each. A head is a kind of task, such as sequence classification. Code that depends on the kind of
task asks the head of the task.

To add a head, add one file here that ends with the head's object. A task declares the name of its head, and `of` finds
the object.
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
    """The head that `task` declares. The registry of tasks (`harness.plugins.registry`) has checked that the head
    exists."""
    return HEADS[task.head]


def named(name: str) -> Head:
    """The head called `name` in a stored file. Raises DataError if this version of the harness has no such head."""
    if name not in HEADS:
        raise DataError(
            f"There is no head {name!r}.{nearest(name, HEADS)}", remedy="Make the file again with `dvc repro`."
        )
    return HEADS[name]
