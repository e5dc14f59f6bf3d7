"""Memory that is not there: one line, whichever library asked for it."""

import errno
import os

import pytest

from harness.errors import OutOfMemoryError
from harness.system.memory import memory_error


def by_python():
    bytearray(1 << 60)


def by_numpy():
    import numpy

    numpy.zeros(1 << 57)


def by_torch():
    import torch

    torch.zeros(1 << 57)


def by_arrow():
    import pyarrow

    pyarrow.allocate_buffer(1 << 60)


def by_the_system():
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))  # as `fork` has it


def by_a_device():
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of …")


def with_a_cause():
    try:
        by_python()
    except MemoryError as error:
        raise ValueError("a library's own words") from error


ASKED = [by_python, by_numpy, by_torch, by_arrow, by_the_system, by_a_device, with_a_cause]


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
def test_memory_that_is_not_there_is_told_whichever_library_asked(ask):
    with pytest.raises(Exception) as caught:
        ask()
    found = memory_error(caught.value)
    assert isinstance(found, OutOfMemoryError) and "memory" in found.message and found.remedy


def test_other_errors_are_none_of_memory():
    assert memory_error(ValueError("the memory of a patient")) is None
    assert memory_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) is None
