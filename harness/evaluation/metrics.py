"""From a task and its prediction lines to scores: the functions behind the metrics that a task names."""

import importlib
from collections.abc import Callable, Mapping

from harness import files
from harness.task import Task

# scikit-learn takes a second to import; span scores do without it.
_MODULE = {
    "sequence": "harness.evaluation.classification",
    "pair": "harness.evaluation.classification",
    "choice": "harness.evaluation.classification",
    "tokens": "harness.evaluation.spans",
}


def functions(task: Task) -> dict[str, Callable]:
    """The task's metrics by name, the primary one first."""
    known = importlib.import_module(_MODULE[task.head]).METRICS
    return {name: known[name] for name in task.metrics}


def decisions(task: Task, lines: list[dict], records: Mapping[str, Mapping] | None = None):
    """Prediction lines (as `finetune` writes them) as what the metrics of the task's head take.

    Where spans are sought, `records` are the validated ones by id: of their texts, which no prediction file holds, only
    is taken which characters nobody can read.
    """
    module = importlib.import_module(_MODULE[task.head])
    if task.head == "tokens":
        return module.SpanDecisions(
            task.labels,
            tuple(
                module.Document(
                    line["id"],
                    _spans(line["gold"]),
                    _spans(line["prediction"]),
                    line["length"],
                    module.unseen(records[line["id"]]["text"], line["gold"]),
                )
                for line in lines
            ),
        )
    return module.Decisions(
        task.labels,
        tuple(line["gold"] for line in lines),
        tuple(line["prediction"] for line in lines),
        tuple(line["group"] for line in lines),
        task.positive,
    )


def _spans(values: list) -> tuple:
    return tuple((start, end, label) for start, end, label in values)


def references(task: Task, decisions, training: list[str]) -> dict[str, dict[str, float]]:
    """What systems that read nothing score on the rows of `decisions`, by metric.

    `majority` answers with the commonest of the `training` labels (tokens: finds nothing). On a two-label task it
    may score 0 by never answering positive, so `always_positive` stands beside it.
    """
    module, constants = importlib.import_module(_MODULE[task.head]), {}
    if task.head == "tokens":
        constants["majority"] = module.nothing_found(decisions)
    else:
        constants["majority"] = module.constant(decisions, module.majority_label(training, task.labels))
        if task.positive is not None:
            constants["always_positive"] = module.constant(decisions, task.positive)
    scored = functions(task)
    return {name: {metric: f(d) for metric, f in scored.items()} for name, d in constants.items()}


def primary(task: Task, lines: list[dict], records: Mapping[str, Mapping] | None = None) -> float:
    """The task's primary score of prediction lines, on its own scale; `records` as in `decisions`."""
    return functions(task)[task.metrics[0]](decisions(task, lines, records))


def decision_hash(lines: list[dict]) -> str:
    """Hash of what was decided: id, part, gold and prediction of every line, in order of part and id.

    The scores behind a decision differ in their last digits between processors, and with them the
    hash of the file; what is counted does not.
    """
    ordered = sorted(lines, key=lambda line: (line["part"], line["id"]))
    return files.sha256_value([[line[key] for key in ("part", "id", "gold", "prediction")] for line in ordered])
