"""Decide which document counts of a corpus may be published in checkpoint cards and in `dvc.lock`.

The cards publish the content of `parts.json`, and `dvc.lock` contains the hash of this file. If a small count of a
document type were only hidden in the cards, the count could be found by trying all values until the hash is right. So
for restricted texts, `parts.json` itself must not contain the count.
"""

from collections.abc import Mapping

from harness.privacy.suppression import is_small

COUNTED = ("document_types", "written_standards")


def released(parts: Mapping[str, dict], is_restricted: bool) -> dict[str, dict]:
    """The summaries of the corpus parts (`harness.data.corpus_summary`), by part, as they may be published.

    For restricted texts, if the count of one document type is small (1 to 4), the counts of all document types of the
    part become None. If the count of one written standard is small, the counts of all written standards become None.
    """
    if not is_restricted:
        return dict(parts)
    return {name: {**part, **{key: _shown(part[key]) for key in COUNTED}} for name, part in parts.items()}


def _shown(counts: Mapping[str, int]) -> dict[str, int | None]:
    return dict.fromkeys(counts) if any(map(is_small, counts.values())) else dict(counts)
