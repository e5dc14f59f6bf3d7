"""Plain YAML values to typed ones, with errors that name the key's path and the nearest valid name."""

import dataclasses
import math
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from harness.errors import ConfigError, nearest, wrong

NODES = 100_000


def expanded(events: Iterable) -> int:
    """How many nodes a YAML document has once every alias stands for what it names; `events` of either library.

    A few lines of aliases of aliases become billions (with merge keys in memory, too), so they are counted first.
    """
    anchors: dict[str, int] = {}
    open_nodes: list[list] = [[None, 0]]
    for event in events:
        kind, anchor = type(event).__name__, getattr(event, "anchor", None)
        if kind == "AliasEvent":
            open_nodes[-1][1] += anchors.get(str(anchor), 1)
        elif kind == "ScalarEvent":
            open_nodes[-1][1] += 1
            anchors[str(anchor)] = 1
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            open_nodes.append([anchor, 1])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            name, size = open_nodes.pop()
            open_nodes[-1][1] += size
            anchors[str(name)] = size
    return open_nodes[0][1]


def sections(text: str, name: str) -> Mapping:
    """YAML as DVC reads it (YAML 1.2: `2e-5` is a number), no tags, no objects. Raises ConfigError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if expanded(YAML(typ="safe", pure=True).parse(text)) > NODES:
            raise ConfigError(
                f"{name}: aliases of aliases make more than {NODES:,} values of it.", remedy="Write the values out."
            )
        values = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(
            f"{name}{where}: not valid YAML ({problem}).", remedy="Mend the line, or `harness profile use embedded`."
        ) from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{name} holds no settings.", remedy="Write it anew with `harness profile use embedded`.")
    return values


def convert(kind, value, path: str, name: str, chosen: Mapping = {}):
    """`value` as `kind` (dataclass, union of dataclasses, tuple, dict, Literal or plain type).

    `Annotated[str, re.compile(…), "what it is"]` is text that matches the pattern as a whole. For a dataclass in
    `chosen`, `chosen[kind](section, path, name)` says which dataclass the section is, and fills in what it leaves out.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        base, pattern, meaning = arguments
        if not isinstance(value, base) or not pattern.fullmatch(value):
            raise wrong(name, path, meaning, value)
        return value
    if origin in (types.UnionType, typing.Union):
        if type(None) in arguments:
            return None if value is None else convert(arguments[0], value, path, name, chosen)
        if bool in arguments:  # true or false for all, or a section that says it of each
            section = next(kind for kind in arguments if kind is not bool)
            return convert(section if isinstance(value, Mapping) else bool, value, path, name, chosen)
        return _typed_union(arguments, value, path, name, chosen)
    if origin is Literal:
        if value not in arguments:
            raise wrong(name, path, f"one of {', '.join(map(str, arguments))}", value, nearest(value, arguments))
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise wrong(name, path, "a list", value)
        return tuple(convert(arguments[0], item, f"{path}[{i}]", name, chosen) for i, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise wrong(name, path, "a section", value)
        of_keys, of_values = arguments
        return {
            _key(of_keys, key, path, name): convert(of_values, item, f"{path}.{key}", name, chosen)
            for key, item in value.items()
        }
    if dataclasses.is_dataclass(kind):
        return _typed_section(kind, value, path, name, chosen)
    if kind is float and type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            raise wrong(name, path, "a finite number", value) from None
    if type(value) is not kind:
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        raise wrong(name, path, names[kind], value)
    if kind is float and not math.isfinite(value):
        raise wrong(name, path, "a finite number", value)
    return value


def _key(kind, key, path: str, name: str) -> str:
    if kind is not str:
        return convert(kind, key, f"a name in {path}", name)
    if not isinstance(key, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        raise ConfigError(
            f"{name}: {path} has the name {key!r}.",
            remedy="Use small letters, digits and _ (it becomes a folder name).",
        )
    return key


def _typed_section(kind, value, path: str, name: str, chosen: Mapping):
    if not isinstance(value, Mapping):
        raise wrong(name, path or "the file", "a section", value)
    if kind in chosen:
        kind, value = chosen[kind](value, path, name)
    fields = typing.get_type_hints(kind, include_extras=True)
    may_lack = {field.name for field in dataclasses.fields(kind) if _has_default(field)}
    for key in value:
        if key not in fields:
            raise unknown(name, f"{path}.{key}".lstrip("."), key, fields)
    for key in fields:
        if key not in value and key not in may_lack:
            raise ConfigError(
                f"{name}: {f'{path}.{key}'.lstrip('.')} is missing.",
                remedy="Add it; `harness profile list` shows presets.",
            )
    return kind(
        **{
            key: convert(field, value[key], f"{path}.{key}".lstrip("."), name, chosen)
            for key, field in fields.items()
            if key in value
        }
    )


def _has_default(field: dataclasses.Field) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _typed_union(kinds, value, path: str, name: str, chosen: Mapping):
    """The dataclass whose `source` literal the value names."""
    by_source = {typing.get_args(typing.get_type_hints(kind)["source"])[0]: kind for kind in kinds}
    if not isinstance(value, Mapping):
        raise wrong(name, path, f"a section with source: {' | '.join(by_source)}", value)
    source = value.get("source")
    if not isinstance(source, str) or source not in by_source:
        raise wrong(name, f"{path}.source", f"one of {', '.join(by_source)}", source, nearest(source, by_source))
    return _typed_section(by_source[source], value, path, name, chosen)


def unknown(name: str, path: str, key: str, known) -> ConfigError:
    known = list(known) if isinstance(known, Mapping) else []
    return ConfigError(
        f"{name}: {path} is not a setting.{nearest(key, known)}",
        remedy=f"Valid here: {', '.join(map(str, known)) or 'nothing'}.",
    )
