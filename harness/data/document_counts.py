"""Decide which document counts of a corpus may be published in checkpoint cards and in `dvc.lock`.

`dvc.lock` has the hash of `parts.json`, and the cards publish all else in that file. So for restricted texts a hidden
small count of a document type would be found by trying all values.
"""

from collections.abc import Mapping

from harness.privacy.suppression import is_small

COUNTED = ("document_types", "written_standards")


def released(parts: Mapping[str, dict], is_restricted: bool) -> dict[str, dict]:
    """The summaries of `harness.data.corpus_summary`. For restricted texts, counts by type or by standard are None if
    one of them is small."""
    if not is_restricted:
        return dict(parts)
    return {name: {**part, **{key: _shown(part[key]) for key in COUNTED}} for name, part in parts.items()}


def _shown(counts: Mapping[str, int]) -> dict[str, int | None]:
    return dict.fromkeys(counts) if any(map(is_small, counts.values())) else dict(counts)
