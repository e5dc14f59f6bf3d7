"""Notices about a task that is allowed but unusual, for its author; never an error."""

from collections.abc import Iterator
from pathlib import Path

from harness.artifacts import validated
from harness.report.model.results import MATRIX
from harness.task import Task

LABELS, ROWS = 500, 1_000_000


def notices(root: Path, task: Task) -> Iterator[str]:
    """One sentence for each unusual property, with its consequence."""
    if len(task.labels) > LABELS:
        yield (
            f"{task.name} has {len(task.labels):,} labels, where a few dozen are usual: those without a test row count "
            f"0 in a macro mean, of over {MATRIX} no confusion matrix is shown, and predictions hold a score of each."
        )
    made = (validated.folder_of(root, task.name) / "card.json").is_file()
    rows = validated.card(root, task.name).rows if made else 0
    if rows > ROWS:
        yield (
            f"{task.name} has {rows:,} rows, where thousands are usual: every stage reads them all, and fine-tuning "
            "sees only as many as its updates."
        )
