"""Read stored prediction files, and check them against their recorded hashes, their own scores, and the data.

A hash shows that a file is the recorded file, but says nothing about its content. So each line is checked against its
own scores and its document's length, and all lines against the rows and the gold of the validated data.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import heads
from harness.errors import DataError, MissingInputError
from harness.system.files import read_jsonl, sha256
from harness.task import Task

SHOWN = 5


def recorded_lines(path: Path, recorded: str, task: Task, made_by: str) -> list[dict[str, Any]]:
    """The lines of the prediction file `path`, checked by `consistent_lines`. `recorded` is the SHA-256 of the file in
    `runs.json`, and `made_by` is the command that makes the file.

    Raises MissingInputError if the file is missing, DataError if the file has another hash or a line is wrong.
    """
    if not path.is_file():
        raise MissingInputError(f"{path} is missing.", remedy=f"Make it with `{made_by}`.")
    if (found := sha256(path)) != recorded:
        raise DataError(
            f"{path} is not the file that runs.json records (SHA-256 {found[:12]}… instead of {recorded[:12]}…).",
            remedy=_remedy(made_by),
        )
    return consistent_lines(path, task, made_by)


def consistent_lines(path: Path, task: Task, made_by: str) -> list[dict[str, Any]]:
    """The lines of the prediction file `path`, one dict per line. `made_by` is the command that makes the file.

    Raises DataError if a line cannot be a model's answer to this task, for example because the prediction is not the
    label of the highest score, a score is not a probability, or a span is outside its text.
    """
    lines = read_jsonl(path, made_by=made_by)
    head = heads.of(task)
    labels = {label: at for at, label in enumerate(task.labels)}
    found = (
        (number, _shape_fault(line, head.fields) or head.line_fault(line, labels))
        for number, line in enumerate(lines, start=1)
    )
    if wrong := [f"line {number}: {fault}" for number, fault in found if fault]:
        more = f"\nand {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise DataError(
            f"{path} has {len(wrong)} line(s) that cannot be a model's answer.\n" + "\n".join(wrong[:SHOWN]) + more,
            remedy=_remedy(made_by),
        )
    return lines


def held_against(
    path: Path,
    lines: Sequence[dict[str, Any]],
    parts: Mapping[str, Collection[str]],
    records: Mapping[str, dict[str, Any]],
    task: Task,
    made_by: str,
) -> dict[str, list[dict[str, Any]]]:
    """Check the `lines` of a prediction file against the validated data, and return the lines by part.

    `parts` maps each part to the ids of its records. `records` maps an id to its validated record. `made_by` is the
    command that makes the file `path`. Raises DataError if a line has another part, or unless each id has exactly one
    line in its part, in order of the ids, with the gold, group and text length of its record.
    """
    by_part: dict[str, list[dict[str, Any]]] = {part: [] for part in parts}
    strange = [number for number, line in enumerate(lines, start=1) if line["part"] not in by_part]
    if strange:
        numbers = _some([str(number) for number in strange])
        raise DataError(f"{path} has rows whose part is not one of {', '.join(parts)}: line {numbers}.",
                        remedy=_remedy(made_by))  # fmt: skip
    for line in lines:
        by_part[line["part"]].append(line)
    for part, rows in by_part.items():
        for fault in _part_faults(part, rows, set(parts[part]), records, task):
            raise DataError(f"{path}{fault}", remedy=_remedy(made_by))
    return by_part


def _part_faults(
    part: str, rows: list[dict[str, Any]], expected: set[str], records: Mapping[str, dict[str, Any]], task: Task
) -> Iterator[str]:
    ids = [row["id"] for row in rows]
    present = set(ids)
    if len(present) != len(ids):
        twice = sorted(i for i, n in Counter(ids).items() if n > 1)
        yield f": {part} rows occur twice: {_some(twice)}."
    for what, some, of in (("lacks", expected - present, "of"), ("has", present - expected, "that are not in")):
        if some:
            yield f" {what} {len(some)} {part} row(s) {of} the split: {_some(sorted(some))}."
    if ids != sorted(ids):
        first = next(after for before, after in itertools.pairwise(ids) if after < before)
        yield f": the {part} rows are not in the order of their ids; the first out of place is {first}."
    # A score is a comparison with the data, not with what a prediction file says the data were.
    head = heads.of(task)
    wrong = [i for i, row in zip(ids, rows, strict=True) if i not in records or row["gold"] != head.gold(records[i])]
    if wrong:
        yield f": the gold of {len(wrong)} {part} row(s) differs from the validated data: {_some(wrong)}."
    wrong = [i for i, row in zip(ids, rows, strict=True) if row["group"] != records[i]["group"]]
    if wrong:
        yield f": the group of {len(wrong)} {part} row(s) differs from the validated data: {_some(wrong)}."
    for said, wrong in head.faults_beside(part, rows, records):
        if wrong:
            yield f": {said}: {_some(wrong)}."


def _shape_fault(line: object, fields: Sequence[str]) -> str | None:
    if not isinstance(line, dict):
        return "not a JSON object"
    lacking = [key for key in ("id", "part", "group", "gold", "prediction", *fields) if key not in line]
    if lacking:
        return f"these keys are missing: {', '.join(lacking)}"
    if any(not isinstance(line[key], str) for key in ("id", "part", "group")):
        return "its id, part or group is not a text"
    return None


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")


def _remedy(made_by: str) -> str:
    return f"Make the predictions again with `{made_by}`."
