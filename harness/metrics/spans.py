"""Metrics of entities as character spans.

Field conventions: the i2b2/n2c2 de-identification tracks report a strict score (both ends and the label right) and a
relaxed one (label right and at least one character shared). Counts are pooled over documents (micro).
"""

from harness.metrics.decided.spans import paired, strictly
from harness.metrics.metric import Metric, f1, share

_SPANS = ("spans",)

strict_f1 = Metric(
    "strict_f1", "strict F1", _SPANS, lambda d: d.found(strictly, pooled=True), f1,
    convention="label and both ends in characters as in the gold, counted over all documents together (i2b2's strict "
    "score)",
)  # fmt: skip
# One to one: two halves of a name found separately count one match and one false alarm, and one long prediction over
# two names one match and one miss.
relaxed_f1 = Metric(
    "relaxed_f1", "relaxed F1", _SPANS, lambda d: d.found(paired, pooled=True), f1,
    convention="the same label and at least one shared character, each span paired with at most one other (i2b2's "
    "relaxed score; tools that match greedily differ where a span touches two)",
)  # fmt: skip
# Of the documents with a gold span, those of which a character that can be read would be left, were every predicted
# span masked, whatever its label. What masks a name may call it anything, so nothing need be learnt of its label.
document_leak_rate = Metric(
    "document_leak_rate", "documents that leak", _SPANS, lambda d: d.leaking(), share,
    higher_is_better=False, learnt=False,
    convention="documents in which a readable character of a gold span lies in no predicted span, whatever its label, "
    "as a share of documents with a gold span",
)  # fmt: skip
