"""Arguments of readers that are one of a few words: a declaration with another one is refused when it is loaded."""

from collections.abc import Iterable
from typing import get_args

from harness.errors import nearest


def without_blanks(labels: Iterable[str]) -> frozenset[str]:
    """Labels as tags and annotations name them. Raises ValueError for one with white space: it ends a name there."""
    known = frozenset(labels)
    if strange := sorted(label for label in known if len(str(label).split()) != 1):
        raise ValueError(f"label {strange[0]!r} holds a blank, which no tag can: write it as the file does")
    return known


def one_of(argument: str, given: object, words: object) -> None:
    """Raise ValueError where `given` is none of the literal `words`; the registry adds the file that says so."""
    known = get_args(words)
    if given not in known:
        listed = ", ".join(map(repr, known))
        raise ValueError(f"{argument}={given!r} is none of {listed}.{nearest(given, known)}")
