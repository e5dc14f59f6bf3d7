"""Hide the messages of errors if data are restricted, because a message may quote a value of the data.

The harness's own messages are written so that they quote nothing. But a library's message may quote the value on which
the library failed. So if data are restricted, a traceback shows only its frames and the types of the errors.
"""

import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

_HIDDEN = "HARNESS_MESSAGES_HIDDEN"
_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line \d+, in [^\n]*$', re.MULTILINE)


def kind_and_message(error: BaseException) -> str:
    """The type of an error and, unless messages are hidden in this process, its message."""
    name = type(error).__name__
    return name if sys.excepthook is _uncaught else f"{name}: {error}"


def first_line(error: BaseException) -> str:
    """The first line of a library's error message, at most 200 characters, to be quoted in one of the harness's own
    messages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def line_in(error: BaseException, file: str) -> str:
    """The place of an error in a file named `file`, as ", line 12" for a message.

    Empty if the traceback has no such file.
    """
    passed = [at.lineno for at in traceback.extract_tb(error.__traceback__) if Path(at.filename).name == file]
    return f", line {passed[-1]}" if passed else ""


def hide_messages() -> None:
    """Hide the messages of uncaught errors in any thread, and of libraries' warnings and logs, from now on."""
    os.environ[_HIDDEN] = "1"
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _print(given.exc_value) if given.exc_value else None
    sys.unraisablehook = lambda given: _print(given.exc_value) if given.exc_value else None
    warnings.formatwarning = lambda message, category, filename, lineno, line=None: (
        f"{filename}:{lineno}: {category.__name__}\n"
    )
    logging.setLogRecordFactory(_record)


def follow() -> None:
    """Hide messages in a worker process that was started afresh, if its parent process hides them.

    A forked worker needs no call, because it inherits the settings of its parent.
    """
    if os.environ.get(_HIDDEN) == "1":
        hide_messages()


def _record(*arguments, **more) -> logging.LogRecord:
    """A library's log record with its place and the type of its error only. The harness itself logs nothing."""
    record = logging.LogRecord(*arguments, **more)
    kind = f"{record.exc_info[0].__name__}, " if record.exc_info and record.exc_info[0] else ""
    record.msg = f"{kind}{record.pathname}:{record.lineno} (messages are left out, because data here are restricted)"
    record.args, record.exc_info, record.stack_info = (), None, None
    return record


def _uncaught(kind, error: BaseException, trace) -> None:
    _print(error)


def _print(error: BaseException) -> None:
    print(without_message(error), file=sys.stderr)


def without_message(error: BaseException) -> str:
    """The traceback of an error and its causes, with files, line numbers and types, but without messages and lines of
    code."""
    lines = []
    for each in _chain(error):
        lines += ["Traceback (most recent call last; messages are left out, because data here are restricted):"]
        for frame in traceback.extract_tb(each.__traceback__):
            lines.append(f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}')
        # A worker process sends a text that ends in the message, so only its frames are taken.
        if type(each).__name__.endswith("RemoteTraceback"):
            lines += [match[0] for match in _FRAME.finditer(str(each))]
        # The system's text for a failed call has no value in it. The file name may have.
        lines.append(type(each).__name__ + (f": {each.strerror}" if isinstance(each, OSError) else ""))
    return "\n".join(lines)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the causes of an error and then the error itself, beginning with the first cause."""
    seen, chain = set(), []
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from reversed(chain)
