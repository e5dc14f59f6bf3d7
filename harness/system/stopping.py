"""End a command cleanly when a signal tells it to stop."""

import contextlib
import signal
import threading
from collections.abc import Iterator


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


def _stop(number: int, _) -> None:
    raise Stopped(number)
