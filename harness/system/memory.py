"""Turn a lack of memory into an error that says what to do."""

import errno

from harness.errors import HarnessError, OutOfMemoryError

# torch has no own class for lack of CPU memory, and a device's error arrives as text.
_SAID = ("can't allocate memory", "out of memory")


def memory_error(error: BaseException | None) -> OutOfMemoryError | None:
    """The lack of memory in `error` or its causes, as an error for the user; None if it is about something else."""
    while error is not None:
        if _is_short(error):
            return OutOfMemoryError(
                "No memory is left.",
                remedy="Free memory, lower the batch, or set HARNESS_WORKERS=1, and run the command again.",
            )
        error = error.__cause__
    return None


def _is_short(error: BaseException) -> bool:
    if isinstance(error, HarnessError):
        return False
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID)
    )
