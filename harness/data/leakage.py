"""Check a finished split for leakage: groups and texts that occur in more than one part.

The grouping is not trusted. Duplicates and near duplicates are searched for again in the finished split. Findings have
record ids and never a text, so findings may be shown for restricted data, too.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness import heads
from harness.data.grouping import DRIFT, ROUNDING, shared_texts
from harness.data.splitting import EXCLUDED
from harness.data.spreading import lacking
from harness.errors import LeakageError
from harness.heads import Head
from harness.task import Task

SHOWN_IDS = 5
KEPT_IDS = 20
KEPT_LABELS = 20


@dataclass(frozen=True)
class LeakageCheck:
    """The result of one check.

    `check` is the name of the check. `level` is "ok", "note" or "error". `count` is the number of faults, and `detail`
    describes them. `ids` are the first KEPT_IDS records with a fault.
    """

    check: str
    level: str
    count: int
    ids: tuple[str, ...]
    detail: str


def examine(
    task: Task,
    records: Sequence[Mapping],
    splits: Mapping[str, str],
    groups: Mapping[str, str],
    shares: Mapping[str, float],
    placed: Collection[str] = (),
) -> list[LeakageCheck]:
    """Run all leakage checks on a split, and return their results.

    `splits` maps each id to its part. Excluded records are not checked. `groups` maps the id of each other record to
    its group. The keys of `shares` are the parts of the split. `placed` are the ids that an earlier, frozen split had
    placed already (see `grouping.DRIFT`).
    """
    records = sorted(records, key=lambda record: record["id"])
    head = heads.of(task)
    all_texts = {record["id"]: shared_texts(record, head) for record in records}
    records = [record for record in records if splits[record["id"]] != EXCLUDED]
    texts = {record["id"]: all_texts[record["id"]] for record in records}
    own_groups = {record_id: (group,) for record_id, group in groups.items()}
    repeated = torn(texts, splits)
    findings = [
        _across("groups across splits", sorted(torn(own_groups, splits)), "one group in several"),
        _across("exact duplicates across splits", repeated, "one text in several"),
        *_near(task.groups.near_duplicate, all_texts, splits, frozenset(placed)),
        label_shares(head, records, splits, groups, shares),
        labels_everywhere(task, records, splits, shares),
    ]
    if task.groups.text_blind_siblings:
        siblings = [record_id for record_id in repeated if splits[record_id] == "test"]
        detail = "a text of the test split also occurs in another split and reveals the label"
        findings.append(_across("text-blind sibling rule", siblings, detail))
    return findings


def enforce(findings: Sequence[LeakageCheck], task: str, manifest: str) -> None:
    """Raise LeakageError if findings have the level "error". The message lists all of these findings. `task` is the
    task's name, and `manifest` is the file with the split, which the remedy names."""
    errors = [finding for finding in findings if finding.level == "error"]
    if not errors:
        return
    lines = [f"{task}: the split leaks."]
    for finding in errors:
        more = ", …" if finding.count > SHOWN_IDS and len(finding.ids) > SHOWN_IDS else ""
        ids = f" Records: {', '.join(finding.ids[:SHOWN_IDS])}{more}." if finding.ids else ""
        lines.append(f"{finding.check}: {finding.count} ({finding.detail}).{ids}")
    raise LeakageError(
        "\n".join(lines),
        remedy=f"Restore {manifest} from git if it was edited; to split anew, remove it first.",
    )


def torn(keys: Mapping[str, Collection[str]], splits: Mapping[str, str]) -> list[str]:
    """The ids of the records that share a key with a record in another part. `keys` maps each id to the record's keys
    (its texts or its group), and `splits` maps each id to its part."""
    parts: dict[str, set[str]] = {}
    for record_id, held in keys.items():
        for key in held:
            parts.setdefault(key, set()).add(splits[record_id])
    return [record_id for record_id, held in keys.items() if any(len(parts[key]) > 1 for key in held)]


def near_across(
    texts: Mapping[str, frozenset[str]], splits: Mapping[str, str], threshold: float
) -> list[tuple[str, str, float]]:
    """All pairs of near-duplicate records in different parts, as (id, id, cosine). Two records are near duplicates if
    two of their texts have a cosine of at least `threshold`.

    `texts` maps each id to the record's texts, and `splits` maps it to its part. The cosine is that of the grouping
    (log TF-IDF over character n-grams), computed here independently from the counts. Only texts outside the training
    part are compared with all others. Excluded records are in no pair. Their texts only take part in the term weights,
    so that grouping and check have the same weights.
    """
    unique = sorted({text for held in texts.values() for text in held})
    if len(unique) < 2:
        return []
    import numpy
    from sklearn.preprocessing import normalize

    from harness.data.cosines import close_pairs, counted

    counts = counted(unique)
    documents_with = numpy.bincount(counts.indices, minlength=counts.shape[1])
    weights = numpy.log((1 + len(unique)) / (1 + documents_with)) + 1
    counts.data = (1 + numpy.log(counts.data)) * weights[counts.indices]
    vectors = normalize(counts, copy=False)

    holders: dict[str, list[str]] = {}
    for record_id, held in texts.items():
        for text in held:
            holders.setdefault(text, []).append(record_id)
    passive = ("train", EXCLUDED)
    held_out = [i for i, text in enumerate(unique) if any(splits[r] not in passive for r in holders[text])]
    found = set()
    for rows, others, cosines in close_pairs(vectors, threshold + ROUNDING, held_out):
        for row, other, cosine in zip(rows.tolist(), others.tolist(), cosines.tolist(), strict=True):
            found |= {
                (*sorted((a, b)), round(cosine, 6))
                for a in holders[unique[row]]
                for b in holders[unique[other]]
                if splits[a] != splits[b] and EXCLUDED not in (splits[a], splits[b])
            }
    return sorted(found)


