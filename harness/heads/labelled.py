"""The base class of heads whose records have one label each."""

import math
from collections.abc import Sequence

from harness.heads.head import Rule, Whole

ROUNDING = 1e-6  # scores are stored with six decimals


def listed(check: str, allowed: Sequence[str]) -> str:
    """The name of a rule, followed by the first 12 values that the rule allows: "label allowed: no, yes"."""
    return f"{check}: {', '.join(map(str, allowed[:12]))}" + (", …" if len(allowed) > 12 else "")


def scores_fault(scores, labels: int) -> str | None:
    """The fault of `scores` as words for a message, or None if `scores` is a list of `labels` probabilities. `labels`
    is the number of labels."""
    if not isinstance(scores, list) or len(scores) != labels:
        return f"scores is not a list with one score for each of the {labels} labels"
    if not all(type(score) in (float, int) and -ROUNDING <= score <= 1 + ROUNDING for score in scores):
        return "a score is not a probability"
    return None


class Labelled(Whole):
    """A head whose records have one label each, in the column "label"."""

    def columns(self, labels, clean):
        return {"label": [Rule(listed("label allowed", labels), lambda v: isinstance(v, str) and v in labels)]}

    def labels_of(self, record):
        return [record["label"]]

    def right_answer(self, record, labels, fold):
        return record["label"]

    def gold(self, record):
        return record["label"]

    def line_fault(self, line, labels):
        for side in ("gold", "prediction"):
            if not isinstance(line[side], str) or line[side] not in labels:
                return f"the {side} is not in the task's label list"
        scores = line["scores"]
        if fault := scores_fault(scores, len(labels)):
            return fault
        if abs(math.fsum(scores) - 1) > ROUNDING * (len(scores) + 1):
            return "the scores do not add up to 1"
        if scores[labels[line["prediction"]]] < max(scores):
            return "the prediction is not the label with the highest score"
        return None

    def decisions(self, task, lines, records):
        from harness.metrics.decided.rows import Decisions

        gold, predicted, groups = (tuple(line[key] for line in lines) for key in ("gold", "prediction", "group"))
        return Decisions(task.labels, gold, predicted, groups, task.positive)

    def constants(self, task, decisions, training):
        from harness.metrics.decided.rows import constant, majority_label

        found = {"majority": constant(decisions, majority_label([r["label"] for r in training], task.labels))}
        # With two labels, the majority label may be the negative one, and always answering it scores F1 0.
        return found | ({} if task.positive is None else {"always_positive": constant(decisions, task.positive)})

    def coded(self, line, side, labels, records):
        return [labels[line[side]]]

    def regressed(self, strength, labels, encoded, training, features):
        from harness.heads.linear.linear import Regression

        return Regression(labels, strength, options=not self.outputs(labels)).fit(encoded, training).answers(features)

    def target(self, record, labels):
        return labels[record["label"]]

    def answers(self, records, examples, logits, labels):
        """The answer to each record: the most probable label (`prediction`), and the probability of every label
        (`scores`). The softmax is computed in float64 and rounded to 6 decimals, because further decimals are not
        stable."""
        import torch

        return [
            {
                "prediction": labels[int(row.argmax())],
                "scores": [round(p, 6) for p in torch.softmax(row.double(), -1).tolist()],
            }
            for row in logits
        ]

    def sample(self, words, number, labels):
        return {"text": words.sentence, "label": labels[number % len(labels)]}
