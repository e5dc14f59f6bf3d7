"""Work on a stream: order kept, few jobs in hand, errors brought home."""

import os
import signal

import pytest

from harness.errors import DataError, HarnessError
from harness.parallel import AHEAD, ordered


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


def test_a_killed_worker_is_an_error_with_a_remedy():
    with pytest.raises(HarnessError, match="killed from outside") as raised:
        list(ordered(die, range(3), 2))
    assert "HARNESS_WORKERS" in raised.value.remedy
