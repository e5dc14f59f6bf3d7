"""Tasks of a package that is really installed, into a folder of its own: taken, pinned, and refused when it changed."""

import os
import subprocess
import sys
import zipfile

import pytest

from harness.errors import ConfigError, RegistryError
from harness.plugins import checking, creating, packages, placing, registry

DECLARATION = '''"""Doses in notes."""

from clinic_tasks.labels import LABELS

from harness.data import schema, tabular
from harness.task import Groups, Task

TASK = Task(
    name="dose", version="1", title="Is a dose given?", head="sequence",
    reader=tabular.table("doses.csv", columns={"text": "text", "label": "label"}),
    schema=lambda: schema.sequence(LABELS), labels=LABELS, groups=Groups(column="group"), metrics=("macro_f1",),
    licence="MIT", citation="None",
)
'''


def install(where, name="clinic-tasks", version="1.0", points="dose = clinic_tasks.dose:TASK"):
    """Make the wheel of a distribution and install it into `where` with pip, without a network."""
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    contents = {
        f"{module}/__init__.py": "",
        f"{module}/labels.py": 'LABELS = ("no", "yes")\n',
        f"{module}/dose.py": DECLARATION,
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{information}/entry_points.txt": f"[harness.tasks]\n{points}\n",
    }
    contents[f"{information}/RECORD"] = "".join(f"{file},,\n" for file in [*contents, f"{information}/RECORD"])
    where.parent.mkdir(parents=True, exist_ok=True)
    wheel = where.parent / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in contents.items():
            archive.writestr(file, text)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--no-index", "--no-deps", "--target",
         str(where), str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    forget()


def forget():
    for name in [name for name in sys.modules if name.split(".")[0] in ("clinic_tasks", "other_tasks", "tasks")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    where = tmp_path_factory.mktemp("package") / "site"
    install(where)
    return where


@pytest.fixture
def site(built, tmp_path, monkeypatch):
    """A copy of the installed package, on the path."""
    import shutil

    where = shutil.copytree(built, tmp_path / "site")
    monkeypatch.syspath_prepend(where)
    # A file that is rewritten within a second, to the same size, would be taken from its compiled copy.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget()
    yield where
    forget()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "repository"
    (root / "tasks").mkdir(parents=True)
    return root


def test_a_task_of_a_package_is_taken_and_its_data_are_read(site, root, tmp_path):
    assert packages.offered() == [("dose", "clinic-tasks", "1.0")]
    path, task = creating.adopt(root, "dose", "Clinic_Tasks")
    assert task.labels == ("no", "yes") and registry.get(root, "dose") == registry.load_all(root)["dose"]
    text = path.read_text(encoding="utf-8")
    assert packages.installed("dose", "clinic-tasks").sha256 in text and str(site) not in text
    given = tmp_path / "doses.csv"
    given.write_text("text,label\n" + "".join(f"Gitt {i} mg,{'yes' if i % 2 else 'no'}\n" for i in range(8)))
    placing.put(root, "dose", given, {"kind": "synthetic"})
    assert checking.findings(root, "dose") == []
    assert list(packages.problems({"dose"}, {"dose": registry.package_of("dose")})) == []


def test_the_same_package_installed_elsewhere_is_the_same(site, root, tmp_path):
    before = packages.installed("dose", "clinic-tasks")
    (site / "clinic_tasks" / "__pycache__").mkdir(exist_ok=True)
    (site / "clinic_tasks" / "__pycache__" / "dose.cpython-311.pyc").write_bytes(b"x")
    (site / "clinic_tasks-1.0.dist-info" / "INSTALLER").write_text("another\n")
    assert packages.installed("dose", "clinic-tasks") == before


def test_another_version_or_other_bytes_are_refused_until_they_are_taken(site, root):
    path, _ = creating.adopt(root, "dose", "clinic-tasks")
    before = path.read_text(encoding="utf-8")
    labels = site / "clinic_tasks" / "labels.py"
    labels.write_text('LABELS = ("yes", "no", "maybe")\n', encoding="utf-8")
    forget()
    with pytest.raises(RegistryError, match="clinic-tasks is installed with other files") as caught:
        registry.get(root, "dose")
    assert "harness new-task dose --from clinic-tasks" in caught.value.remedy
    creating.adopt(root, "dose", "clinic-tasks")
    # What a stage depends on, and what provenance hashes, changes with the package.
    assert path.read_text(encoding="utf-8") != before and registry.get(root, "dose").labels == ("yes", "no", "maybe")
    information = site / "clinic_tasks-1.0.dist-info" / "METADATA"
    information.write_text(information.read_text().replace("Version: 1.0", "Version: 1.1"))
    forget()
    with pytest.raises(RegistryError, match="clinic-tasks is installed in version"):
        registry.get(root, "dose")


def test_what_is_not_installed_is_told_with_what_is(site, root):
    with pytest.raises(RegistryError, match=r"No installed package 'clinic-task' has .*Did you mean 'clinic-tasks'"):
        creating.adopt(root, "dose", "clinic-task")
    with pytest.raises(RegistryError, match=r"offers no task 'doses'\. Did you mean 'dose'"):
        creating.adopt(root, "doses", "clinic-tasks")
    assert list((root / "tasks").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("TASK = Task(", "raise ImportError('no such table')\nTASK = Task("),
            "clinic-tasks 1.0, task dose: .*no such",
        ),
        (("TASK = Task(", "TASK = dict("), "clinic-tasks 1.0, task dose: .* is a dict, not a Task"),
        (("TASK =", "TAKS ="), "clinic-tasks 1.0, task dose: .*cannot be loaded"),
    ],
)
def test_a_broken_package_is_named(site, root, change, said):
    path = site / "clinic_tasks" / "dose.py"
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(RegistryError, match=said):
        creating.adopt(root, "dose", "clinic-tasks")
    (problem,) = packages.problems(set(), {})
    assert "clinic-tasks 1.0, task dose" in problem and list((root / "tasks").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('licence="MIT"', 'licence=""'), r"TASK\.licence is empty"),
        (('name="dose"', 'name="doses"'), r"TASK\.name is 'doses'"),
        (('head="sequence"', 'head="regression"'), "a number as the answer is not supported"),
        (('head="sequence"', 'head="multi-label"'), "Did you mean 'multilabel'"),
    ],
)
def test_a_declaration_at_fault_is_told_with_the_package(site, root, change, said):
    path = site / "clinic_tasks" / "dose.py"
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    creating.adopt(root, "dose", "clinic-tasks")
    with pytest.raises(RegistryError, match=rf"tasks/dose\.py \(package clinic-tasks 1\.0\): .*{said}"):
        registry.get(root, "dose")
    assert any("package clinic-tasks 1.0" in finding for finding in checking.findings(root, "dose"))


