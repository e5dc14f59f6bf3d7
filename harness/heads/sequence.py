"""The head for sequence classification. A text has one label."""

from harness.heads.head import Template
from harness.heads.labelled import Labelled

sequence = Labelled(
    name="sequence",
    place=1,
    texts=("text",),
    answer="label",
    decides="rows",
    model="SequenceClassification",
    hub="text-classification",
    shows=frozenset({"matrix", "curves"}),
    template=Template(
        labels=("no", "yes"),
        formats=("csv", "tsv", "jsonl", "parquet", "dataset"),
        metrics=("binary_f1", "sensitivity", "specificity", "mcc"),
        recipe=(60, 8, 64, 0),
        positive="yes",
    ),
)
