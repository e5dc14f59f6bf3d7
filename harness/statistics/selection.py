"""The rule that selects which weights of a training run are kept, the same for every head and metric.

The rule is the Matthews correlation coefficient (Gorodkin's R_K for more than two classes, 2004, Computational Biology
and Chemistry 28, 367–374) of the answers to the validation part: a label a row, or where spans are sought, a label or
none a character that is no white space: no token holds that, so that an entity begun at every token is a constant
answer, too. An answer that is always the same scores 0 and any that tells classes apart scores more, which F1
does not give: “always positive” has F1 .667 on balanced labels. Before the first entity is whole, strict F1 is 0 and
this is not. Of equal scores the later weights are kept, since a run that says nothing yet has still been trained.

Validation loss is no such rule: over-confidence raises it while the answers still become better. Measured on the
generated tasks with encoders of a quarter of a million parameters, trained 3 to 8 times as long as usual, ten
checkpoints a run; mean test score of those kept by this rule, by the primary score and by loss: AISMEC 73, 74 and 55
with one family (6 runs) and 78, 79 and 80 with another (4), Synergi 66, 66 and 59 (6), MedMCQA 41, 41 and 39 (4),
Nor-DeID 43 three times (4). Of the first six runs, loss kept half-trained weights with F1 0 in one.
"""

from typing import TYPE_CHECKING

from harness import heads
from harness.metrics import METRICS
from harness.statistics import task_metrics
from harness.statistics.task_metrics import Lines, Records
from harness.task import Task

if TYPE_CHECKING:
    import numpy as np

RULE = "the validation answers' Matthews correlation, a label a row or a character but white space; of equals the later"


def judged(task: Task, lines: Lines, records: Records | None = None) -> dict[str, float]:
    """What a training run is told of its answers to the validation part: `selection`, by which weights are kept, and
    `validation`, the task's primary score, which the report shows; `records` as in `task_metrics.decisions`."""
    return {"selection": score(task, lines, records), "validation": task_metrics.primary(task, lines, records)}


def score(task: Task, lines: Lines, records: Records | None = None) -> float:
    """The Matthews correlation of prediction lines, −1 to 1; 0 where all gold or all answers are the same. `records` as
    in `task_metrics.decisions`: needed where spans are sought."""
    import numpy as np

    head, position = heads.of(task), {label: i for i, label in enumerate(task.labels, start=1)}
    gold, answers = (
        np.concatenate([np.asarray(head.coded(line, side, position, records)) for line in lines])
        for side in ("gold", "prediction")
    )
    if gold.ndim == 1:
        return _correlation(gold, answers, len(position) + 1)
    return float(np.mean([_correlation(*of, 2) for of in zip(gold.T, answers.T, strict=True)]))


def _correlation(gold: "np.ndarray", answers: "np.ndarray", number: int) -> float:
    import numpy as np

    right, gold, called = (np.bincount(side, minlength=number) for side in (gold[gold == answers], gold, answers))
    return float(METRICS["mcc"].score(np.stack([right, called - right, gold - right], axis=-1).ravel()))
