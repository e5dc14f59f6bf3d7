"""Draw the errors of one comparison: the confusion matrix of each arm, or for tasks with spans the F1 of each label."""

from harness import heads
from harness.report.model.results import MATRIX, Comparison
from harness.report.render import plotting
from harness.report.render.plotting import INK
from harness.report.text import formats

NAME, BY_LABEL = "confusion.png", "by_label.png"


def draw(comparison: Comparison) -> dict[str, bytes]:
    """The figures of errors, as {file name: bytes of a PNG}. There is `confusion.png` with a matrix per arm, or for
    spans `by_label.png` with the F1 of each label.

    Returns {} if the task has more labels than MATRIX, or if the scores of single arms may not be shown.
    """
    if len(comparison.labels) > MATRIX or comparison.rung:
        return {}
    if all((arm, seed, "test") in comparison.matrices for arm in comparison.arms for seed in comparison.seeds):
        return {NAME: matrices(comparison)}
    return {BY_LABEL: by_label(comparison)} if "labels" in heads.named(comparison.head).shows else {}


def matrices(c: Comparison) -> bytes:
    """The confusion matrices of all arms on the test split in one picture, as the bytes of a PNG. Gold is in rows. The
    shade of a cell is its share of the counts in its row."""
    n, names = len(c.labels), [label.replace("_", " ") for label in c.labels]
    side = max(3.0, 0.62 * n + 1.7)
    figure, axes = plotting.canvas(1, len(c.arms), (side * len(c.arms) + 0.4, side + 0.9))
    for panel, arm in zip(axes.flat, c.arms, strict=True):
        counts = c.summed_matrix(arm)
        shares = [[round((n or 0) / max(1, sum(filter(None, row))), 4) for n in row] for row in counts]
        panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for i, row in enumerate(counts):
            for k, count in enumerate(row):
                color = "white" if shares[i][k] > 0.5 else INK
                panel.text(k, i, formats.count(count), ha="center", va="center", fontsize=9, color=color)
        panel.set_xticks(range(n), names, rotation=35, ha="right", fontsize=9)
        panel.set_yticks(range(n), names, fontsize=9)
        panel.set_xlabel("answer given", fontsize=10)
        panel.set_title(formats.arm_title(arm, c.arms), fontsize=11, color=INK)
    axes.flat[0].set_ylabel("right answer", fontsize=10)
    figure.suptitle(_title(c, "test rows", "added up"), fontsize=10, color=INK)
    return plotting.png(figure)


def by_label(c: Comparison) -> bytes:
    """The F1 of every label as a bar chart, as the bytes of a PNG. Each arm has a bar per label with its mean over
    seeds."""
    names = [label.replace("_", " ") for label in c.labels]
    figure, axes = plotting.canvas(1, 1, (7.5, 1.4 + 0.27 * len(names) * len(c.arms)))
    panel, height = axes.flat[0], 0.8 / len(c.arms)
    for k, arm in enumerate(c.arms):
        style = plotting.style(arm, c.arms)
        for i, row in enumerate(c.mean_table(arm)):
            y, value = i + (k - (len(c.arms) - 1) / 2) * height, 100 * round(row["f1"] or 0.0, 4)
            panel.barh(
                y, value, height * 0.92, color=style["color"], edgecolor=INK, linewidth=0.8,
                hatch=style["hatch"], label=style["label"] if i == 0 else None,
            )  # fmt: skip
            shown = formats.score_or_dash(formats.SHARE, row["f1"])
            panel.text(value + 1, y, shown, va="center", fontsize=8.5, color=INK)
    panel.set_yticks(range(len(names)), names, fontsize=9.5)
    panel.invert_yaxis()
    panel.set_xlim(0, 108)
    panel.set_xlabel("strict F1 of the label, mean over seeds", fontsize=10)
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(c.arms), frameon=False, fontsize=9.5)
    figure.suptitle(_title(c, "test documents", "averaged"), fontsize=10, color=INK)
    return plotting.png(figure)


def _title(c: Comparison, rows: str, seeds: str) -> str:
    return (
        f"{c.short_title}, {c.family_title} · {formats.KINDS[c.data_kind]}\n"
        f"{c.n['test']} {rows}, {formats.amount(len(c.seeds), 'seed')} {seeds}"
    )
