"""The check of a task: everything at once, in its declaration and in its data."""

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.plugins import checking, creating
from harness.system import files


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "sequence", "csv")
    return tmp_path


def changed(root, *changes):
    path = root / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return checking.findings(root, "triage")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title="Triage"', 'title=""', "TASK.title is empty"),
        ('name="triage"', 'name="other"', "TASK.name is 'other'"),
        ('LABELS = ("no", "yes")', 'LABELS = ("no", "no", "yes")', "repeats a label"),
        ('LABELS = ("no", "yes")', 'LABELS = "no"', "TASK.labels is not a tuple"),
        ('positive="yes"', 'positive="maybe"', "not a label"),
        ('    positive="yes",\n', "", "binary_f1, which needs TASK.positive"),
        ('"mcc"', '"mmc"', "Did you mean 'mcc'?"),
        ('("binary_f1", "sensitivity"', '("sensitivity", "binary_f1"', "sensitivity cannot be the first metric"),
        ('head="sequence"', 'head="sequense"', "Did you mean 'sequence'?"),
        ('head="sequence"', 'head="regression"', "cut the numbers into classes"),
        ('head="sequence"', 'head="multi_label"', "Did you mean 'multilabel'"),
        ('Groups(column="group")', '"group"', "TASK.groups must be made by"),
        ('column="group"', 'column="patient"', "TASK.groups names patient"),
        ('column="group"', "column=3", "TASK.groups: column is 3, not the name of a column"),
        ('column="group"', 'link_equal="text"', "TASK.groups: link_equal is 'text', not a tuple of names"),
        ('column="group"', "link_equal=5", "TASK.groups: link_equal is 5, not a tuple of names"),
        ('column="group"', "near_duplicate=5", "TASK.groups: near_duplicate is 5, not a number above 0"),
        ("lambda: schema.sequence(LABELS)", "lambda: __import__('sys').exit(3)", "TASK.schema fails with SystemExit"),
        ("schema=lambda: schema.sequence(LABELS)", "schema=7", "TASK.schema cannot be called"),
        ("schema.sequence(LABELS)", "schema.sequense(LABELS)", "TASK.schema fails with AttributeError"),
        ("schema.sequence(LABELS)", 'schema.tokens(LABELS, columns={"x": None})', "TASK.schema lacks label"),
        ("lambda: schema.sequence(LABELS)", "lambda: 5", "TASK.schema gives int, not a pandera DataFrameSchema"),
        ('others="refuse"', 'values={"label": {"0": "nei", "1": "yes"}}', "maps '0' to 'nei', which is not a label"),
        ('"sample.csv"', '"*.csv"', "is a pattern"),
        ("LABELS = (", "LABELS = ((", "SyntaxError"),
        ("TASK = Task(", "TUSK = Task(", "declares no TASK"),
    ],
)
def test_a_fault_of_the_declaration(root, old, new, said):
    found = changed(root, (old, new))
    assert any(said in text and "tasks/triage.py" in text for text in found), found


def test_the_columns_of_options_are_as_many_as_labels(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "choice", "csv")
    found = changed(tmp_path, ('("A", "B", "C", "D")', '("A", "B", "C", "D", "E")'))
    assert any("names 4 columns for options, but there are 5 labels" in text for text in found), found


@pytest.mark.parametrize("format_", ["conll", "brat", "jsonl", "dataset"])
def test_a_label_that_no_tag_can_hold_is_refused_with_the_declaration(tmp_path, format_):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "tokens", format_)
    found = changed(tmp_path, ('("Name", "Place")', '("Første navn", "Place")'))
    assert len(found) == 1 and "tasks/triage.py" in found[0] and "contains a space" in found[0]


def test_many_files_that_are_not_read_are_counted(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "tokens", "tags")
    (said,) = changed(tmp_path, ('"*.txt"', '"*.xml"'))
    assert "row-00.txt" in said and "24 files" in said and len(said.splitlines()) < 12


