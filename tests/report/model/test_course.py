"""What may be shown of a run on restricted data."""

from types import SimpleNamespace

import pytest

from harness.report.model import course

ENTRY = {
    "arm": "clinical", "seed": 3, "replicate": 2, "steps": 40, "best_step": 20, "best_selection": 0.4,
    "best_validation": 0.7, "predictions": "ab12",
    "curve": [{"step": 20, "selection": 0.4, "validation": 0.7, "train_loss": 0.5}],
}  # fmt: skip


def comparison(kind: str, **recipe):
    return SimpleNamespace(data_kind=kind, provenance={"recipe": {"steps": 80, "patience": 0, **recipe}})


def test_public_data_keep_the_whole_entry():
    assert course.released(comparison("public"), ENTRY) == ENTRY == course.hashed(comparison("public"), ENTRY)


def test_restricted_data_keep_what_the_validation_part_did_not_decide():
    kept = {"arm": "clinical", "seed": 3, "replicate": 2, "predictions": "ab12", "steps": 80}
    found = course.released(comparison("restricted"), ENTRY)
    assert found == kept | {"curve": [{"step": 20, "train_loss": 0.5}]}
    assert course.hashed(comparison("restricted"), ENTRY) == kept


def test_with_patience_the_length_of_the_curve_is_hidden_too():
    assert course.released(comparison("restricted", patience=2), ENTRY)["curve"] == []


@pytest.mark.parametrize("kind", ["public", "restricted"])
def test_what_is_released_is_hashed_like_the_whole_entry(kind):
    c = comparison(kind)
    assert course.hashed(c, course.released(c, ENTRY)) == course.hashed(c, ENTRY)
