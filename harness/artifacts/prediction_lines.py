"""Make the lines of prediction files, which store a model's answer to each record.

`harness.artifacts.predictions` reads and checks the files.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness import heads
from harness.task import Task

# The parts that are answered, in the order of a prediction file.
PARTS = ("holdout", "test", "validation")
_PERTURBED = "test "


def perturbed_part(kind: str) -> str:
    """The name of the perturbed copy of the test part, such as "test misspelled". `kind` names the perturbation (see
    `harness.text.perturbing`)."""
    return f"{_PERTURBED}{kind}"


def answered(parts: Iterable[str]) -> list[str]:
    """Select from `parts` the parts that a model answers, in the order of a prediction file: holdout, test, validation,
    then the perturbed copies of the test part. The training part is not answered."""
    there = list(parts)
    return [part for part in PARTS if part in there] + sorted(part for part in there if part.startswith(_PERTURBED))


def lines_of(
    task: Task, part: str, records: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The lines of a prediction file for the `records` of one part: per record a dict with `id`, `group`, `part`,
    `gold` and the fields of the answer. A line never contains a text of the record.

    `answers` are the model's answers in the order of the records (see `harness.heads.head.Head.answers`).
    """
    gold = heads.of(task).gold
    return [
        {"id": record["id"], "group": record["group"], "part": part, "gold": gold(record), **answer}
        for record, answer in zip(records, answers, strict=True)
    ]
