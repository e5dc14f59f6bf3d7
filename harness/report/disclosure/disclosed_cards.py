"""Remove small counts of restricted data from the cards: the descriptions of data sets, splits, corpora and checkpoints
that the stages wrote.

A count that may not be shown becomes None. `harness.privacy.suppression` says which counts may not be shown.
"""

from collections.abc import Mapping
from dataclasses import replace

from harness import heads
from harness.artifacts.scores import TESTED
from harness.privacy import restricted
from harness.privacy.suppression import crowded, is_small, protected, suppressed
from harness.report.text.background import Background

ABOUT_LABELS = ("label shares", "labels in every part")


def disclosed(known: Background) -> Background:
    """The cards of the report (`known`) without the small counts of restricted data. If one data set is restricted, all
    corpora and checkpoints are treated as if they contained restricted text."""
    kinds = {card["kind"] for card in known.cards.values()} | {(known.corpus.get("source") or {}).get("kind")}
    hidden = {task for task, card in known.cards.items() if card["kind"] == restricted.KIND}
    few = {task for task in hidden if _crowded(known.cards[task], known.leakage[task])}
    return replace(
        known,
        cards={task: data(card, task in few) if task in hidden else card for task, card in known.cards.items()},
        leakage={task: split(found, task in few) if task in hidden else found for task, found in known.leakage.items()},
        corpus=corpus(known.corpus) if restricted.KIND in kinds and known.corpus else known.corpus,
        checkpoints={
            key: checkpoint(card) if restricted.KIND in kinds else card for key, card in known.checkpoints.items()
        },
    )


def _crowded(card: Mapping, leakage: Mapping) -> bool:
    """Does the test part have so few rows that no size of any part may be shown?"""
    rows = leakage["splits"].get("test", {}).get("rows", 0)
    head = heads.HEADS.get(str(card.get("head")))
    return (head is None or head.decides != "spans") and crowded(rows, len(card.get("labels", ())))


def parted(counts: Mapping[str, int], shown: tuple[str, ...] = ()) -> tuple[dict[str, int | None], bool]:
    """Hide the small counts among `counts`, which add up to a total. Further counts are hidden if a small one would
    follow from the rest.

    Returns the counts by name, with None for a hidden count, and whether the total may be shown together with these
    counts. The names in `shown` are counts that the report shows elsewhere, so they cannot be hidden to protect other
    counts.
    """
    hidden = suppressed(counts, shown=shown)
    kept = {name: None if name in hidden else n for name, n in counts.items()}
    return kept, protected([counts[name] for name in hidden])


def data(card: Mapping, few: bool = False) -> dict:
    """The card of a restricted data set without small counts. `few` says that the test part has too few rows, so that
    no row count at all may be shown (see `_crowded`).

    The number of rows read is hidden if a hidden number of dropped rows would follow from it. Label counts are always
    hidden: a split keeps the shares of labels, so the total of a label would disclose its count in the test part.
    """
    dropped, together = parted(card.get("dropped", {}))
    labels = dict.fromkeys(card.get("labels", {}))
    parts, _ = parted(card.get("parts", {}))
    alone = {reason: None if is_small(n) else n for reason, n in card.get("repaired", {}).items()}
    read = card["rows_in"] if together else None
    made = {**card, "rows_in": read, "dropped": dropped, "labels": labels, "parts": parts, "repaired": alone}
    if few:
        made |= {"rows_in": None, "rows": None}
        made |= {name: dict.fromkeys(made[name]) for name in ("dropped", "parts", "repaired")}
    return made


def split(leakage: Mapping, few: bool = False) -> dict:
    """The leakage report of a restricted data set, which the stage `split` wrote, without small counts, record ids and
    label counts. `few` says that the test part has too few rows, so that no size at all may be shown (see
    `_crowded`)."""
    sizes = {}
    for what in ("rows", "groups"):
        counted = {part: found[what] for part, found in leakage["splits"].items() if found.get(what) is not None}
        # The sizes of these parts are shown with every score, so they cannot be hidden to protect another part's size.
        sizes[what], _ = parted(counted, TESTED)
    made = dict(leakage)
    if few:
        sizes = {"rows": {}, "groups": {}}
        made |= {"rows": None, "groups": None}
    for name in ("largest_group", "excluded", "near_duplicate_links"):
        made[name] = None if few else _alone(leakage.get(name))
    made["splits"] = {
        part: {what: sizes[what].get(part) for what in ("rows", "groups")} | {"labels": {}}
        for part in leakage["splits"]
    }
    # The share of a label is a ratio of counts, and a label that a part lacks has the count 0.
    made["checks"] = [
        {**check, "count": _alone(check["count"]), "ids": []}
        | ({"count": None, "detail": "", "level": "ok"} if check["check"] in ABOUT_LABELS else {})
        for check in leakage.get("checks", [])
    ]
    made["text_blind_rule"] = None
    made.pop("salt", None)
    return made


def corpus(card: Mapping) -> dict:
    made = {**card, "parts": {name: _tally(tally) for name, tally in card.get("parts", {}).items()}}
    made.pop("salt", None)
    return made


def _tally(tally: Mapping) -> dict:
    """The document counts of one corpus without small numbers of removed documents. Totals of removed documents by
    reason are never kept. The number of documents read is hidden if a hidden number of removed documents would follow
    from it."""
    removed = {
        f"{reason}\n{kind}": n
        for reason, counts in tally["removed"].items()
        for kind, n in counts["by_document_type"].items()
    }
    kept, together = parted(removed)
    made = {
        reason: {**counts, "documents": None}
        | {"by_document_type": {kind: kept[f"{reason}\n{kind}"] for kind in counts["by_document_type"]}}
        for reason, counts in tally["removed"].items()
    }
    documents = tally["documents"] if together else {**tally["documents"], "in": None}
    return {**tally, "removed": made, "documents": documents}


def checkpoint(card: Mapping) -> dict:
    """The card of a checkpoint without small counts of documents. Measurements on held-out text of a document type are
    removed if the number of its documents is hidden."""
    made, secret = dict(card), {}
    for name, part in (card.get("corpus") or {}).items():
        counted = {key: parted(part.get(key) or {})[0] for key in ("document_types", "written_standards")}
        secret[name] = {kind for kind, n in counted["document_types"].items() if n is None}
        made["corpus"] = made["corpus"] | {name: {**part, **counted}}
    if card.get("held_out"):
        measured = card["held_out"]
        made["held_out"] = {side: _measured(measured[side], secret) for side in ("before", "after") if side in measured}
        made["held_out"]["during"] = [_measured(moment, secret) for moment in measured.get("during", ())]
    return made


def _measured(moment: Mapping, secret: Mapping[str, set[str]]) -> dict:
    """The measurements of one moment by corpus, without `secret` document types. Other fields such as `step` stay."""
    return {
        name: _of_types(found, secret.get(name, set())) if isinstance(found, Mapping) else found
        for name, found in moment.items()
    }


def _of_types(found: Mapping, secret: set[str]) -> dict:
    types = found.get("by_document_type") or {}
    if not secret & types.keys():
        return dict(found)
    return {**found, "by_document_type": {kind: value for kind, value in types.items() if kind not in secret}}


def _alone(count: int | None) -> int | None:
    return None if count is None or is_small(count) else count