def test_code_outside_the_package_has_no_hash_and_is_refused(site, root, tmp_path, monkeypatch):
    """As an editable installation: the entry point leads to files that the package does not list."""
    elsewhere = tmp_path / "work"
    elsewhere.mkdir()
    (site / "clinic_tasks").rename(elsewhere / "clinic_tasks")
    (site / "path.pth").write_text("")
    record = next(site.glob("*.dist-info")) / "RECORD"
    record.write_text(record.read_text() + "path.pth,,\n")
    monkeypatch.syspath_prepend(elsewhere)
    with pytest.raises(RegistryError, match="its code is outside the files of the package") as caught:
        creating.adopt(root, "dose", "clinic-tasks")
    assert "editable" in caught.value.remedy


def test_names_that_stand_twice_are_told(site, root, tmp_path):
    (root / "tasks" / "dose.py").write_text("# a task of one's own\n", encoding="utf-8")
    (problem,) = packages.problems({"dose"}, {})
    assert problem == "The package clinic-tasks 1.0 offers the task dose, but tasks/dose.py is not from it."
    with pytest.raises(ConfigError, match=r"not from a package\. Nothing was written"):
        creating.adopt(root, "dose", "clinic-tasks")
    install(site, "other-tasks", points="dose = clinic_tasks.dose:TASK")
    assert "Several packages offer the task dose: clinic-tasks, other-tasks." in list(packages.problems({"dose"}, {}))


def test_the_commands(site, root, repository, tmp_path):
    import shutil

    shutil.copy(repository / "params.yaml", root / "params.yaml")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(repository), str(site)])}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"

    def harness(*arguments):
        command = [sys.executable, "-m", "harness", *arguments]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)

    listed = harness("tasks")
    assert "clinic-tasks 1.0 offers dose: `harness new-task dose --from clinic-tasks` adds it." in listed.stdout
    made = harness("new-task", "dose", "--from", "clinic-tasks")
    assert made.returncode == 0 and "harness data use dose" in made.stdout and "synergi, dose]" in made.stdout
    assert "dose" in harness("tasks").stdout and "offers" not in harness("tasks").stdout
    (root / "tasks" / "dose.py").unlink()
    (site / "clinic_tasks" / "dose.py").write_text("broken(", encoding="utf-8")
    checked = harness("check")
    assert checked.returncode == 1 and "clinic-tasks 1.0, task dose" in checked.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Version: 1.0", 'Version: 1.0", **print("sung")) #'),
        ("Version: 1.0", "Version: <b>1.0</b>"),
        ("Name: clinic-tasks", 'Name: clinic-tasks"""'),
    ],
)
def test_a_package_whose_name_or_version_is_none_is_not_written_into_a_declaration(site, root, old, new):
    (information,) = site.glob("*.dist-info")
    text = (information / "METADATA").read_text()
    (information / "METADATA").write_text(text.replace(old, new))
    forget()
    name = 'clinic-tasks"""' if "Name" in new else "clinic-tasks"
    with pytest.raises(RegistryError, match="a name or version that no package index accepts"):
        creating.adopt(root, "dose", name)
    assert not (root / "tasks" / "dose.py").exists()
