"""Draw the curves of the report: learning curves of fine-tuning, training losses of pre-training, and ROC and
reliability curves of binary tasks."""

from collections.abc import Mapping

from harness.report.model.results import Comparison, family_title, mean, of_part
from harness.report.render import plotting
from harness.report.render.plotting import GRID, INK, SOFT
from harness.report.text.formats import unique

TICKS = (0, 25, 50, 75, 100)


def learning(comparisons: list[Comparison]) -> bytes:
    """The learning curves of fine-tuning as the bytes of a PNG: validation score by number of updates. Tasks are in
    rows, and encoder families in columns. A thin line is one seed, a thick line is the mean over seeds."""
    tasks, families = unique(c.task for c in comparisons), unique(c.family for c in comparisons)
    figure, axes = plotting.canvas(len(tasks), len(families), (10, 0.9 + 1.9 * len(tasks)))
    at = {(c.task, c.family): c for c in comparisons}
    for row, task in zip(axes, tasks, strict=True):
        for panel, family in zip(row, families, strict=True):
            c = at[task, family]
            for arm in c.arms:
                _learned(panel, c, arm)
            _frame(panel)
            panel.set(xlim=(0, None), ylim=plotting.limits(c.metric))
            panel.locator_params(axis="y", nbins=2)
            panel.locator_params(axis="x", nbins=4, integer=True)
            panel.set_title(f"{c.family_title}, {task}", fontsize=9.5, color=INK)
        row[0].set_ylabel(f"validation\n{plotting.axis(at[task, families[0]].metric)}", fontsize=9)
    axes[-1][0].set_xlabel("updates", fontsize=9)
    _legend_above(figure, axes, "thick: mean over seeds, thin: one seed", plotting.kinds_line(comparisons))
    return plotting.png(figure)


def _learned(panel, c: Comparison, arm: str) -> None:
    look = plotting.style(arm, c.arms)
    runs, means = c.learned(arm)
    for run in runs:
        steps = sorted(run)
        panel.plot(
            steps, [100 * round(run[s], 4) for s in steps], color=look["stroke"], linewidth=0.7, alpha=0.55,
            linestyle=look["line"],
        )  # fmt: skip
    panel.plot(
        list(means), [100 * round(value, 4) for value in means.values()], color=look["stroke"], linewidth=2.2,
        linestyle=look["line"], marker=look["marker"], markersize=5, markeredgecolor=INK, label=look["label"],
    )  # fmt: skip


def losses(checkpoints: Mapping[tuple[str, str], Mapping]) -> bytes:
    """The training losses of pre-training as the bytes of a PNG: a panel per encoder family, and a line by number of
    updates for each arm that was trained here. `checkpoints` maps (family, name of an encoder) to the card of the
    checkpoint.

    The loss is the masked-LM loss, plus the next-sentence loss if the recipe has one.
    """
    families = unique(family for (family, _), card in checkpoints.items() if card.get("losses"))
    figure, axes = plotting.canvas(1, len(families), (10, 3.4), sharey=True)
    for panel, family in zip(axes.flat, families, strict=True):
        for (of, arm), card in checkpoints.items():
            if of != family or not card.get("losses"):
                continue
            look = plotting.style(arm, [arm for of, arm in checkpoints if of == family])
            steps = [point["step"] for point in card["losses"]]
            # Weights differ in their last bits between processors, so the loss is rounded as in the table.
            values = [round(point["loss"], 2) for point in card["losses"]]
            panel.plot(
                steps, values, color=look["stroke"], linewidth=1.8, linestyle=look["line"], label=look["label"],
                marker=look["marker"], markersize=4, markeredgecolor=INK, markeredgewidth=0.6,
                markevery=max(1, len(steps) // 8),
            )  # fmt: skip
        _frame(panel)
        panel.set_ylim(bottom=0)
        panel.locator_params(axis="x", nbins=5, integer=True)
        panel.set_title(family_title(family), fontsize=10.5, color=INK)
        panel.set_xlabel("updates", fontsize=9)
    axes.flat[0].set_ylabel("training loss, nats", fontsize=9)
    _legend_above(figure, axes, "training batches")
    return plotting.png(figure)


def thresholds(group: list[Comparison]) -> bytes:
    """The ROC curves (above) and reliability (below) of one binary task as the bytes of a PNG, with a column per
    encoder family. Thin lines and marks are single seeds. `group` has the comparisons of the task, one per family."""
    figure, axes = plotting.canvas(2, len(group), (10, 6.6))
    for (above, below), c in zip(axes.T, group, strict=True):
        for panel in (above, below):
            panel.plot([0, 100], [0, 100], color=SOFT, linewidth=1, linestyle=(0, (2, 2)))
            _frame(panel)
            panel.set(xlim=(-2, 102), ylim=(-2, 102), xticks=TICKS, yticks=TICKS, aspect="equal")
        for arm in c.arms:
            found = of_part(c.thresholds, arm, "test")
            _roc(above, [run["roc"] for run in found if run["roc"]], plotting.style(arm, c.arms))
            _reliability(below, [run["calibration"] for run in found], plotting.style(arm, c.arms))
        above.set_title(c.family_title, fontsize=10.5, color=INK)
        above.set_xlabel("false alarms among the others, %", fontsize=9)
        below.set_xlabel("predicted probability, %", fontsize=9)
    axes[0][0].set_ylabel("sensitivity, %", fontsize=9)
    axes[1][0].set_ylabel("observed share, %", fontsize=9)
    _legend_above(figure, axes, "thin line, mark: one seed", plotting.kinds_line(group))
    return plotting.png(figure)


def _roc(panel, curves: list[dict], look: dict) -> None:
    every = [[(100 * round(f, 3), 100 * round(t, 3)) for f, t in curve["points"]] for curve in curves]
    for points in every:
        panel.plot(*zip(*points, strict=True), color=look["stroke"], linewidth=0.6, alpha=0.5, drawstyle="steps-post")
    if every:
        # All curves have the same grid of false alarm rates, so that means can be taken point by point.
        middle = [(points[0][0], mean([t for _, t in points])) for points in zip(*every, strict=True)]
        panel.plot(
            *zip(*middle, strict=True), color=look["stroke"], linewidth=2.2, linestyle=look["line"],
            marker=look["marker"], markersize=5, markeredgecolor=INK, markevery=20, label=look["label"],
        )  # fmt: skip


def _reliability(panel, found: list[dict], look: dict) -> None:
    points = [point for calibration in found for point in calibration["points"]]
    predicted, observed = ([100 * round(point[side], 2) for point in points] for side in ("predicted", "observed"))
    sizes = [8 + 60 * point["n"] / max(p["n"] for p in points) for point in points]
    panel.scatter(
        predicted, observed, s=sizes, marker=look["marker"], alpha=0.65, facecolor=look["stroke"], edgecolor=INK,
        linewidth=0.7,
    )  # fmt: skip


def _frame(panel) -> None:
    panel.grid(color=GRID, linewidth=0.7)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=8.5)


def _legend_above(figure, axes, *notes: str) -> None:
    """Draw one legend for all panels above them. `notes` explain the marks."""
    named: dict[str, object] = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    figure.legend(
        named.values(), named.keys(), loc="outside upper center", ncols=max(1, len(named)), frameon=False, fontsize=10,
        title=" · ".join(notes), title_fontsize=9, handlelength=3.5,
    )  # fmt: skip
