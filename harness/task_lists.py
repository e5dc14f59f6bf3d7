"""`pipeline/tasks/TASK/LIST.txt`: what a task's file says to the stages that read it.

Labels, a title and a secondary metric stand in one file. A stage that depended on the file would train anew for each of
them, so it depends on a hash of the fields that it reads. `harness pipeline` writes the lists.
"""

import ast
import hashlib
from pathlib import Path

from harness.code import as_text

_WORDS = ("title", "licence", "citation", "public")
# By list, the fields of `harness.task.Task` that its stages do not read; a field that is added is read by all.
UNREAD = {
    "validate": (*_WORDS, "metrics", "positive"),
    "split": (*_WORDS, "metrics", "positive", "reader", "schema", "version"),
    "runs": (*_WORDS, "reader", "schema", "version", "groups"),
    "score": (*_WORDS, "reader", "schema", "version", "groups"),
    "report": (),
}
# By stage, the list it depends on.
READS = {
    "validate": "validate",
    "split": "split",
    "finetune": "runs",
    "crossvalidate": "runs",
    "classic": "runs",
    "score": "score",
    "score_folds": "score",
    "report": "report",
    "track": "report",
}


def listings(root: Path) -> dict[str, str]:
    """What each list has to say, by its path below `pipeline/`, sorted."""
    files = sorted(path for path in (root / "tasks").glob("*.py") if not path.name.startswith("_"))
    return {f"tasks/{path.stem}/{name}.txt": listing(path, name) for path in files for name in sorted(UNREAD)}


def listing(path: Path, name: str) -> str:
    """A line: the task's file, and SHA-256 of its syntax tree without what the stages of list `name` do not read."""
    content = path.read_bytes()
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        said = content  # whoever reads the task says what is wrong with it
    else:
        for statement in tree.body:
            if _is_declaration(statement):
                statement.value.keywords = [read for each in statement.value.keywords if (read := _read(each, name))]
        said = as_text(tree).encode()
    return f"tasks/{path.name} {hashlib.sha256(said).hexdigest()}\n"


def _is_declaration(statement: ast.stmt) -> bool:
    """`TASK = Task(…)`; what is written in another way counts as a whole."""
    return (
        isinstance(statement, ast.Assign)
        and [getattr(target, "id", None) for target in statement.targets] == ["TASK"]
        and isinstance(statement.value, ast.Call)
        and getattr(statement.value.func, "id", None) == "Task"
    )


def _read(field: ast.keyword, name: str) -> ast.keyword | None:
    """The field as the stages of list `name` read it: runs are steered by a task's first metric alone."""
    if field.arg in UNREAD[name]:
        return None
    if name == "runs" and field.arg == "metrics" and isinstance(field.value, ast.Tuple):
        return ast.keyword(field.arg, ast.Tuple(field.value.elts[:1], ast.Load()))
    return field
