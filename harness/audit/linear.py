"""Check the linear baseline of one task: its predictions, its inputs, and its rows in the reports."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.artifacts import runs, split, validated
from harness.artifacts.reported import exact
from harness.artifacts.runs import LinearRun
from harness.audit import libraries, reports
from harness.audit.links import ABSENT, Chain, Link
from harness.audit.recomputing import Rescored
from harness.pipeline.hashes import Hashes
from harness.system.files import read_json
from harness.task import Task


def links(root: Path, task: Task, hashes: Hashes) -> Iterator[Link]:
    """From its predictions back to the task's data and to the libraries that fitted it."""
    folder, made_by = root / "artifacts" / "linear" / task.name, f"harness linear {task.name}"
    where = folder.relative_to(root).as_posix()
    chain = Chain(f"{task.name}/linear", f"`dvc checkout {where}`, or `{made_by}`", (f"{where}/runs.json",))
    yield from chain.follow("runs.json", lambda: _links(root, folder, made_by, task, chain, hashes))


def _links(root: Path, folder: Path, made_by: str, task: Task, chain: Chain, hashes: Hashes) -> Iterator[Link]:
    recorded = runs.read_linear(root, task.name)
    expected = {"task": task.name, "labels": list(task.labels)}
    found = {"task": recorded.task, "labels": list(recorded.labels)}
    yield from chain.values("runs.json against the task", expected, found)
    inputs = {
        "records": hashes.sha256(validated.records_place(root, task.name)),
        "manifest": hashes.sha256(split.manifest_place(root, task.name)),
    }
    above = (f"artifacts/validated/{task.name}", f"reports/splits/{task.name}.json")
    read = replace(chain, rests_on=above)
    yield from read.values(
        "inputs that it recorded",
        {name: getattr(recorded.inputs, name) for name in inputs},
        inputs,
        "restore them, or `dvc repro`",
    )
    yield from libraries.links(root, recorded.libraries, chain)
    chain = chain.of(f"{chain.about[0].rpartition('/')[0]}/{LinearRun.FILE}")
    present = hashes.sha256(folder / LinearRun.FILE)
    if present is None:
        yield chain.missing(f"predictions {LinearRun.FILE}")
    else:
        yield from chain.values(f"predictions {LinearRun.FILE}", [present], [run.predictions for run in recorded.runs])
    extra = {path.name for path in folder.iterdir()} - {"runs.json", LinearRun.FILE}
    yield from chain.values("files that it did not write", [], sorted(extra), "move them away")


def reported(root: Path, made: Rescored, task: str) -> Iterator[Link]:
    """Its stored scores against those computed again, and its rows of the reports against those rendered again."""
    above = (f"artifacts/linear/{task}", *reports.read_of(task))
    about = f"artifacts/scores/{task}/linear/linear.json"
    chain = Chain(f"{task}/linear", f"`harness score {task}`", (about,), above)
    scored = partial(reports.scored_again, root, made, f"{task}/linear/linear", chain)
    yield from chain.follow("scores", scored)
    if "report" not in made.failed:
        rows = Chain(
            f"{task}/linear", reports.REMEDY, ("reports/simple_baselines.csv", "reports/provenance.json"), above
        )
        yield from rows.follow("reports", lambda: _rows(root, made, task, rows))


def _rows(root: Path, made: Rescored, task: str, chain: Chain) -> Iterator[Link]:
    yield from reports.table(root, made, "simple_baselines.csv", {"task": task}, ("system", "metric"), chain)
    again, stored = (read_json(folder / "reports" / "provenance.json") for folder in (made.root, root))
    new, old = ([row for row in content.get("linear", []) if row.get("task") == task] for content in (again, stored))
    yield from chain.values("provenance.json linear", new, old)
    again, stored = (exact(folder) for folder in (made.root, root))
    new, old = (content.get("linear", {}).get(task, ABSENT) for content in (again, stored))
    yield from chain.values("artifacts/report.json linear", new, old)
