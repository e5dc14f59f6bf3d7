"""Helpers for all figures: styles, an empty canvas, and PNG bytes that are the same for the same scores.

Arms differ by hatching, marker and line as well as by colour (the palette of Okabe and Ito), so that they stay
distinct in grey print and for colour-blind readers. Scores are rounded as in the tables before they are drawn, because
their last digits differ between processors, and a picture in git must not differ.
"""

import io
from collections.abc import Collection
from typing import Any

from harness.metrics import Metric
from harness.report.model.results import Comparison
from harness.report.text import formats

ARM_STYLE: dict[str, dict[str, Any]] = {
    "baseline": {"color": "#9db4c9", "hatch": "////", "marker": "o", "line": (0, (5, 2))},
    "clinical": {"color": "#d55e00", "hatch": "", "marker": "D", "line": "-"},
    "control": {"color": "#f0e442", "hatch": "...", "marker": "s", "line": (0, (1, 1.5))},
    "task": {"color": "#cc79a7", "hatch": "\\\\\\\\", "marker": "P", "line": (0, (5, 1.5, 1, 1.5))},
}
# A line needs more contrast to white than a bar with an edge.
LINE_COLOR = {"baseline": "#3f6a8f", "clinical": "#d55e00", "control": "#8a7d00", "task": "#a6447f"}
INK, SOFT, GRID = "#1c2330", "#6b7482", "#dde1e7"


def style(arm: str, among: Collection[str] = ()) -> dict[str, Any]:
    """The drawing style of an arm, with the keys `stroke` (colour of lines), `color` (of areas), `hatch`, `marker`,
    `line` (line style) and `label`. `among` are the arms of the run. All arms with an unknown name have the same
    style."""
    unknown: dict[str, Any] = {"color": "#bbbbbb", "hatch": "xx", "marker": "v", "line": "-."}
    label = formats.arm_title(arm, among) if arm in ARM_STYLE else arm
    return {"stroke": LINE_COLOR.get(arm, SOFT), "label": label, **ARM_STYLE.get(arm, unknown)}


def kinds_line(comparisons: list[Comparison]) -> str:
    return formats.capital(formats.kinds(c.data_kind for c in comparisons))


def axis(metric: Metric) -> str:
    """The axis label for the scores of a metric, which are drawn times 100."""
    return metric.title + ("" if metric.in_points else " × 100") + ("" if metric.higher_is_better else formats.LOWER)


def limits(metric: Metric) -> tuple[float, float]:
    return 100 * metric.lowest, 100 * metric.highest


def jitter(n: int) -> list[float]:
    """Offsets for `n` marks, spread evenly from −0.5 to 0.5, so that marks of equal scores do not cover each other."""
    return [0.0] if n == 1 else [i / (n - 1) - 0.5 for i in range(n)]


def canvas(rows: int, columns: int, size: tuple[float, float], **options):
    """An empty matplotlib figure, and its panels as a two-dimensional array (rows × columns). `size` is (width, height)
    in inches. `options` are passed to `subplots`. The figure is made without pyplot, which would keep global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=110, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(colors=INK)
    return figure, axes


def png(figure) -> bytes:
    import matplotlib
    from matplotlib.text import Text

    target = io.BytesIO()
    # Text with two dollar signs is no formula. The loop is for existing text, the rc setting for text made by drawing.
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "hatch.linewidth": 0.8, "text.parse_math": False}):
        # Without the version string, the same picture has the same bytes.
        figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
