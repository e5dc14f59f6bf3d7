"""End a command cleanly when a signal tells it to stop."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class Stopped(KeyboardInterrupt):
    """The exception that a signal raises if the signal asks this process to end.

    While the exception propagates, scratch copies are removed and workers are ended.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = signal.Signals(number)


@contextlib.contextmanager
def heard(*numbers: signal.Signals) -> Iterator[None]:
    """Within the block, raise Stopped in the main thread if one of the signals `numbers` arrives.

    A signal that is ignored, or that has another handler, is left as it is. In another thread than the main thread,
    nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number, handler in before.items():
            if handler in (signal.SIG_DFL, _stop):
                signal.signal(number, _stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def held_back(*numbers: signal.Signals) -> Iterator[Callable[[], None]]:
    """Within the block, let signals wait, so that a process that the block starts is never left behind.

    Yields a function to be called after the block. It handles the signals that came during the block. Signals that are
    ignored stay ignored. In another thread than the main thread, nothing changes.

    A started process does not inherit this, unlike a blocked signal. So no code has to run between its fork and its
    exec, where a process with threads may hang forever.
    """
    came: list[int] = []
    before: dict[int, Any] = {}

    def deliver() -> None:
        for number in came:
            if callable(handler := before[number]):
                handler(number, None)
            else:
                signal.raise_signal(number)

    if threading.current_thread() is threading.main_thread():
        before = {number: handler for number in numbers if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, lambda number, _: came.append(number))
        yield deliver
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _) -> None:
    raise Stopped(number)
