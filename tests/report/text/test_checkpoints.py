"""The tables on checkpoints: three arms, and what was measured by document type."""

import cards_made
import pytest

from harness.encoders import cards
from harness.report.model.document import Details, Paragraph
from harness.report.text import checkpoints

HUB = {"kind": "hub", "repository": "ltg/norbert3-large", "revision": cards_made.COMMIT}
LOSSES = {"before": {"general": 9.0, "clinical": 9.0}, "after": {"general": 3.1234, "clinical": 5.4321}}
SHORT = {
    "source": {"kind": "build"},
    "parameters": 1_500_000,
    "held_out": {side: {name: {"loss": loss} for name, loss in of.items()} for side, of in LOSSES.items()},
}


def built(**changes) -> dict:
    return cards.card(cards_made.built(**changes))


def test_a_card_shows_recipe_tokens_and_both_losses():
    _, table = checkpoints.blocks({("norbert3", "clinical"): built()}, "synthetic data")[:2]
    assert table.rows == (
        ("NorBERT3", "Clinical", "built here", "bert_mlm", "321\u202f952", "345\u202f600", "–", "–", "9.50", "4.50"),
    )
    assert table.header[table.names :][:2] == ("Parameters", "Tokens seen")
    assert "synthetic data" in table.caption and len(table.header) == len(table.rows[0])


def test_a_card_of_losses_alone_has_nothing_to_fold():
    blocks = checkpoints.blocks({("nb_bert", "baseline"): SHORT}, "synthetic data")
    assert blocks[1].rows == (
        ("NB-BERT", "Baseline", "built here", "–", "1\u202f500\u202f000", "–", "9.00", "3.12", "9.00", "5.43"),
    )
    assert not any(isinstance(block, Details) for block in blocks)


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        ({"source": HUB}, "`ltg/norbert3-large` @ `c2ca9559daa3`"),
        ({"source": {"kind": "folder", "name": "given"}}, "folder"),
        ({"source": {"kind": "build"}}, "built here"),
        ({}, "–"),
    ],
)
def test_every_source_has_a_name(card, shown):
    [row] = checkpoints.blocks({("f", "baseline"): card}, "public data")[1].rows
    assert row[2] == shown and set(row[3:]) == {"–"}


def test_an_imported_card_without_measurements_leaves_blanks():
    [row] = checkpoints.blocks({("nb_bert", "baseline"): cards.card(cards_made.imported())}, "public data")[1].rows
    assert row[0:2] == ("NB-BERT", "Baseline") and row[4] == "355\u202f000\u202f000" and set(row[5:]) == {"–"}


def test_three_arms_stand_in_one_group_and_the_text_names_the_control():
    known = {("nb_bert", arm): {**SHORT, "arm": arm} for arm in ("baseline", "clinical", "control")}
    paragraph, table = checkpoints.blocks(known, "synthetic data")
    assert isinstance(paragraph, Paragraph) and "the clinical and the control arm from the baseline" in paragraph.text
    assert [row[1] for row in table.rows] == ["Baseline", "Clinical", "Control"]
    del known["nb_bert", "control"]
    assert "the clinical arm from the baseline" in checkpoints.blocks(known, "synthetic data")[0].text


def test_accuracy_and_document_types_are_folded_away():
    known = {("nb_bert", "baseline"): SHORT, ("nb_bert", "clinical"): built()}
    details = checkpoints.blocks(known, "synthetic data")[-1]
    assert isinstance(details, Details)
    accuracy, by_type = details.blocks
    assert accuracy.rows == (("NB-BERT", "Clinical", "–", "–", "10", "48"),)
    assert by_type.rows == (
        ("NB-BERT", "Clinical", "Clinical", "epikrise", "10", "8.00", "3.00", "10", "40"),
        ("NB-BERT", "Clinical", "Clinical", "nødsamtale", "30", "10.00", "5.00", "10", "50"),
    )
    for table in details.blocks:
        assert all(len(row) == len(table.header) for row in table.rows)


def test_a_type_that_was_measured_on_one_side_only_has_blanks_on_the_other():
    card = built()
    del card["held_out"]["before"]["clinical"]["by_document_type"]["epikrise"]
    card["held_out"]["after"]["clinical"]["by_document_type"]["epikrise"] |= {"loss": None, "accuracy": None}
    by_type = checkpoints.blocks({("nb_bert", "clinical"): card}, "synthetic data")[-1].blocks[1]
    assert by_type.rows[0][4:] == ("10", "–", "–", "–", "–")


def test_what_was_not_measured_is_empty():
    assert checkpoints.measured(SHORT, "before", "clinical") == {"loss": 9.0}
    assert checkpoints.measured(SHORT, "after", "news") == checkpoints.measured({}, "after", "clinical") == {}