def test_everything_at_once(root):
    (root / "data" / "triage" / "note.txt").write_text("x", encoding="utf-8")
    data = root / "data" / "triage" / "sample.csv"
    data.write_text(data.read_text(encoding="utf-8") + "row-99,g\n", encoding="utf-8")
    found = changed(root, ('title="Triage"', 'title=""'), ('"mcc"', '"mmc"'), ('positive="yes"', 'positive="maybe"'))
    said = ("TASK.title", "mmc", "maybe", "sample.csv has changed", "note.txt is not listed")
    assert all(any(part in text for text in found) for part in said) and len(found) == len(said)
    # Rows are read where the declaration says how.
    found = changed(root, ('title=""', 'title="T"'), ('"mmc"', '"mcc"'), ('"maybe"', '"yes"'))
    assert any("2 cells instead of 4" in text and "line 26" in text for text in found) and len(found) == 3


def test_rows_that_break_the_schema_come_in_one_table_and_restricted_ones_unseen(root):
    folder = root / "data" / "triage"
    data = folder / "sample.csv"
    rows = data.read_text(encoding="utf-8").splitlines()
    data.write_text("\n".join([*rows[:2], *(row + "SECRET" for row in rows[2:4]), rows[4].replace("row-03", "row-00")]))
    source = files.read_json(folder / "source.json")
    files.write_json(folder / "source.json", source | {"files": {"sample.csv": files.sha256(data)}})
    (shown,) = checking.findings(root, "triage")
    assert "SECRET" in shown and all(part in shown for part in ("row-01 (line 3)", "row-02 (line 4)", "unique"))
    files.write_json(folder / "source.json", files.read_json(folder / "source.json") | {"kind": "restricted"})
    (hidden,) = checking.findings(root, "triage")
    assert "SECRET" not in hidden and "row-0" not in hidden and "line 3, line 4" in hidden


def test_a_reader_of_ones_own_that_fails_is_no_traceback_and_quotes_nothing(root):
    new = "reader=lambda folder: int('SECRET'),\n    schema"
    text = (root / "tasks" / "triage.py").read_text(encoding="utf-8")
    start, end = text.index("reader="), text.index("schema=")
    (root / "tasks" / "triage.py").write_text(text[:start] + new + text[end + len("schema") :], encoding="utf-8")
    found = checking.findings(root, "triage")
    assert [text.splitlines()[0] for text in found] == ["tasks/triage.py, line 15: TASK.reader fails with ValueError."]


def test_a_task_without_a_file_or_data(root):
    (said,) = checking.findings(root, "triag")
    assert "Did you mean 'triage'?" in said
    (root / "data" / "triage" / "source.json").unlink()
    (said,) = checking.findings(root, "triage")
    assert "source.json is missing" in said


def test_findings_are_refused_together():
    checking.refuse([], "triage")
    with pytest.raises(DataError, match=r"(?s)triage: 2 findings\.\na\nb\n.*harness check triage"):
        checking.refuse(["a", "b"], "triage")


ONE_POSITIVE = Path(__file__).resolve().parent.parent / "data" / "cases" / "one_positive.csv"


@pytest.mark.parametrize(
    ("positives", "said"),
    [
        (1, "Fewer than 3 groups have the label yes: training, validation and test part each need one."),
        (0, "No row has the label yes: scores of it cannot be measured"),
        (3, None),
    ],
)
def test_labels_that_are_too_rare_are_said_before_anything_is_trained(root, positives, said):
    """One row of a hundred is positive; without it there is none, with two more every part can have one."""
    lines = ONE_POSITIVE.read_text(encoding="utf-8").splitlines()
    at = [i for i, line in enumerate(lines) if line.endswith(",yes")]
    assert len(at) == 1
    if not positives:
        lines[at[0]] = lines[at[0]].removesuffix("yes") + "no"
    for i in range(1, positives):
        lines[i] = lines[i].removesuffix("no") + "yes"
    folder = root / "data" / "triage"
    (folder / "sample.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = files.read_json(folder / "source.json")
    source["files"]["sample.csv"] = files.sha256(folder / "sample.csv")
    files.write_json(folder / "source.json", source)
    made = checking.checked(root, "triage", folder)
    assert made.findings == []
    about_labels = [remark for remark in made.remarks if "the label" in remark]
    assert [remark.startswith(said) for remark in about_labels] == ([True] if said else []), made.remarks
