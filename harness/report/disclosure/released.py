"""Reduce comparisons on restricted data to the figures that the disclosure check released.

What is released of a task was decided when it was scored (`harness.statistics.disclosure.disclosing`): a ratio of
counts tells the counts, so scores are as fine as the ladder of `harness.statistics.disclosure.coarsening` allows, and
of a task below its first rung nothing but that is left here, in place of the stored scores. On the first rung no count
of a run is small; frequencies then follow `harness.privacy.suppression`. Slices, readings, robustness, learning curves
and the validation part's scores are about other rows, or fewer, and are not shown of any restricted task; nor are
hashes of decisions, which whoever knows the pseudonyms could find again by trying all answers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import heads
from harness.errors import DataError
from harness.privacy import restricted
from harness.privacy.suppression import MINIMUM, crowded, is_small
from harness.report.model.results import Comparison
from harness.statistics.disclosure import releasing
from harness.statistics.disclosure.coarsening import SEEDS, WITHHELD
from harness.statistics.disclosure.releasing import Figures, Release
from harness.statistics.paired import Estimate
from harness.system import files

LEAKS = "document_leak_rate"
TOO_SMALL = (
    f"withheld: the test part is too small, its figures would tell a count under {MINIMUM}, or it cannot be measured"
)
Key = tuple[str, int | None, str]  # arm, seed, part


def disclosed(root: Path, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons in their order, those of restricted data as they were released."""
    made: dict[tuple[str, str], Comparison] = {}
    for task in dict.fromkeys(c.task for c in comparisons):
        group = [c for c in comparisons if c.task == task]
        if group[0].data_kind == restricted.KIND:
            group = [_without_few(_closed(c)) for c in group]
            found = release(root, task)
            group = _of_task(group) if found.rung.name == SEEDS else [_coarse(c, found) for c in group]
        made |= {(task, c.family): c for c in group}
    return [made[c.task, c.family] for c in comparisons]


def release(root: Path, task: str) -> Release:
    """What the disclosure check has let through of a restricted task. Raises DataError where it saw other scores."""
    made_by, folder = f"harness score {task}", Path(root) / "artifacts" / "scores" / task
    stored = files.read_json(Path(root) / releasing.place(task), made_by=made_by)
    try:
        found = releasing.read(stored)
    except (KeyError, TypeError):
        raise DataError(
            f"{releasing.place(task)} was not written by this version of the harness.",
            remedy=f"Check what may be released again with `{made_by}`.",
        ) from None
    for system, sha256 in found.bound.items():
        path = folder / system / "linear.json" if system == "linear" else folder / f"{system}.json"
        if not path.is_file() or files.sha256(path) != sha256:
            raise DataError(
                f"{task}: the scores of {system} are not those that were checked for what they tell of few rows.",
                remedy=f"Check them again with `{made_by}`.",
            )
    return found


def _closed(c: Comparison) -> Comparison:
    """Without what no rung releases."""
    # A hash of the answers alone is found again by trying all of them. Their file holds scores of every row, and keyed
    # names of groups that stand nowhere else, so that its hash is not.
    of_files = {name: c.inputs["predictions"][name] for name in c.inputs.get("decisions", {})}
    # A label that training or validation lack is a count of theirs: nought.
    return replace(
        c,
        slices=(),
        learning=(),
        readings=(),
        tuned=None,
        untuned={},
        robustness=(),
        lacking={},
        inputs={**c.inputs, "decisions": of_files} if of_files else c.inputs,
        linear=_closed(c.linear) if c.linear else None,
    )


def _coarse(c: Comparison, release: Release) -> Comparison:
    """The comparison with nothing of its scores but what is released."""
    shown = {part: found.get(c.family, Figures()) for part, found in release.figures.items() if part in c.parts}
    test = shown.get("test", Figures())
    none = release.rung.name == WITHHELD
    return replace(
        c,
        rung=release.rung,
        values={},
        tables={},
        matrices={},
        reference={},
        estimates={("test", arm): _estimate(c, test, arm) for _, arm in c.estimates if ("test", arm) in c.estimates},
        evidence={} if none else {arm: _evidence(c, test, arm) for arm in test.against},
        privacy=(),
        thresholds=(),
        constants={},
        constants_shown=False,
        unmeasurable={"test": {c.primary: heads.named(c.head).unreleased or TOO_SMALL}} if none else {},
        linear=_coarse(c.linear, release) if c.linear else None,
    )


