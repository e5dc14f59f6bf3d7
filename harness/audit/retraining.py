"""Compare two trainings of one comparison: equal bytes, equal predictions, or the size of the difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.predictions import consistent_lines
from harness.artifacts.runs import Runs
from harness.metrics import primary
from harness.system import files
from harness.task import Task
from harness.tracking.reproductions import BYTES, DECISIONS, DIFFERENT


@dataclass(frozen=True)
class Repeated:
    """The result of training one run a second time. `outcome` is BYTES, DECISIONS (the predictions are equal, the bytes
    are not) or DIFFERENT. `detail` says how much the two differ, and is empty if they do not. `recorded` and `again`
    are the hashes of the old and the new prediction file."""

    arm: str
    seed: int
    outcome: str
    recorded: str
    again: str
    detail: str = ""

    @property
    def name(self) -> str:
        return f"{self.arm} seed {self.seed}"

    def record(self) -> dict:
        """The values of this result that are stored in `artifacts/reproduced/`."""
        return {key: getattr(self, key) for key in ("arm", "seed", "outcome", "recorded", "again")}


def compare(
    task: Task, recorded: Path, again: Path, records: Mapping[str, Mapping] | None = None
) -> Iterator[Repeated]:
    """Compare the prediction files in two folders that `finetune` wrote, run by run. Yields one result per recorded
    run.

    `recorded` is the folder of the first training, and `again` that of the second. `records` are the validated records
    by id, which tasks with spans need. Raises MissingInputError for a missing file, DataError for an inconsistent one.
    """
    made_by = f"harness finetune {task.name} {recorded.name}"
    for run in Runs.read(recorded / "runs.json", made_by).runs:
        name = run.file
        before, after = (consistent_lines(folder / name, task, made_by) for folder in (recorded, again))
        one, other = (files.sha256(folder / name) for folder in (recorded, again))
        if one == other:
            outcome, detail = BYTES, ""
        elif _decisions(before) == _decisions(after):
            outcome, detail = DECISIONS, _scores_apart(before, after)
        else:
            outcome, detail = DIFFERENT, "; ".join(_decided_otherwise(task, before, after, records))
        yield Repeated(run.arm, run.seed, outcome, one, other, detail)


def refuse_inconsistent(task: Task, recorded: Path) -> None:
    """Raise an error if a prediction file in the folder `recorded` is missing or inconsistent. Such a file could not be
    compared, so this is checked before a long training."""
    made_by = f"harness finetune {task.name} {recorded.name}"
    for run in Runs.read(recorded / "runs.json", made_by).runs:
        consistent_lines(recorded / run.file, task, made_by)


def _decisions(lines: list[dict]) -> str:
    from harness.statistics import task_metrics

    return task_metrics.decision_hash(lines)


def _scores_apart(before: list[dict], after: list[dict]) -> str:
    """The largest difference of scores between equal decisions, in words. Answers with spans have no scores."""
    later = {(line["part"], line["id"]): line.get("scores", ()) for line in after}
    apart = [
        abs(one - other)
        for line in before
        for one, other in zip(line.get("scores", ()), later[line["part"], line["id"]], strict=True)
    ]
    return f"scores differ by at most {max(apart):.1e}" if apart else "the files differ elsewhere"


def _decided_otherwise(task: Task, before: list[dict], after: list[dict], records: Mapping | None) -> Iterator[str]:
    """A phrase for each part with changed decisions: the number of rows, and the primary score before and now."""
    from harness.statistics import task_metrics

    title = primary(task).title
    for part in sorted({line["part"] for line in [*before, *after]}):
        one, other = ({line["id"]: line for line in lines if line["part"] == part} for lines in (before, after))
        changed = sum(one[key]["prediction"] != other[key]["prediction"] for key in one.keys() & other.keys())
        changed += len(one.keys() ^ other.keys())
        scores = [
            f"{task_metrics.primary(task, list(lines.values()), records):.4f}" if lines else "nothing"
            for lines in (one, other)
        ]
        if changed:
            yield f"{part}: other answers to {changed} of {len(one)} rows, {title} {scores[0]} before, {scores[1]} now"


def lines(name: str, found: list[Repeated]) -> Iterator[str]:
    """A line per run, and a line with the numbers of all runs by outcome. `name` is the name of the comparison."""
    for run in found:
        yield f"{run.name}: {run.outcome}" + (f" ({run.detail})" if run.detail else "")
    counts = {outcome: sum(run.outcome == outcome for run in found) for outcome in (BYTES, DECISIONS, DIFFERENT)}
    yield f"{name}: " + ", ".join(f"{outcome} in {n} of {len(found)} runs" for outcome, n in counts.items() if n)
