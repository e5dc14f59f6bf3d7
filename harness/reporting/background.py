"""The report's sections on data, splits, corpora and checkpoints, from the cards the stages wrote."""

from harness.reporting import checkpoints as checkpoint_tables
from harness.reporting import wording
from harness.reporting.document import Details, Paragraph, Table
from harness.reporting.results import Comparison

SPLITS = ("train", "validation", "test", "holdout", "excluded")


def data(comparisons: list[Comparison], cards: dict[str, dict], leakages: dict[str, dict]) -> tuple:
    """What went in, what was dropped and why, how it was split, and what the leakage gate found."""
    titles = {c.task: c.heading for c in comparisons}
    all_kinds = wording.kinds(c.data_kind for c in comparisons)
    rows, reasons, sizes, checks = [], [], [], []
    for task, title in titles.items():
        card, leakage = cards[task], leakages[task]
        split = {name: part["rows"] for name, part in leakage["splits"].items()}
        grouping = (leakage.get("groups"), leakage.get("largest_group"))
        source = card.get("source", {})
        dropped, repaired = card.get("dropped", {}), card.get("repaired", {})
        described = (card["kind"], source.get("language") or wording.ABSENT, source.get("licence") or wording.ABSENT)
        counted = (card["rows_in"], sum(dropped.values()), sum(repaired.values()), card["rows"])
        rows.append((title, *described, *map(wording.count, counted)))
        for what, counts in (("dropped", dropped), ("repaired", repaired)):
            reasons += [(title, what, reason, wording.count(n)) for reason, n in sorted(counts.items())]
        sizes.append((title, *(wording.count(split.get(part)) for part in SPLITS), *map(wording.count, grouping)))
        checks += [
            (title, check["check"], check["level"], check.get("detail", ""), wording.count(check["count"]))
            for check in leakage.get("checks", [])
        ]
        blind = (leakage.get("text_blind_rule") or {}).get("grouped_split")
        if blind:
            detail = "accuracy of answering the opposite of the sibling's training label, without reading"
            checks.append((title, "text-blind sibling rule, score", "", detail, wording.score("f1", blind["accuracy"])))
    blocks = [
        Table(
            f"Rows read and kept ({all_kinds})",
            ("Task", "Kind", "Language", "Licence", "Rows in", "Dropped", "Repaired", "Kept"),
            tuple(rows),
            names=4,
        ),
        Table(
            f"Rows by split ({all_kinds}); a group is never divided",
            ("Task", "Train", "Validation", "Test", "Holdout", "Excluded", "Groups", "Largest group"),
            tuple(sizes),
        ),
    ]
    if checks:
        caption = f"What the leakage gate looked for across the splits ({all_kinds})"
        table = Table(caption, ("Task", "Check", "Result", "Detail", "Count"), tuple(checks), names=4, grouped=1)
        blocks.append(Details("Leakage checks", (table,)))
    if reasons:
        caption = f"Rows dropped and repaired, by reason ({all_kinds}); a row may be repaired more than once"
        table = Table(caption, ("Task", "What", "Reason", "Count"), tuple(reasons), names=3, grouped=1)
        blocks.append(Details("Dropped and repaired", (table,)))
    return tuple(blocks)


def pretraining(comparisons: list[Comparison], corpus: dict, checkpoints: dict[tuple[str, str], dict]) -> tuple:
    """The checkpoints of each family and their masked-LM loss, and the corpora."""
    kind = (corpus.get("source") or {}).get("kind")
    kinds = wording.kinds([kind] if kind else [c.data_kind for c in comparisons])
    blocks = checkpoint_tables.blocks(checkpoints, kinds)
    if corpus.get("parts"):
        blocks += _corpora(corpus, kinds)
    return tuple(blocks)


def _corpora(card: dict, kinds: str) -> list:
    """Size of each corpus, and what was taken out of it and why."""
    sizes, removed = [], []
    for part, tally in card["parts"].items():
        documents = tally["documents"]
        counted = (documents["in"], documents["kept"], tally["words"], tally["longest_match"]["kept"])
        sizes.append((part.capitalize(), *map(wording.count, counted)))
        for reason, counts in sorted(tally["removed"].items()):
            removed += [
                (part.capitalize(), reason, document_type.replace("_", " "), wording.count(n))
                for document_type, n in sorted(counts["by_document_type"].items())
            ]
    header = ("Corpus", "Documents read", "Kept", "Words", "Longest match left")
    overlap = card.get("overlap") or {}
    blocks = [Table(f"Pre-training corpora ({kinds})", header, tuple(sizes))]
    if overlap.get("n"):
        planted = overlap.get("planted") or {}
        check = f" Of {planted['planted']} planted test texts the search found {planted['found']}." if planted else ""
        blocks.append(
            Paragraph(
                f"A document goes when it holds {100 * overlap['coverage']:.0f} % or more of the {overlap['n']}-grams "
                f"of a validation, test or holdout text. *Longest match left* is in words.{check}"
            )
        )
    if removed:
        caption = f"Documents removed from the corpora ({kinds})"
        table = Table(caption, ("Corpus", "Reason", "Document type", "Documents"), tuple(removed), names=3, grouped=1)
        blocks.append(Details("Removed from the corpora", (table,)))
    else:
        blocks.append(Paragraph("Nothing had to be removed from the corpora."))
    return blocks
