"""Compare the stored scores and reports with new ones that are computed from the predictions: CSV files cell by
cell."""

import csv
import io
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.artifacts import runs
from harness.artifacts.reported import exact
from harness.audit.checks import ABSENT, LISTED, Check, Subject, apart, as_line
from harness.audit.recomputing import Rescored
from harness.system.files import read_json, read_text

KEYS = {"results.csv": ("arm", "seed", "metric"), "comparison.csv": ("against",),
        "readings.csv": ("decided_by", "arm", "against"), "robustness.csv": ("kind", "against")}  # fmt: skip
REMEDY = "`git checkout -- reports` if it was edited, `dvc repro` if it is out of date"
PAGES = Subject("reports", REMEDY)
# Columns that depend on all comparisons.
OF_ALL = ("p_holm", "verdict", "mde_holm")


def read_of(task: str) -> tuple[str, ...]:
    """The paths on which the scores of a task depend, in addition to its predictions."""
    named = (f"artifacts/validated/{task}", f"artifacts/splits/{task}", f"reports/splits/{task}.json")
    return (*named, f"tasks/{task}.py", "harness", "params.yaml")


def made_of(task: str, family: str) -> tuple[str, ...]:
    """The paths on which the numbers of one comparison depend."""
    return (f"artifacts/predictions/{task}/{family}", f"artifacts/linear/{task}", *read_of(task))


def scores(root: Path, made: Rescored, task: str, family: str) -> Iterator[Check]:
    """Check the stored scores of a comparison against new scores that are computed from its predictions."""
    name = f"artifacts/scores/{task}/{family}.json"
    subject = Subject(f"{task}/{family}", f"`harness score {task} {family}`", (name,), made_of(task, family))
    again = yield from scored_again(root, made, f"{task}/{family}", subject)
    if again is None:
        return
    recorded = runs.read(root, task, family)
    folder = f"artifacts/predictions/{task}/{family}"
    yield from _validation(again["metrics"], again["primary"], recorded.runs, subject, folder)


def fold_scores(root: Path, made: Rescored, task: str, family: str) -> Iterator[Check]:
    """Check the stored scores of a cross-validation, and its entry in `artifacts/report.json`, against new ones."""
    key = f"cross-validation/{task}/{family}"
    name, above = f"artifacts/scores/{key}.json", (f"artifacts/predictions/{key}", *read_of(task))
    subject = Subject(key, f"`harness score-folds {task}`", (name,), above)
    if (yield from scored_again(root, made, key, subject)) is not None:
        again, stored = (exact(folder).get(key, ABSENT) for folder in (made.root, root))
        yield from subject.values("artifacts/report.json", again, stored, REMEDY)


def scored_again(root: Path, made: Rescored, key: str, subject: Subject) -> Generator[Check, None, Any]:
    """Check a stored scores file against the new one. `key` is its name without the ending, below `artifacts/scores/`.
    Returns the new scores, or None if scoring failed."""
    if (error := made.failed.get(key)) is not None:
        yield subject.wrong("predictions can be scored again", "scores", error.message, error.remedy)
        return None
    (name,) = subject.about
    again = read_json(made.root / name)
    yield from subject.values(
        f"{name}, computed again", again, read_json(root / name, made_by=subject.remedy.strip("`"))
    )
    return again


def _validation(
    metrics: list[dict], primary: str, made: Sequence[runs.Run], subject: Subject, folder: str
) -> Iterator[Check]:
    """Check that the validation score that fine-tuning recorded is the primary score of its stored validation rows."""
    scored = {(m["arm"], m["seed"]): m["value"] for m in metrics if (m["part"], m["metric"]) == ("validation", primary)}
    for run in made:
        if run.diverged or (run.arm, run.seed) not in scored:
            continue
        subject = subject.of(f"{folder}/runs.json", rests_on=(f"{folder}/{run.file}", "harness"))
        value = round(scored[run.arm, run.seed], 6)
        name = f"validation {primary} of {run.arm} seed {run.seed}"
        yield subject.same(f"{name}, from its predictions", value, run.best_validation)
        at_best = [point.validation for point in run.curve if point.step == run.best_step]
        yield subject.same(f"{name}, on its curve", [value], at_best)
        yield from _chosen(run, subject)


