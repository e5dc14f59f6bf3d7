"""The hash of the code that decides: nothing that counts is left out, nothing else is in it."""

import shutil

import pytest
import test_architecture

from harness import code

STAGES = sorted(name for name in test_architecture.MODULES if name.startswith("harness.stages."))


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be changed."""
    target = tmp_path / "harness"
    shutil.copytree(code.PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


# Found only by a string: looked up when an architecture or a metric is asked for.
BY_NAME = {
    "evaluation/classification.py", "evaluation/spans.py", "models/norbert3.py", "models/norbert3_config.py",
    "models/norbert3_heads.py",
}  # fmt: skip


@pytest.mark.parametrize("name", STAGES)
def test_the_closure_is_what_a_plain_walk_over_the_imports_finds(name):
    """The walk counts no names in strings, but every package's `__init__`, and for `validate` the tasks' readers."""
    walked = {test_architecture.MODULES[other] for other in test_architecture.closure(name.split(".")[-1])}
    found = set(code.closure(name))
    if name != "harness.stages.validate":
        assert {path for path in walked if path.name != "__init__.py"} <= found
    assert {path.relative_to(code.PACKAGE).as_posix() for path in found - walked} <= BY_NAME
    for path in found:
        assert path.name != "__init__.py" or "import " in path.read_text(encoding="utf-8"), path


def test_architectures_that_are_looked_up_by_name_count():
    names = {path.name for path in code.closure("harness.stages.pretrain")}
    assert {"norbert3_heads.py", "norbert3_config.py", "norbert3.py", "pretrain.py", "files.py"} <= names
    assert not {"report.py", "predicting.py", "slurm.py", "cli.py"} & names


def test_the_hash_follows_what_decides_and_nothing_else(package):
    before = code.code_hash("harness.stages.pretrain", package)
    assert before == code.code_hash("harness.stages.pretrain")
    for other in ("reporting/page.py", "stages/report.py", "cli.py", "slurm.py"):
        (package / other).write_text((package / other).read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert code.code_hash("harness.stages.pretrain", package) == before
    for path in ("models/norbert3.py", "files.py", "stages/pretrain.py"):
        original = (package / path).read_bytes()
        (package / path).write_bytes(original + b"\n# changed\n")
        assert code.code_hash("harness.stages.pretrain", package) != before, path
        (package / path).write_bytes(original)
    assert code.code_hash("harness.stages.pretrain", package) == before


def test_the_same_code_under_another_name_is_other_code(package):
    shutil.copy(package / "stages" / "split.py", package / "stages" / "divide.py")
    assert code.code_hash("harness.stages.split", package) != code.code_hash("harness.stages.divide", package)
