"""Find which data sets are restricted (neither public nor synthetic), and how messages may name these data and
files."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from harness.system.scratch import is_scratch

KIND = "restricted"
OPEN = ("public", "synthetic")  # the kinds that are not restricted
# Kinds of document and written standards that a report may name. Any other value may be somebody's own words.
# fmt: off
CATEGORIES = frozenset([
    "bokmål", "nynorsk", "nb", "nn", "norsk",
    "admission note", "clinical admission record", "clinical note", "discharge summary", "emergency call",
    "incident report", "nursing note", "outpatient care note", "outpatient note",
    "radiology report", "referral", "surgical report",
    "epikrise", "hendelsesrapport", "henvisning", "innkomstnotat", "journalnotat", "nødsamtale",
    "operasjonsbeskrivelse", "pasientforløp", "poliklinisk notat", "radiologisvar", "sykepleienotat", "review",
    "unknown",
])
# fmt: on
OTHER = "other"
PIN, META, COLUMNS = "data.dvc", "restricted", "columns"
_PINNED, _PLAIN = re.compile(rf"^  {META}:(.*)$", re.MULTILINE), re.compile(r"[^\W\d][\w-]*")
_NOTED = re.compile(r"^meta:\n(?:  .*\n?)*", re.MULTILINE)


def names(root: Path) -> list[str]:
    """The names of the restricted data sets at `root`, from their source records, their cards and `data.dvc`.

    A source record that cannot be read counts as restricted, because its content is not known.
    """
    root = Path(root)
    found = set(pinned(root))
    for path in root.glob("data/*/source.json"):
        if not is_scratch(path.parent.name) and _kind(path) not in OPEN:
            found.add(path.parent.name)
    found |= {path.parent.name for path in root.glob("artifacts/validated/*/card.json") if _kind(path) == KIND}
    return sorted(found)


def by_card(root: Path, name: str) -> bool:
    """True if the validated data set `name` is restricted, by its card."""
    return _kind(Path(root) / "artifacts" / "validated" / name / "card.json") == KIND


def pinned(root: Path) -> list[str]:
    """The data sets that `data.dvc` records as restricted, also while data/ is not checked out."""
    try:
        text = (Path(root) / PIN).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    if (match := _PINNED.search(text)) is None:
        return []
    # DVC rewrites it in its own style: with other quotes, and long lists over several lines.
    try:
        return list(map(str, parsed(text)["meta"][META]))
    except (KeyError, TypeError):
        return re.findall(r"[\w-]+", match[1]) or [META]


def parsed(text: str) -> Mapping:
    """The content of a YAML file of DVC, given as `text`. Returns an empty dict if it is no YAML. DVC then reports the
    error itself and pushes nothing."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text) or {}
    except YAMLError:
        return {}


def note(root: Path) -> None:
    """Write into `data.dvc` which data sets are restricted, and which columns each task took from a site's own file.

    The section `meta` is used, because DVC keeps it when it rewrites the file.
    """
    path, marked, taken = Path(root) / PIN, names(root), _columns(root)
    lines = [f"  {META}: [{', '.join(map(_named, marked))}]"] if marked else []
    if taken:
        lines.append(f"  {COLUMNS}:")
        lines += [f"    {_named(task)}: {_written(columns)}" for task, columns in sorted(taken.items())]
    if lines:
        from harness.system.files import write_text

        text = _NOTED.sub("", path.read_text(encoding="utf-8")).rstrip("\n")
        write_text(path, "\n".join([text, "meta:", *lines]) + "\n")


def _written(value: object) -> str:
    """Names as YAML: JSON with escapes for characters that cannot be seen, because names may have any characters."""
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if c < "\U00010000" else f"\\U{ord(c):08x}"
        for c in json.dumps(value, ensure_ascii=False)
    )


def _named(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else _written(name)


def _columns(root: Path) -> dict[str, dict]:
    found = {}
    for path in Path(root).glob("data/*/source.json"):
        if is_scratch(path.parent.name) or not path.is_file():
            continue
        try:
            found[path.parent.name] = json.loads(path.read_text(encoding="utf-8"))[COLUMNS]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def place(root: Path, path: Path) -> str | None:
    """The part of `path` that messages may show, relative to `root`. Below `data/`, it ends with the name of the data
    set, because file names inside may be private. Returns None if the path is outside the repository."""
    root, path = (Path(os.path.abspath(each)) for each in (root, path))
    if not path.is_relative_to(root):
        return None
    parts = path.relative_to(root).parts
    return "/".join(parts[: parts.index("data") + 2] if "data" in parts else parts)


def without_files(text: str, root: Path) -> str:
    """The output `text` of another program, such as DVC, in which each line is cut off at the name of a file of
    restricted data."""
    marked = "|".join(map(re.escape, names(root)))
    return re.sub(rf"(?<![\w-])(data/(?:{marked}))/(?!source\.json\b).*", r"\1/…", text) if marked else text


def category(value: object) -> str:
    """The document type or written standard `value` if it is a common one (see CATEGORIES). Otherwise "other", because
    it may be somebody's own words."""
    text = str(value)
    return text if text.casefold().replace("_", " ") in CATEGORIES else OTHER


def _kind(path: Path) -> str | None:
    if not path.is_file():
        return None  # reading a pipe would wait for a writer
    try:
        return json.loads(path.read_text(encoding="utf-8"))["kind"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
