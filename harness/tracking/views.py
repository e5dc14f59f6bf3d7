"""The default view of an experiment on MLflow's pages: columns, order and description."""

import json
from collections.abc import Mapping

from harness.tracking.status import NOTE

KEY = "harness"
_TAG = f"mlflow.sharedViewState.{KEY}"
# The columns in order, each with its width in pixels. The first four fit a window of 1,300.
_COLUMNS = {
    "tags.`answer`": 140, "tags.`interval`": 120, "tags.`compared_with`": 110, "tags.`p_adjusted`": 95,
    "tags.`means`": 300, "tags.`reproduced`": 110, "tags.`superseded`": 110, "metrics.`training_seconds`": 130,
}  # fmt: skip
_CHECKPOINT_COLUMNS = {
    "metrics.`loss`": 100, "metrics.`held_out_loss/clinical`": 180, "metrics.`held_out_loss/general`": 180,
    "tags.`arm`": 100,
}  # fmt: skip


def address(host: str, port: int, experiment: str) -> str:
    """The address of the web page with an experiment's runs, in the default view that this module defines."""
    return f"http://{host}:{port}/#/experiments/{experiment}/runs?viewStateShareKey={KEY}"


def comparisons(kind: str) -> dict[str, str]:
    """The tags of an experiment with the comparisons on one `kind` of data: its description and its default view.

    The view lists the largest improvement first.
    """
    note = (
        f"Is the clinical encoder better than the control (the baseline trained as long on general text)? {kind} data: "
        "a run per comparison with its answer, and below it a run per arm and seed."
    )
    return {NOTE: note, _TAG: _state("tags.level = 'comparison'", "metrics.`primary_improvement`", _COLUMNS)}


def checkpoints() -> dict[str, str]:
    """The tags of an experiment with pre-training runs: its description and its default view, with the newest run
    first."""
    note = "How the checkpoints were made: a run per family and arm with its loss, settings and hashes."
    return {NOTE: note, _TAG: _state("", "attributes.start_time", _CHECKPOINT_COLUMNS)}


def _state(search: str, order: str, columns: Mapping[str, int]) -> str:
    """The state of a shared view of MLflow's page of runs, as JSON."""
    return json.dumps({
        "searchFilter": search, "orderByKey": order, "orderByAsc": False, "startTime": "ALL",
        "lifecycleFilter": "Active", "datasetsFilter": [], "modelVersionFilter": "All Runs",
        "selectedColumns": list(columns), "columnOrder": list(columns), "columnWidths": dict(columns),
        "runsExpanded": {}, "runsPinned": [],
        "runsHidden": [], "runsVisibilityMap": {}, "runsHiddenMode": "FIRST_10_RUNS", "viewMaximized": False,
        "runListHidden": False, "isAccordionReordered": False, "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True, "groupBy": None, "groupsExpanded": {}, "autoRefreshEnabled": True,
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    })  # fmt: skip
