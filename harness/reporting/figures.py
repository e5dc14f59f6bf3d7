"""The report's pictures: PNG bytes, the same for the same scores.

Arms differ by hatching and marker as well as by colour (the palette of Okabe and Ito), so that a
grey print and a colour-blind reader keep them apart. Scores are drawn as the CSVs round them.
"""

import io
import textwrap

from harness.reporting import wording
from harness.reporting.results import AGAINST, Comparison, mean, spread

ARM_STYLE = {
    "baseline": {"color": "#9db4c9", "hatch": "////", "marker": "o", "label": "Baseline"},
    "clinical": {"color": "#d55e00", "hatch": "", "marker": "D", "label": "Clinical"},
    "control": {"color": "#f0e442", "hatch": "...", "marker": "s", "label": "Control"},
}
FAMILY_STYLE = (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^"), ("#cc79a7", "D"), ("#56b4e9", "v"))
INK, SOFT = "#1c2330", "#6b7482"


def draw(comparisons: list[Comparison]) -> dict[str, bytes]:
    """Every figure by file name."""
    return {"arms.png": arms(comparisons), "differences.png": differences(comparisons)}


def arms(comparisons: list[Comparison]) -> bytes:
    """Bars of the means by task (panels) and family, whiskers of one SD, and a dot for every seed."""
    tasks = list(dict.fromkeys(c.task for c in comparisons))
    columns = min(3, len(tasks))
    rows = -(-(len(tasks) + (len(tasks) > 1)) // columns)
    figure, axes = _canvas(rows, columns, (10, 3.3 * rows))
    panels = list(axes.flat)
    for panel, task in zip(panels, tasks, strict=False):
        _panel(panel, [c for c in comparisons if c.task == task])
    for panel in panels[len(tasks) :]:
        panel.axis("off")
    handles, labels = panels[0].get_legend_handles_labels()
    title = f"{_kinds_line(comparisons)}\nbar: mean over seeds, mark: one seed"
    if len(panels) > len(tasks):
        panels[len(tasks)].legend(
            handles, labels, loc="center left", frameon=False, fontsize=10.5, title=title, title_fontsize=9.5
        )
    else:
        panels[0].legend(handles, labels, frameon=False, fontsize=9)
        figure.supxlabel(title, fontsize=10)
    return _png(figure)


def _panel(panel, group: list[Comparison]) -> None:
    present = list(dict.fromkeys(arm for c in group for arm in c.arms))
    width = 0.8 / len(present)
    for k, arm in enumerate(present):
        style = ARM_STYLE.get(arm, {"color": "#bbbbbb", "hatch": "xx", "marker": "v", "label": arm})
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
                [x + 0.5 * width * offset for offset in _jitter(len(points))], points, s=16, marker=style["marker"],
                facecolor="white", edgecolor=INK, linewidth=0.8, zorder=3,
            )  # fmt: skip
    floor = 100 * round(max(scores["f1"] for scores in group[0].reference.values()), 4)
    panel.axhline(floor, color=SOFT, linestyle=(0, (4, 3)), linewidth=1.2, label="Best constant answer")
    panel.set_xticks(range(len(group)), [c.family_title for c in group], fontsize=10)
    panel.set_ylim(0, 100)
    panel.set_ylabel(wording.metric_title(group[0], "f1"), fontsize=10)
    panel.set_title(_lines(group[0].short_title), fontsize=11, color=INK)


def differences(comparisons: list[Comparison]) -> bytes:
    """Clinical − baseline of every seed, a row for each task and family, and the mean as a bar."""
    figure, axes = _canvas(1, 1, (10, 1.4 + 0.44 * len(comparisons)))
    panel = axes.flat[0]
    families = list(dict.fromkeys(c.family for c in comparisons))
    at, ticks, before = 0.0, [], None
    for c in comparisons:
        if c.task != before:
            at += 1.0
            panel.text(
                0,
                at - 0.72,
                c.short_title,
                transform=panel.get_yaxis_transform(),
                fontsize=10,
                weight="bold",
                color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            )
        color, marker = FAMILY_STYLE[families.index(c.family) % len(FAMILY_STYLE)]
        points = [100 * round(value, 4) for value in c.seed_differences()]
        panel.plot([mean(points)] * 2, [at - 0.36, at + 0.36], color=INK, linewidth=3, solid_capstyle="butt")
        panel.scatter(
            points, [at + 0.45 * offset for offset in _jitter(len(points))], s=34, marker=marker, color=color,
            edgecolor=INK, linewidth=0.6, zorder=3,
        )  # fmt: skip
        ticks.append((at, c.family_title))
        before, at = c.task, at + 1
    panel.axvline(0, color=INK, linewidth=1)
    panel.set_yticks([y for y, _ in ticks], [text for _, text in ticks], fontsize=10)
    panel.set_ylim(at - 0.4, -0.1)
    shown = [100 * d for c in comparisons for d in c.seed_differences()]
    low, high = min(-1.0, *shown), max(1.0, *shown)
    panel.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    panel.grid(axis="x", color="#dde1e7", linewidth=0.8)
    panel.set_xlabel(
        f"{AGAINST} better  ←   clinical − {AGAINST}, points, one mark per seed, bar = mean   →  clinical better\n"
        + _kinds_line(comparisons),
        fontsize=10,
    )
    return _png(figure)


def _kinds_line(comparisons: list[Comparison]) -> str:
    text = wording.kinds(c.data_kind for c in comparisons)
    return text[:1].upper() + text[1:]


def _jitter(n: int) -> list[float]:
    """Evenly spread offsets in −0.5 … 0.5, so that equal scores stay visible."""
    return [0.0] if n == 1 else [i / (n - 1) - 0.5 for i in range(n)]


def _lines(title: str) -> str:
    """A title on at most two lines of a panel's width."""
    return "\n".join(textwrap.wrap(title, 32, max_lines=2, placeholder=" …"))


def _canvas(rows: int, columns: int, size: tuple[float, float]):
    """A figure without pyplot, which would keep global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=110, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(colors=INK)
    return figure, axes


def _png(figure) -> bytes:
    import matplotlib

    target = io.BytesIO()
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "hatch.linewidth": 0.8}):
        # Without the version string the same picture is the same bytes.
        figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
