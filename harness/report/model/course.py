"""Reduce the record of a training run to what may be shown if its data are restricted.

The answers to the validation part decide which update's weights are kept and, with patience, when a run stops. Nothing
about those answers is released for restricted data, so these decisions are not released either.
"""

from collections.abc import Mapping

from harness.privacy import restricted
from harness.report.model.results import Comparison


def released(comparison: Comparison, entry: Mapping) -> Mapping:
    """The entry of a run in `runs.json`, without what the validation part decided if data are restricted."""
    if comparison.data_kind != restricted.KIND:
        return entry
    recipe = comparison.provenance.get("recipe") or {}
    points = () if recipe.get("patience") else entry.get("curve", ())
    curve = [{key: point[key] for key in ("step", "train_loss") if key in point} for point in points]
    kept = {key: entry[key] for key in ("arm", "seed", "replicate", "predictions") if key in entry}
    return {**kept, "steps": recipe.get("steps", entry["steps"]), "curve": curve}


def hashed(comparison: Comparison, entry: Mapping) -> Mapping:
    """The part of a run's entry that may enter a hash, without scores if data are restricted. Scores of few rows can be
    found from a hash by trying all values. The hash of the prediction file replaces them."""
    if comparison.data_kind != restricted.KIND:
        return entry
    return {key: value for key, value in released(comparison, entry).items() if key != "curve"}
