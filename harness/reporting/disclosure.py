"""What may be shown of scores on restricted data: every comparison passes here before anything is written of it.

Frequencies follow `harness.evaluation.suppression`: confusion matrices, gold counts and the scores of single classes,
counts of leaking documents. A score of a whole test set stands, since it is what the comparison is for, and is
refused where the set has fewer than five rows or groups. What a score and its set's size say together is hidden where
they would give a matrix away: of a task with two labels, accuracy, sensitivity or the gold counts beside F1 do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import restricted
from harness.errors import DataError
from harness.evaluation.suppression import MINIMUM, Pattern, is_small, pattern

if TYPE_CHECKING:
    from harness.reporting.results import Comparison

LEAKS = "document_leak_rate"
Key = tuple[str, int, str]  # arm, seed, part


def disclosed(comparisons: Sequence["Comparison"]) -> list["Comparison"]:
    """The comparisons in their order, those of restricted data with None in the places that are not shown.

    Raises DataError where a part of restricted data is too small for any figure of it.
    """
    made = {}
    for task in dict.fromkeys(c.task for c in comparisons):
        group = [c for c in comparisons if c.task == task]
        if group[0].data_kind == restricted.KIND:
            group = _of_task(group)
        made |= {(task, c.family): c for c in group}
    return [made[c.task, c.family] for c in comparisons]


def _of_task(group: list["Comparison"]) -> list["Comparison"]:
    """The task's linear model beside its encoders: what may not be shown of one may be shown of none."""
    linear = group[0].classic
    shown = [*group, linear] if linear else group
    shown = _leaks(_classes(shown)) if group[0].head == "tokens" else _matrices(shown)
    return [replace(c, classic=shown[-1] if linear else None) for c in shown[: len(group)]]


def _require_rows(c: "Comparison") -> None:
    for part in (*c.parts, "validation"):
        counted = {"rows": c.n.get(part, 0), "groups": c.groups.get(part, 0)}
        if c.head != "tokens" and len(c.labels) == 2 and part in c.parts:
            counted |= {f"rows of {row['label']}": row["support"] for row in c.tables[c.arms[0], c.seeds[0], part]}
        for what, n in counted.items():
            if is_small(n):
                raise DataError(
                    f"{c.task}: the {part} part has fewer than {MINIMUM} {what}, and no figure of restricted data is "
                    "shown for so few.",
                    remedy=f"Give {c.task} more data, or take it out of run.tasks in params.yaml.",
                )


def _matrices(group: list["Comparison"]) -> list["Comparison"]:
    """Classification: matrices, and the class tables that would give them away."""
    for c in group:
        _require_rows(c)
    if len(group[0].labels) == 2:
        small = any(is_small(n) for c in group for _, table in _shown(c, c.matrices) for n in _counts(table))
        return [_only_primary(c) for c in group] if small else group
    if not group[0].matrices:
        # Of so many labels there is no matrix to find out from which counts may stand.
        return [_no_classes(c) for c in group]
    patterns = {
        (c.family, arm, part): pattern([c.matrices[arm, seed, part] for seed in c.seeds])
        for c in group
        for arm in c.arms
        for part in c.parts
    }
    # The gold counts are the same in every table of a part: what one may not show, none may.
    for part in group[0].parts:
        of_part = [made for (*_, p), made in patterns.items() if p == part]
        hidden = [any(made.rows[i] for made in of_part) for i in range(len(group[0].labels))]
        for made in of_part:
            made.rows = hidden
    return [_with_patterns(c, {key[1:]: made for key, made in patterns.items() if key[0] == c.family}) for c in group]


def _counts(table: Sequence[Sequence[int]]) -> list[int]:
    """Cells and totals of a table."""
    return [*(n for row in table for n in row), *map(sum, table), *map(sum, zip(*table, strict=True))]


def _with_patterns(c: "Comparison", patterns: dict[tuple[str, str], Pattern]) -> "Comparison":
    matrices, tables = {}, {}
    for (arm, part), made in patterns.items():
        secret = {c.labels[i] for i in range(len(c.labels)) if made.cells[i][i] or made.rows[i] or made.columns[i]}
        supports = {row["label"]: row["support"] for row in c.tables[arm, c.seeds[0], part]}
        secret = _two_or_none(secret, supports)
        counts = {c.labels[i] for i in range(len(c.labels)) if made.rows[i]}
        for seed in c.seeds:
            matrices[arm, seed, part] = made.apply(c.matrices[arm, seed, part])
            tables[arm, seed, part] = [_class_row(row, secret, counts) for row in c.tables[arm, seed, part]]
    return replace(c, matrices=matrices, tables=tables)