def _chosen(run: runs.Run, subject: Subject) -> Iterator[Check]:
    """Check that the kept weights have the highest selection score of the curve, and are the latest of equal ones."""
    best = max(([point.selection, point.step] for point in run.curve), default=ABSENT)
    name = f"weights kept of {run.arm} seed {run.seed}, by its curve"
    yield subject.same(name, best, [run.best_selection, run.best_step])


def rows(root: Path, made: Rescored, task: str, family: str) -> Iterator[Check]:
    """Check a comparison's rows in the CSVs and `provenance.json`, and its entry in `artifacts/report.json`."""
    subject, above = Subject(f"{task}/{family}", REMEDY), made_of(task, family)
    for name, keys in KEYS.items():
        of = subject.of(f"reports/{name}", rests_on=above)
        for check in table(root, made, name, {"task": task, "family": family}, keys, of):
            adjusted = check.name.endswith(OF_ALL)
            yield replace(check, rests_on=(*above, "artifacts/predictions")) if adjusted else check
    subject = subject.of(
        "reports/provenance.json", "artifacts/report.json", rests_on=(*above, f"artifacts/checkpoints/{family}")
    )
    again, stored = (read_json(folder / "reports" / "provenance.json") for folder in (made.root, root))
    for part in sorted((again.keys() | stored.keys()) - {"linear"}):
        new, old = ([row for row in content.get(part, []) if _of(row, task, family)] for content in (again, stored))
        yield from subject.values(f"provenance.json {part}", new, old)
    again, stored = (exact(folder) for folder in (made.root, root))
    yield from subject.values("artifacts/report.json", *(c.get(f"{task}/{family}", ABSENT) for c in (again, stored)))


def _of(row, task: str, family: str) -> bool:
    return isinstance(row, dict) and (row.get("task"), row.get("family")) == (task, family)


def table(
    root: Path, made: Rescored, name: str, of: dict[str, str], keys: tuple[str, ...], subject: Subject
) -> Iterator[Check]:
    """Check the rows of a CSV file against new ones, value by value. `of` maps columns to the values that select the
    rows. The columns `keys` identify one of these rows."""
    again, stored = (_csv(folder / "reports" / name, of, keys) for folder in (made.root, root))
    for key in dict.fromkeys([*again, *stored]):
        label = f"{name} {' '.join(key)}"
        if len(stored.get(key, [0])) > 1:
            yield subject.wrong(label, "one row", f"{len(stored[key])} rows")
            continue
        one, other = (rows[key][0] if key in rows else ABSENT for rows in (again, stored))
        yield from subject.values(label, one, other)


def _csv(path: Path, of: dict[str, str], keys: tuple[str, ...]) -> dict[tuple, list[dict]]:
    found: dict[tuple, list[dict]] = {}
    for row in _read(path):
        if all(row.get(column) == name for column, name in of.items()):
            found.setdefault(tuple(str(row[key]) for key in keys), []).append({str(k): v for k, v in row.items()})
    return found


def _read(path: Path) -> Iterable[dict[str | Any, Any]]:
    return csv.DictReader(io.StringIO(read_text(path, made_by="harness report")))


def leftovers(root: Path, known: Sequence[tuple[str, str]]) -> Iterator[Check]:
    """Report rows of the CSV files and of `provenance.json` that belong to no comparison of this run. `known` has all
    comparisons of this run, as (task, family)."""
    tasks = {task for task, _ in known}

    def extra(rows: Iterable, linear: bool) -> list:
        return [r for r in rows if (r.get("task") not in tasks if linear else not any(_of(r, *key) for key in known))]

    columns = {name: ("task", "family", *keys) for name, keys in KEYS.items()}
    columns["simple_baselines.csv"] = ("task", "system", "metric")
    for name, shown in columns.items():
        rows = extra(_read(root / "reports" / name), "family" not in shown)
        yield from _left_over(name, [" ".join(str(row.get(key)) for key in shown) for row in rows])
    content = read_json(root / "reports" / "provenance.json", made_by="harness report")
    for part, listed in sorted(content.items()):
        yield from _left_over(f"provenance.json {part}", [*map(as_line, extra(listed, part == "linear"))])


