"""Declare the task Synergi: which kind of incident does a hospital's report describe?

The reports are restricted data of Helse Vest.
"""

from harness.data import schema, tabular
from harness.task import Groups, Task

LABELS = (
    "fall",
    "medication",
    "equipment",
    "infection",
    "documentation",
    "treatment_delay",
    "behaviour",
    "identification",
)

TASK = Task(
    name="synergi",
    version="1",
    title="Hospital incident reports by kind of incident",
    head="sequence",
    # One table, under any name: .jsonl as the generated one, .csv, .tsv or .parquet.
    reader=tabular.table(
        "*",
        columns={
            "id": "report_id",
            "group": "incident_id",
            "text": "text",
            "label": "category",
            "written_standard": "written_standard",
            "unit_type": "unit_type",
        },
        optional={"decided_by": "decided_by"},
    ),
    schema=lambda: schema.sequence(LABELS, columns={"written_standard": ("bokmål", "nynorsk"), "unit_type": None}),
    labels=LABELS,
    # A record's group is its incident: several people report the same one.
    groups=Groups(column="group"),
    metrics=("macro_f1", "micro_f1", "weighted_f1"),
    licence="restricted: incident reports of Helse Vest, never to leave the site",
    citation="Synergi incident reports, Helse Vest",
)
