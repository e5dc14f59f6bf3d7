"""A task file's own functions: whatever they do ends in a line about that file, never in a traceback."""

import pytest

from harness.data import authored
from harness.errors import DataError, RegistryError
from harness.plugins import creating, registry
from harness.stages import validate
from harness.system import files

SECRET = "Kari Nordmann"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "sequence", "csv")
    return tmp_path


def changed(root, old, new, before=""):
    path = root / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new).replace("TASK = Task(", f"{before}TASK = Task("), encoding="utf-8")
    return registry.get(root, "triage")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("lambda: 5", "TASK.schema gives int, not a pandera DataFrameSchema"),
        ("lambda: None", "TASK.schema gives NoneType"),
        ("lambda: schema.sequence", "TASK.schema gives function"),
        ("lambda: 1 / 0", "TASK.schema fails with ZeroDivisionError"),
        ("lambda labels: schema.sequence(labels)", "TASK.schema fails with TypeError"),
    ],
)
def test_a_schema_that_is_none(root, new, said):
    task = changed(root, "lambda: schema.sequence(LABELS)", new)
    with pytest.raises(RegistryError, match=r"tasks/triage\.py") as caught:
        validate.check(task, root / "data" / "triage", root)
    assert said in caught.value.message and caught.value.remedy
    with pytest.raises(RegistryError):
        authored.schema(task)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", "TASK.reader gives NoneType, not a Reading"),
        ("return [{'text': 'x'}]", "TASK.reader gives list, not a Reading"),
        ("return Reading(3, 3)", "gives int, not a Reading whose records are a list of dicts"),
        ("return Reading(['row'], 1)", "gives list, not a Reading whose records are a list of dicts"),
        (f"raise ValueError({SECRET!r})", "TASK.reader fails with ValueError"),
        (f"return {{}}[{SECRET!r}]", "TASK.reader fails with KeyError"),
    ],
)
def test_a_reader_that_reads_nothing(root, body, said):
    path = root / "tasks" / "triage.py"
    text = path.read_text(encoding="utf-8")
    start = text.index("    reader=")
    end = text.index("    schema=")
    text = text[:start] + "    reader=mine,\n" + text[end:]
    own = f"from harness.task import Reading\n\n\ndef mine(folder):\n    {body}\n\n\n"
    path.write_text(text.replace("TASK = Task(", f"{own}TASK = Task("), encoding="utf-8")
    task = registry.get(root, "triage")
    with pytest.raises(RegistryError, match=r"tasks/triage\.py") as caught:
        validate.check(task, root / "data" / "triage", root)
    assert said in caught.value.message and SECRET not in str(caught.value)
    if "fails" in said:
        line = next(i for i, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if row.strip() == body)
        assert f"tasks/triage.py, line {line}: " in caught.value.message


def test_what_a_reader_says_in_words_of_ours_is_left_as_it_is(root):
    (root / "data" / "triage" / "sample.csv").unlink()
    with pytest.raises(DataError):
        authored.read(registry.get(root, "triage"), root / "data" / "triage")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("pa.DataFrameSchema(parsers=pa.Parser(lambda d: d.assign(text=d['text'].astype(int))))", "ValueError"),
        ("pa.DataFrameSchema({'text': pa.Column(str, parsers=pa.Parser(lambda s: {}[s[0]]))})", "KeyError"),
        ("pa.DataFrameSchema({'text': pa.Column('datetime64[ns]', coerce=True)})", ""),
        ("pa.DataFrameSchema({'text': pa.Column(checks=pa.Check(lambda v: int(v) > 3, element_wise=True))})", ""),
    ],
)  # fmt: skip
def test_a_schema_that_fails_at_a_value_quotes_none(root, declared, said):
    before = "import pandera.pandas as pa\n\n"
    task = changed(root, "lambda: schema.sequence(LABELS)", f"lambda: {declared}", before)
    folder = root / "data" / "triage"
    file = folder / "sample.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("hadde", SECRET), encoding="utf-8")
    source = files.read_json(folder / "source.json")
    files.write_json(folder / "source.json", source | {"kind": "restricted", "files": {file.name: files.sha256(file)}})
    with pytest.raises(RegistryError if said else DataError) as caught:
        validate.check(task, folder, root)
    assert "Kari" not in str(caught.value) and (not said or f"TASK.schema fails with {said}" in caught.value.message)
