"""Show errors without their messages, which may quote a value of restricted data.

What the harness says itself is written with care. What a library says when it fails may quote the value it failed
on, so where data are restricted a traceback shows its frames and the kinds of the errors, and no message.
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
    """The kind of an error and, unless messages are hidden in this process, its message."""
    name = type(error).__name__
    return name if sys.excepthook is _uncaught else f"{name}: {error}"


def first_line(error: BaseException) -> str:
    """What a library says of an error, as much as fits into one of the harness's own messages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def line_in(error: BaseException, file: str) -> str:
    """For a message: the last line in a file of this name that the error passed; empty where it passed none."""
    passed = [at.lineno for at in traceback.extract_tb(error.__traceback__) if Path(at.filename).name == file]
    return f", line {passed[-1]}" if passed else ""


def hide_messages() -> None:
    """From now on what nobody caught, in any thread, and warnings and logs of libraries are shown without messages."""
    os.environ[_HIDDEN] = "1"
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _print(given.exc_value) if given.exc_value else None
    sys.unraisablehook = lambda given: _print(given.exc_value) if given.exc_value else None
    warnings.formatwarning = lambda message, category, filename, lineno, line=None: (
        f"{filename}:{lineno}: {category.__name__}\n"
    )
    logging.setLogRecordFactory(_record)


def follow() -> None:
    """The same in a worker that is started afresh, where the process that started it hides messages; what is forked
    does so by itself."""
    if os.environ.get(_HIDDEN) == "1":
        hide_messages()


def _record(*arguments, **more) -> logging.LogRecord:
    """What a library logs: where, and of which kind an error is; nothing in the harness itself logs anything."""
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
    """A traceback with files, lines and kinds of errors, without a message and without a line of code."""
    lines = []
    for each in _chain(error):
        lines += ["Traceback (most recent call last; messages are left out, because data here are restricted):"]
        for frame in traceback.extract_tb(each.__traceback__):
            lines.append(f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}')
        # What a worker process sends home is a text that ends in the message; its frames are taken out of it.
        if type(each).__name__.endswith("RemoteTraceback"):
            lines += [match[0] for match in _FRAME.finditer(str(each))]
        # What the system says of a failed call is no value; the file that it was about may be.
        lines.append(type(each).__name__ + (f": {each.strerror}" if isinstance(each, OSError) else ""))
    return "\n".join(lines)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, the first cause first."""
    seen, chain = set(), []
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from reversed(chain)
