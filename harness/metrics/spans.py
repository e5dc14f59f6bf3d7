"""Metrics of entities as character spans.

Field conventions: the i2b2/n2c2 de-identification tracks report a strict score (both ends and the label right) and a
relaxed score (label right and at least one character shared). Counts are pooled over documents (micro).
"""

from harness.metrics.decided.spans import paired, strictly
from harness.metrics.metric import Metric, f1, share

_SPANS = ("spans",)

strict_f1 = Metric(
    "strict_f1", "strict F1", _SPANS, lambda d: d.found(strictly, pooled=True), f1,
    convention="label and both ends in characters as in the gold, counted over all documents together (i2b2's strict "
    "score)",
)  # fmt: skip
# Spans match one to one. If two halves of a name are found separately, one is a match and one a false positive. One
# long prediction over two names is one match and one false negative.
relaxed_f1 = Metric(
    "relaxed_f1", "relaxed F1", _SPANS, lambda d: d.found(paired, pooled=True), f1,
    convention="the same label and at least one shared character, each span paired with at most one other (i2b2's "
    "relaxed score; tools that match greedily differ if a span touches two)",
)  # fmt: skip
# The share of documents with a gold span in which a readable character would be left if every predicted span were
# masked, whatever its label. A name is masked under any label, so no label has to be learnt.
document_leak_rate = Metric(
    "document_leak_rate", "documents that leak", _SPANS, lambda d: d.leaking(), share,
    higher_is_better=False, learnt=False, unfit="nothing leaks if all text is masked",
    convention="documents in which a readable character of a gold span is outside every predicted span (of any label), "
    "as a share of documents with a gold span",
)  # fmt: skip
