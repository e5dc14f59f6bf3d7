"""Reduce scores on restricted data to the numbers that the disclosure check released.

The check ran when the task was scored (`harness.statistics.disclosure.disclosing`). A score is a ratio of counts and
discloses these counts. So the check chose one of the kinds of release (`Rung`) that
`harness.statistics.disclosure.coarsening` describes, from "seeds" (every run) to "withheld" (nothing). If the kind is
"seeds", no count of a run is small, and only further small counts are removed here, by the rule of
`harness.privacy.suppression`. If the kind is any other, the released numbers replace the stored scores.

Slices, readings, robustness, learning curves and validation scores are about other or fewer rows than the check covers,
so they are never shown for restricted data. Hashes of decisions are not shown either: a person who knows the pseudonyms
could find the decisions by trying all answers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import heads
from harness.errors import DataError
from harness.privacy import restricted
from harness.privacy.suppression import MINIMUM, crowded, is_small
from harness.report.model.results import Comparison, of_part
from harness.report.text.formats import by_task
from harness.statistics.disclosure import releasing
from harness.statistics.disclosure.coarsening import SEEDS, WITHHELD
from harness.statistics.disclosure.releasing import Figures, Release
from harness.statistics.paired import Estimate
from harness.system import files

LEAKS = "document_leak_rate"
TOO_SMALL = (
    f"withheld: the test part is too small, its figures would reveal a count under {MINIMUM}, or it cannot be measured"
)
Key = tuple[str, int, str]  # arm, seed, part


def disclosed(root: Path, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The given comparisons in the same order, with those on restricted data reduced to what was released. `root` is
    the repository, which has the records of the disclosure check."""
    made: dict[tuple[str, str], Comparison] = {}
    for group in by_task(comparisons):
        if group[0].data_kind == restricted.KIND:
            group = [_without_few(_closed(c)) for c in group]
            found = release(root, group[0].task)
            group = _of_task(group) if found.rung.name == SEEDS else [_coarse(c, found) for c in group]
        made |= {(c.task, c.family): c for c in group}
    return [made[c.task, c.family] for c in comparisons]


def release(root: Path, task: str) -> Release:
    """Read from the repository `root` which figures of a restricted task may be shown. The disclosure check wrote this
    record.

    Raises MissingInputError if there is no record. Raises DataError if the stored scores are not those that the check
    saw, or if the record has another format.
    """
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
                f"{task}: the scores of {system} are not those that were checked for small counts.",
                remedy=f"Check them again with `{made_by}`.",
            )
    return found


def _closed(c: Comparison) -> Comparison:
    """The comparison without what no rung releases."""
    # The decisions could be found from their hash by trying all answers. The prediction file also has scores of every
    # row and keyed group names that are nowhere else, so its hash is safe.
    of_files = {name: c.inputs["predictions"][name] for name in c.inputs.get("decisions", {})}
    # A label in `lacking` has the count 0 in that part, and such a count is not released.
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
    """The comparison with the released numbers in place of its scores."""
    test = release.figures.get("test", {}).get(c.family, Figures())
    none = release.rung.name == WITHHELD
    return replace(
        c,
        rung=release.rung,
        values={},
        tables={},
        matrices={},
        estimates={("test", arm): _estimate(c, test, arm) for arm in c.others},
        evidence={} if none else {arm: _evidence(c, test, arm) for arm in test.against},
        privacy=(),
        thresholds=(),
        constants={},
        constants_shown=False,
        unmeasurable={"test": {c.primary: heads.named(c.head).unreleased or TOO_SMALL}} if none else {},
        linear=_coarse(c.linear, release) if c.linear else None,
    )


def _estimate(c: Comparison, figures: Figures, arm: str) -> Estimate:
    """The released numbers of a difference as an estimate, with the sizes that may be shown. All others are None."""
    known, found = c.estimates["test", arm], figures.against.get(arm, {})
    untold = known.n_groups is None or is_small(known.n_groups)
    nothing = Estimate.of_nothing(None if untold else known.n_groups, known.n_seeds, known.n_replicates)
    return replace(
        nothing, delta=found.get("delta"), ci_low=found.get("low"), ci_high=found.get("high"), p_value=found.get("p")
    )


