"""Draw all figures of the report. The bar chart of scores is drawn here, and the other figures are drawn by `forest`
and `curves`."""

import textwrap
from collections.abc import Mapping

from harness.params.config import Statistics
from harness.report.model import pictures
from harness.report.model.results import Comparison, Judgements, mean, spread
from harness.report.render import curves, forest, plotting
from harness.report.render.plotting import INK, SOFT
from harness.report.text import formats

# The width of a panel in characters of its title.
PANEL_WIDTH = 32


def draw(
    comparisons: list[Comparison],
    judgements: Judgements,
    checkpoints: Mapping[tuple[str, str], Mapping],
    statistics: Statistics,
) -> dict[str, bytes]:
    """All figures of the report, as {file name: bytes of a PNG}. Learning curves, losses and threshold curves are left
    out if there is nothing to show. `checkpoints` maps (family, name of an encoder) to the card of the checkpoint."""
    found = {"arms.png": arms(comparisons), "forest.png": forest.draw(comparisons, judgements, statistics)}
    found["forest-narrow.png"] = forest.draw(comparisons, judgements, statistics, forest.NARROW)
    if any(run["points"] for c in comparisons for run in c.learning):
        found[pictures.LEARNING] = curves.learning(comparisons)
    if any(card.get("losses") for card in checkpoints.values()):
        found[pictures.LOSSES] = curves.losses(checkpoints)
    for group in formats.by_task(comparisons):
        if any(c.thresholds for c in group):
            found[pictures.thresholds(group[0].task)] = curves.thresholds(group)
    return found


def arms(comparisons: list[Comparison]) -> bytes:
    """The bar chart of mean primary scores as the bytes of a PNG: a panel per task, a group of bars per encoder family,
    and a bar per arm. Whiskers show one SD over seeds, and every seed has a mark."""
    tasks = formats.by_task(comparisons)
    columns = min(3, len(tasks))
    rows = -(-(len(tasks) + (len(tasks) > 1)) // columns)
    figure, axes = plotting.canvas(rows, columns, (10, 3.3 * rows))
    panels = list(axes.flat)
    for panel, group in zip(panels, tasks, strict=False):
        _panel(panel, group)
    for panel in panels[len(tasks) :]:
        panel.axis("off")
    # A task that cannot be measured has no bars, so the legend comes from the panel with most entries.
    legends = [panel.get_legend_handles_labels() for panel in panels[: len(tasks)]]
    handles, labels = max(legends, key=lambda legend: len(legend[0]))
    title = f"{plotting.kinds_line(comparisons)}\nbar: mean over seeds, mark: one seed"
    if len(panels) > len(tasks):
        panels[len(tasks)].legend(
            handles, labels, loc="center left", frameon=False, fontsize=10.5, title=title, title_fontsize=9.5
        )
    else:
        if handles:
            panels[0].legend(handles, labels, frameon=False, fontsize=9)
        figure.supxlabel(title, fontsize=10)
    return plotting.png(figure)


def _panel(panel, group: list[Comparison]) -> None:
    if group[0].withheld():
        why = formats.WITHHELD if group[0].rung else formats.UNMEASURED
        panel.text(0.5, 0.5, why, transform=panel.transAxes, ha="center", fontsize=10, color=SOFT)
        panel.set_xlim(-0.5, len(group) - 0.5)
    else:
        _bars(panel, group)
    panel.set_xticks(range(len(group)), [c.family_title for c in group], fontsize=10)
    panel.set_ylim(*plotting.limits(group[0].metric))
    panel.set_ylabel(plotting.axis(group[0].metric), fontsize=10)
    panel.set_title(textwrap.fill(group[0].short_title, PANEL_WIDTH), fontsize=11, color=INK)


def _bars(panel, group: list[Comparison]) -> None:
    present = formats.unique(arm for c in group for arm in c.arms)
    width = 0.8 / len(present)
    for k, arm in enumerate(present):
        style = plotting.style(arm, present)
        for i, c in enumerate(group):
            if arm not in c.arms:
                continue
            points = [100 * round(value, 4) for value in c.over_seeds(arm)]
            x = i + (k - (len(present) - 1) / 2) * width
            panel.bar(
                x, mean(points), width * 0.92, color=style["color"], edgecolor=INK, linewidth=0.8, hatch=style["hatch"],
                label=style["label"] if i == 0 else None,
            )  # fmt: skip
            deviation = spread(points)
            if deviation is not None:
                panel.errorbar(x, mean(points), yerr=deviation, color=INK, linewidth=1.4, capsize=4)
            panel.scatter(
                [x + 0.5 * width * offset for offset in plotting.jitter(len(points))], points, s=16,
                marker=style["marker"], facecolor="white", edgecolor=INK, linewidth=0.8, zorder=3,
            )  # fmt: skip
    if group[0].constants_shown:
        constant = 100 * round(group[0].best_constant, 4)
        panel.axhline(constant, color=SOFT, linestyle=(0, (4, 3)), linewidth=1.2, label="Best constant answer")
    if (linear := group[0].linear) and not linear.withheld():
        height = 100 * round(linear.mean(*linear.arms), 4)
        panel.axhline(height, color=INK, linestyle=(0, (1, 1.5)), linewidth=1.4, label="Linear model")
