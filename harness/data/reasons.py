"""Decide which reasons for dropped, repaired or refused rows may be shown for restricted data.

A reason may be shown if it is a text in the code of the task or of the harness. Other reasons may quote the data.
"""

import ast
import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

OTHER = "another reason"
_OURS = Path(__file__).resolve().parents[1]


class MadeUp(str):
    """A reason that is no text in the code, so that it may quote the data."""

    __slots__ = ()


def of(error: Exception, word: object) -> str:
    """The reason `word`, which an exception gave. The result is a `MadeUp` if the code that raised the exception has no
    such text."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return str(word) if trace and _stands(str(word), trace.tb_frame.f_code.co_filename) else MadeUp(word)


def released(counts: Mapping[str, int], reader: Callable) -> dict[str, int]:
    """The counts by reason, in a form that may be shown for restricted data: reasons that may not be shown are counted
    together as `OTHER`. `reader` is the task's reader, and its file is searched for the reasons."""
    file = _file(reader)
    found: Counter[str] = Counter()
    for reason, n in counts.items():
        made_up = isinstance(reason, MadeUp) or not _stands(str(reason), file)
        found[OTHER if made_up else str(reason)] += n
    return dict(found)


def _file(reader: Callable) -> str:
    try:
        return inspect.getsourcefile(inspect.unwrap(reader)) or ""
    except TypeError:  # an object that is called, a partial
        return inspect.getsourcefile(type(reader)) or ""


def _stands(text: str, file: str) -> bool:
    """Whether `text` is a string in `file` or in harness/data, or `file` is the harness's, which makes no reason up."""
    return Path(file).resolve().is_relative_to(_OURS) or text in _texts(file) or text in _texts_of_ours()


@cache
def _texts_of_ours() -> frozenset[str]:
    return frozenset().union(*(_texts(str(path)) for path in sorted((_OURS / "data").glob("*.py"))))


@cache
def _texts(file: str) -> frozenset[str]:
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    return frozenset(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
