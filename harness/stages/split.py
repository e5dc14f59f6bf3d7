"""Stage `split`: divide validated records into parts, run the leakage gate, and write the frozen manifest."""

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
    """Write `reports/splits/<name>.json` and `artifacts/splits/<name>/{leakage,groups}.json`; returns what the gate
    has to say though nothing leaks, such as a label that a part lacks.

    An existing manifest of the same task, source, seed and shares is extended, never changed. Raises
    LeakageError, and writes nothing, where the result shares anything between its splits.
    """
    task = registry.get(root, name)
    card, records = validated.card(root, name), validated.records(root, name)
    # A translation is split as its original: by the original's texts, and with the rows that it lacks.
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
    # Seed, ids and parts are published: with them alone the order would tell which rows have the same label.
    key = pseudonyms.read_key(root) if card.ids else None
    order = key.pseudonym(name, "order", str(settings.seed)) if key else settings.seed
    splits = splitting.split(rows, settings.shares, order, frozen)
    labels = {record["id"]: frozenset(head.labels_of(record)) for record in basis}
    few = _crowded(task, splits, settings) if card.kind == restricted.KIND else ()
    places = spreading.spread(splits, rows, labels, settings.shares, order, frozen, few)
    splits = twins.placed(task, records, places) if basis is not records else places
    _require_rows(splits, settings, name)

    # Without the excluded records, which may be all that held two groups together.
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
        # The lock holds this file's hash: without salt whoever tries out label counts would find the right ones.
        report["salt"] = key.pseudonym(name, "salt", "leakage")
    # An id that is gone for now keeps its split for when it comes back.
    retired = {record_id: split for record_id, split in (frozen | places).items() if splits.get(record_id) != split}
    Groups.of(groups=groups).write(groups_place(root, name), hidden=key is not None)
    even.write_json(leakage_place(root, name), described(LEAKAGE, report), key is not None)
    write_json(target, header | {"splits": splits, "retired": retired})
    return [f"{finding.check}: {finding.detail}." for finding in findings if finding.level == "note"]


def _crowded(task: Task, splits: dict[str, str], settings: Split) -> tuple[str, ...]:
    """The parts with so few rows that it would tell how many have which label if each stood there."""
    if heads.of(task).decides == "spans":
        return ()
    rows = Counter(splits.values())
    return tuple(part for part in settings.shares if crowded(rows[part], len(task.labels)))


def lineage(source: dict) -> str:
    """What a manifest belongs to. Generated data are another data set with every revision of the
    generator; a public or local source stays itself while rows are added."""
    if source["kind"] == "synthetic":
        return " ".join(filter(None, ("synthetic", source["address"], source["revision"])))
    return source["address"] or source["kind"]


def frozen_splits(path: Path, header: dict) -> dict[str, str]:
    """The splits of an earlier manifest with this header, retired ids included; otherwise nothing."""
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
            remedy="Put that key back; or, if it is lost, remove the manifest (own ids: from git's history, too) and "
            "split anew.",
        )
    if differing:
        return {}
    # Of a row that is excluded for its translation alone the place is kept beside.
    known = splits | manifest.get("retired", {})
    wrong = sorted(record_id for record_id, split in known.items() if split not in allowed)
    if wrong:
        raise DataError(
            f"{path}: {wrong[0]!r} has the split {known[wrong[0]]!r} ({len(wrong)} such).",
            remedy=f"Restore it from git; splits are {', '.join(sorted(allowed))}.",
        )
    return known


def counts(head: heads.Head, records: list[dict], splits: dict[str, str], groups: dict[str, str]) -> dict:
    """Rows, groups and labels (of spans, where there are spans), over all and by split."""
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
    """The text-blind sibling rule under this split and, for contrast, under a split of single rows."""
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
            f"{name}: {len(splits)} records leave nothing for {', '.join(empty)}.",
            remedy="Provide more records or groups, or larger shares under split in params.yaml.",
        )