def _estimate(c: Comparison, figures: Figures, arm: str) -> Estimate:
    """What is shown of a difference."""
    known, found = c.estimates["test", arm], figures.against.get(arm, {})
    untold = known.n_groups is None or is_small(known.n_groups)
    nothing = Estimate.of_nothing(None if untold else known.n_groups, known.n_seeds, known.n_replicates)
    return replace(
        nothing, delta=found.get("delta"), ci_low=found.get("low"), ci_high=found.get("high"), p_value=found.get("p")
    )


def _evidence(c: Comparison, figures: Figures, arm: str) -> Estimate:
    """What a verdict follows from, as an estimate that is judged like any other."""
    found, known = figures.against[arm], c.estimates["test", arm]
    return replace(
        Estimate.of_nothing(known.n_groups, known.n_seeds, known.n_replicates), delta=float(found.get("sign") or 0),
        p_value=found.get("p"), p_equivalent=found.get("same"), skill_low=0.0 if found.get("collapsed") else None,
    )  # fmt: skip


def _of_task(group: list[Comparison]) -> list[Comparison]:
    """The task's linear model beside its encoders: what may not be shown of one may be shown of none."""
    linear = group[0].linear
    shown = [*group, linear] if linear else group
    shown = _leaks(_classes(shown)) if "masking" in heads.named(group[0].head).shows else _matrices(shown)
    return [replace(c, linear=shown[-1] if linear else None) for c in shown[: len(group)]]


def _without_few(c: Comparison) -> Comparison:
    """Without the size of parts that have few rows or groups, and without any figure of those besides the test part:
    what is released of that, the check has decided."""
    few = {part for of in (c.n, c.groups) for part, n in of.items() if is_small(n)}
    gone = few - {"test"}
    # One part's size tells that of the others.
    untold = heads.named(c.head).decides != "spans" and crowded(c.n["test"], len(c.labels))
    kept: dict = {}
    for name in ("n", "groups"):
        kept[name] = {part: None if untold or is_small(n) else n for part, n in getattr(c, name).items()}
    for name in ("values", "tables", "matrices"):
        kept[name] = _without(getattr(c, name), lambda key: key[2] not in gone)
    for name in ("constants", "unmeasurable"):
        kept[name] = _without(getattr(c, name), lambda part: part not in gone)
    for name in ("privacy", "thresholds"):
        kept[name] = tuple(run for run in getattr(c, name) if run["part"] not in gone)
    estimates = _without(c.estimates, lambda key: key[0] not in gone)
    if untold:
        estimates = {key: replace(estimate, n_groups=None) for key, estimate in estimates.items()}
    return replace(c, **kept, estimates=estimates, linear=_without_few(c.linear) if c.linear else None)


def _matrices(group: list[Comparison]) -> list[Comparison]:
    """Classification: what was taken for what is counted by cells, and no label's count being small says nothing of
    those. Where one is, nought included, there is no matrix."""
    shown = [dict(_reported(c, c.matrices)) for c in group]
    if any(n < MINIMUM for of in shown for matrix in of.values() for row in matrix for n in row):
        shown = [{} for _ in group]
    return [
        replace(c, matrices=matrices, tables=dict(_reported(c, c.tables)))
        for c, matrices in zip(group, shown, strict=True)
    ]


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


def _reported(c: Comparison, found: dict) -> Iterable[tuple[Key, Any]]:
    """Only what belongs to the run and is reported; other seeds and the validation part go."""
    return ((key, value) for key, value in found.items() if key[1] in c.seeds and key[2] in c.parts)


def _without(values: dict, keep: Callable[[tuple], bool]) -> dict:
    return {key: value for key, value in values.items() if keep(key)}


def _classes(group: list[Comparison]) -> list[Comparison]:
    """Spans: a label is hidden where few documents hold it, or few of its spans were found, missed or invented."""
    counts = {row["label"] for c in group for _, rows in _reported(c, c.tables) for row in rows if _rare(row)}
    found = []
    for c in group:
        tables: dict[Key, list[dict]] = {}
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
    return row["support"] < MINIMUM


def _few(row: dict) -> bool:
    """Spans matched, missed, or found where there are none, as precision and recall tell them."""
    matched = round(row["recall"] * row["support"])
    invented = round(matched / row["precision"]) - matched if row["precision"] else 0
    return min(matched, row["support"] - matched, invented) < MINIMUM


def _telling(row: dict) -> bool:
    """A row of `harness.statistics.residual_identifiers.by_label` that holds or implies a small count."""
    if "documents" not in row:
        return True
    leaking = round(row["document_leak_rate"] * row["documents"])
    masked, matched = (round(row[key] * row["support"]) for key in ("masked", "recall"))
    counted = (row["documents"], leaking, row["documents"] - leaking, masked, matched)
    return min(*counted, row["support"] - masked, row["support"] - matched) < MINIMUM


def _leaks(group: list[Comparison]) -> list[Comparison]:
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
