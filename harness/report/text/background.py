"""Write the report sections on data, splits, corpora and checkpoints, from the cards (descriptions) that the stages
wrote."""

from dataclasses import dataclass

from harness.params.arms import TASK
from harness.report.model import pictures
from harness.report.model.document import Details, Figure, Paragraph, Table
from harness.report.model.results import Comparison
from harness.report.text import checkpoints as checkpoint_tables
from harness.report.text import formats
from harness.text.escaping import plain

PARTS = ("train", "validation", "test", "holdout", "excluded")


@dataclass(frozen=True)
class Background:
    """The information of the report besides scores: the cards (descriptions) that the stages wrote.

    `cards` maps a task to the card of its data, with source and row counts. `leakage` maps a task to the report on its
    split, with sizes of parts and findings on leakage. `corpus` is the card of the pre-training corpora, or {} if there
    are no corpora. `checkpoints` maps (family, name of an encoder such as "clinical-2") to the card of the checkpoint.
    """

    cards: dict[str, dict]
    leakage: dict[str, dict]
    corpus: dict
    checkpoints: dict[tuple[str, str], dict]


def data(comparisons: list[Comparison], cards: dict[str, dict], leakages: dict[str, dict]) -> tuple:
    """Tables of the data sets, of the row counts from raw rows to parts, and of the findings on leakage between parts.

    `cards` and `leakages` map a task to the card of its data and to the report on its split. Each table is about one
    kind of data, because other rules apply to restricted rows.
    """
    present = {c.data_kind for c in comparisons}
    kinds = [kind for kind in formats.KINDS if kind in present] + sorted(present - set(formats.KINDS))
    return tuple(
        block
        for kind in kinds
        for block in _of_kind([c for c in comparisons if c.data_kind == kind], cards, leakages, len(kinds) > 1)
    )


def _of_kind(comparisons: list[Comparison], cards: dict, leakages: dict, among_others: bool) -> list:
    titles = {c.task: c.heading for c in comparisons}
    kind = formats.data_of(comparisons)
    folded = f" ({kind})" if among_others else ""
    rows = []
    for task, title in titles.items():
        card, source = cards[task], cards[task].get("source", {})
        stated = [plain(source.get(key) or formats.ABSENT) for key in ("language", "licence")]
        stated[0] += formats.translations([(task, translator(source))])
        counted = (card["rows_in"], dropped(card), card["rows"])
        rows.append((title, card["kind"], *stated, findings(leakages[task]), *map(formats.count, counted)))
    header = ("Task", "Kind", "Language", "Licence", "Leakage gate", "Rows in", "Dropped", "Kept")
    blocks: list = [Table(f"Data sets ({kind})", header, tuple(rows), names=5)]
    steps = [(title, *step) for task, title in titles.items() for step in flow(cards[task], leakages[task])]
    caption = f"From raw rows to parts ({kind}); a group is never divided between parts"
    blocks.append(Table(caption, ("Task", "Step", "Rows", "Groups"), tuple(steps), names=2, grouped=1))
    if checks := [(title, *check) for task, title in titles.items() for check in _checks(leakages[task])]:
        caption = f"What the leakage gate looked for across the splits ({kind})"
        table = Table(caption, ("Task", "Check", "Result", "Detail", "Count"), tuple(checks), names=4, grouped=1)
        blocks.append(Details(f"Leakage checks{folded}", (table,)))
    blocks += _translations(titles, cards, kind, folded)
    if repaired := [
        (title, plain(reason), formats.count(n))
        for task, title in titles.items()
        for reason, n in sorted(cards[task].get("repaired", {}).items())
    ]:
        caption = f"Rows repaired, by reason ({kind}); a row may be repaired more than once"
        table = Table(caption, ("Task", "Reason", "Count"), tuple(repaired), names=2, grouped=1)
        blocks.append(Details(f"Repaired{folded}", (table,)))
    return blocks


def translator(source: dict) -> str:
    return (source.get("translation") or {}).get("told", "")


def _translations(titles: dict[str, str], cards: dict, kind: str, folded: str) -> list:
    """The findings in translated data of rules that look for translation losses, folded, or nothing."""
    rows = []
    for task, title in titles.items():
        card = cards[task]
        for reason, n in ((card.get("source") or {}).get("translation") or {}).get("checks", {}).items():
            became = "dropped" if reason in card.get("dropped", {}) else "counted" if n else ""
            rows.append((title, plain(reason), became, formats.count(n)))
    if not rows:
        return []
    caption = f"Items in which rules suspect a fault of the translation ({kind}); an item that is only counted is kept"
    table = Table(caption, ("Task", "Reason", "Became", "Items"), tuple(rows), names=3, grouped=1)
    return [Details(f"Checks of translations{folded}", (table,))]


