"""A scores file on disk, and its tables in the shape that the report reads."""

from dataclasses import dataclass, fields
from pathlib import Path

from harness.errors import DataError
from harness.statistics.paired import Estimate
from harness.system import files

AGAINST = "baseline"


@dataclass(frozen=True)
class Reading:
    """Two arms on the test rows that one kind of word decides; `estimate.clinical` is the score of `arm`."""

    decided_by: str
    arm: str
    against: str
    n: int
    estimate: Estimate


def scores(path: Path, names: dict[str, str], made_by: str) -> dict:
    found = files.read_json(path, made_by=made_by)
    if any(found.get(key) != name for key, name in names.items()):
        raise DataError(
            f"{path} holds the scores of {' with '.join(str(found.get(key)) for key in names)}.",
            remedy=f"Make it again with `{made_by}`.",
        )
    return found


def matrix(cells: list[list[int]], labels: int) -> list[list[int]]:
    found = [[0] * labels for _ in range(labels)]
    for gold, predicted, n in cells:
        found[gold][predicted] = n
    return found


def estimates(scores: dict, seeds: tuple[int, ...]) -> dict[tuple[str, str], Estimate]:
    rows = [dict(row) for row in scores.get("comparisons", [])]
    found = {(row.pop("part"), row.pop("against")): (row.pop("seeds"), row) for row in rows}
    if ("test", AGAINST) not in found or any(made != sorted(seeds) for made, _ in found.values()):
        raise DataError(
            f"The arms of {scores['task']} with {scores['family']} were not compared over the seeds of this run.",
            remedy=f"Compare them again with `harness score {scores['task']} {scores['family']}`.",
        )
    return {key: Estimate(**row) for key, (_, row) in found.items()}


def readings(scores: dict) -> tuple[Reading, ...]:
    return tuple(
        Reading(
            row["decided_by"],
            row["arm"],
            row["against"],
            row["n"],
            Estimate(**{field.name: row[field.name] for field in fields(Estimate)}),
        )
        for row in scores.get("readings", [])
    )


def by_run(rows: list[dict]) -> dict[tuple[str, int | None, str], list[dict]]:
    tables: dict[tuple[str, int | None, str], list[dict]] = {}
    for row in rows:
        tables.setdefault((row["arm"], row["seed"], row["part"]), []).append(row)
    return tables
