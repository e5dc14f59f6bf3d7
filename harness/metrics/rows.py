"""The metrics of rows with one label each. Some of the metrics also apply to rows with several labels, or to spans.

The tests compare the metrics with scikit-learn.
"""

from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.metrics.metric import Metric, f1, labels, mean_f1, ratio, share

if TYPE_CHECKING:
    import numpy as np
    from scipy import sparse

    from harness.metrics.decided.rows import Decisions
    from harness.metrics.decided.sets import LabelSets

_ROWS = ("rows",)


def _weighted(totals: "np.ndarray") -> "np.ndarray":
    of = labels(totals)
    support = of[..., 0] + of[..., 2]
    return ratio((f1(of) * support).sum(axis=-1), support.sum(axis=-1))


def _correlation(totals: "np.ndarray") -> "np.ndarray":
    """The MCC, 0 if gold or prediction is constant. For more than two labels: Gorodkin 2004, "Comparing two K-category
    assignments by a K-category correlation coefficient", from the margins and the number of right answers."""
    import numpy as np

    of = labels(np.asarray(totals, dtype=np.float64))
    gold, called = of[..., 0] + of[..., 2], of[..., 0] + of[..., 1]
    n, right = gold.sum(axis=-1), of[..., 0].sum(axis=-1)
    spread = (n**2 - (gold**2).sum(axis=-1)) * (n**2 - (called**2).sum(axis=-1))
    return ratio(right * n - (gold * called).sum(axis=-1), np.sqrt(spread))


def _by_label_and_row(decisions: "LabelSets") -> "sparse.csr_array":
    """True positives, false positives and false negatives of every label, then a 1 for the row itself."""
    import numpy as np
    from scipy import sparse

    return sparse.hstack([decisions.by_label(), np.ones((len(decisions), 1), dtype=np.int64)], format="csr")


def _mean_correlation(totals: "np.ndarray") -> "np.ndarray":
    """The mean over labels of the correlation between having a label and being given it; 0 if either is constant."""
    import numpy as np

    of, rows = labels(np.asarray(totals[..., :-1], dtype=np.float64)), totals[..., -1:]
    gold, called = of[..., 0] + of[..., 2], of[..., 0] + of[..., 1]
    spread = gold * (rows - gold) * called * (rows - called)
    return ratio(of[..., 0] * rows - gold * called, np.sqrt(np.maximum(spread, 0.0))).mean(axis=-1)


def _in_groups(decisions: "Decisions") -> "sparse.csr_array":
    if not decisions.groups:
        raise DataError(
            "group_accuracy needs the group of each row, but the predictions have no groups.",
            remedy="Make the predictions again with `harness finetune`: new prediction files contain the groups.",
        )
    return decisions.hits()


binary_f1 = Metric("binary_f1", "binary F1", _ROWS, lambda d: d.of_positive(), f1, needs="positive")
macro_f1 = Metric("macro_f1", "macro-F1", ("rows", "spans", "sets"), lambda d: d.by_label(), mean_f1)
# F1 of the counts pooled over all labels. With one label per row this is accuracy.
micro_f1 = Metric("micro_f1", "micro-F1", ("rows", "sets"), lambda d: d.pooled(), f1)
weighted_f1 = Metric("weighted_f1", "weighted F1", _ROWS, lambda d: d.by_label(), _weighted)
# A row with several labels is right if all of them are.
accuracy = Metric("accuracy", "accuracy", ("rows", "sets"), lambda d: d.hits(), share)
group_accuracy = Metric("group_accuracy", "group accuracy", _ROWS, _in_groups, share, whole=True)
mcc = Metric(
    "mcc", "MCC", _ROWS, lambda d: d.by_label(), _correlation, lowest=-1.0, needs="two", hub="matthews_correlation"
)
mean_mcc = Metric("mean_mcc", "mean MCC over labels", ("sets",), _by_label_and_row, _mean_correlation, lowest=-1.0)
sensitivity = Metric(
    "sensitivity", "sensitivity", _ROWS, lambda d: d.hits(True), share, needs="positive",
    unfit="the answer “always positive” scores 1",
)  # fmt: skip
specificity = Metric(
    "specificity", "specificity", _ROWS, lambda d: d.hits(False), share, needs="other",
    unfit="the answer “never positive” scores 1",
)  # fmt: skip
