"""End a command cleanly when a signal tells it to stop."""

import contextlib
import signal
import threading
from collections.abc import Iterator


class Stopped(KeyboardInterrupt):
    """A signal that asks this process to end. While it propagates, scratch copies are removed and workers ended."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = signal.Signals(number)


@contextlib.contextmanager
def heard(*numbers: signal.Signals) -> Iterator[None]:
    """Within the block, a signal of `numbers` that is neither ignored nor handled raises Stopped in the main thread."""
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
