"""Counts of restricted documents that a training is told."""

from harness.evaluation.documents_told import told

PART = {
    "documents": 412, "document_types": {"note": 400, "letter": 9, "verdict": 3}, "written_standards": {"bokmål": 412},
}  # fmt: skip


def test_small_counts_and_what_they_would_follow_from_are_gone():
    assert told({"clinical": PART}, True) == {
        "clinical": PART | {"document_types": {"note": 400, "letter": None, "verdict": None}}
    }


def test_other_texts_are_counted_whole():
    assert told({"clinical": PART}, False) == {"clinical": PART}
