"""The hash of the code that decides: it follows what is imported."""

import shutil

import pytest

from harness.pipeline import code


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be changed."""
    target = tmp_path / "harness"
    shutil.copytree(code.PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def test_the_hash_of_a_module_follows_its_list(package):
    before = code.code_hash("harness.stages.pretrain", package)
    assert before == code.code_hash("harness.stages.pretrain")
    path = package / "system/files.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nCHANGED = 1\n", encoding="utf-8")
    assert code.code_hash("harness.stages.pretrain", package) != before


def test_the_same_code_under_another_name_is_other_code(package):
    shutil.copy(package / "stages" / "split.py", package / "stages" / "divide.py")
    assert code.code_hash("harness.stages.split", package) != code.code_hash("harness.stages.divide", package)
