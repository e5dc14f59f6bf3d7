"""Convert the tables of a stored scores file to report values: confusion matrices, estimates, readings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from harness.artifacts.scores import Scores
from harness.errors import DataError
from harness.statistics.paired import Estimate

AGAINST = "baseline"


@dataclass(frozen=True)
class Reading:
    """Two arms on the test rows that one kind of word decides; `estimate.clinical` is the score of `arm`."""

    decided_by: str
    arm: str
    against: str
    n: int
    estimate: Estimate


def matrix(cells: Iterable[tuple[int, int, int]], labels: int) -> list[list[int]]:
    found = [[0] * labels for _ in range(labels)]
    for gold, predicted, n in cells:
        found[gold][predicted] = n
    return found


def estimates(
    made: Scores, compared: Iterable[Mapping[str, Any]], seeds: tuple[int, ...]
) -> dict[tuple[str, str], Estimate]:
    """The rows `compared` of a scores file, by part and other arm."""
    rows = [dict(row) for row in compared]
    found = {(row.pop("part"), row.pop("against")): (row.pop("seeds"), row) for row in rows}
    if ("test", AGAINST) not in found or any(over != sorted(seeds) for over, _ in found.values()):
        raise DataError(
            f"The arms of {made.task} with {made.family} were not compared over the seeds of this run.",
            remedy=f"Compare them again with `harness score {made.task} {made.family}`.",
        )
    return {key: _estimate(row) for key, (_, row) in found.items()}


def readings(made: Scores) -> tuple[Reading, ...]:
    return tuple(
        Reading(row["decided_by"], row["arm"], row["against"], row["n"], _estimate(row)) for row in made.readings
    )


def _estimate(row: Mapping[str, Any]) -> Estimate:
    known = {field.name: row[field.name] for field in fields(Estimate)}
    found = known["differences"]
    return Estimate(**known | {"differences": None if found is None else tuple(found)})


def by_run(rows: Iterable[dict]) -> dict[tuple[str, int | None, str], list[dict]]:
    tables: dict[tuple[str, int | None, str], list[dict]] = {}
    for row in rows:
        tables.setdefault((row["arm"], row["seed"], row["part"]), []).append(row)
    return tables
