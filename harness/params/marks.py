"""Annotations for the types of `params.yaml`: patterns, kinds of sections, and checks of several settings together.

pydantic is imported only when it uses these annotations, because every command loads them, also one that reads no
`params.yaml`. Ranges are `annotated_types.Interval`s, which pydantic knows.
"""

import typing
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Matching:
    """Text that matches `pattern` (in the syntax common to Rust and JavaScript). `meaning` describes such a text."""

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
    """A section of one of several kinds. Its value at `key` decides the kind."""

    key: str

    def __get_pydantic_core_schema__(self, source, handler):
        from pydantic_core import core_schema

        kinds = {typing.get_args(typing.get_type_hints(kind)[self.key])[0]: kind for kind in typing.get_args(source)}
        return core_schema.tagged_union_schema(
            {said: handler.generate_schema(kind) for said, kind in kinds.items()}, self.key
        )


class Requirement(NamedTuple):
    """Whether the `value` at `key` of a section fits, and which value is `wanted`. `known` are the possible names. A
    section whose settings must fit together has a method `checks`, which yields Checks, or their parts as tuples."""

    key: str
    value: object
    fits: bool
    wanted: str
    remedy: str = ""
    known: Iterable[str] = ()


def each_once(section: object, *keys: str) -> Iterator[Requirement]:
    """Check that the lists at `keys` have something in them, and nothing twice."""
    for key in keys:
        listed = getattr(section, key)
        once = len(listed) == len(set(listed)) > 0
        yield Requirement(key, list(listed), once, "a list that is not empty and has no value twice")


def one_of(key: str, place: int, chosen: Sequence[str], known: Collection[str], wanted: str) -> Iterator[Requirement]:
    """Check that the name at this `place` of the list `chosen` at `key` is one of `known`, and there once."""
    at, name = f"{key}[{place}]", chosen[place]
    yield Requirement(at, name, name in known, wanted, known=known)
    yield Requirement(at, name, chosen.count(name) == 1, "listed only once")
