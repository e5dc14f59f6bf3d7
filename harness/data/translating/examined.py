"""Count the suspicions that `checks` finds in a translation, and show the first examples of each kind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.data.findings import aligned, shorten
from harness.data.translating import checks, fields
from harness.data.translating.dropping import DROPPED
from harness.data.translating.memory import Said

SHOWN = 3  # examples of a reason
REASONS = (*DROPPED, *checks.RULES)


@dataclass(frozen=True)
class Found:
    """A suspicion about an item. `id` is the id of the item. `source` and `said` are the original and the translated
    text that the suspicion concerns."""

    id: str
    suspicion: checks.Suspicion
    source: str
    said: str


def examine(originals: Sequence[Mapping], texts: Sequence[str], labels: Sequence[str], said: Said) -> list[Found]:
    """All suspicions about a translation, in the order of the originals.

    `texts` are the columns with texts. `labels` are the task's labels, which name the options. `said` maps (id, field)
    to the translated text (see `fields`).
    """
    found = []
    for record in originals:
        source = dict(fields.of(record, texts, labels))
        own = {name: said[record["id"], name] for name in source}
        found += [Found(record["id"], one, source[one.field], own[one.field]) for one in checks.item(source, own)]
    return found


def counts(found: Sequence[Found]) -> dict[str, int]:
    """The number of items with a suspicion, by reason. All REASONS are keys, in their order."""
    items = Counter(reason for reason, _ in {(one.suspicion.reason, one.id) for one in found})
    return {reason: items[reason] for reason in REASONS}


def lines(found: Sequence[Found], items: int) -> list[str]:
    """The lines of a table for the terminal. For each reason, the table shows the number of items with a suspicion,
    whether they are dropped or only counted, and examples. `items` is the number of all items."""
    rows: list[tuple[str, ...]] = [("reason", "items", "", "id", "field", "about", "original", "translation")]
    for reason, n in counts(found).items():
        own = list({one.id: one for one in reversed(found) if one.suspicion.reason == reason}.values())[::-1][:SHOWN]
        what = ("dropped" if reason in DROPPED else "counted") if n else ""
        shown = [_row(one) for one in own]
        head, *others = shown or [("",) * 5]
        rows.append((reason, f"{n} of {items}", what, *head))
        rows += [("", "", "", *other) for other in others]
    return aligned(rows)


def _row(one: Found) -> tuple[str, ...]:
    return one.id, one.suspicion.field, one.suspicion.about, shorten(one.source), shorten(one.said)
