"""Convert plain YAML values to typed objects. An error names the key's path and the nearest valid name.

The type of a section is a frozen dataclass. Ranges and patterns are annotations of its fields. The dataclass may have a
method `checks`, which checks settings that must fit together (see `harness.params.marks`). pydantic does the
conversion, and is imported only when the first value is converted.
"""

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping

from harness.errors import ConfigError, nearest, shown
from harness.params import faults
from harness.params.marks import Requirement
from harness.text import printable

# The checks that are left out for sections that a command does not use.
_RANGES = {"gt", "ge", "lt", "le", "max_length"}


def convert(kind, value, path: str, name: str, *, ranges: bool = True):
    """The `value` at the key `path` of the file `name`, converted to the type `kind`. If `ranges` is False, neither
    ranges nor settings that must fit together are checked.

    Raises ConfigError for the first fault.
    """
    from pydantic_core import ValidationError

    try:
        made = _validator(kind, ranges).validate_python(value)
    except ValidationError as error:
        raise faults.in_words(error, value, path, name) from None
    if ranges:
        hold(_checks(made, path), name)
    return made


def hold(checks: Iterable[tuple], name: str) -> None:
    """Raise ConfigError for the first of `checks` that does not fit. Each check is a `Requirement`, or a tuple with the
    same values. `name` is the file's name in the message."""
    for key, value, fits, wanted, remedy, known in (Requirement(*check) for check in checks):
        if not fits:
            hint = nearest(value, known) if known else ""
            raise ConfigError(
                f"{name}: {key} must be {wanted}, not {shown(value)}.{hint}", remedy=remedy or f"Correct {key}."
            )


def _checks(part, path: str) -> Iterator[tuple]:
    """The checks of all sections in `part`, inner ones first, and of all texts, because each is shown somewhere."""
    if isinstance(part, str):
        fault = printable.fault(" ".join(part.split()))
        yield path, part, fault is None, f"plain characters (it contains {fault})"
    elif isinstance(part, Mapping):
        for key, item in part.items():
            yield from _checks(item, faults.below(path, key))
    elif isinstance(part, tuple):
        for i, item in enumerate(part):
            yield from _checks(item, f"{path}[{i}]")
    elif dataclasses.is_dataclass(part):
        yield from _checks(vars(part), path)
        for key, *check in part.checks() if hasattr(part, "checks") else ():
            yield faults.below(path, key), *check


@functools.cache
def _validator(kind, ranges: bool):
    from pydantic_core import SchemaValidator

    return SchemaValidator(core(kind, ranges=ranges), {"strict": True, "allow_inf_nan": False})


def core(kind, *, ranges: bool = True) -> dict:
    """The pydantic core schema of the type `kind`, for values as YAML gives them: a dataclass is read from a mapping
    without unknown keys, and a tuple from a list. If `ranges` is False, ranges are not checked."""
    from pydantic import TypeAdapter

    return _of_yaml(TypeAdapter(kind).core_schema, ranges)


def _of_yaml(part, ranges: bool):
    from pydantic_core import core_schema

    if isinstance(part, list):
        return [_of_yaml(item, ranges) for item in part]
    if not isinstance(part, dict):
        return part
    made = {key: _of_yaml(item, ranges) for key, item in part.items() if ranges or key not in _RANGES}
    if made.get("type") == "tuple":
        made["strict"] = False
    if made.get("type") != "dataclass":
        return made
    config = {**made["config"], "strict": True, "allow_inf_nan": False, "extra_fields_behavior": "forbid"}
    made |= {"strict": False, "config": config}
    known = functools.partial(faults.known, made["fields"])
    return core_schema.no_info_before_validator_function(known, made, ref=made.pop("ref", None))