def label_shares(
    head: Head,
    records: Sequence[Mapping],
    splits: Mapping[str, str],
    groups: Mapping[str, str],
    names: Collection[str],
) -> LeakageCheck:
    """Check that each label's share in each part differs from its share in all rows by no more than chance allows.

    A label's share is the share of rows that have the label. `names` are the parts. `splits` maps each id to its part,
    and `groups` to its group. The tolerance for a share p in a part of n rows is three standard errors of a simple
    random sample, 3·sqrt(p(1-p)/n), plus the largest group's share of the part, which no placement avoids. If rows may
    have several labels, a deviation is only a note, because no placement serves all labels.
    """
    pool = [record for record in records if splits[record["id"]] in names]
    held = {record["id"]: frozenset(head.labels_of(record)) for record in pool}
    totals = Counter(label for labels in held.values() for label in labels)
    largest = max(Counter(groups[record["id"]] for record in pool).values(), default=0)
    beyond, worst = [], 0.0
    for name in sorted(names):
        part = [held[record["id"]] for record in pool if splits[record["id"]] == name]
        counts = Counter(label for labels in part for label in labels)
        for label in sorted(totals):
            if not part:
                continue
            p = totals[label] / len(pool)
            off = abs(counts[label] / len(part) - p)
            worst = max(worst, off)
            if off > 3 * math.sqrt(p * (1 - p) / len(part)) + largest / len(part):
                beyond.append(f"the share of {label} in {name} deviates by {off:.3f}")
    detail = "; ".join(beyond) or f"largest deviation of a label's share {worst:.4f}"
    level = "note" if head.nothing else "error"
    return LeakageCheck("label shares", level if beyond else "ok", len(beyond), (), detail)


def labels_everywhere(
    task: Task, records: Sequence[Mapping], splits: Mapping[str, str], names: Collection[str]
) -> LeakageCheck:
    """Check that every part in `names` has every label of the task. A missing label is only a note and no error,
    because some data leave no other choice if groups stay whole."""
    head = heads.of(task)
    held = {record["id"]: frozenset(head.labels_of(record)) for record in records if splits[record["id"]] in names}
    known = set().union(*held.values()) if held else set()
    gaps = lacking(held, splits, names) | {label: tuple(names) for label in task.labels if label not in known}
    said = [f"{label} is missing from {' and '.join(gaps[label])}" for label in sorted(gaps)]
    if not said:
        return LeakageCheck("labels in every part", "ok", 0, (), "every part has every label")
    more = f"; and {len(said) - KEPT_LABELS} more" if len(said) > KEPT_LABELS else ""
    detail = "; ".join(said[:KEPT_LABELS]) + more
    return LeakageCheck(
        "labels in every part",
        "note",
        len(said),
        (),
        f"{detail} (a label cannot be learnt or measured in a part that lacks it)",
    )


def text_blind_rule(records: Sequence[Mapping], splits: Mapping[str, str], head: Head) -> dict:
    """The accuracy of a rule that does not read the texts: a test record gets the opposite of its sibling's label in
    training.

    The task must have two labels. A sibling is a record with a shared text, and several siblings vote. A test record
    without a sibling in training, or with a tie, counts as half right, as for a coin. Returns {"test": number of test
    records, "with_sibling": number of test records with a sibling in training, "accuracy": share of right answers}. The
    accuracy is None if there are no test records.
    """
    in_training: dict[str, Counter] = {}
    for record in records:
        if splits[record["id"]] == "train":
            for text in shared_texts(record, head):
                in_training.setdefault(text, Counter())[record["label"]] += 1
    test = [record for record in records if splits[record["id"]] == "test"]
    covered, right = 0, 0.0
    for record in test:
        votes = sum((in_training.get(text, Counter()) for text in shared_texts(record, head)), Counter())
        same, other = votes[record["label"]], votes.total() - votes[record["label"]]
        covered += bool(votes)
        right += 0.5 if same == other else float(other > same)
    accuracy = round(right / len(test), 4) if test else None
    return {"test": len(test), "with_sibling": covered, "accuracy": accuracy}


def _near(threshold: float, texts, splits, placed: frozenset[str]) -> list[LeakageCheck]:
    pairs = near_across(texts, splits, threshold)
    drifted = [p for p in pairs if p[0] in placed and p[1] in placed and p[2] < threshold + DRIFT]
    leaking = sorted({record_id for pair in set(pairs) - set(drifted) for record_id in pair[:2]})
    findings = [_across("near duplicates across splits", leaking, f"cosine of character n-grams from {threshold}")]
    if drifted:
        ids = sorted({record_id for pair in drifted for record_id in pair[:2]})
        detail = f"pairs of an earlier split whose cosine is now between {threshold} and {threshold + DRIFT:.2f}"
        findings.append(LeakageCheck("drifted near duplicates", "note", len(ids), tuple(ids[:KEPT_IDS]), detail))
    return findings


def _across(check: str, ids: list[str], detail: str) -> LeakageCheck:
    return LeakageCheck(check, "error" if ids else "ok", len(ids), tuple(ids[:KEPT_IDS]), detail)
