"""Remove from the record of a fine-tuning run what must not be shown if the data are restricted.

The answers to the validation part decide which update's weights are kept and, with early stopping (`patience`), when a
run ends. Nothing about these answers is released for restricted data. So the kept update and the end of a run are not
released either.
"""

from collections.abc import Mapping

from harness.privacy import restricted
from harness.report.model.results import Comparison


def released(comparison: Comparison, entry: Mapping) -> Mapping:
    """The entry of a run in `runs.json` (one arm and seed), reduced if the data of `comparison` are restricted.

    A reduced entry has the arm, the seed, the replicate, the hash of the predictions, the planned number of updates
    (`steps`) and the training losses (`curve`). With early stopping (`patience`), the curve is empty, because its
    length would reveal when the run ended.
    """
    if comparison.data_kind != restricted.KIND:
        return entry
    recipe = comparison.provenance.get("recipe") or {}
    points = () if recipe.get("patience") else entry.get("curve", ())
    curve = [{key: point[key] for key in ("step", "train_loss") if key in point} for point in points]
    kept = {key: entry[key] for key in ("arm", "seed", "replicate", "predictions") if key in entry}
    return {**kept, "steps": recipe.get("steps", entry["steps"]), "curve": curve}


def hashed(comparison: Comparison, entry: Mapping) -> Mapping:
    """The part of a run's entry in `runs.json` that may enter a published hash, such as a fingerprint in MLflow.

    For restricted data, this part has no scores and no losses, because a reader could find the scores of few rows from
    a hash by trying all values. The hash of the prediction file represents the scores. For other data, the part is the
    whole entry.
    """
    if comparison.data_kind != restricted.KIND:
        return entry
    return {key: value for key, value in released(comparison, entry).items() if key != "curve"}
