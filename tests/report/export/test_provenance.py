"""A checkpoint's lineage: what made it counts, what was measured or installed does not."""

import dataclasses

import cards_made
import pytest

from harness.encoders import cards
from harness.report.export import provenance

CARD = cards.card(cards_made.built())


def lineage(card: dict) -> str:
    return provenance.lineage(card, "t" * 64, "p" * 64)


def test_what_another_processor_or_machine_would_change_does_not_count():
    """Losses, the parent's bytes and library versions differ; the line of descent is the same."""
    training = cards_made.training(
        losses=[{"step": 22, "loss": 7.4343}],
        held_out={side: cards_made.MEASURED["before"] for side in ("before", "after")},
    )
    parent = dataclasses.replace(cards_made.built().parent, tree="9" * 64)
    other = cards.card(cards_made.built(training=training, parent=parent, libraries={"torch": "2.14.0"}))
    assert other != CARD and lineage(other) == lineage(CARD)


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "0" * 64},
        {"arm": "control"},
        {"training": cards_made.training(recipe="span_masking")},
        {"training": cards_made.training(parameters={"steps": 451})},
        {"training": cards_made.training(tokens_seen=345_601)},
        {"source": {"kind": "hub", "repository": "a/b", "revision": "1" * 40}},
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_made_it_counts(changed):
    assert lineage(cards.card(cards_made.built(**changed))) != lineage(CARD)


def test_a_parent_counts_through_its_own_lineage():
    assert provenance.lineage(CARD, "t" * 64, "p" * 64) != provenance.lineage(CARD, "t" * 64, "q" * 64)
    assert provenance.lineage(CARD, "t" * 64, "p" * 64) != provenance.lineage(CARD, "u" * 64, "p" * 64)
