"""Declare the task AISMEC: does an emergency call concern a stroke? The calls are restricted data of Helse Vest."""

from harness.data import schema, tabular
from harness.task import Groups, Task

LABELS = ("other", "stroke")

TASK = Task(
    name="aismec",
    version="1",
    title="Emergency calls: stroke or not",
    head="sequence",
    # One table, under any name: .jsonl as the generated one, .csv, .tsv or .parquet.
    reader=tabular.table(
        "*",
        columns={
            "id": "call_id",
            "group": "caller_id",
            "text": "transcript",
            "label": "outcome",
            "written_standard": "written_standard",
        },
        optional={"decided_by": "decided_by"},
    ),
    schema=lambda: schema.sequence(LABELS, columns={"written_standard": ("bokmål", "nynorsk")}),
    labels=LABELS,
    positive="stroke",
    # A record's group is its caller: one person's calls stay on one side of a split.
    groups=Groups(column="group"),
    metrics=("binary_f1", "sensitivity", "specificity", "mcc"),
    licence="restricted: patient data of Helse Vest, never to leave the site",
    citation="AISMEC, emergency calls to the AMK centres of Helse Vest",
)
