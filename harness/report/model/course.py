"""The record of a training run, reduced to what may be shown where data are restricted.

The answers to the validation part decide after how many updates a run's weights were kept and, with patience, when it
stopped. Of restricted data nothing is released of those answers, so neither is this.
"""

from collections.abc import Mapping

from harness.privacy import restricted
from harness.report.model.results import Comparison


def released(comparison: Comparison, entry: Mapping) -> Mapping:
    """The run's entry in `runs.json`; of restricted data without what the validation part decided."""
    if comparison.data_kind != restricted.KIND:
        return entry
    recipe = comparison.provenance.get("recipe") or {}
    curve = [] if recipe.get("patience") else [_trained(point) for point in entry.get("curve", ())]
    kept = {key: entry[key] for key in ("arm", "seed", "predictions") if key in entry}
    return {**kept, "steps": recipe.get("steps", entry["steps"]), "curve": curve}


def hashed(comparison: Comparison, entry: Mapping) -> Mapping:
    """What of it may be hashed. Scores of few rows are found in a hash by whoever tries them out; the file of a run's
    answers stands for all that came out."""
    if comparison.data_kind != restricted.KIND:
        return entry
    return {key: value for key, value in released(comparison, entry).items() if key != "curve"}


def _trained(point: Mapping) -> dict:
    return {key: point[key] for key in ("step", "train_loss") if key in point}
