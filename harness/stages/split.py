"""Stage `split`: divide validated records into parts, check that the parts share nothing, and freeze the result.

The check is called the leakage gate. The result is called the manifest: a file with the part of every id.
"""

from collections import Counter
from itertools import chain
from pathlib import Path

from harness import heads
from harness.artifacts import validated
from harness.artifacts.artifact import described
from harness.artifacts.split import LEAKAGE, Groups, groups_place, leakage_place, manifest_place
from harness.data import grouping, leakage, splitting, spreading, twins
from harness.errors import DataError
from harness.params.config import Split
from harness.plugins import registry
from harness.privacy import even, pseudonyms, restricted
from harness.privacy.suppression import crowded
from harness.system.files import read_json, sha256, write_json
from harness.task import Task


def run(root: Path, name: str, settings: Split) -> list[str]:
    """Write the manifest (`reports/splits/<name>.json`) and `artifacts/splits/<name>/{leakage,groups}.json`.

    The manifest has the part of every id. Returns the notes of the leakage gate, as sentences. Notes are no leaks, for
    example that a part lacks a label. An existing manifest of the same task, source, seed and shares is extended, never
    changed. Raises LeakageError, and writes nothing, if the parts share anything.
    """
    task = registry.get(root, name)
    card, records = validated.card(root, name), validated.records(root, name)
    # A translation is split like its original: by the original's texts, and with the rows that the translation lacks.
    basis = validated.originals(root, name) or records
    target = manifest_place(root, name)
    source = lineage(card.source)
    header = {"task": name, "source": source, "seed": settings.seed, "shares": settings.shares}
    if card.ids:
        header["ids"] = card.ids.plain()
    frozen = frozen_splits(target, header)
    if task.translation_of:
        frozen |= frozen_splits(manifest_place(root, task.translation_of), header | {"task": task.translation_of})

    head = heads.of(task)
    links = grouping.find_links(basis, task.groups, head)
    groups = grouping.components(links, [record["id"] for record in basis], frozen)
    strata = head.strata(basis)
    rows = [
        splitting.Row(record["id"], groups[record["id"]], strata[record["id"]], record["part"] == "holdout")
        for record in basis
    ]
    # Seed, ids and parts are published. An order by these alone would reveal which rows have the same label.
    key = pseudonyms.read_key(root) if card.ids else None
    order = key.pseudonym(name, "order", str(settings.seed)) if key else settings.seed
    splits = splitting.split(rows, settings.shares, order, frozen)
    labels = {record["id"]: frozenset(head.labels_of(record)) for record in basis}
    few = _crowded(task, splits, settings) if card.kind == restricted.KIND else ()
    places = spreading.spread(splits, rows, labels, settings.shares, order, frozen, few)
    splits = twins.placed(task, records, places) if basis is not records else places
    _require_rows(splits, settings, name)

    # Without the excluded records, which may be the only link between two groups.
    live = [record_id for record_id, split in places.items() if split != splitting.EXCLUDED]
    groups = grouping.components(links, live, frozen)
    groups = {i: group for i, group in groups.items() if splits.get(i, splitting.EXCLUDED) != splitting.EXCLUDED}
    findings = leakage.examine(task, records, splits, groups, settings.shares, frozen)
    leakage.enforce(findings, name, f"reports/splits/{name}.json")

    report = {
        "task": name,
        "seed": settings.seed,
        "near_duplicate_threshold": task.groups.near_duplicate,
        **counts(head, records, splits, groups),
        "near_duplicate_links": len(links.near),
        "checks": [vars(finding) | {"ids": list(finding.ids)} for finding in findings],
        "text_blind_rule": text_blind(task, records, splits, settings),
        "inputs": {"records": sha256(validated.records_place(root, name))},
    }
    if key:
        # dvc.lock contains this file's hash. Without salt, label counts could be found by trying them out.
        report["salt"] = key.pseudonym(name, "salt", "leakage")
    # An id that is missing for now keeps its part for when it comes back.
    retired = {record_id: split for record_id, split in (frozen | places).items() if splits.get(record_id) != split}
    Groups.of(groups=groups).write(groups_place(root, name), hidden=key is not None)
    even.write_json(leakage_place(root, name), described(LEAKAGE, report), key is not None)
    write_json(target, header | {"splits": splits, "retired": retired})
    return [f"{finding.check}: {finding.detail}." for finding in findings if finding.level == "note"]


