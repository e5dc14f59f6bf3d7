"""Make the lists `pipeline/tasks/TASK/LIST.txt`, which have the hash of the parts of a task's file that a stage reads.

One file of a task has its labels, its title and its secondary metrics. If a stage depended on the whole file, a new
title would cause new training. So a stage depends on a hash of the fields that it reads. A fine-tuning also depends on
the file of the task's primary metric, but on no other metric. `harness pipeline` writes the lists.
"""

import ast
import hashlib
from collections.abc import Collection
from pathlib import Path

from harness.pipeline.code import Source, as_text

_WORDS = ("title", "licence", "citation", "public", "language")
# List → the fields of `harness.task.Task` that its stages do not read. A new field counts as read by all.
UNREAD = {
    "validate": (*_WORDS, "metrics", "positive", "translation_of"),
    "split": (*_WORDS, "metrics", "positive", "reader", "schema", "version"),
    "runs": (*_WORDS, "reader", "schema", "version", "groups", "translation_of"),
    "score": (*_WORDS, "reader", "schema", "version", "groups", "translation_of"),
    "report": (),
}
# Stage → the list that it depends on.
READS = {
    "validate": "validate",
    "split": "split",
    "finetune": "runs",
    "crossvalidate": "runs",
    "linear": "runs",
    "score": "score",
    "score_folds": "score",
    "report": "report",
    "track": "report",
}


def listings(root: Path, source: Source, only: Collection[str] | None = None) -> dict[str, str]:
    """The content that each list of a task should have, by its path below `pipeline/`, sorted.

    `source` is the code of the harness. `only` are the paths that are wanted (None: all).
    """
    files = sorted(path for path in (root / "tasks").glob("*.py") if not path.name.startswith("_"))
    found = {f"tasks/{path.stem}/{name}.txt": (path, name) for path in files for name in sorted(UNREAD)}
    return {key: listing(*value, source) for key, value in found.items() if only is None or key in only}


def listing(path: Path, name: str, source: Source) -> str:
    """The content of the list `name` ("validate", "split", "runs", "score" or "report") for the task's file at `path`.

    A line has the SHA-256 of the file's syntax tree, without the fields that the stages of this list do not read. The
    list "runs" also has a line for the file of the primary metric. If no file declares that metric, it has a line for
    every file with metrics.
    """
    content, leading = path.read_bytes(), None
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        said = content  # the error is reported when the task is read
    else:
        for statement in tree.body:
            if declared := _declaration(statement):
                leading = _leading(declared)
                declared.keywords = [read for each in declared.keywords if (read := _read(each, name))]
        said = as_text(tree).encode()
    lines = [f"tasks/{path.name} {hashlib.sha256(said).hexdigest()}"]
    if name == "runs":
        known = metric_files(source.package)
        chosen = [file for file, declared in known.items() if leading in declared] or list(known)
        found = source.contents([f"harness.metrics.{Path(file).stem}" for file in chosen])
        lines += [f"harness/{file} {found[file]}" for file in chosen]
    return "".join(f"{line}\n" for line in lines)


def metric_files(package: Path) -> dict[str, frozenset[str]]:
    """The names of the metrics that each file in `harness/metrics/` declares, by the file's path in the package."""
    found = {}
    for path in sorted((package / "metrics").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
        names = frozenset(
            str(call.args[0].value)
            for call in calls
            if getattr(call.func, "id", None) == "Metric" and isinstance(call.args[0], ast.Constant)
        )
        if names:
            found[f"metrics/{path.name}"] = names
    return found


def _leading(declaration: ast.Call) -> str | None:
    """The name of the first metric in a task's declaration. None if the metrics are not written out there."""
    for field in declaration.keywords:
        if field.arg == "metrics" and isinstance(field.value, ast.Tuple) and field.value.elts:
            return getattr(field.value.elts[0], "value", None)
    return None


def _declaration(statement: ast.stmt) -> ast.Call | None:
    """The call in `TASK = Task(…)`; None for any other statement, which counts as a whole."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return None
    named = [getattr(target, "id", None) for target in statement.targets], getattr(statement.value.func, "id", None)
    return statement.value if named == (["TASK"], "Task") else None


def _read(field: ast.keyword, name: str) -> ast.keyword | None:
    """The field as the stages of list `name` read it, or None. Runs depend on a task's first metric only."""
    if field.arg in UNREAD[name]:
        return None
    if name == "runs" and field.arg == "metrics" and isinstance(field.value, ast.Tuple):
        return ast.keyword(field.arg, ast.Tuple(field.value.elts[:1], ast.Load()))
    return field
