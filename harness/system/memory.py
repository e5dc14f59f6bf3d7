"""Turn a lack of memory, which libraries report in several ways, into an error that says what to do."""

import errno

from harness.errors import HarnessError, OutOfMemoryError

# torch has no own class for lack of CPU memory, and a device's error arrives as text.
_SAID = ("can't allocate memory", "out of memory")


def memory_error(error: BaseException | None) -> OutOfMemoryError | None:
    """An OutOfMemoryError for the user if `error` or one of its causes is a lack of memory, otherwise None."""
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
