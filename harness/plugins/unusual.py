"""Tell the author of a task what is allowed but unusual about the task. Nothing here is an error."""

from collections.abc import Iterator
from pathlib import Path

from harness.artifacts import validated
from harness.report.model.results import MATRIX
from harness.task import Task

LABELS, ROWS = 500, 1_000_000


def notices(root: Path, task: Task) -> Iterator[str]:
    """Yield one sentence for each unusual property of a task, with its consequence."""
    if len(task.labels) > LABELS:
        yield (
            f"{task.name} has {len(task.labels):,} labels (a few dozen are usual). Labels without a test row count 0 "
            f"in a macro mean, more than {MATRIX} labels have no confusion matrix, and predictions have a score of "
            "each label."
        )
    made = (validated.folder_of(root, task.name) / "card.json").is_file()
    rows = validated.card(root, task.name).rows if made else 0
    if rows > ROWS:
        yield (
            f"{task.name} has {rows:,} rows (thousands are usual). Every stage reads them all, but fine-tuning uses "
            "only as many as its updates need."
        )
