"""Make the perturbed test parts of a task: its test records with changed texts, such as misspelled words."""

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
    """The perturbed copies of the test `records`, by the name of the perturbed part. Each kind of perturbation in
    `settings` has one part, unless it changes no text."""
    found = {kind: rewritten(head, records, kind, settings) for kind in settings.kinds}
    return {perturbed_part(kind): of for kind, of in found.items() if head.changed(records, of)}


def rewritten(head: Head, records: Records, kind: str, settings: Robustness) -> list[dict[str, Any]]:
    """Copies of the records with perturbed texts. `kind` is the name of a perturbation in `harness.text.perturbing`.
    The changes of a record depend on its id and the seed in `settings`, not on other records."""
    return [_rewritten(head, record, KINDS[kind], settings) for record in records]


def _rewritten(head: Head, record: dict[str, Any], kind: Perturbation, settings: Robustness) -> dict[str, Any]:
    def edit(text: str, which: str) -> Edited:
        drawn = Random(derived_seed("perturbed", settings.seed, kind.name, record["id"], which))
        return kind.edited(text, settings.rate, drawn)

    return head.rewritten(record, edit)
