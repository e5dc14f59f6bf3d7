"""The default view of an experiment on MLflow's pages: columns, order and description."""

import json

from harness.tracking.status import NOTE

KEY = "harness"
_TAG = f"mlflow.sharedViewState.{KEY}"
# MLflow orders columns by their names.
_COLUMNS = (
    "tags.`answer`", "tags.`compared_with`", "tags.`interval`", "tags.`means`", "tags.`p_adjusted`",
    "tags.`reproduced`", "tags.`superseded`", "metrics.`training_seconds`",
)  # fmt: skip
_CHECKPOINT_COLUMNS = ("metrics.`loss`", "metrics.`held_out_loss/clinical`", "metrics.`held_out_loss/general`",
                       "tags.`arm`")  # fmt: skip


def address(host: str, port: int, experiment: str) -> str:
    """The page of an experiment's runs, shown this way."""
    return f"http://{host}:{port}/#/experiments/{experiment}/runs?viewStateShareKey={KEY}"


def comparisons(kind: str) -> dict[str, str]:
    """Tags of an experiment of comparisons on one kind of data, the largest improvement first."""
    note = (
        f"Is the clinical encoder better than the control (the baseline trained as long on general text)? {kind} data: "
        "a run per comparison with its answer, and below it a run per arm and seed."
    )
    return {NOTE: note, _TAG: _state("tags.level = 'comparison'", "metrics.`primary_improvement`", _COLUMNS)}


def checkpoints() -> dict[str, str]:
    """Tags of an experiment of pre-training runs, the newest first."""
    note = "How the checkpoints were made: a run per family and arm with its loss, settings and hashes."
    return {NOTE: note, _TAG: _state("", "attributes.start_time", _CHECKPOINT_COLUMNS)}


def _state(search: str, order: str, columns: tuple[str, ...]) -> str:
    """What MLflow's page of runs calls its shared view."""
    return json.dumps({
        "searchFilter": search, "orderByKey": order, "orderByAsc": False, "startTime": "ALL",
        "lifecycleFilter": "Active", "datasetsFilter": [], "modelVersionFilter": "All Runs",
        "selectedColumns": list(columns), "columnOrder": [], "columnWidths": {}, "runsExpanded": {}, "runsPinned": [],
        "runsHidden": [], "runsVisibilityMap": {}, "runsHiddenMode": "FIRST_10_RUNS", "viewMaximized": False,
        "runListHidden": False, "isAccordionReordered": False, "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True, "groupBy": None, "groupsExpanded": {}, "autoRefreshEnabled": True,
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    })  # fmt: skip
