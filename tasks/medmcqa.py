"""Declare the task MedMCQA: answer questions of Indian medical entrance exams, each with four options."""

from harness.data import readers, schema, tabular
from harness.task import Groups, PublicFile, PublicSource, Task

REVISION = "56ca11eb1ef89f6bb7fad6284008bf39e08785b0"
URL = f"https://raw.githubusercontent.com/xk-huang/medagents-benchmark/{REVISION}/data/medmcqa"
LABELS = ("A", "B", "C", "D")


def item(record: dict) -> tuple:
    """The key by which two records count as the same item: the question and the set of options, both normalised."""
    options = frozenset(readers.fold(option) for option in record["options"])
    return readers.fold_question(record["question"]), options


def answer(record: dict) -> str:
    return readers.fold(record["options"][LABELS.index(record["label"])])


TASK = Task(
    name="medmcqa",
    version="1",
    title="Medical exam questions with four options",
    head="choice",
    reader=tabular.table(
        "test.jsonl",
        columns={
            "id": "realidx",
            "question": "question",
            "options": "options",
            "label": "answer_idx",
            "answer": "answer",
        },
        # Columns that only the generated data have.
        optional={"group": "subject", "decided_by": "decided_by"},
        id_prefix="mcqa-",
        shape=tabular.choice(LABELS, told="answer"),
        drop=(readers.contradictions(item, answer), readers.exact_duplicates(item)),
    ),
    schema=lambda: schema.choice(LABELS),
    labels=LABELS,
    groups=Groups(column="group", link_equal=("question",), near_duplicate=0.9),
    metrics=("macro_f1", "accuracy"),
    licence="MIT",
    citation="Pal et al. (2022), MedMCQA: A Large-scale Multi-Subject Multi-Choice Dataset",
    public=PublicSource(
        address="https://github.com/xk-huang/medagents-benchmark",
        revision=REVISION,
        files=(
            PublicFile(
                "test.jsonl", f"{URL}/test.jsonl", "06193ed891b1f4ce1b93b3416f52ec731e8c7134b17a000f9219c031a929d716"
            ),
        ),
        licence="MIT",
        language="English",
    ),
)
