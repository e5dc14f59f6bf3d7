"""Work on a stream: order kept, few jobs in hand, errors brought home."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from processes import running, written

from harness.errors import DataError, HarnessError
from harness.system.parallel import AHEAD, made_ahead, ordered, starting


def square(job):
    return job * job


def fail(job):
    if job == 2:
        raise DataError("job 2 broke", remedy="mend job 2")
    return job


def die(job):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_jobs(workers):
    assert list(ordered(square, iter(range(20)), workers)) == [n * n for n in range(20)]
    assert list(ordered(square, [], workers)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_jobs_are_drawn_only_as_results_are_taken(workers):
    drawn = []

    def jobs():
        for n in range(100):
            drawn.append(n)
            yield n

    results = ordered(square, jobs(), workers)
    next(results)
    assert len(drawn) <= AHEAD * workers
    results.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_error_comes_home(workers):
    with pytest.raises(DataError, match="job 2 broke"):
        list(ordered(fail, range(5), workers))

    def broken():
        yield 0
        raise DataError("no more jobs", remedy="none")

    with pytest.raises(DataError, match="no more jobs"):
        list(ordered(square, broken(), workers))


class OfTwoParts(Exception):
    """It can be sent, and not be put together again on the other side."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


def strange(job):
    raise OfTwoParts("this", "that")


def local(job):
    raise type("Local", (Exception,), {})("of a class that no other process knows")


def leave(job):
    sys.exit(0)


@pytest.mark.parametrize("work_all", [lambda work: ordered(work, range(3), 2), lambda work: made_ahead(work, [1, 2])],
                         ids=["in order", "ahead"])  # fmt: skip
@pytest.mark.parametrize(
    ("work", "said"),
    [
        (strange, "OfTwoParts: this and that"),
        (local, "Local: of a class that no other process knows"),
        (leave, "SystemExit: 0"),
    ],
)
def test_an_error_that_cannot_travel_comes_home_in_words_and_no_exit_passes_for_success(work_all, work, said):
    with pytest.raises(RuntimeError, match=said):
        list(work_all(work))


def test_a_killed_worker_is_an_error_with_a_remedy():
    with pytest.raises(HarnessError, match="killed from outside") as raised:
        list(ordered(die, range(3), 2))
    assert "HARNESS_WORKERS" in raised.value.remedy


def test_ahead_results_come_in_the_order_of_the_jobs():
    assert list(made_ahead(square, iter(range(20)))) == [n * n for n in range(20)]
    assert list(made_ahead(square, [])) == []


def test_one_result_is_made_ahead_in_another_process_and_closing_ends_it(tmp_path):
    def mark(job: int) -> int:
        (tmp_path / f"{job}").write_text(str(os.getpid()), encoding="utf-8")
        return job

    def made(job: int) -> bool:
        return (tmp_path / f"{job}").exists()

    results = made_ahead(mark, itertools.count())
    next(results)
    soon = time.monotonic() + 30
    while not made(1) and time.monotonic() < soon:
        time.sleep(0.01)
    time.sleep(0.1)
    assert made(1) and not made(2)
    (worker,) = {int(path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()}
    assert worker != os.getpid()
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_ahead_the_first_error_comes_home_in_its_turn():
    results = made_ahead(fail, range(5))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(DataError, match="job 2 broke") as raised:
        next(results)
    assert raised.value.remedy == "mend job 2"


def test_a_killed_process_that_works_ahead_is_an_error_with_a_remedy():
    with pytest.raises(HarnessError, match="killed from outside"):
        list(made_ahead(die, range(3)))


def test_nobody_works_ahead_for_a_process_that_was_killed(tmp_path):
    """SIGKILL leaves the parent no time to end it."""
    code = (
        "import itertools, os, sys, time\n"
        "from harness.system.parallel import made_ahead\n"
        "results = made_ahead(lambda job: os.getpid(), itertools.count())\n"
        "print(next(results), flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    worker = int(process.stdout.readline())
    process.kill()
    process.wait()
    soon = time.monotonic() + 30
    while time.monotonic() < soon and running(worker):
        time.sleep(0.05)
    assert not running(worker)


STREAM = """
import os, signal, sys, time
from pathlib import Path
from harness import cli
from harness.system import parallel
from harness.commands import stages

def work(job):
    Path(sys.argv[1], f"{job}.pid").write_text(str(os.getpid()))
    time.sleep(600)

stages._corpus = lambda options: list(parallel.ordered(work, range(9), 2))
sys.exit(cli.main(["corpus"]))
"""


@pytest.mark.parametrize(("cause", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("killed worker", 1)])
def test_whatever_ends_a_stream_does_not_wait_for_the_jobs_in_hand(cause, code, tmp_path):
    arguments = [sys.executable, "-c", STREAM, str(tmp_path)]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True)
    try:
        workers = [written(tmp_path / f"{job}.pid", process) for job in (0, 1)]
        if cause == "killed worker":
            os.kill(workers[0], signal.SIGKILL)
        else:
            process.send_signal(signal.Signals[cause])
        said = process.communicate(timeout=30)[1]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code and said.startswith("harness: ") and "Traceback" not in said, said
    assert not [worker for worker in workers if running(worker)]


def test_a_worker_that_is_started_afresh_hides_messages_where_its_starter_does(tmp_path, repository):
    """What a library warns of or logs in a worker may quote data, as in the process that started it."""
    (tmp_path / "work.py").write_text(
        "import logging, multiprocessing, os, sys, warnings\n"
        "from harness.system import messages, parallel\n"
        "def say(text):\n"
        "    warnings.warn(text)\n"
        "    logging.getLogger('library').warning(text)\n"
        "if __name__ == '__main__':\n"
        "    if sys.argv[1:]:\n"
        "        messages.hide_messages()\n"
        "    from concurrent.futures import ProcessPoolExecutor\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    pool = ProcessPoolExecutor(1, context, parallel._start, (say, os.getpid()))\n"
        "    pool.submit(parallel._run, 'Kari').result()\n",
        encoding="utf-8",
    )
    env = {**os.environ, "PYTHONPATH": str(repository)}
    for arguments, said in (([], 2), (["restricted"], 0)):
        command = [sys.executable, tmp_path / "work.py", *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert len([line for line in done.stderr.splitlines() if line.endswith("Kari")]) == said
        assert done.stderr.count("work.py:") == 2 - (said > 0)


def test_a_signal_that_another_thread_takes_waits_until_a_worker_is_started():
    begun = threading.Event()

    def interrupt():
        begun.wait(30)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    thread, reached = threading.Thread(target=interrupt), False
    thread.start()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(KeyboardInterrupt), starting():
        begun.set()
        thread.join()
        reached = True
    assert reached and signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked
