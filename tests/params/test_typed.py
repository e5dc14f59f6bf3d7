"""Plain values to typed ones: what may be absent, what must match, and the path in every error."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest

from harness.errors import ConfigError
from harness.params import typed
from harness.params.marks import By, Matching

Letters = Annotated[str, Matching("^[a-z]+$", "small letters")]


@dataclass(frozen=True)
class Part:
    source: Literal["part"]
    needed: int
    factor: float = 2.0
    names: dict[Letters, Letters] | None = None
    more: tuple[int, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Other:
    source: Literal["other"]


def test_fields_with_a_default_may_be_absent_and_only_they():
    assert typed.convert(Part, {"source": "part", "needed": 1}, "at", "file") == Part("part", 1)
    given = {"source": "part", "needed": 1, "factor": 3, "names": {"a": "b"}, "more": [1]}
    assert typed.convert(Part, given, "at", "file") == Part("part", 1, 3.0, {"a": "b"}, (1,))
    with pytest.raises(ConfigError, match=r"at\.needed is missing"):
        typed.convert(Part, {"source": "part", "factor": 1.0}, "at", "file")


def test_a_default_does_not_loosen_what_is_given():
    for key, value, said in (
        ("factor", "x", r"at\.factor must be a number"),
        ("factor", None, r"at\.factor must be a number"),
        ("facter", 1.0, r"at\.facter is not a setting.*'factor'"),
        ("more", [1, "2"], r"at\.more\[1\] must be a whole number"),
    ):
        with pytest.raises(ConfigError, match=said):
            typed.convert(Part, {"source": "part", "needed": 1, key: value}, "at", "file")


def test_null_is_allowed_where_the_type_says_so():
    assert typed.convert(Part, {"source": "part", "needed": 1, "names": None}, "at", "file").names is None


def test_text_with_a_pattern_matches_as_a_whole_as_key_and_as_value():
    assert typed.convert(Letters, "abc", "at", "file") == "abc"
    for value in ("ab1", "ab\n", "", None, 5):
        with pytest.raises(ConfigError, match="at must be small letters"):
            typed.convert(Letters, value, "at", "file")
    for names, said in (({"A": "b"}, r"a name in at\.names must be small letters, not 'A'"),
                        ({"a": "B"}, r"at\.names\.a must be small letters, not 'B'"),
                        ({1: "b"}, r"a name in at\.names must be small letters")):  # fmt: skip
        with pytest.raises(ConfigError, match=said):
            typed.convert(Part, {"source": "part", "needed": 1, "names": names}, "at", "file")


Either = Annotated[Part | Other, By("source")]


def test_a_union_is_told_apart_by_its_source():
    assert typed.convert(Either, {"source": "other"}, "at", "file") == Other("other")
    with pytest.raises(ConfigError, match=r"at\.source must be one of part, other"):
        typed.convert(Either, {"source": "othr"}, "at", "file")
