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


def test_what_only_a_type_checker_imports_is_no_part_of_it(package):
    before = code.code_hash("harness.stages.split", package), code.Source(package).closure(["harness.stages.split"])[0]
    path = package / "stages/split.py"
    imports = "from typing import TYPE_CHECKING\n"
    first = "\nif {}:\n    from harness.training.finetune import loop\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + imports, encoding="utf-8")
    of_name = code.code_hash("harness.stages.split", package)
    path.write_text(text + imports + first.format("TYPE_CHECKING"), encoding="utf-8")
    assert code.code_hash("harness.stages.split", package) == of_name
    assert code.Source(package).closure(["harness.stages.split"])[0] == before[1]
    path.write_text(text + imports + first.format("True"), encoding="utf-8")
    assert len(code.Source(package).closure(["harness.stages.split"])[0]) > len(before[1])
