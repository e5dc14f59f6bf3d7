"""Compute further scores of one run: of slices of the data, over all thresholds, and of identifiers after masking.

Masking removes the predicted spans from a document. All results are aggregates. Cells of fewer than
`suppression.MINIMUM` rows are left out before anything is written, because a scores file may leave the site while the
data may not.
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
    """The ways to divide the `records` of one part into slices, as {way: {record id: value}}.

    Records with the same value form a slice. The ways are the columns `decided_by`, `document_type` and
    `written_standard`, each if a record of the part has the column. The value is None for a record without the column.
    A further way is `length`: the quarter of the part to which the record belongs by the number of characters of its
    texts.
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
    task: Task,
    decisions: Decided,
    ids: Sequence[str],
    divided: Mapping[str, Mapping[str, str | None]],
    measured: bool = True,
) -> list[dict[str, Any]]:
    """The primary score of every slice of a part. Returns a list of dicts with the keys `by`, `value`, `n` and `score`.

    `ids` are the record ids of `decisions`, in the same order. `divided` is the result of `slicings`. In the dict of a
    slice, `by` is the way of dividing, `value` the value that all rows of the slice have, and `n` the number of rows.
    `n` and `score` are None if the slice is suppressed. `score` is also None if the metric cannot be measured on the
    slice, or on the whole part (`measured` is false).
    """
    name = task.metrics[0]
    score = METRICS[name]

    def primary(some: Decided) -> float | None:
        return None if not measured or measurable.lacks_labels(task, name, some) else score(some)

    return [
        {"by": by, **asdict(found)}
        for by, values in divided.items()
        for found in slices.sliced(decisions, [values[i] for i in ids], primary)
    ]


def by_decider(decisions: Decided, values: Sequence[str | None]) -> dict[str, Decided]:
    """Divide the decisions of one part by kind of row, as {kind: decisions}. `values` has the kind of each row, which
    says what decides its answer. Returns an empty dict if a row has no kind (None)."""
    kinds = {value for value in values if value is not None}
    if None in values:
        return {}
    return {kind: decisions.subset([i for i, value in enumerate(values) if value == kind]) for kind in sorted(kinds)}


def kinds_of_groups(groups: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The kind of each group, as {group: kind}: what decides the answers to its rows. If the rows of a group have
    several kinds, their names are joined with "and". `groups` maps a row id to its group, and `values` a row id to its
    kind."""
    found: dict[str, set[str]] = {}
    for row, group in groups.items():
        found.setdefault(group, set()).add(values[row])
    return {group: " and ".join(sorted(kinds)) for group, kinds in found.items()}


def leaks(decisions: SpanDecisions) -> dict[str, Any]:
    """Count the identifiers that stay readable in the documents of one part, if the predicted spans are masked.

    Returns a dict. `documents` is the number of documents with an identifier. `leaking` is the number of documents in
    which a character of an identifier stays readable. `characters` is the number of characters of identifiers, and
    `leaked` the number of them that stay readable. `by_label` has one dict per label, as in
    `residual_identifiers.by_label`. The dict of a label that occurs in fewer than `suppression.MINIMUM` documents has
    no key but `label`.
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
    """The curves of the positive label over all thresholds, from the scores in the prediction `lines` of one part.

    Returns a dict with the keys `roc` and `calibration` (see `curves`). If prediction lines of the validation part are
    given as `validation`, the key `moved` has the F1 of `lines` at the threshold with the best F1 on the validation
    part. If `smallest` is above 1, every step of a curve covers at least `smallest` positive and `smallest` negative
    rows. Returns None if the task declares no positive label, or if a line has no scores.
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
