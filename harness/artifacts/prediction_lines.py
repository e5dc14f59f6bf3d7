"""Make the lines of a prediction file. `harness.artifacts.predictions` reads and checks them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness import heads
from harness.task import Task

# The parts that are answered, in the order of a prediction file.
PARTS = ("holdout", "test", "validation")
_PERTURBED = "test "


def perturbed_part(kind: str) -> str:
    """The name of the test part whose texts are perturbed in the way `kind`."""
    return f"{_PERTURBED}{kind}"


def answered(parts: Iterable[str]) -> list[str]:
    """The answered parts among `parts`, in the order of a prediction file: perturbed ones last."""
    there = list(parts)
    return [part for part in PARTS if part in there] + sorted(part for part in there if part.startswith(_PERTURBED))


def lines_of(
    task: Task, part: str, records: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One line per record: id, group, part, gold and answer. Never text."""
    gold = heads.of(task).gold
    return [
        {"id": record["id"], "group": record["group"], "part": part, "gold": gold(record), **answer}
        for record, answer in zip(records, answers, strict=True)
    ]
