"""Fixtures of the audit's tests."""

import hashlib
import pickle
import shutil

import pytest

from harness.audit import all_checks
from harness.report.render import confusion, figures, forest

_DRAWN: dict[bytes, object] = {}


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch):
    """Pictures of equal inputs are drawn once for all audits of this process. Every audit draws the whole report, and
    most changes that the tests make leave the pictures as they are. The end-to-end test draws each in a new process."""

    def once(draw):
        def drawn(*given):
            key = hashlib.sha256(pickle.dumps((draw.__module__, given))).digest()
            if key not in _DRAWN:
                _DRAWN[key] = draw(*given)
            return _DRAWN[key]

        return drawn

    for module in (confusion, figures, forest):
        monkeypatch.setattr(module, "draw", once(module.draw))


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
