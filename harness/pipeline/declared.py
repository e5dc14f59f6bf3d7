"""Read the declared stages in `dvc.yaml`, with its templates filled in, and YAML files such as `dvc.lock`."""

import functools
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from harness.system.files import read_text

DVC = (sys.executable, "-m", "dvc")
# Metrics and plots are outputs that DVC also shows; dvc.lock lists them among the others.
_WRITTEN = ("outs", "metrics", "plots")


@dataclass(frozen=True)
class Stage:
    """One stage as `dvc.yaml` declares it: its command, its dependencies, its outputs, and the parameters that it
    reads.

    `passed_over` is true for a frozen stage. `dvc repro` and `dvc status` skip a frozen stage, even if its inputs have
    changed.
    """

    name: str
    cmd: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    params: tuple[str, ...]
    passed_over: bool


def read_yaml(path: Path) -> dict:
    """The content of a YAML file. Callers must not change it, because files with the same text share one object."""
    return _parsed(read_text(path))


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> dict:
    """Cached: an audit reads the same few files repeatedly, and a lock of a hundred kilobytes takes a second."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def stages(root: Path, params: Mapping) -> dict[str, Stage]:
    """All stages of `dvc.yaml`, by their names in `dvc.lock`.

    A stage with `foreach` or `matrix` becomes several stages. `params` is the content of `params.yaml`, which fills in
    the templates.
    """
    found = {}
    for name, declared in read_yaml(root / "dvc.yaml")["stages"].items():
        for suffix, item in _items(declared, params):
            stage = _filled(declared.get("do", declared), item)
            full = f"{name}@{suffix}" if suffix else name
            listed = {key: tuple(_name(entry) for entry in stage.get(key, ())) for key in (*_WRITTEN, "deps", "params")}
            outs = sum((listed[key] for key in _WRITTEN), ())
            frozen = bool(stage.get("frozen") or declared.get("frozen"))
            found[full] = Stage(full, stage["cmd"], listed["deps"], outs, listed["params"], frozen)
    return found


def value_at(params: Mapping, path: str):
    """The value in `params` at a dotted path such as `families.nb_bert.encoder`.

    Raises KeyError if there is no such value.
    """
    for key in path.split("."):
        params = params[key]
    return params


def _items(declared: Mapping, params: Mapping) -> list[tuple[str, object]]:
    def listed(template: str):
        return value_at(params, template.removeprefix("${").removesuffix("}"))

    if "foreach" in declared:
        return [(str(item), item) for item in listed(declared["foreach"])]
    if "matrix" in declared:
        axes = {axis: listed(values) for axis, values in declared["matrix"].items()}
        chosen = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
        return [("-".join(map(str, item.values())), item) for item in chosen]
    return [("", None)]


def _filled(value, item):
    if isinstance(value, str):
        named = item if isinstance(item, Mapping) else {}
        return re.sub(r"\$\{item(?:\.(\w+))?\}", lambda m: str(named[m.group(1)] if m.group(1) else item), value)
    if isinstance(value, Mapping):
        return {_filled(key, item): _filled(inner, item) for key, inner in value.items()}
    return [_filled(inner, item) for inner in value] if isinstance(value, list) else value


def _name(entry) -> str:
    return entry if isinstance(entry, str) else next(iter(entry))
