"""Store and read the results of `harness reproduce`, which trains runs again and compares their predictions."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.system import files

BYTES, DECISIONS, DIFFERENT = "same bytes", "same predictions", "different"


def path(root: Path, task: str, family: str) -> Path:
    return Path(root) / "artifacts" / "reproduced" / task / f"{family}.json"


def write(root: Path, task: str, family: str, found: Iterable[Mapping]) -> None:
    """Write the results `found` for a task and family, one per run: {"arm", "seed", "outcome", "recorded", "again"}.

    "recorded" and "again" are the hashes of the first and of the new predictions. "outcome" is "same bytes", "same
    predictions" or "different".
    """
    files.write_json(path(root, task, family), {"task": task, "family": family, "runs": list(found)})


def outcome(root: Path, task: str, family: str, runs: Sequence[Mapping]) -> str | None:
    """How often the `runs` (entries of `runs.json`) gave the same predictions again, as `yes: …` or `no: …` with
    counts.

    Returns None if not all of these runs were made again. A recorded outcome that contradicts its own hashes counts as
    different.
    """
    file = path(root, task, family)
    if not file.is_file():
        return None
    found = {(run["arm"], run["seed"]): run for run in files.read_json(file)["runs"]}
    made = [m for run in runs if (m := found.get((run["arm"], run["seed"]))) and m["recorded"] == run["predictions"]]
    if not made or len(made) < len(runs):
        return None
    outcomes = [DIFFERENT if (m["outcome"] == BYTES) != (m["recorded"] == m["again"]) else m["outcome"] for m in made]
    counts = {name: outcomes.count(name) for name in (BYTES, DECISIONS, DIFFERENT) if name in outcomes}
    told = ", ".join(f"{name} in {n} of {len(made)} runs" for name, n in counts.items())
    return f"{'no' if DIFFERENT in counts else 'yes'}: {told}"
