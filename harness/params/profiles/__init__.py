"""Make `params.yaml` from a profile, which is a preset. The file of each profile contains only the settings that differ
from `base.yaml`."""

import io
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, nearest
from harness.params import schema
from harness.system.files import read_text, write_text

FOLDER = Path(__file__).parent
BASE = "base"

# What a user types after choosing the profile.
NEXT_STEP = {
    "embedded": "Run `dvc repro`. If data/ holds fetched originals, first `git checkout data.dvc`.",
    "lab": "Next: `harness data fetch --mirror FOLDER` (the general corpus has no public address), then `dvc repro`.",
    "public": "Next: `harness data fetch --mirror FOLDER` (the general corpus has no public address), then "
    "`HF_HUB_OFFLINE=0 dvc repro`, which also downloads the encoder.",
    "paper": "Next: `harness data fetch`, `harness translate` for the Norwegian versions, fill the hub cache or name "
    "checkpoint folders, then `dvc repro`.",
}
_WIDTH = 120
_HEADER = f"# yaml-language-server: $schema={schema.NAME}\n"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != BASE)


def purpose(name: str) -> str:
    """The purpose of the profile `name` in one sentence, which is the first line of the profile's file."""
    return _file(name).partition("\n")[0].lstrip("# ")


def text(name: str) -> str:
    """The text of the whole `params.yaml` of the profile `name`: `base.yaml` with the profile's changes, and the
    comments of both files. Raises ConfigError if there is no such profile."""
    if name not in names():
        raise ConfigError(
            f"There is no profile {name!r}.{nearest(name, names())}", remedy=f"Profiles: {', '.join(names())}."
        )
    yaml = _yaml()
    (whole, comments), (changes, own) = (_read(yaml, _file(file)) for file in (BASE, name))
    _put(whole, changes)
    for path, comment in (comments | own).items():
        *parents, key = path
        section: Any = whole
        for parent in parents:
            section = section[parent]
        section.yaml_set_comment_before_after_key(key, before=comment, indent=2 * len(parents))
    out = io.StringIO()
    yaml.dump(whole, out)
    lines = "\n".join(_wrapped(line) for line in out.getvalue().splitlines() if line)
    # An empty line before each top-level section and its comment.
    return _HEADER + re.sub(r"^((?:#.*\n)*\w)", r"\n\1", lines, flags=re.MULTILINE).lstrip("\n") + "\n"


def use(root: Path, name: str) -> None:
    """Write `root/params.yaml` for the profile `name`. Also writes the JSON Schema `root/params.schema.json`, which
    editors use to check `params.yaml`, if this schema is missing or outdated."""
    # All profiles have the same schema. If it is there, only params.yaml changes, so a killed command leaves it whole.
    if not (root / schema.NAME).is_file() or schema.outdated(root):
        schema.write(root)
    write_text(root / "params.yaml", text(name))


def _file(name: str) -> str:
    return read_text(FOLDER / f"{name}.yaml")


def _yaml():
    from ruamel.yaml import YAML, RoundTripRepresenter

    class WithNull(RoundTripRepresenter):
        """Writes None as `null`. It is a class of its own, because `add_representer` changes the class."""

    WithNull.add_representer(type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null"))
    yaml = YAML()
    yaml.Representer, yaml.width = WithNull, 10_000
    return yaml


def _wrapped(line: str) -> str:
    """The line. If it is too long, its settings are on lines of their own, which break between settings."""
    if len(line) <= _WIDTH or _is_comment(line):
        return line
    key, _, settings = line.partition(" {")
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    settings = textwrap.fill(
        f"{{{settings}".replace(": ", ":\0"), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent} "
    )
    return f"{key}\n{settings}".replace("\0", " ")


def _read(yaml, text: str) -> tuple[Mapping, dict[tuple[str, ...], str]]:
    """A file's values, and the comment above each key, by the key's path."""
    lines = text.splitlines()
    values = yaml.load("\n".join("" if _is_comment(line) else line for line in lines))
    return values, {path: comment for path, at in _keys(values) if (comment := _above(lines, at))}


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _above(lines: list[str], at: int) -> str:
    first = at
    while first and _is_comment(lines[first - 1]):
        first -= 1
    return "\n".join(line.strip().removeprefix("# ") for line in lines[first:at])


def _keys(section, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """The path and the line (from 0) of each key that begins a line."""
    from ruamel.yaml.comments import CommentedMap

    if isinstance(section, CommentedMap) and not section.fa.flow_style():
        for key in section.lc.data:
            yield (*path, key), section.lc.key(key)[0]
            yield from _keys(section[key], (*path, key))


def _put(section, changes) -> None:
    """Put the values of `changes` into `section`. In a section on one line they precede the unchanged values."""
    for i, (key, value) in enumerate(changes.items()):
        here = section.get(key)
        if isinstance(value, Mapping) and isinstance(here, Mapping):
            _put(here, value)
        elif section.fa.flow_style():
            section.pop(key, None)
            section.insert(i, key, value)
        else:
            section[key] = value
