"""Compute further scores of one run: by slice, by threshold, and the readable identifiers after masking of spans.

Everything here is an aggregate. Cells of fewer than `suppression.MINIMUM` rows are left out before anything is written,
because a scores file may leave the site while the data may not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness import heads
from harness.metrics import METRICS, Decided
from harness.metrics.decided.spans import SpanDecisions
from harness.privacy.suppression import MINIMUM
from harness.statistics import measurable, residual_identifiers, slices
from harness.task import Task

DECIDED_BY = "decided_by"
COLUMNS = (DECIDED_BY, "document_type", "written_standard")
LENGTH = "length"


def slicings(task: Task, records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str | None]]:
    """Each way to divide the `records` of one part: a name, and a value by record id.

    The ways are `decided_by`, `document_type` and `written_standard` if a record of the part has the column, and always
    `length`, the quarter by characters of the head's text columns.
    """
    ordered = sorted(records, key=lambda record: record["id"])
    found = {
        column: {record["id"]: record.get(column) for record in ordered}
        for column in COLUMNS
        if any(record.get(column) is not None for record in ordered)
    }
    if ordered:
        texts_of = heads.of(task).texts_of
        quarters = slices.length_quartiles([sum(map(len, texts_of(record))) for record in ordered])
        found[LENGTH] = {record["id"]: quarter for record, quarter in zip(ordered, quarters, strict=True)}
    return found


def by_slice(
    task: Task, decisions: Decided, ids: Sequence[str], divided: Mapping[str, Mapping[str, str | None]]
) -> list[dict[str, Any]]:
    """The primary score of every slice: {"by", "value", "n", "score"}.

    `ids` are the record ids of `decisions`, in order. `divided` is as `slicings` returns it. `n` and `score` are None
    in a suppressed cell. `score` is also None if it cannot be measured.
    """
    name = task.metrics[0]
    score = METRICS[name]

    def primary(some: Decided) -> float | None:
        return None if measurable.fault_of(task, name, some) else score(some)

    return [
        {"by": by, **asdict(found)}
        for by, values in divided.items()
        for found in slices.sliced(decisions, [values[i] for i in ids], primary)
    ]


def by_decider(decisions: Decided, values: Sequence[str | None]) -> dict[str, Decided]:
    """The decisions of one part by what decides a row (`values`, one per row); empty if a value is None."""
    kinds = {value for value in values if value is not None}
    if None in values:
        return {}
    return {kind: decisions.subset([i for i, value in enumerate(values) if value == kind]) for kind in sorted(kinds)}


def kinds_of_groups(groups: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The kind of each group: what decides its rows, joined if these differ. `groups` and `values` are by row."""
    found: dict[str, set[str]] = {}
    for row, group in groups.items():
        found.setdefault(group, set()).add(values[row])
    return {group: " and ".join(sorted(kinds)) for group, kinds in found.items()}


def leaks(decisions: SpanDecisions) -> dict[str, Any]:
    """The leakage of identifiers in the documents of one part, as a privacy officer asks for it.

    `documents` is the number of documents with an identifier. `leaking` is the number of these in which a character of
    an identifier stays readable. `leaked` is the number of readable characters among all identifying `characters`.
    `by_label` has the rows of `residual_identifiers.by_label`. The row of a label in fewer documents than the minimum
    has nothing but the label.
    """
    by_document = residual_identifiers.by_document(decisions)
    rows = [
        row if row["documents"] >= MINIMUM else {"label": row["label"]}
        for row in residual_identifiers.by_label(decisions)
    ]
    return {
        "documents": len(by_document),
        "leaking": sum(leak.leaked > 0 for leak in by_document.values()),
        **asdict(residual_identifiers.leaked_characters(decisions)),
        "by_label": rows,
    }


def thresholds(
    task: Task,
    lines: Sequence[Mapping[str, Any]],
    smallest: int = 1,
    validation: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any] | None:
    """`roc` and `calibration` of the positive label from stored scores; None if the task declares no positive label or
    a line has no scores. No step of either covers fewer than `smallest` rows of a kind.

    If lines of the `validation` part are given, `moved` is the F1 at the threshold that has the best F1 on them.
    """
    if task.positive is None or not all("scores" in line for line in [*lines, *validation]):
        return None
    from harness.statistics import curves

    gold, given = _scored(task, lines)
    called = [line["prediction"] == task.positive for line in lines] if smallest > 1 else ()
    found: dict[str, Any] = {
        "roc": curves.roc(gold, given, smallest, called),
        "calibration": curves.calibration(gold, given, smallest=smallest, called=called),
    }
    if validation:
        from sklearn.metrics import f1_score

        at = curves.best_threshold(*_scored(task, validation))
        found["moved"] = float(f1_score(gold, [score >= at for score in given], zero_division=0))
    return found


def _scored(task: Task, lines: Sequence[Mapping[str, Any]]) -> tuple[list[bool], list[float]]:
    """Two lists over the lines: whether the gold label is positive, and the score of the positive label."""
    assert task.positive is not None
    at = task.labels.index(task.positive)
    return [line["gold"] == task.positive for line in lines], [line["scores"][at] for line in lines]