def _evidence(c: Comparison, figures: Figures, arm: str) -> Estimate:
    """The released numbers behind a verdict, as an estimate that is judged like any other."""
    found, known = figures.against[arm], c.estimates["test", arm]
    return replace(
        Estimate.of_nothing(known.n_groups, known.n_seeds, known.n_replicates), delta=float(found.get("sign") or 0),
        p_value=found.get("p"), p_equivalent=found.get("same"), skill_low=0.0 if found.get("collapsed") else None,
    )  # fmt: skip


def _of_task(group: list[Comparison]) -> list[Comparison]:
    """The comparisons of a task without the counts and scores that may not be shown, for its linear model, too."""
    linear = group[0].linear
    shown = [*group, linear] if linear else group
    shown = _leaks(_classes(shown)) if "masking" in heads.named(group[0].head).shows else _matrices(shown)
    return [replace(c, linear=shown[-1] if linear else None) for c in shown[: len(group)]]


def _without_few(c: Comparison) -> Comparison:
    """The comparison without sizes of parts that have few rows or groups, and without scores of such parts. Scores of a
    small test part stay, because the disclosure check has decided on them."""
    few = {part for of in (c.n, c.groups) for part, n in of.items() if is_small(n)}
    gone = few - {"test"}
    # The size of one part discloses the sizes of the others.
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
    """The comparisons of a classification task. All confusion matrices are removed if any cell is below MINIMUM (0
    included), because a cell can be small even if no count of a label is small."""
    shown = [dict(_reported(c, c.matrices)) for c in group]
    if any(n < MINIMUM for of in shown for matrix in of.values() for row in matrix for n in row):
        shown = [{} for _ in group]
    return [
        replace(c, matrices=matrices, tables=dict(_reported(c, c.tables)))
        for c, matrices in zip(group, shown, strict=True)
    ]


def _two_or_none(secret: set[str], supports: dict[str, int]) -> set[str]:
    """The hidden labels, and the rarest other label if only one is hidden. The score of a single hidden label would
    follow from the mean over labels."""
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
    """The items of `found` for the run's seeds and the reported parts."""
    return ((key, value) for key, value in found.items() if key[1] in c.seeds and key[2] in c.parts)


def _without(values: dict, keep: Callable[[tuple], bool]) -> dict:
    return {key: value for key, value in values.items() if keep(key)}


def _classes(group: list[Comparison]) -> list[Comparison]:
    """The comparisons of a span task, without the scores of labels with small counts. A count is small if few spans or
    documents have the label, or if few spans were found, missed or invented."""
    counts = {
        row["label"] for c in group for _, rows in _reported(c, c.tables) for row in rows if row["support"] < MINIMUM
    }
    found = []
    for c in group:
        tables: dict[Key, list[dict]] = {}
        for arm in c.arms:
            for part in c.parts:
                runs = [c.tables[arm, seed, part] for seed in c.seeds]
                secret = counts | {row["label"] for rows in runs for row in rows if _few(row)}
                secret |= {
                    row["label"] for run in of_part(c.privacy, arm, part) for row in run["by_label"] if _telling(row)
                }
                secret = _two_or_none(secret, {row["label"]: row["support"] for row in runs[0]})
                for seed, rows in zip(c.seeds, runs, strict=True):
                    tables[arm, seed, part] = [_class_row(row, secret, counts) for row in rows]
        found.append(replace(c, tables=tables))
    return found


def _few(row: dict) -> bool:
    """Is the number of spans matched, missed or invented small, as precision and recall disclose it?"""
    matched = round(row["recall"] * row["support"])
    invented = round(matched / row["precision"]) - matched if row["precision"] else 0
    return min(matched, row["support"] - matched, invented) < MINIMUM


def _telling(row: dict) -> bool:
    """Does a row of `harness.statistics.residual_identifiers.by_label` contain or imply a small count?"""
    if "documents" not in row:
        return True
    leaking = round(row["document_leak_rate"] * row["documents"])
    masked, matched = (round(row[key] * row["support"]) for key in ("masked", "recall"))
    counted = (row["documents"], leaking, row["documents"] - leaking, masked, matched)
    return min(*counted, row["support"] - masked, row["support"] - matched) < MINIMUM


def _leaks(group: list[Comparison]) -> list[Comparison]:
    """The comparisons of a masking task, without small counts of documents. A document leaks if an identifier in the
    document stays readable.

    The number and the share of leaking documents are removed if few documents (1 to 4) have an identifier, have none,
    leak, or do not leak: such a count is about few people, and the share discloses the count. The masking scores of a
    label are removed if a count of the label is small.
    """
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
