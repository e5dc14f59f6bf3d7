"""Summarise each part of the pre-training corpus, for the trainings on this part: hash, size and origin of its text.

A training depends on this summary, and not on the corpus card. The card also counts the test texts that were searched
for in the corpus, so it changes with every task that is added. That must not change a training on the same texts.
"""

from collections.abc import Iterable, Mapping

from harness.task import KINDS


def strictest(kinds: Iterable[str | None]) -> str | None:
    """The most sensitive of several kinds of data: restricted, then public, then synthetic. Returns None if `kinds` has
    none of these."""
    found = set(kinds)
    return next((kind for kind in reversed(KINDS) if kind in found), None)


def summaries(corpus_card: Mapping) -> dict[str, dict]:
    """The summary of each part of the corpus, by name of the part.

    `corpus_card` is the content of the `card.json` that the stage `corpus` writes. A summary has the fields of
    `harness.encoders.cards.CorpusPart`.
    """
    return {part: _summary(corpus_card, part) for part in sorted(corpus_card["parts"])}


def _summary(corpus_card: Mapping, name: str) -> dict:
    part, source, phi = corpus_card["parts"][name], corpus_card.get("source") or {}, corpus_card.get("phi")
    # The origin that a part states itself overrides the source record of the whole corpus.
    stated = {key: part.get(key, source.get(key)) for key in ("kind", "language", "licence")}
    return {
        "sha256": part["sha256"],
        "documents": part["documents"]["kept"],
        "words": part["words"],
        "document_types": dict(part["kept"]),
        "written_standards": {standard: counts["documents"] for standard, counts in part["written_standard"].items()},
        "phi": None if phi is None else name in phi["parts"],
        **stated,
    }