def _left_over(name: str, extra: list[str]) -> Iterator[Check]:
    for row in extra[:LISTED]:
        subject = PAGES.of(f"reports/{name.split()[0]}")
        yield subject.wrong(
            f"{name} {row}", "no such row", "a row that does not belong to this run", "`harness report`"
        )
    if not extra:
        yield PAGES.holds(f"{name}: every row belongs to a comparison of this run")


def pages(
    root: Path, made: Rescored, splits: Iterable[str], waiting: Collection[str], named: set[str]
) -> Iterator[Check]:
    """Check every file of `reports/` as a whole, and check that there are no other files.

    `splits` are the tasks whose split manifests belong there. `waiting` are the manifests of tasks that only other runs
    declare. Files in `named` already have findings and are left out.
    """
    if (error := made.failed.get("report")) is not None:
        yield PAGES.wrong("the reports can be rendered again", "reports", error.message, error.remedy)
        return
    again, stored = (_files(folder / "reports") for folder in (made.root, root))
    made_from = tuple(f"artifacts/{name}" for name in ("predictions", "linear", "validated", "splits", "corpus"))
    cards = (path.relative_to(root).as_posix() for path in (root / "artifacts" / "checkpoints").rglob("harness.json"))
    made_from = (*made_from, *sorted(cards), "reports/splits", "params.yaml", "tasks", "harness")
    expected = again.keys() | {f"splits/{task}.json" for task in splits}
    stored = {name: path for name, path in stored.items() if f"reports/{name}" not in waiting}
    for name in sorted(expected | stored.keys()):
        subject = PAGES.of(f"reports/{name}", rests_on=made_from)
        if name not in stored:
            yield subject.missing(f"reports/{name}", "`harness report`")
        elif name not in expected:
            subject = subject.of(f"reports/{name}")
            yield subject.wrong(
                f"reports/{name}", "no such file", "a file that no stage of this run writes", "remove it"
            )
        elif not name.startswith("splits/") and name not in named:
            yield from page(f"reports/{name}", again[name].read_bytes(), stored[name].read_bytes(), subject)


def _files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}


def page(label: str, again: bytes, stored: bytes, subject: Subject) -> Iterator[Check]:
    """Check the bytes of a `stored` file against those of the file made `again`. Text is compared line by line."""
    if again == stored:
        yield subject.holds(label)
    elif label.endswith((".csv", ".json", ".md", ".html", ".tex", ".svg", ".yaml", ".yml", ".txt")):
        yield from _lines(label, again.decode(), stored.decode(errors="replace"), subject)
    else:
        yield subject.wrong(label, f"{len(again)} bytes as made from the scores", f"{len(stored)} other bytes")


def _lines(label: str, again: str, stored: str, subject: Subject) -> Iterator[Check]:
    """Report lines that only one of the two texts has, by line number in the stored text, paired in order."""
    import difflib

    one, other = again.split("\n"), stored.split("\n")
    changes = [op for op in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if op[0] != "equal"]
    for _, a, b, c, d in changes[:LISTED]:
        for i in range(min(3, max(b - a, d - c))):
            expected, found = (one[a + i] if a + i < b else ABSENT), (other[c + i] if c + i < d else ABSENT)
            both = isinstance(expected, str) and isinstance(found, str)
            sides = apart(str(expected), str(found)) if both else (as_line(expected), as_line(found))
            yield subject.wrong(f"{label}, line {c + i + 1}", *sides)
    if not changes or len(changes) > LISTED:
        yield subject.wrong(label, "the same bytes", f"{len(changes)} places")
