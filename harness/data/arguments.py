"""Arguments of readers that are one of a few words: a declaration with another one is refused when it is loaded."""

from typing import get_args

from harness.errors import nearest


def one_of(argument: str, given: object, words: object) -> None:
    """Raise ValueError where `given` is none of the literal `words`; the registry adds the file that says so."""
    known = get_args(words)
    if given not in known:
        listed = ", ".join(map(repr, known))
        raise ValueError(f"{argument}={given!r} is none of {listed}.{nearest(given, known)}")
