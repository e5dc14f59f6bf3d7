"""Decide which document counts of a corpus may stand in checkpoint cards and in `dvc.lock`.

The lock holds the hash of `parts.json` alone, and all else in it is published in the cards: of restricted texts a small
count of a document type would be found by trying all of them.
"""

from collections.abc import Mapping

COUNTED = ("document_types", "written_standards")
MINIMUM = 5  # as in `harness.privacy.suppression`


def released(parts: Mapping[str, dict], is_restricted: bool) -> dict[str, dict]:
    """`harness.data.corpus_summary.summaries`; of restricted texts without the counts among which one is small."""
    if not is_restricted:
        return dict(parts)
    return {name: {**part, **{key: _shown(part[key]) for key in COUNTED}} for name, part in parts.items()}


def _shown(counts: Mapping[str, int]) -> dict[str, int | None]:
    return dict.fromkeys(counts) if any(0 < n < MINIMUM for n in counts.values()) else dict(counts)
