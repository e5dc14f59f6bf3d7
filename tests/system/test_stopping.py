"""Signals that come at a bad moment wait, and are not lost."""

import signal
import subprocess
import sys
import threading

import pytest

from harness.system.stopping import Stopped, heard, held_back


def test_a_signal_within_the_block_is_handled_when_asked_for():
    with heard(signal.SIGTERM):
        before = signal.getsignal(signal.SIGTERM)
        with held_back(signal.SIGTERM, signal.SIGINT) as deliver:
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is before
        with pytest.raises(Stopped) as stopped:
            deliver()
        assert stopped.value.number is signal.SIGTERM
    with held_back(signal.SIGINT) as deliver:
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        deliver()


def test_what_did_not_come_or_is_ignored_raises_nothing():
    with held_back(signal.SIGTERM, signal.SIGINT) as deliver:
        pass
    deliver()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held_back(signal.SIGHUP) as deliver:
            signal.raise_signal(signal.SIGHUP)
        deliver()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_that_is_started_meanwhile_hears_signals_as_ever():
    with held_back(signal.SIGTERM):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child.terminate()
    assert child.wait(30) == -signal.SIGTERM


def test_another_thread_changes_nothing():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def inside():
        with held_back(signal.SIGTERM) as deliver:
            seen.append(signal.getsignal(signal.SIGTERM))
        deliver()

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]
