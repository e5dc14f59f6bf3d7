"""Fixtures of the audit's tests."""

import shutil

import pytest

from harness.audit import all_checks


@pytest.fixture(autouse=True)
def pictures(drawn_once):
    """Every audit draws the whole report, and most changes that the tests make leave the pictures as they are."""


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A function that copies a finished repository, to be changed: the commands of the test are run there."""

    def copied(made):
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        # Other tests have loaded torch already, which a portable run must not find; the audit trains nothing.
        monkeypatch.setattr("harness.system.determinism.prepare_environment", lambda reproducible: None)
        root = shutil.copytree(made, tmp_path / "root", symlinks=True)
        monkeypatch.chdir(root)
        return root

    return copied


@pytest.fixture
def root(made_once, copied):
    return copied(made_once)


@pytest.fixture
def walked_once(monkeypatch):
    """Each further command tells what the first one found: where one finding is told in several ways."""
    audited, found = all_checks.audit, []

    def remembered(*given):
        found.extend([] if found else audited(*given))
        return iter(found)

    monkeypatch.setattr(all_checks, "audit", remembered)
