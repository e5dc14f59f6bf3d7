"""Fixtures shared by all tests."""

import fcntl
import hashlib
import logging
import os
import pickle
import shutil
import signal
import sys
import threading
import warnings
from pathlib import Path

import pytest
import submitit  # noqa: F401
from hypothesis import settings

# submitit is imported here because its import configures logging, which closes the streams of all handlers. One of
# absl (of mlcroissant) holds the stream in which pytest captures what tests write: after that, every test would fail.

# A check of a commit says the same every time; at the desk, properties look for new cases.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A shell that starts the tests in the background has them, and all that they start, deaf to Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# DVC's switch for tests: it starts no process that reports its use or asks for updates, over the network.
os.environ["DVC_TEST"] = "1"

ROOT = Path(__file__).resolve().parent.parent
EXTENDED = pytest.mark.skip(reason="slow, and its kin run; HARNESS_TEST_ALL=1 runs all")


# Files of few and long tests. They start first, so that no worker is left alone with one at the end.
LONGEST = (
    "test_end_to_end",
    "privacy/test_restricted",
    "audit/test_audit",
    "training/test_processes",
    "training/common/test_pool",
    "tracking/test_store",
    "audit/test_smaller",
    "pipeline/test_task_lists",
    "statistics/disclosure/test_twins",
    "pipeline/test_code_lists",
    "audit/test_unmeasured",
    "audit/test_stale",
    "plugins/test_walkthrough",
    "test_portable",
    "test_tracking_together",
    "stages/test_crossvalidate",
)


def pytest_collection_modifyitems(items):
    places = {f"{ROOT / 'tests' / name}.py": place for place, name in enumerate(LONGEST)}
    assert all(map(os.path.exists, places)), "LONGEST names a file that is not there"
    items.sort(key=lambda item: places.get(str(item.path), len(places)))
    if not os.environ.get("HARNESS_TEST_ALL"):
        for item in items:
            if item.get_closest_marker("extended"):
                item.add_marker(EXTENDED)


# Helpers that several test folders share (tests/fakes.py) are imported by their plain name.
sys.path.insert(0, str(ROOT / "tests"))


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk():
    """What a test writes need not outlast the machine, and each of thousands of files would be waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True)
def a_command_changes_no_later_test():
    """A command that a test runs in this process closes it off and hides its messages, for good: a process is one
    command. What it starts follows it by the environment, and so would what a later test starts."""
    environment = dict(os.environ)
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.formatwarning
    records = logging.getLogRecordFactory()
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.formatwarning = before
    logging.setLogRecordFactory(records)
    for name in os.environ.keys() - environment.keys() - {"PYTEST_CURRENT_TEST"}:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if name != "PYTEST_CURRENT_TEST"})


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return ROOT


@pytest.fixture(scope="session")
def made_once(repository, tmp_path_factory) -> Path:
    """The repository of `harness.testing`, which the first process of the tests that asks for it makes for all.

    Tests work on copies of it.
    """
    from harness.testing import repository as miniature

    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place, partial = base / "finished", base / "finished.partial"
    with open(base / "finished.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            shutil.rmtree(partial, ignore_errors=True)
            miniature.build(repository, partial).rename(place)
    return place


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder with the public originals; a test that needs it skips where it is absent."""
    folder = Path(os.environ.get("HARNESS_MIRROR", ROOT.parent / "shared" / "datasets"))
    if not (folder / "medmqp" / "mqp.csv").is_file():
        pytest.skip(f"no public originals in {folder}; set HARNESS_MIRROR to a mirror folder")
    return folder


_DRAWN: dict[bytes, object] = {}


@pytest.fixture
def drawn_once(monkeypatch):
    """Pictures of equal inputs are drawn once in this process. The end-to-end test draws each in a new process."""
    from harness.report.render import confusion, figures, forest

    def once(draw):
        def drawn(*given):
            key = hashlib.sha256(pickle.dumps((draw.__module__, given))).digest()
            if key not in _DRAWN:
                _DRAWN[key] = draw(*given)
            return _DRAWN[key]

        return drawn

    for module in (confusion, figures, forest):
        monkeypatch.setattr(module, "draw", once(module.draw))
