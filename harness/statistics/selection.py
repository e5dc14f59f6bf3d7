"""The rule that selects which weights of a training run are kept, the same for every kind of task and metric.

The rule is the Matthews correlation coefficient (Gorodkin's R_K for more than two classes, 2004, Computational Biology
and Chemistry 28, 367–374) of the answers to the validation part. It compares one label per row or, in tasks with spans,
one label or none per character. White space is left out, because no token contains white space. So a model that begins
an entity at every token gives a constant answer, too. A constant answer scores 0, and any answer that tells classes
apart scores more. F1 does not do this: “always positive” has F1 .667 on balanced labels. Until an entity is found
whole, strict F1 is 0, but this score is not. Of equal scores the later weights are kept, because a run without any
skill yet has still been trained.

Validation loss is not the rule: over-confidence raises the loss while the answers still become better. This was
measured on the generated tasks with encoders of a quarter of a million parameters, trained 3 to 8 times as long as
usual, with ten checkpoints per run. The mean test scores of the weights kept by this rule, by the primary score and by
loss were: AISMEC 73, 74 and 55 with one family (6 runs) and 78, 79 and 80 with another (4 runs), Synergi 66, 66 and 59
(6 runs), MedMCQA 41, 41 and 39 (4 runs), Nor-DeID 43 three times (4 runs). In one of the first six runs, loss kept
half-trained weights with F1 0.
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
    """Score the answers of a training run to the validation part, as {"selection": …, "validation": …}.

    `lines` are the prediction lines. `selection` is the score by which the kept weights are selected (see `score`).
    `validation` is the task's primary score, which the report shows. `records` is as in `task_metrics.decisions`.
    """
    return {"selection": score(task, lines, records), "validation": task_metrics.primary(task, lines, records)}


def score(task: Task, lines: Lines, records: Records | None = None) -> float:
    """The Matthews correlation of gold and answers in prediction `lines`, −1 to 1.

    The correlation is 0 if all gold or all answers are the same. If a row has several labels, the mean over labels is
    returned. `records`, as in `task_metrics.decisions`, is needed for tasks with spans.
    """
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
