"""Counts of restricted documents that a training is told."""

from harness.data.document_counts import released

PART = {
    "documents": 412, "document_types": {"note": 400, "letter": 9, "verdict": 3}, "written_standards": {"bokmål": 412},
}  # fmt: skip


def test_counts_among_which_one_is_small_are_gone():
    assert released({"clinical": PART}, True) == {
        "clinical": PART | {"document_types": {"note": None, "letter": None, "verdict": None}}
    }


def test_other_texts_are_counted_whole():
    assert released({"clinical": PART}, False) == {"clinical": PART}
