"""The type `Check`: the result of checking one recorded value against a file or a value that is computed again."""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import HarnessError, MissingInputError
from harness.system import messages

HOLDS, DIFFERS, MISSING = "holds", "differs", "missing"
CHECKABLE = "can be checked"  # what a check expects that failed with an error
LISTED = 20  # differences of one file that are named. The rest is counted
_SHOWN = 90  # characters of a value that are shown
_TELLING = ("task", "family", "arm", "against", "seed", "part", "metric", "label", "check")


@dataclass(frozen=True)
class Check:
    """The result of one check. `subject` is the thing that was checked (such as `medmqp/nb_bert`), `name` the check
    itself.

    `state` is HOLDS, DIFFERS or MISSING. `expected` and `found` are filled if the state is DIFFERS, and `remedy` if it
    is not HOLDS. `about` has the paths of the checked files, and `rests_on` the paths that these files were made of.
    `follows` names another finding if that one is the cause.
    """

    subject: str
    name: str
    state: str
    expected: str = ""
    found: str = ""
    remedy: str = ""
    about: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    follows: str = ""


@dataclass(frozen=True)
class Subject:
    """Makes the checks of one subject, called `name`. `remedy` is the usual remedy. `about` and `rests_on` are those of
    the checks."""

    name: str
    remedy: str
    about: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()

    def of(self, *about: str, rests_on: tuple[str, ...] = ()) -> "Subject":
        """The same subject with other paths, for checks of other files."""
        return replace(self, about=about, rests_on=rests_on)

    def _check(self, name: str, state: str, expected: str = "", found: str = "", remedy: str = "") -> Check:
        return Check(self.name, name, state, expected, found, remedy, self.about, self.rests_on)

    def same(self, name: str, expected, found, remedy: str = "") -> Check:
        """Check that `found`, the value that is checked, equals `expected`."""
        return self.holds(name) if equal(expected, found) else self.wrong(name, expected, found, remedy)

    def wrong(self, name: str, expected, found, remedy: str = "") -> Check:
        one, other = as_line(expected), as_line(found)
        if one == other:
            # Long values with the same beginning are shown from their first difference.
            one, other = apart(_text(expected), _text(found))
        return self._check(name, DIFFERS, one, other, remedy or self.remedy)

    def holds(self, name: str) -> Check:
        return self._check(name, HOLDS)

    def missing(self, name: str, remedy: str = "") -> Check:
        return self._check(name, MISSING, remedy=remedy or self.remedy)

    def values(self, name: str, expected, found, remedy: str = "") -> Iterator[Check]:
        """Compare two plain values (dicts, lists, texts, numbers). Yields one check if they are equal, else one check
        for each place where they differ."""
        places = list(differences(expected, found))
        if not places:
            yield self.holds(name)
        for path, one, other in places[:LISTED]:
            yield self.wrong(f"{name}: {path}" if path else name, one, other, remedy)
        if len(places) > LISTED:
            yield self.wrong(f"{name}: elsewhere", "no difference", f"{len(places) - LISTED} more", remedy)

    def follow(self, name: str, checks: Callable[[], Iterator[Check]], root: Path | None = None) -> Iterator[Check]:
        """Yield the checks that `checks()` yields. An error in these checks becomes a finding, and the audit goes on.

        In messages, paths below `root` (a scratch folder) are shown relative to it.
        """
        try:
            yield from checks()
        except MissingInputError as error:
            yield self._check(f"{name}: {_below(root, error.message)}", MISSING, remedy=error.remedy)
        except HarnessError as error:
            yield self._check(name, DIFFERS, CHECKABLE, _below(root, error.message), error.remedy)
        except Exception as error:
            # A file that was edited may break the code that reads it in any way.
            reason = messages.kind_and_message(error)
            yield self._check(name, DIFFERS, CHECKABLE, as_line(_below(root, reason)), self.remedy)


def _below(root: Path | None, message: str) -> str:
    return message.replace(f"{root}/", "") if root else message


class Absent:
    """The type of the constant ABSENT, which is shown in place of a value that one of two compared sides does not
    have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


def equal(one, other) -> bool:
    """Whether two plain values are equal. Floats may differ in the last digits, as they do between processors."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return (type(one) is type(other) and one == other) or (_number(one) and _number(other) and one == other)


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def differences(expected, found, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield (place, expected value, found value) for each place at which two plain values (dicts, lists, texts) differ.

    A place is a path of keys, such as `runs[baseline 1].seed`. The value is ABSENT if one side lacks the place.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys(), key=str):
            yield from differences(expected.get(key, ABSENT), found.get(key, ABSENT), f"{path}.{key}".lstrip("."))
    elif _names(expected) and _names(found) and set(expected) != set(found):
        yield from ((path, name, ABSENT) for name in sorted(set(expected) - set(found)))
        yield from ((path, ABSENT, name) for name in sorted(set(found) - set(expected)))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{path}[{_named(one, i)}]")
    elif not equal(expected, found):
        yield path, expected, found


def _names(value) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _named(value, position: int) -> str:
    """The name of an item of a list: its arm, seed, metric and so on if it has them, else its position."""
    if isinstance(value, dict):
        keys = [str(value[key]) for key in _TELLING if key in value]
        if keys:
            return " ".join(keys)
    return str(position)


def as_line(value) -> str:
    """A value as text for one line. Hashes and long values are cut off."""
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40,}", value):
        return f"{value[:16]}…"
    text = _text(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def apart(one: str, other: str) -> tuple[str, str]:
    """A short piece of each text, which begins 30 characters before the first difference."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, at - 30)
    before, end = "…" if start else "", at + _SHOWN - 30
    return before + one[start:end], before + other[start:end]


def _text(value) -> str:
    if isinstance(value, str):
        # A finding is one line, whatever characters the value has.
        return value if value.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in value)
    return repr(value) if value is ABSENT else json.dumps(value, default=str, ensure_ascii=False)