def _crowded(task: Task, splits: dict[str, str], settings: Split) -> tuple[str, ...]:
    """The parts with so few rows that some label would have a small count if every label had a row there."""
    if heads.of(task).decides == "spans":
        return ()
    rows = Counter(splits.values())
    return tuple(part for part in settings.shares if crowded(rows[part], len(task.labels)))


def lineage(source: dict) -> str:
    """The name of the data set that a manifest belongs to, from the data's `source` record. Every revision of the
    generator makes another data set. A public or local source keeps its name while rows are added."""
    if source["kind"] == "synthetic":
        return " ".join(filter(None, ("synthetic", source["address"], source["revision"])))
    return source["address"] or source["kind"]


def frozen_splits(path: Path, header: dict) -> dict[str, str]:
    """The part of each id in an earlier manifest at `path`, including retired ids (rows that are missing now).

    Returns an empty dict if there is no manifest, or one with another `header` (task, source, seed, shares). Raises
    DataError if the file is damaged, or if it was made with another key for pseudonyms.
    """
    if not path.is_file():
        return {}
    manifest = read_json(path)
    allowed = {*header["shares"], splitting.HOLDOUT, splitting.EXCLUDED}
    splits = manifest.get("splits") if isinstance(manifest, dict) else None
    if not isinstance(splits, dict) or not isinstance(manifest.get("retired", {}), dict):
        raise DataError(f"{path} is not a split manifest.", remedy="Restore it from git, or remove it to split anew.")
    differing = {key for key, value in header.items() if manifest.get(key) != value}
    if differing == {"ids"}:
        # Its ids mean nothing under this key: splitting anew would silently move frozen rows.
        made = "another key" if manifest.get("ids") else "the site's own ids"
        raise DataError(
            f"{path} was made with {made}, not with the key in {pseudonyms.KEY_FILE}.",
            remedy="Restore that key. If it is lost, remove the manifest (with the site's own ids also from git's "
            "history) and split anew.",
        )
    if differing:
        return {}
    # A row that is excluded only for its translation keeps its part in `retired`.
    known = splits | manifest.get("retired", {})
    wrong = sorted(record_id for record_id, split in known.items() if split not in allowed)
    if wrong:
        raise DataError(
            f"{path}: {wrong[0]!r} is in the unknown part {known[wrong[0]]!r} (rows with an unknown part: "
            f"{len(wrong)}).",
            remedy=f"Restore the file from git. The parts are {', '.join(sorted(allowed))}.",
        )
    return known


def counts(head: heads.Head, records: list[dict], splits: dict[str, str], groups: dict[str, str]) -> dict:
    """The numbers of rows, groups and labels (for span tasks: of spans), in total and by part. `splits` maps an id to
    its part, and `groups` an id to its group."""
    by_split = {}
    for split in sorted(set(splits.values())):
        part = [record for record in records if splits[record["id"]] == split]
        by_split[split] = {
            "rows": len(part),
            "groups": len({groups[record["id"]] for record in part if record["id"] in groups}),
            "labels": dict(sorted(Counter(chain.from_iterable(map(head.labels_of, part))).items())),
        }
    return {
        "rows": len(records),
        "groups": len(set(groups.values())),
        "largest_group": max(Counter(groups.values()).values(), default=0),
        "excluded": sum(split == splitting.EXCLUDED for split in splits.values()),
        "splits": by_split,
    }


def text_blind(task: Task, records: list[dict], splits: dict[str, str], settings: Split) -> dict | None:
    """The accuracy of a rule that reads no text, under this split and, for contrast, under a split of single rows.

    The rule answers with the opposite of the label of a training row that shares a text (`leakage.text_blind_rule`).
    Returns None if the task does not ask for this check or the rule does not fit the task.
    """
    head = heads.of(task)
    if not task.groups.text_blind_siblings or len(task.labels) != 2 or head.nothing:
        return None
    strata = head.strata(records)
    rows = [splitting.Row(record["id"], record["id"], strata[record["id"]]) for record in records]
    torn = splitting.split(rows, settings.shares, settings.seed)
    return {
        "grouped_split": leakage.text_blind_rule(records, splits, head),
        "row_split": leakage.text_blind_rule(records, torn, head),
    }


def _require_rows(splits: dict[str, str], settings: Split, name: str) -> None:
    sizes = Counter(splits.values())
    empty = [split for split in settings.shares if not sizes[split]]
    if empty:
        raise DataError(
            f"{name}: {len(splits)} records are too few: {', '.join(empty)} would be empty.",
            remedy="Provide more records or groups, or larger shares under split in params.yaml.",
        )
