"""The head for multi-label classification. A text has any number of labels, and each label is answered yes or no."""

from collections import Counter

from harness.heads.head import Rule, Template, Whole
from harness.heads.labelled import ROUNDING, listed, scores_fault

THRESHOLD = 0.5


class Multilabel(Whole):
    def columns(self, labels, clean):
        def of_list(rule):
            return lambda v: not _is_list(v) or rule(v)

        places = {label: place for place, label in enumerate(labels)}
        return {
            "labels": [
                Rule("labels: a list of texts", _is_list),
                Rule(listed("label allowed", labels), of_list(lambda v: set(v) <= places.keys())),
                Rule(
                    "labels once, in the task's order",
                    of_list(lambda v: not set(v) <= places.keys() or v == sorted(set(v), key=places.__getitem__)),
                ),
            ]
        }

    def labels_of(self, record):
        return list(record["labels"])

    def right_answer(self, record, labels, fold):
        return tuple(record["labels"])

    def strata(self, records):
        """The stratum of each record, by record id. The stratum is the set of the record's labels, as a text of ranks
        with the rarest label first.

        A split divides the strata in alphabetical order, and carries rounding remainders over to the next stratum. So
        records with a rare label are divided first, in strata by their other labels.
        """
        records = list(records)
        held = Counter(label for record in records for label in record["labels"])
        order = sorted(held, key=lambda label: (held[label], label))
        rank = {label: f"{place:06}" for place, label in enumerate(order)}
        return {record["id"]: " ".join(sorted(rank[label] for label in record["labels"])) for record in records}

    def gold(self, record):
        return list(record["labels"])

    def line_fault(self, line, labels):
        for side in ("gold", "prediction"):
            value = line[side]
            if not _is_list(value) or not set(value) <= labels.keys():
                return f"the {side} is not a list of the task's labels"
            if value != sorted(set(value), key=labels.__getitem__):
                return f"the {side} has a label twice, or not in the order of the task's list"
        if fault := scores_fault(line["scores"], len(labels)):
            return fault
        for label, score in zip(labels, line["scores"], strict=True):
            if abs(score - THRESHOLD) > ROUNDING and (score > THRESHOLD) != (label in line["prediction"]):
                return f"the prediction does not match the labels with a score over {THRESHOLD}"
        return None

    def decisions(self, task, lines, records):
        from harness.metrics.decided.sets import LabelSets

        gold, predicted = (tuple(frozenset(line[side]) for line in lines) for side in ("gold", "prediction"))
        return LabelSets(task.labels, gold, predicted, tuple(line["group"] for line in lines))

    def constants(self, task, decisions, training):
        """The decisions of three constant answers, by name: the most frequent label ("majority"), the most frequent
        labels in the number that gives the best micro-F1 on the training part ("commonest_labels"), and all labels
        ("every_label")."""
        from dataclasses import replace

        held = Counter(label for record in training for label in record["labels"])
        order = sorted(task.labels, key=lambda label: (-held[label], task.labels.index(label)))

        def micro_f1(k: int) -> float:
            found = sum(held[label] for label in order[:k])
            return 2 * found / max(1, k * len(training) + held.total())

        best = max(range(1, len(order) + 1), key=lambda k: (micro_f1(k), -k))
        answers = {"majority": order[:1], "commonest_labels": order[:best], "every_label": order}
        return {
            name: replace(decisions, predicted=(frozenset(answer),) * len(decisions))
            for name, answer in answers.items()
        }

    def coded(self, line, side, labels, records):
        """One side of a prediction line ("gold" or "prediction") as numbers, [1, labels]: 1 for each label in the line,
        0 for each other label."""
        return [[int(label in line[side]) for label in labels]]

    def regressed(self, strength, labels, encoded, training, features):
        """The answers of one logistic regression per label, as dicts with `prediction` and `scores`. The answer for a
        label is always no if no training row has the label, and always yes if every training row has the label."""
        import numpy as np

        from harness.heads.linear.linear import logistic

        gold = np.array([[label in record["labels"] for label in labels] for record in training])
        found = np.tile(gold[0].astype(np.float64), (features.shape[0], 1))
        for at in np.flatnonzero(gold.any(axis=0) & ~gold.all(axis=0)):
            found[:, at] = logistic(strength).fit(encoded, gold[:, at]).predict_proba(features)[:, 1]
        return [_answer(row, labels) for row in found.tolist()]

    def target(self, record, labels):
        return tuple(int(label in record["labels"]) for label in labels)

    def class_weights(self, records, labels):
        """The weight of the presence of each label in a balanced loss, [labels]: rows without the label / rows with the
        label. So presence and absence of a label have the same total weight. A label without rows has weight 1."""
        found = Counter(label for record in records for label in record["labels"])
        return [(len(records) - found[label]) / found[label] if found[label] else 1.0 for label in labels]

    def loss(self, logits, targets, weights=None):
        import torch

        return torch.nn.functional.binary_cross_entropy_with_logits(
            logits.float(), targets.float(), pos_weight=weights, reduction="sum"
        )

    def answers(self, records, examples, logits, labels):
        """The answer to each record: the labels with a probability over `THRESHOLD` (`prediction`), and the probability
        of every label (`scores`), rounded to 6 decimals, because further decimals are not stable."""
        import torch

        return [_answer(torch.sigmoid(row.double()).tolist(), labels) for row in logits]

    def sample(self, words, number, labels):
        several = {number % len(labels), *([(number + 1) % len(labels)] if number % 2 else [])}
        return {"text": words.sentence, "labels": [] if number % 7 == 6 else [labels[at] for at in sorted(several)]}


def _is_list(value) -> bool:
    return isinstance(value, list) and all(isinstance(label, str) for label in value)


def _answer(probabilities, labels) -> dict:
    return {
        "prediction": [label for label, p in zip(labels, probabilities, strict=True) if p > THRESHOLD],
        "scores": [round(float(p), 6) for p in probabilities],
    }


multilabel = Multilabel(
    name="multilabel",
    place=5,
    texts=("text",),
    answer="labels",
    decides="sets",
    skill="mean_mcc",
    model="SequenceClassification",
    hub="text-classification",
    nothing="no row of the {} has a label",
    unreleased="withheld: for rows with several labels, it cannot be checked what the figures reveal about a few rows",
    template=Template(
        labels=("fall", "medication", "equipment"),
        formats=("jsonl", "csv", "tsv", "parquet", "dataset"),
        metrics=("macro_f1", "micro_f1", "accuracy"),
        recipe=(60, 8, 64, 0),
        shape="tabular.several(LABELS)",
    ),
)
