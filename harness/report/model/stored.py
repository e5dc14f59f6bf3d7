"""Convert the tables in a stored scores file (`harness.artifacts.scores`) to the types of the report: confusion
matrices, estimates, readings and robustness."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from harness.artifacts.scores import Scores
from harness.errors import DataError
from harness.params.arms import BASELINE
from harness.statistics.paired import Estimate


@dataclass(frozen=True)
class Reading:
    """The difference between two arms on those `n` test rows that one kind of word (`decided_by`, such as "clinical")
    decides.

    `estimate` compares `arm` with `against`: its field `clinical` is the score of `arm`, and its field `reference` is
    the score of `against`.
    """

    decided_by: str
    arm: str
    against: str
    n: int
    estimate: Estimate


@dataclass(frozen=True)
class Robustness:
    """The scores on the test part after its texts were perturbed in one way (`kind`), such as by spelling errors.

    The perturbation changed the text of `changed` of the `n` test rows. `values` maps (arm, seed) to the primary score
    on the perturbed texts. `losses` maps (arm, seed) to the loss: how much worse this score is than the score on the
    original texts. `estimates` maps each arm except the clinical one to the difference of losses, clinical − that arm.
    These three are empty if no text was changed, or if the primary metric cannot be measured.
    """

    kind: str
    n: int
    changed: int
    values: Mapping[tuple[str, int], float]
    losses: Mapping[tuple[str, int], float]
    estimates: Mapping[str, Estimate]

    def of(self, arm: str, what: Mapping[tuple[str, int], float]) -> list[float]:
        """The scores or losses of the runs of an arm, ordered by seed. `what` is either `values` or `losses`."""
        return [what[key] for key in sorted(what) if key[0] == arm]


def matrix(cells: Iterable[tuple[int, int, int]], labels: int) -> list[list[int]]:
    found = [[0] * labels for _ in range(labels)]
    for gold, predicted, n in cells:
        found[gold][predicted] = n
    return found


def estimates(
    made: Scores, compared: Iterable[Mapping[str, Any]], seeds: tuple[int, ...]
) -> dict[tuple[str, str], Estimate]:
    """Convert stored differences between arms to estimates, by (part, arm that the clinical arm is compared with).

    `compared` are rows of the scores file `made`. Raises DataError if there is no row for the baseline on the test
    part, or if a row is not over exactly these `seeds`.
    """
    rows = [dict(row) for row in compared]
    found = {(row.pop("part"), row.pop("against")): (row.pop("seeds"), row) for row in rows}
    if ("test", BASELINE) not in found or any(over != sorted(seeds) for over, _ in found.values()):
        raise DataError(
            f"The arms of {made.task} with {made.family} were not compared over the seeds of this run.",
            remedy=f"Compare them again with `harness score {made.task} {made.family}`.",
        )
    return {key: _estimate(row) for key, (_, row) in found.items()}


def readings(made: Scores) -> tuple[Reading, ...]:
    return tuple(
        Reading(row["decided_by"], row["arm"], row["against"], row["n"], _estimate(row)) for row in made.readings
    )


def robustness(made: Scores, seeds: tuple[int, ...]) -> tuple[Robustness, ...]:
    found = []
    for row in made.robustness:
        scores = [score for score in row.scores if score.seed in seeds]
        found.append(
            Robustness(
                row.kind,
                row.n,
                row.changed,
                {(score.arm, score.seed): score.value for score in scores},
                {(score.arm, score.seed): score.loss for score in scores},
                {compared["against"]: _estimate(compared) for compared in row.comparisons},
            )
        )
    return tuple(found)


def _estimate(row: Mapping[str, Any]) -> Estimate:
    known = {field.name: row[field.name] for field in fields(Estimate)}
    found = known["differences"]
    return Estimate(**known | {"differences": None if found is None else tuple(found)})


def by_run(rows: Iterable[dict]) -> dict[tuple[str, int, str], list[dict]]:
    tables: dict[tuple[str, int, str], list[dict]] = {}
    for row in rows:
        tables.setdefault((row["arm"], row["seed"], row["part"]), []).append(row)
    return tables
