"""The lists `pipeline/tasks/TASK/LIST.txt` of the parts of a task's file that a stage reads.

Labels, a title and a secondary metric are in one file. If a stage depended on the file, each of them would train anew.
So it depends on a hash of the fields that it reads. A run also depends on the file of the task's primary metric, but on
no other metric. `harness pipeline` writes the lists.
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
    """The content of each list, by its path below `pipeline/`, sorted. `source` is the code of the harness. `only` are
    the paths that are wanted (None: all)."""
    files = sorted(path for path in (root / "tasks").glob("*.py") if not path.name.startswith("_"))
    found = {f"tasks/{path.stem}/{name}.txt": (path, name) for path in files for name in sorted(UNREAD)}
    return {key: listing(*value, source) for key, value in found.items() if only is None or key in only}


def listing(path: Path, name: str, source: Source) -> str:
    """A line for the task's file, with SHA-256 of its syntax tree without the fields that the stages of list `name` do
    not read. For runs there is also a line for the file of the primary metric (all of them if none has its name)."""
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
    """The files of `harness/metrics/` that declare metrics, by their path in the package, with the metrics' names."""
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
    """The first metric of a declaration, if it is written out."""
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
