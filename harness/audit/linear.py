"""Check the linear baseline of one task: its predictions, its inputs, and its rows in the reports."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.artifacts.reported import exact
from harness.artifacts.runs import read_linear
from harness.audit import libraries, reports, runs
from harness.audit.checks import ABSENT, Check, Subject
from harness.audit.recomputing import Rescored
from harness.pipeline.hashes import Hashes
from harness.system.files import read_json
from harness.task import Task


def checks(root: Path, task: Task, hashes: Hashes) -> Iterator[Check]:
    """Check the predictions of the linear baseline, the task's data that it used, and the libraries that fitted it."""
    where = f"artifacts/linear/{task.name}"
    remedy = f"`dvc checkout {where}`, or `harness linear {task.name}`"
    subject = Subject(f"{task.name}/linear", remedy, (f"{where}/runs.json",))
    yield from subject.follow("runs.json", lambda: _checks(root, root / where, task, subject, hashes))


def _checks(root: Path, folder: Path, task: Task, subject: Subject, hashes: Hashes) -> Iterator[Check]:
    recorded = read_linear(root, task.name)
    expected = {"task": task.name, "labels": list(task.labels)}
    found = {"task": recorded.task, "labels": list(recorded.labels)}
    yield from subject.values("runs.json against the task", expected, found)
    inputs = runs.inputs(root, task.name, hashes)
    above = (f"artifacts/validated/{task.name}", f"reports/splits/{task.name}.json")
    read = replace(subject, rests_on=above)
    yield from read.values(
        "inputs that it recorded",
        {name: getattr(recorded.inputs, name) for name in inputs},
        inputs,
        "restore them, or `dvc repro`",
    )
    yield from libraries.checks(root, recorded.libraries, subject)
    (run,) = recorded.runs
    yield from runs.prediction(folder, run.file, run.predictions, {}, subject, hashes)
    extra = {path.name for path in folder.iterdir()} - {"runs.json", run.file}
    yield from subject.values("files that it did not write", [], sorted(extra), "move them away")


def reported(root: Path, made: Rescored, task: str) -> Iterator[Check]:
    """Check the stored scores of the linear baseline, and its rows in the reports, against newly made ones."""
    above = (f"artifacts/linear/{task}", *reports.read_of(task))
    about = f"artifacts/scores/{task}/linear/linear.json"
    subject = Subject(f"{task}/linear", f"`harness score {task}`", (about,), above)
    scored = partial(reports.scored_again, root, made, f"{task}/linear/linear", subject)
    yield from subject.follow("scores", scored)
    if "report" not in made.failed:
        rows = Subject(
            f"{task}/linear", reports.REMEDY, ("reports/simple_baselines.csv", "reports/provenance.json"), above
        )
        yield from rows.follow("reports", lambda: _rows(root, made, task, rows))


def _rows(root: Path, made: Rescored, task: str, subject: Subject) -> Iterator[Check]:
    yield from reports.table(root, made, "simple_baselines.csv", {"task": task}, ("system", "metric"), subject)
    again, stored = (read_json(folder / "reports" / "provenance.json") for folder in (made.root, root))
    new, old = ([row for row in content.get("linear", []) if row.get("task") == task] for content in (again, stored))
    yield from subject.values("provenance.json linear", new, old)
    again, stored = (exact(folder) for folder in (made.root, root))
    new, old = (content.get("linear", {}).get(task, ABSENT) for content in (again, stored))
    yield from subject.values("artifacts/report.json linear", new, old)
