"""The registry: what stands in tasks/, every way a file can be wrong, and nothing heavy on the way."""

import re
import subprocess
import sys
import unicodedata

import pytest

from harness.errors import RegistryError
from harness.plugins import registry
from harness.system import messages

TASK = """from harness.data import schema, tabular
from harness.task import Groups, Task

TASK = Task(
    name="{name}", version="1", title="A task", head="sequence",
    reader=tabular.table("a.jsonl", columns={{"id": "id", "text": "text", "label": "label"}}),
    schema=lambda: schema.sequence(("a", "b")), labels=("a", "b"), groups=Groups(), metrics=("macro_f1",),
    licence="MIT", citation="None",
)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tasks").mkdir()
    for name in ("apple", "pear"):
        write(tmp_path, name)
    return tmp_path


def write(root, name, old="", new="", text=TASK, called=None):
    (root / "tasks" / f"{name}.py").write_text(text.format(name=called or name).replace(old, new), encoding="utf-8")


def refused(root, *, name=None):
    with pytest.raises(RegistryError) as caught:
        registry.load_all(root) if name is None else registry.get(root, name)
    return str(caught.value)


def test_finds_whatever_stands_there_in_name_order(root):
    write(root, "_helper", text="raise RuntimeError('never loaded')")
    assert list(registry.load_all(root)) == ["apple", "pear"]
    (root / "tasks" / "apple.py").unlink()
    assert list(registry.load_all(root)) == ["pear"]
    assert registry.load_all(root / "elsewhere") == {}


def test_a_duplicate_name_is_told_before_the_wrong_file_name(root):
    write(root, "plum", called="pear")
    message = refused(root)
    assert "tasks/plum.py" in message and "'pear' is already taken by tasks/pear.py" in message
    assert registry.get(root, "apple").name == "apple"


def test_a_name_that_is_not_the_files(root):
    write(root, "plum", called="cherry")
    message = refused(root)
    assert "tasks/plum.py: TASK.name is 'cherry'" in message and "rename the file to cherry.py" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import no_such_module\n", ["tasks/plum.py, line 1", "no_such_module"]),
        ("x = 1\nfrom harness.data import nothing_there\n", ["tasks/plum.py, line 2", "nothing_there"]),
        ("x = 1\ndef f(:\n", ["tasks/plum.py, line 2", "SyntaxError"]),
        ("raise SystemExit(3)\n", ["tasks/plum.py, line 1", "SystemExit"]),
        ("x = 1\n", ["tasks/plum.py: declares no TASK"]),
        ("TASK = {{}}\n", ["tasks/plum.py: declares no TASK (found dict)"]),
    ],
)
def test_a_file_that_cannot_be_loaded(root, text, expected):
    write(root, "plum", text=text)
    message = refused(root)
    assert all(part in message for part in expected)
    assert refused(root, name="plum") == message
    assert registry.get(root, "pear").name == "pear"
    assert "tasks.plum" not in sys.modules or text in ("x = 1\n", "TASK = {{}}\n")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('labels=("a", "b"), ', "", "'labels'"),
        ('title="A task"', 'title=""', "TASK.title is empty"),
        ('labels=("a", "b")', "labels=()", "TASK.labels is empty"),
        ('labels=("a", "b")', 'labels=("a", "a")', "repeats a label"),
        ('labels=("a", "b")', 'labels="ab"', "TASK.labels is not a tuple"),
        ('metrics=("macro_f1",)', 'metrics=("macro_f1")', "TASK.metrics is not a tuple"),
        ('metrics=("macro_f1",)', 'metrics=("marco_f1",)', "Did you mean 'macro_f1'"),
        ('metrics=("macro_f1",)', 'metrics=("binary_f1",)', "binary_f1, which needs TASK.positive"),
        (
            'metrics=("macro_f1",)',
            'metrics=("sensitivity",), positive="b"',
            "TASK.metrics: sensitivity cannot be the first metric",
        ),
        ('head="sequence"', 'head="sequense"', "Did you mean 'sequence'"),
        ('citation="None"', 'citation="None", positive="c"', "not a label"),
        ("groups=Groups()", 'groups="caller"', "TASK.groups must be made by"),
        ("groups=Groups()", "groups=Groups(column=3)", "TASK.groups: column is 3, not the name of a column"),
        ("groups=Groups()", 'groups=Groups(link_equal="text")', "link_equal is 'text', not a tuple of names"),
        ("groups=Groups()", "groups=Groups(link_equal=5)", "TASK.groups: link_equal is 5, not a tuple of names"),
        ("groups=Groups()", "groups=Groups(near_duplicate=5)", "near_duplicate is 5, not a number above 0"),
        ("groups=Groups()", "groups=Groups(near_duplicate=-1)", "TASK.groups: near_duplicate is -1"),
        ("groups=Groups()", "groups=Groups(near_duplicate=float('nan'))", "TASK.groups: near_duplicate is nan"),
        ("groups=Groups()", "groups=Groups(near_duplicate='0.9')", "TASK.groups: near_duplicate is '0.9'"),
        ("groups=Groups()", "groups=Groups(text_blind_siblings='no')", "TASK.groups: text_blind_siblings is 'no'"),
        ('schema=lambda: schema.sequence(("a", "b"))', "schema=3", "TASK.schema cannot be called"),
        ('licence="MIT"', 'licens="MIT"', "licens"),
    ],
)
def test_a_declaration_that_is_incomplete_or_wrong(root, old, new, expected):
    write(root, "plum", old, new)
    message = refused(root)
    assert "tasks/plum.py" in message and expected in message
    assert len(message.splitlines()) <= 3


ACTING = {
    r"a\nb": "a line break", r"a\u2028b": "a line break", r"a\rb": "a line break",
    r"\x1b[31ma": "the control character U+001B", r"a\x00": "the control character U+0000",
    r"a\tb": "the control character U+0009", r"\u202ea": "the control character U+202E",
}  # fmt: skip
PUBLIC = "PublicSource('https://a.example', '1', (PublicFile('a.txt', 'https://a.example/a', '0'),), {}, 'no')"


@pytest.mark.parametrize("acting", sorted(ACTING))
@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('title="A task"', 'title="{}"', "TASK.title"),
        ('labels=("a", "b")', 'labels=("a", "{}")', "TASK.labels[1]"),
        ('licence="MIT"', 'licence="{}"', "TASK.licence"),
        ('citation="None"', 'citation="{}"', "TASK.citation"),
        ('version="1"', 'version="{}"', "TASK.version"),
        ('citation="None"', f'citation="None", public={PUBLIC}'.replace("{}", '"{}"'), "TASK.public.licence"),
    ],
)
def test_texts_that_act_are_refused_and_named(root, old, new, where, acting):
    write(root, "plum", old, new.format(acting))
    path = root / "tasks" / "plum.py"
    path.write_text(path.read_text().replace("import Groups,", "import Groups, PublicFile, PublicSource,"))
    message = refused(root)
    assert f"tasks/plum.py: {where} contains {ACTING[acting]}." in message and "one line" in message
    assert all(character.isprintable() or character == "\n" for character in message)
    from harness.plugins import checking

    (found,) = [fault for fault in checking.findings(root, "plum") if "contains" in fault and where in fault]
    assert ACTING[acting] in found


def test_a_text_that_is_no_text_is_refused(root):
    write(root, "plum", 'title="A task"', "title=7")
    assert "TASK.title must be a text, not int" in refused(root)


def test_a_title_that_mlflow_would_cut_is_refused(root):
    write(root, "plum", 'title="A task"', "title='a b ' * 75")
    assert len(registry.get(root, "plum").title) == 300
    write(root, "plum", 'title="A task"', "title='a b ' * 76")
    assert "tasks/plum.py: TASK.title has 304 characters." in refused(root)


@pytest.mark.parametrize("text", ["<b> & [x](y) `z` * _ | = + @ $ {{}} %", "Pasientskade – æøå №1", "a\u00a0b"])
def test_texts_to_be_read_are_taken_as_they_are(root, text):
    write(root, "plum", 'title="A task"', f"title={text.replace('{{}}', '')!r}")
    assert registry.load_all(root)["plum"].title == text.replace("{{}}", "")


@pytest.mark.parametrize(
    ("old", "new"), [('("a", "b"), groups', '("a", "å"), groups'), ('"text": "text"', '"text": "prøvå"')]
)
def test_a_declaration_in_decomposed_letters_is_refused_with_its_line(root, old, new):
    """The data are composed when they are read, so such a label, column or word would match none of theirs."""
    write(root, "apple", old, new)
    assert registry.get(root, "apple")
    write(root, "apple", old, unicodedata.normalize("NFD", new))
    number = next(i for i, line in enumerate(TASK.split("\n"), 1) if old in line)
    assert f"tasks/apple.py, line {number}: decomposed letters" in refused(root, name="apple")


def test_an_unknown_name_gets_the_nearest(root):
    message = refused(root, name="peer")
    assert "Did you mean 'pear'?" in message and "apple, pear" in message
    assert "Did you mean" not in refused(root, name="zzzzzz")
    for name in ("../tasks/pear", "_helper", ""):
        assert "There is no task" in refused(root, name=name)


def test_each_of_the_five_can_be_deleted(repository, tmp_path):
    import shutil

    shutil.copytree(repository / "tasks", tmp_path / "tasks")
    names = [path.stem for path in registry.task_files(tmp_path)]
    for name in names:
        (tmp_path / "tasks" / f"{name}.py").rename(tmp_path / name)
        assert sorted(registry.load_all(tmp_path)) == sorted(set(names) - {name})
        (tmp_path / name).rename(tmp_path / "tasks" / f"{name}.py")


def test_loading_all_tasks_imports_nothing_heavy(repository):
    code = (
        "import sys\nfrom harness.plugins import registry\nregistry.load_all(sys.argv[1])\n"
        "heavy = {'torch', 'transformers', 'pandas', 'numpy', 'pandera', 'sklearn', 'mlflow', 'matplotlib', 'dvc',"
        " 'datasets', 'ruamel'}\nprint(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(repository)], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("line", "hidden", "shown"),
    [
        ("float('Kari')", "ValueError", "ValueError: could not convert string to float: 'Kari'"),
        ("{}['Kari']", "KeyError", "KeyError: 'Kari'"),
        ("int(__import__('decimal').Decimal('sNaN'))", "ValueError", "ValueError: cannot convert NaN to integer"),
        ("__import__('json').loads('[Kari]')", "JSONDecodeError", "JSONDecodeError: Expecting value: line 1 column 2"),
        ("kari", *["NameError: name 'kari' is not defined"] * 2),
        ("1 +", *["SyntaxError: invalid syntax"] * 2),
        ("__import__('harness.data.tabular', fromlist='x').table('a*', columns={})", *["ValueError: file='a*'"] * 2),
    ],
)
def test_a_declaration_that_looks_into_the_data_and_fails_there(root, monkeypatch, line, hidden, shown):
    """Where data are restricted, only what is wrong with the code is told."""
    path = root / "tasks" / "broken.py"
    path.write_text(f"{line}\n", encoding="utf-8")
    for hook, expected in ((sys.__excepthook__, shown), (messages._uncaught, hidden)):
        monkeypatch.setattr(sys, "excepthook", hook)
        with pytest.raises(RegistryError, match=re.escape(f"tasks/broken.py, line 1: {expected}")) as caught:
            registry.get(root, "broken")
        assert "Kari" not in caught.value.message or hook is sys.__excepthook__
