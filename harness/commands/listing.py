"""Print the registered tasks and the profiles (presets of `params.yaml`) as tables in the terminal."""

import json
from pathlib import Path

from harness.task import Task


def task_table(root: Path, tasks: dict[str, Task]) -> None:
    """Print a table with one line per task.

    If a task has no data, its number of rows and its kind of data are dashes.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("task", "what", "head", "metric", "rows", "data", "schema"):
        table.add_column(column, justify="right" if column == "rows" else "left", overflow="fold")
    for name, task in sorted(tasks.items()):
        rows, kind = _data_facts(root, name)
        # `Text`, because rich reads square brackets in strings as markup.
        table.add_row(*map(Text, (name, task.title, task.head, task.metrics[0], rows, kind, task.version)))
    _print(table)


def _data_facts(root: Path, name: str) -> tuple[str, str]:
    """(number of records, kind of data) from the validated card, or only the kind from the source record, or dashes."""
    for file, rows in (
        (root / "artifacts/validated" / name / "card.json", True),
        (root / "data" / name / "source.json", False),
    ):
        try:
            card = json.loads(file.read_text(encoding="utf-8"))
            return (str(card["rows"]) if rows else "–"), card["kind"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return "–", "–"


def profile_table(root: Path) -> None:
    """Print the profiles with their purposes. The profile that equals `params.yaml` is marked as in use."""
    from rich import box
    from rich.table import Table

    from harness.params import profiles

    current = root / "params.yaml"
    now = current.read_text(encoding="utf-8") if current.is_file() else ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("profile", "what", "in use"):
        table.add_column(column)
    for name in profiles.names():
        # Putting a profile together from its two files is slow, so its name is looked for first.
        used = f"profile: {name}\n" in now and profiles.text(name) == now
        table.add_row(name, profiles.purpose(name), "yes" if used else "")
    _print(table)


def _print(table) -> None:
    from rich.console import Console

    # A pipe has no width: give it room instead of folding columns to 80 characters.
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    console.print(table)
