"""Declare the task MedMQP: do the questions of two patients ask the same thing?"""

from harness.data import schema, tabular
from harness.task import Groups, PublicFile, PublicSource, Task

REVISION = "6c7f7fd7a53cedc6fec105c0c6cb78f2e9a82cd1"
URL = f"https://raw.githubusercontent.com/curai/medical-question-pair-dataset/{REVISION}"
LABELS = ("0", "1")

TASK = Task(
    name="medmqp",
    version="1",
    title="Medical question pairs: the same question or not",
    head="pair",
    reader=tabular.table(
        "mqp.csv",
        names=("dr_id", "question_1", "question_2", "label"),
        columns={"text": "question_1", "text_pair": "question_2", "label": "label", "doctor": "dr_id"},
        # Columns that only the generated data have.
        optional={"group": "subject", "decided_by": "decided_by"},
        id_prefix="mqp-",
    ),
    schema=lambda: schema.pair(LABELS, columns={"doctor": None}),
    labels=LABELS,
    positive="1",
    # Every first question occurs twice, once per label. If a split separated these rows, the label of one would reveal
    # that of the other.
    groups=Groups(column="group", link_equal=("text", "text_pair"), near_duplicate=0.7, text_blind_siblings=True),
    metrics=("binary_f1", "accuracy", "group_accuracy"),
    licence="none stated",
    citation="McCreery et al. (2020), Effective Transfer Learning for Identifying Similar Questions",
    public=PublicSource(
        address="https://github.com/curai/medical-question-pair-dataset",
        revision=REVISION,
        files=(
            PublicFile("mqp.csv", f"{URL}/mqp.csv", "94ecd609a9ca9350e1cff2438aa55a034762f01c1a68732aaae3e4be7b03cf57"),
        ),
        licence="none stated",
        language="English",
    ),
)