def flow(card: dict, leakage: dict) -> list[tuple[str, str, str]]:
    """The steps from raw rows to parts as table rows: (step, number of rows, number of groups). Unknown numbers are a
    dash. `card` describes the data, and `leakage` describes the split."""
    steps = [("read", card["rows_in"], None)]
    steps += [(f"− dropped: {plain(reason)}", n, None) for reason, n in sorted(card.get("dropped", {}).items())]
    steps.append(("= kept", card["rows"], leakage.get("groups")))
    for part in PARTS:
        if found := leakage["splits"].get(part):
            steps.append((f"→ {part}", found["rows"], found.get("groups")))
    steps.append(("largest group", leakage.get("largest_group"), None))
    return [(step, formats.count(rows), formats.count(groups)) for step, rows, groups in steps]


def dropped(card: dict) -> int | None:
    """The number of rows that validation dropped, or None if this number may not be shown."""
    return None if card["rows_in"] is None else card["rows_in"] - card["rows"]


def findings(leakage: dict) -> str:
    """The findings of all leakage checks of a task in one phrase. For each check with a finding, the phrase has its
    name, the number of findings and its level (note or error). `leakage` is the report on the split."""
    checks = leakage.get("checks", [])
    raised = [
        f"{plain(check['check'])}: {formats.count(check['count'])} ({check['level']})"
        for check in checks
        if check["level"] != "ok"
    ]
    if not checks:
        return formats.ABSENT
    return "; ".join(raised) or f"nothing found in {formats.amount(len(checks), 'check')}"


def _checks(leakage: dict) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [
        (plain(check["check"]), check["level"], plain(check.get("detail", "")), formats.count(check["count"]))
        for check in leakage.get("checks", [])
    ]
    if blind := (leakage.get("text_blind_rule") or {}).get("grouped_split"):
        detail = "accuracy of always answering the opposite of the sibling's training label, without reading the text"
        found.append(("text-blind sibling rule, score", "", detail, formats.score("accuracy", blind["accuracy"])))
    return found


def pretraining(comparisons: list[Comparison], corpus: dict, checkpoints: dict[tuple[str, str], dict]) -> tuple:
    """The content of the section on pre-training: tables of checkpoints with their masked-LM loss, the figure of
    training losses, and tables of the corpora.

    `corpus` is the card of the corpora, or {} if there are none. `checkpoints` maps (family, name of an encoder) to the
    card of the checkpoint.
    """
    kind = (corpus.get("source") or {}).get("kind")
    stated = [tally["kind"] for tally in (corpus.get("parts") or {}).values() if tally.get("kind")]
    kinds = formats.kinds([kind, *stated] if kind else [c.data_kind for c in comparisons])
    blocks = checkpoint_tables.blocks(checkpoints, kinds)
    if any(card.get("losses") for card in checkpoints.values()):
        words = (
            "Loss of the training batches while an arm was trained here, with that of next-sentence prediction if the "
            f"recipe has it ({kinds}). Arms read different text and masks, so their curves cannot be compared. Compare "
            "the held-out loss above."
        )
        alt = "Curves of the training loss over updates, a panel per family and a line per arm; all are in the cards."
        blocks.append(Figure(pictures.LOSSES, words, alt))
    if corpus.get("parts"):
        blocks += _corpora(corpus, kinds)
    return tuple(blocks)


def _corpora(card: dict, kinds: str) -> list:
    """Blocks on the size of each corpus, and on the documents removed from it by reason."""
    sizes, removed = [], []
    for part, tally in card["parts"].items():
        documents = tally["documents"]
        if part == TASK and not documents["in"]:
            continue  # no arm reads it
        counted = (documents["in"], documents["kept"], tally["words"], tally["longest_match"]["kept"])
        sizes.append((part.capitalize(), *map(formats.count, counted)))
        for reason, counts in sorted(tally["removed"].items()):
            removed += [
                (part.capitalize(), plain(reason), plain(document_type.replace("_", " ")), formats.count(n))
                for document_type, n in sorted(counts["by_document_type"].items())
            ]
    header = ("Corpus", "Documents read", "Kept", "Words", "Longest match left")
    overlap = card.get("overlap") or {}
    blocks: list = [Table(f"Pre-training corpora ({kinds})", header, tuple(sizes))]
    if overlap.get("n"):
        planted = overlap.get("planted") or {}
        check = f" The search found {planted['found']} of {planted['planted']} planted test texts." if planted else ""
        blocks.append(
            Paragraph(
                f"A document is removed if it contains {100 * overlap['coverage']:.0f} % or more of the "
                f"{overlap['n']}-grams of a validation, test or holdout text. *Longest match left* is in words.{check}"
            )
        )
    if removed:
        caption = f"Documents removed from the corpora ({kinds})"
        table = Table(caption, ("Corpus", "Reason", "Document type", "Documents"), tuple(removed), names=3, grouped=1)
        blocks.append(Details("Removed from the corpora", (table,)))
    else:
        blocks.append(Paragraph("Nothing had to be removed from the corpora."))
    return blocks
