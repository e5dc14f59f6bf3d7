"""Make the perturbed test parts of a task: its test records with changed texts, for each kind of perturbation."""

from collections.abc import Sequence
from random import Random
from typing import Any

from harness.artifacts.prediction_lines import perturbed_part
from harness.heads import Head
from harness.params.robustness import Robustness
from harness.system.determinism import derived_seed
from harness.text.edited import Edited
from harness.text.perturbing import KINDS, Perturbation

Records = Sequence[dict[str, Any]]


def parts_of(head: Head, records: Records, settings: Robustness) -> dict[str, list[dict[str, Any]]]:
    """The records of each perturbed test part, by the part's name. A kind that changes no text has no part."""
    found = {kind: rewritten(head, records, kind, settings) for kind in settings.kinds}
    return {perturbed_part(kind): of for kind, of in found.items() if head.changed(records, of)}


def rewritten(head: Head, records: Records, kind: str, settings: Robustness) -> list[dict[str, Any]]:
    """The records with texts perturbed by `kind`. The changes of a record depend on its id, not on other records."""
    return [_rewritten(head, record, KINDS[kind], settings) for record in records]


def _rewritten(head: Head, record: dict[str, Any], kind: Perturbation, settings: Robustness) -> dict[str, Any]:
    def edit(text: str, which: str) -> Edited:
        drawn = Random(derived_seed("perturbed", settings.seed, kind.name, record["id"], which))
        return kind.edited(text, settings.rate, drawn)

    return head.rewritten(record, edit)
