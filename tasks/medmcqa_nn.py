"""Declare the task MedMCQA in nynorsk: the same questions and options, translated by `harness translate`."""

from harness.data import schema
from harness.data.translating.reader import translated
from harness.task import Groups, Task

LABELS = ("A", "B", "C", "D")

TASK = Task(
    name="medmcqa_nn",
    version="1",
    title="Medical exam questions in nynorsk with four options",
    head="choice",
    reader=translated(("question", "options"), LABELS),
    schema=lambda: schema.choice(LABELS),
    labels=LABELS,
    # These rules group the originals (tasks/medmcqa.py). A translation is in the same part as its original.
    groups=Groups(column="group", link_equal=("question",), near_duplicate=0.9),
    metrics=("macro_f1", "accuracy"),
    licence="MIT",
    citation="Pal et al. (2022), MedMCQA: A Large-scale Multi-Subject Multi-Choice Dataset",
    language="nn",
    translation_of="medmcqa",
)
