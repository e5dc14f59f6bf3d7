"""What each arm confuses with what, as a picture of one comparison: counts added up over seeds."""

from harness.evaluation.slices import MINIMUM, suppressed
from harness.reporting import plotting, wording
from harness.reporting.plotting import INK
from harness.reporting.results import Comparison

NAME, BY_LABEL = "confusion.png", "by_label.png"


def draw(comparison: Comparison) -> dict[str, bytes]:
    """`confusion.png`, a matrix per arm; spans have none, and get `by_label.png` with the scores of each label."""
    if all((arm, seed, "test") in comparison.matrices for arm in comparison.arms for seed in comparison.seeds):
        return {NAME: matrices(comparison)}
    return {BY_LABEL: by_label(comparison)}


def matrices(c: Comparison) -> bytes:
    """Rows are the right answers, columns those given; the darker, the larger the share of its row. Of restricted
    data, cells under the minimum are not shown."""
    n, names = len(c.labels), [label.replace("_", " ") for label in c.labels]
    side = max(3.0, 0.62 * n + 1.7)
    figure, axes = plotting.canvas(1, len(c.arms), (side * len(c.arms) + 0.4, side + 0.9))
    for panel, arm in zip(axes.flat, c.arms, strict=True):
        counts = c.summed_matrix(arm)
        hidden = [_hidden(row) if c.data_kind == "restricted" else set() for row in counts]
        shares = [
            [0.0 if k in hidden[i] else round(row[k] / max(1, sum(row)), 4) for k in range(n)]
            for i, row in enumerate(counts)
        ]
        panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for i, row in enumerate(counts):
            for k, count in enumerate(row):
                text = "–" if k in hidden[i] else wording.count(count)
                panel.text(
                    k, i, text, ha="center", va="center", fontsize=9, color="white" if shares[i][k] > 0.5 else INK
                )
        panel.set_xticks(range(n), names, rotation=35, ha="right", fontsize=9)
        panel.set_yticks(range(n), names, fontsize=9)
        panel.set_xlabel("answer given", fontsize=10)
        panel.set_title(wording.arm_title(arm), fontsize=11, color=INK)
    axes.flat[0].set_ylabel("right answer", fontsize=10)
    figure.suptitle(_title(c, "test rows", "added up"), fontsize=10, color=INK)
    return plotting.png(figure)


def _hidden(row: list[int]) -> set[int]:
    """Columns of a row that are not shown; nothing answered that way can be said."""
    return {int(key) for key in suppressed({f"{k:03}": count for k, count in enumerate(row) if count})}


def by_label(c: Comparison) -> bytes:
    """F1 of every label, a bar for each arm, means over seeds."""
    names = [label.replace("_", " ") for label in c.labels]
    figure, axes = plotting.canvas(1, 1, (7.5, 1.4 + 0.27 * len(names) * len(c.arms)))
    panel, height = axes.flat[0], 0.8 / len(c.arms)
    for k, arm in enumerate(c.arms):
        style = plotting.style(arm)
        for i, row in enumerate(c.mean_table(arm)):
            y, value = i + (k - (len(c.arms) - 1) / 2) * height, 100 * round(row["f1"], 4)
            small = c.data_kind == "restricted" and row["support"] < MINIMUM
            panel.barh(
                y, 0 if small else value, height * 0.92, color=style["color"], edgecolor=INK, linewidth=0.8,
                hatch=style["hatch"], label=style["label"] if i == 0 else None,
            )  # fmt: skip
            shown = f"under {MINIMUM}" if small else wording.score("f1", row["f1"])
            panel.text((0 if small else value) + 1, y, shown, va="center", fontsize=8.5, color=INK)
    panel.set_yticks(range(len(names)), names, fontsize=9.5)
    panel.invert_yaxis()
    panel.set_xlim(0, 108)
    panel.set_xlabel("strict F1 of the label, mean over seeds", fontsize=10)
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(c.arms), frameon=False, fontsize=9.5)
    figure.suptitle(_title(c, "test documents", "averaged"), fontsize=10, color=INK)
    return plotting.png(figure)


def _title(c: Comparison, rows: str, seeds: str) -> str:
    return (
        f"{c.short_title}, {c.family_title} · {wording.KINDS[c.data_kind]}\n"
        f"{c.n['test']} {rows}, {wording.amount(len(c.seeds), 'seed')} {seeds}"
    )
