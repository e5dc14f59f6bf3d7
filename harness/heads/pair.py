"""The head for sentence pairs. Two texts have one label together, for example whether two questions ask the same."""

from harness.heads.head import Template
from harness.heads.labelled import Labelled


class Pair(Labelled):
    def weighed(self, weights, records):
        """The features of text pairs, a sparse matrix [pairs, features]: the product and the absolute difference of the
        features of the two texts. `weights(texts)` returns the features of texts."""
        from harness.heads.linear.linear import AGREEMENT, hstack

        first, second = (weights([record[column] for record in records]) for column in self.texts)
        return hstack([AGREEMENT * first.multiply(second), abs(first - second)]).tocsr()

    def rows(self, records):
        first, second = ([record[column] for record in records] for column in self.texts)
        return first, second, [1] * len(records)

    def sample(self, words, number, labels):
        other = (
            f"Hva hjelper mot {words.complaint}?"
            if number % len(labels)
            else f"Hvor lenge kan en være i {words.place}?"
        )
        return {
            "text": f"{words.name} lurer på hva en gjør ved {words.complaint}.",
            "text_pair": f"{other} ({words.act})",
            "label": labels[number % len(labels)],
        }


pair = Pair(
    name="pair",
    place=2,
    texts=("text", "text_pair"),
    answer="label",
    decides="rows",
    model="SequenceClassification",
    hub="text-classification",
    shows=frozenset({"matrix", "curves"}),
    template=Template(
        labels=("no", "yes"),
        formats=("csv", "tsv", "jsonl", "parquet", "dataset"),
        metrics=("binary_f1", "accuracy"),
        recipe=(60, 16, 64, 0),
        positive="yes",
    ),
)
