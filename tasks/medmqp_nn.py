"""Declare the task MedMQP in nynorsk: the same pairs of questions, translated by `harness translate`."""

from harness.data import schema
from harness.data.translating.reader import translated
from harness.task import Groups, Task

LABELS = ("0", "1")

TASK = Task(
    name="medmqp_nn",
    version="1",
    title="Medical question pairs in nynorsk: the same question or not",
    head="pair",
    reader=translated(("text", "text_pair"), LABELS),
    schema=lambda: schema.pair(LABELS, columns={"doctor": None}),
    labels=LABELS,
    positive="1",
    # These rules group the originals (tasks/medmqp.py). A translation is in the same part as its original.
    groups=Groups(column="group", link_equal=("text", "text_pair"), near_duplicate=0.7, text_blind_siblings=True),
    metrics=("binary_f1", "accuracy", "group_accuracy"),
    licence="none stated",
    citation="McCreery et al. (2020), Effective Transfer Learning for Identifying Similar Questions",
    language="nn",
    translation_of="medmqp",
)
