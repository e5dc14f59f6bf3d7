"""Annotations for the types of `params.yaml`: patterns of texts, kinds of sections, and checks of several settings
together.

Every command loads this module, also a command that reads no `params.yaml`. So pydantic is imported only when pydantic
itself uses the annotations. Ranges are `annotated_types.Interval`s, which pydantic knows.
"""

import typing
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Matching:
    """An annotation for text that must match the regular expression `pattern` (in the syntax common to Rust and
    JavaScript). `meaning` describes a valid text in error messages, such as "the name of a package"."""

    pattern: str
    meaning: str

    def __get_pydantic_core_schema__(self, source, handler):
        from pydantic_core import core_schema

        text = core_schema.str_schema(pattern=self.pattern, strict=True)
        return core_schema.custom_error_schema(
            text, "wanted", custom_error_message=self.meaning, custom_error_context={"wanted": self.meaning}
        )


@dataclass(frozen=True)
class By:
    """An annotation for a section that is one of several dataclasses. The section's value at `key` decides which one,
    such as `source: hub`."""

    key: str

    def __get_pydantic_core_schema__(self, source, handler):
        from pydantic_core import core_schema

        kinds = {typing.get_args(typing.get_type_hints(kind)[self.key])[0]: kind for kind in typing.get_args(source)}
        return core_schema.tagged_union_schema(
            {said: handler.generate_schema(kind) for said, kind in kinds.items()}, self.key
        )


class Requirement(NamedTuple):
    """A check of one setting, and the parts of its error message: `key` must be `wanted`, not `value`. `fits` is False
    if the check fails.

    `key` is the setting's path within its section ("": the section itself). `remedy` says what to do ("": correct the
    setting). `known` are the valid names, if the value is a name: the message suggests the nearest of them. A section
    with settings that must fit together has a method `checks`, which yields Requirements, or tuples with the same
    values.
    """

    key: str
    value: object
    fits: bool
    wanted: str
    remedy: str = ""
    known: Iterable[str] = ()


def each_once(section: object, *keys: str) -> Iterator[Requirement]:
    """Check that the list at each of `keys` in `section` is not empty, and has no value twice. Yields one Requirement
    per key."""
    for key in keys:
        listed = getattr(section, key)
        once = len(listed) == len(set(listed)) > 0
        yield Requirement(key, list(listed), once, "a list that is not empty and has no value twice")


def one_of(key: str, place: int, chosen: Sequence[str], known: Collection[str], wanted: str) -> Iterator[Requirement]:
    """Check that the name at index `place` of the list `chosen` is one of `known`, and occurs only once in the list.
    Yields two Requirements.

    `key` is the path of the list in `params.yaml`. `wanted` describes a valid name for the error message.
    """
    at, name = f"{key}[{place}]", chosen[place]
    yield Requirement(at, name, name in known, wanted, known=known)
    yield Requirement(at, name, chosen.count(name) == 1, "listed only once")
