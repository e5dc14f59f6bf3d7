"""Draw the forest plot of the report: every difference between two arms with its interval, and a mark that shows the
verdict by its shape."""

import math
import textwrap

from harness.params.arms import BASELINE
from harness.params.config import Statistics
from harness.report.model.results import Comparison, Judgements
from harness.report.render import plotting
from harness.report.render.plotting import GRID, INK, SOFT
from harness.report.text import formats
from harness.statistics.verdicts import Judgement

# Shape and filling show the verdict, and colour only repeats it.
MARK = {
    "better": {"marker": "^", "facecolor": "#009e73", "label": "better"},
    "worse": {"marker": "v", "facecolor": "#d55e00", "label": "worse"},
    "equivalent": {"marker": "s", "facecolor": "#0072b2", "label": "equivalent"},
    "inconclusive": {"marker": "o", "facecolor": "white", "label": "inconclusive"},
    "collapsed": {"marker": "X", "facecolor": "#bbbbbb", "label": f"inconclusive: {formats.COLLAPSED}"},
}
ROW = 0.34  # inches, like the widths
WIDE, NARROW = 10.0, 4.2
BESIDE = 7.0  # from this width on there is room for numbers next to the intervals


def draw(comparisons: list[Comparison], judgements: Judgements, statistics: Statistics, width: float = WIDE) -> bytes:
    """The forest plot as the bytes of a PNG file: one row per difference between the clinical arm and another arm, in
    points of 100, grouped by task. The band around 0 is the margin within which a difference does not matter.

    Better is to the right. If a lower score is better, the difference is drawn with the opposite sign but printed
    unchanged. An interval that is much longer than the others is cut off with an arrow. `width` is in inches. If the
    plot is wide enough, the numbers of each row are printed on its right.
    """
    rows = [(c, arm) for c in comparisons for arm in c.others]
    margin, level = statistics.margin, statistics.level
    tasks = len({c.task for c in comparisons})
    figure, axes = plotting.canvas(1, 1, (width, 1.6 + ROW * (len(rows) + 1.1 * tasks)))
    panel = axes.flat[0]
    limit = _limit(rows, margin)
    panel.axvspan(-100 * margin, 100 * margin, facecolor="#eceff3", edgecolor=SOFT, linestyle=":", linewidth=1)
    panel.axvline(0, color=INK, linewidth=1)
    at, ticks, before = 0.0, [], None
    for c, arm in rows:
        if c.task != before:
            at += 1.1 if before else 0.8
            panel.text(
                0.0, at - 0.78, _title(c, width), transform=panel.get_yaxis_transform(), fontsize=10,
                weight="bold", color=INK, va="center",
            )  # fmt: skip
        text = _row(panel, at, c, arm, judgements[c.task, c.family, arm], limit)
        if width >= BESIDE:
            _beside(panel, at, text)
        ticks.append((at, c.family_title + ("" if arm == BASELINE else f" against {arm}")))
        before, at = c.task, at + 1
    panel.set_yticks([y for y, _ in ticks], [text for _, text in ticks], fontsize=10)
    panel.set_ylim(at - 0.4, -0.5)
    panel.set_xlim(-limit, limit)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.set_xlabel(
        _across(
            f"clinical worse  ←   difference in points, {100 * level:g} % interval   →  clinical better\n"
            f"band: ± {100 * margin:g} points, declared not to matter · {plotting.kinds_line(comparisons)}",
            width,
        ),
        fontsize=10,
    )
    _legend(panel, width, [judgements[c.task, c.family, arm] for c, arm in rows if not c.unmeasured()])
    return plotting.png(figure)


def _across(text: str, width: float) -> str:
    """The text, wrapped to fit below the panel, which is half of a narrow picture."""
    lines = (textwrap.wrap(line, 120 if width >= BESIDE else 27) for line in text.split("\n"))
    return "\n".join(part for line in lines for part in line)


def _title(c: Comparison, width: float) -> str:
    if width < BESIDE:
        return c.task if c.metric.higher_is_better else f"{c.task} (drawn to the right: lower)"
    turned = "" if c.metric.higher_is_better else f" ({c.metric.title}: lower is better, drawn to the right)"
    return c.short_title + turned


def kind(judgement: Judgement) -> str:
    """The key in MARK of the mark for a judgement: its verdict, or "collapsed" if neither arm knows more than a
    constant answer."""
    return "collapsed" if judgement.collapsed else judgement.verdict


def _limit(rows: list, margin: float) -> float:
    """Half the width of the x axis in points, chosen so that three quarters of the intervals fit."""
    ends = []
    for c, arm in rows:
        estimate = c.estimates["test", arm]
        known = [abs(v) for v in (estimate.delta, estimate.ci_low, estimate.ci_high) if v is not None]
        ends += [max(known)] if known else []
    fitting = sorted(ends)[math.ceil(0.75 * len(ends)) - 1] if ends else 0.0
    return 100 * round(1.15 * max(fitting, 1.5 * margin, 0.01), 4)


def _row(panel, y: float, c: Comparison, arm: str, judgement: Judgement, limit: float) -> str:
    """Draw a difference, and return its numbers as text, or the reason why there are none."""
    e, mark = c.estimates["test", arm], MARK[kind(judgement)]
    if e.delta is None:
        return formats.WITHHELD if c.rung else formats.UNMEASURED
    text = formats.difference(e.delta, c.primary)
    if e.ci_low is not None and e.ci_high is not None:
        low, high = sorted(100 * round(c.metric.gain(end), 4) for end in (e.ci_low, e.ci_high))
        panel.plot([max(low, -limit), min(high, limit)], [y, y], color=INK, linewidth=1.6, solid_capstyle="butt")
        for end, side in ((low, -1), (high, 1)):
            if abs(end) <= limit:
                panel.plot([end, end], [y - 0.16, y + 0.16], color=INK, linewidth=1.6)
            elif end * side > 0:
                panel.plot([side * limit], [y], marker="<" if side < 0 else ">", color=INK, clip_on=False, markersize=7)
        text += f"  [{formats.interval(e, c.primary)}]"
    delta = 100 * round(c.metric.gain(e.delta), 4)
    panel.scatter(
        [min(max(delta, -limit), limit)], [y], s=62, marker=mark["marker"], facecolor=mark["facecolor"], edgecolor=INK,
        linewidth=1.1, zorder=3, clip_on=False,
    )  # fmt: skip
    return text


def _beside(panel, y: float, text: str) -> None:
    panel.text(1.015, y, text, transform=panel.get_yaxis_transform(), fontsize=9, color=INK, va="center", clip_on=False)


def _legend(panel, width: float, judgements: list[Judgement]) -> None:
    """Draw a legend with the marks of the verdicts that occur."""
    present = {kind(judgement) for judgement in judgements}
    for name, mark in MARK.items():
        if name in present:
            panel.scatter([], [], s=62, edgecolor=INK, linewidth=1.1, **mark)
    if not present:
        return
    columns = len(present) if width >= BESIDE else 1
    panel.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, frameon=False, fontsize=9.5,
        handletextpad=0.3, columnspacing=1.4,
    )  # fmt: skip
