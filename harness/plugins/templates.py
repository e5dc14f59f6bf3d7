"""Fill the text templates of `harness new-task`: a task's declaration, its test, and its lines for params.yaml."""

from importlib import resources

from harness.heads import Head

_APART = '("option_a", "option_b", "option_c", "option_d")'


def _text(file: str) -> str:
    return resources.files(__package__).joinpath(file).read_text("utf-8")


def declaration(name: str, head: Head, format_: str) -> str:
    """The text of tasks/`name`.py for a task with this head and data in the format `format_` (such as "csv")."""
    modules = {"conll": "conll", "brat": "brat", "tags": "tagged"}
    module = modules.get(format_, "word_lists" if head.windowed else "tabular")
    labels = ", ".join(f'"{label}"' for label in head.template.labels)
    return _text("new_task.txt").format(
        name=name,
        head=head.name,
        title=name.replace("_", " ").capitalize(),
        imports=", ".join(sorted([module, "schema"])),
        constants=f"# Every label, in the order of the head's outputs.\nLABELS = ({labels})\n",
        reader=_reader(head, format_),
        positive="\n    # The label that F1 counts; without one, metrics begin with macro_f1.\n"
        f'    positive="{head.template.positive}",'
        if head.template.positive
        else "",
        metrics="(" + ", ".join(f'"{metric}"' for metric in head.template.metrics) + ")",
    )


def _reader(head: Head, format_: str) -> str:
    if format_ == "conll":
        return 'conll.conll("*.conll", labels=LABELS)'
    if format_ == "brat":
        return 'brat.brat("*.txt", labels=LABELS)'
    if format_ == "tags":
        return 'tagged.tagged("*.txt", tagged.rules(LABELS))'
    if head.windowed:
        files = "*.arrow" if format_ == "dataset" else "*.jsonl"
        return f'word_lists.word_lists("{files}", labels=LABELS, identity="id")'
    columns = {column: f'"{column}"' for column in ("id", "group", *head.texts, head.answer)}
    if "options" in columns and format_ in ("csv", "tsv"):
        columns["options"] = _APART
    lines = ["tabular.dataset("] if format_ == "dataset" else ["tabular.table(", f'    "sample.{format_}",']
    lines += [
        "    # The column of a record, then the column of your file. Leave out id and group if your file has none.",
        "    columns={",
    ]
    lines += [f'        "{column}": {theirs},' for column, theirs in columns.items()]
    lines += ["    },", '    others="refuse",']
    lines += [f"    shape={head.template.shape},"] if head.template.shape else []
    return "\n    ".join([*lines, ")"])


def test(name: str) -> str:
    """The text of tests/tasks/test_`name`.py."""
    return _text("new_test.txt").format(name=name)


def parameters(name: str, head: Head, tasks: tuple[str, ...]) -> str:
    """The lines that the user adds to params.yaml to run the task `name`. `tasks` are the tasks that run so far."""
    steps, batch, length, stride = head.template.recipe
    return (
        f"run:\n  tasks: [{', '.join([*tasks, name])}]\n\ntasks:\n  {name}:\n"
        f"    {{steps: {steps}, batch: {batch}, accumulation: 1, learning_rate: 3e-3, warmup: 0.1, weight_decay: 0.01,"
        f" clip: 1.0, dropout: 0.0,\n     max_length: {length}, stride: {stride}, evaluate_every: {steps // 2},"
        " patience: 0, evaluation_batch: 32}\n"
    )