def _two_or_none(secret: set[str], supports: dict[str, int]) -> set[str]:
    """One class alone would follow from the mean over classes, so the smallest of the others goes with it."""
    others = sorted((n, label) for label, n in supports.items() if label not in secret)
    return secret | {others[0][1]} if len(secret) == 1 and others else secret


def _class_row(row: dict, secret: set[str], counts: set[str]) -> dict:
    made = dict(row)
    if row["label"] in secret:
        made |= dict.fromkeys(("precision", "recall", "f1"))
    if row["label"] in counts:
        made["support"] = None
    return made


def _only_primary(c: "Comparison") -> "Comparison":
    """Of two labels: the primary score alone. A second, the gold counts or a constant answer's would tell the rest."""
    secret = set(c.labels)
    return replace(
        c,
        values=_without(c.values, lambda key: key[3] == c.primary),
        matrices={key: [[None] * len(row) for row in matrix] for key, matrix in _shown(c, c.matrices)},
        tables={key: [_class_row(row, secret, secret) for row in rows] for key, rows in _shown(c, c.tables)},
        thresholds=(),
        constants_shown=False,
    )


def _no_classes(c: "Comparison") -> "Comparison":
    secret = set(c.labels)
    return replace(
        c, tables={key: [_class_row(row, secret, secret) for row in rows] for key, rows in _shown(c, c.tables)}
    )


def _shown(c: "Comparison", found: dict) -> Iterable[tuple[Key, list]]:
    """Only what belongs to the run and is reported; other seeds and the validation part go."""
    return ((key, value) for key, value in found.items() if key[1] in c.seeds and key[2] in c.parts)


def _without(values: dict, keep: Callable[[tuple], bool]) -> dict:
    return {key: value for key, value in values.items() if keep(key)}


def _classes(group: list["Comparison"]) -> list["Comparison"]:
    """Spans: a label is hidden where few documents hold it, or few of its spans were found, missed or invented."""
    for c in group:
        _require_rows(c)
    counts = {row["label"] for c in group for _, rows in _shown(c, c.tables) for row in rows if _rare(row)}
    found = []
    for c in group:
        tables = {}
        for arm in c.arms:
            for part in c.parts:
                runs = [c.tables[arm, seed, part] for seed in c.seeds]
                secret = counts | {row["label"] for rows in runs for row in rows if _few(row)}
                secret |= {
                    row["label"]
                    for run in c.privacy
                    if (run["arm"], run["part"]) == (arm, part)
                    for row in run["by_label"]
                    if _telling(row)
                }
                secret = _two_or_none(secret, {row["label"]: row["support"] for row in runs[0]})
                for seed, rows in zip(c.seeds, runs, strict=True):
                    tables[arm, seed, part] = [_class_row(row, secret, counts) for row in rows]
        found.append(replace(c, tables=tables))
    return found


def _rare(row: dict) -> bool:
    return is_small(row["support"])


def _few(row: dict) -> bool:
    """Spans matched, missed, or found where there are none, as precision and recall tell them."""
    matched = round(row["recall"] * row["support"])
    invented = round(matched / row["precision"]) - matched if row["precision"] else 0
    return any(map(is_small, (matched, row["support"] - matched, invented)))


def _telling(row: dict) -> bool:
    """A row of `harness.evaluation.privacy.by_label` that holds or implies a small count."""
    if "documents" not in row:
        return True
    leaking = round(row["document_leak_rate"] * row["documents"])
    masked, matched = (round(row[key] * row["support"]) for key in ("masked", "recall"))
    counted = (row["documents"], leaking, row["documents"] - leaking, masked, matched)
    return any(map(is_small, (*counted, row["support"] - masked, row["support"] - matched)))


def _leaks(group: list["Comparison"]) -> list["Comparison"]:
    """Documents that leak: a count of few people, told by its share as well."""
    small = any(
        is_small(n)
        for c in group
        for run in c.privacy
        for n in (
            run["documents"],
            run["leaking"],
            run["documents"] - run["leaking"],
            c.n[run["part"]] - run["documents"],
        )
    )
    if small and group[0].primary == LEAKS:
        raise DataError(
            f"{group[0].task}: its primary metric, {LEAKS}, would tell a count of fewer than {MINIMUM} documents.",
            remedy=f"Begin TASK.metrics in tasks/{group[0].task}.py with another one, or give the task more data.",
        )
    found = []
    for c in group:
        privacy = [
            {**run, "by_label": [{"label": row["label"]} if _telling(row) else row for row in run["by_label"]]}
            | (dict.fromkeys(("documents", "leaking")) if small else {})
            for run in c.privacy
        ]
        values = _without(c.values, lambda key: key[3] != LEAKS) if small else c.values
        found.append(replace(c, privacy=tuple(privacy), values=values))
    return found
