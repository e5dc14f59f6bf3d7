"""The readers of documents with XML-style inline tags (`<Name>Kari</Name>`): `tagged` reads text files or a column of
JSON lines, and `tagged_json` reads parallel lists, as Nor-DeID publishes them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.data import inline_tags, raw
from harness.data.annotated import Gathered, reader
from harness.data.folders import EMPTY, reads
from harness.data.reader import Layout, Reader, one_of
from harness.data.rows import value_faults
from harness.errors import DataError
from harness.task import Reading
from harness.text.letters import composed


def rules(labels: tuple[str, ...], **more) -> inline_tags.Rules:
    """Rules by which the text in each closed tag of a label is an entity. `more` are further fields of
    `inline_tags.Rules`."""
    return inline_tags.Rules(labels=labels, **{"shapes": {}, **more})


def tagged(
    files: str | Mapping[str, str],
    rules: inline_tags.Rules,
    *,
    text: str = "text",
    identity: str = "id",
    encoding: raw.Encoding = "utf-8",
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Reader:
    """A Reader of documents with inline tags.

    `files` is a name or pattern ("*.txt"), or a mapping from patterns to parts. A .jsonl file has one document per
    line, with its tagged text under the key `text` and its id under the key `identity`. If that key is missing, the id
    is the file's name and a number. Any other file is one document, and the file's name without ending is the id. Tags
    are repaired and counted by `rules` (see `inline_tags`). If tags have no single reading, the files are refused with
    the reason.
    """
    one_of("encoding", encoding, raw.Encoding)

    def each(found: Gathered, path: Path, part: str, alone: bool) -> int:
        before, count, lines = len(found.findings), 0, path.suffix == ".jsonl"
        content = found.content(path, encoding, empty=not (alone and lines))
        if raw.is_blank(content):
            found.dropped[EMPTY if lines else "empty text"] += len(found.findings) == before
            return 0
        for where, name, value in _texts(path, content, text, identity, found):
            count += 1
            if not found.sound(value, where, text):
                continue
            try:
                parsed = inline_tags.parse(value, rules)
            except inline_tags.Unclear as reason:
                found.fault(reason.args[0], where, "tags")
                continue
            key = id_prefix + name if name else None
            found.add(key, key, part, *found.untagged(parsed), where)
        return count

    layout = Layout("tags", files, {"text": text, "id": identity}, encoding=encoding)
    remedy = "Correct these documents, or set in the task's rules what their tags mean"
    return reader(files, each, layout, limit=max_characters, unit="documents", remedy=remedy)


def _texts(path: Path, content: str, text: str, identity: str, found: Gathered):
    """(place, id, tagged text) of every document of a file."""
    if path.suffix != ".jsonl":
        yield path.name, composed(path.stem), content
        return
    for number, (where, row) in enumerate(raw.json_lines(content, found.findings, f"{path.name} ")):
        if row is None:
            continue
        place = f"{path.name} {where}"
        name = found.key(row, identity, place) if identity in row else f"{composed(path.stem)}-{number}"
        yield place, name, row.get(text)


def tagged_json(
    parts: Mapping[str, str],
    *,
    text: str,
    metadata: Mapping[str, str],
    optional: Mapping[str, str] | None = None,
    rules: inline_tags.Rules,
    accept: Callable[[str], bool] = lambda text: True,
    max_characters: int = raw.MAX_CHARACTERS,
) -> Reader:
    """A Reader of JSON files with two parallel lists: `scenarios` (an object of metadata for each document), and the
    tagged texts under the key `text`.

    `parts` maps file names to the part of their records. `metadata` maps record columns to keys of a scenario, and
    `optional` does so for keys that not every scenario has. The id is the file's name without ending and the position
    from 0. Each document is a group of its own, unless `optional` names a "group" that the scenario has. A document is
    dropped, and counted by reason, if its tags are unclear, if it has no span, or if `accept(text)` is false.
    """

    metadata, more = dict(metadata), dict(optional or {})

    def read(folder: Path) -> Reading:
        found, rows = Gathered(max_characters), 0
        for name, part in parts.items():
            path = folder / name
            documents = _parallel(path, raw.json_document(path, raw.read_text(path, found.repaired)), text)
            rows += len(documents)
            for number, (tagged, scenario) in enumerate(documents):
                identity, before = f"{path.stem}-{number}", len(found.findings)
                where, told = f"{name} {identity}", scenario if isinstance(scenario, dict) else {}
                present = metadata | {column: key for column, key in more.items() if key in told}
                found.sound(tagged, where, text)
                if told is not scenario:
                    found.fault("not a JSON object", where, "scenarios")
                for key in present.values() if told is scenario else ():
                    for fault in value_faults(told.get(key), max_characters):
                        found.fault(f"{fault} in scenarios", where, key)
                if len(found.findings) > before:
                    continue
                parsed = _parsed(tagged, rules, accept)
                if isinstance(parsed, str):
                    found.dropped[parsed] += 1
                    continue
                extra = {column: composed(told[key]) for column, key in present.items()}
                composed_text, spans = found.untagged(parsed)
                found.add(identity, extra.pop("group", identity), part, composed_text, spans, name, **extra)
        return found.reading(f"{folder}/{', '.join(parts)}", rows, "documents", "Correct these")

    return Reader(read, reads(parts))


def _parallel(path: Path, content, text: str) -> list[tuple]:
    """The pairs (tagged text, scenario) of one file. Raises DataError if the lists are not parallel."""
    remedy = f"The file is an object with the lists scenarios and {text}, equally long."
    if not isinstance(content, dict):
        raise DataError(f"{path}: not a JSON object.", remedy=remedy)
    for key in (text, "scenarios"):
        if not isinstance(content.get(key), list) or not content[key]:
            raise DataError(f"{path}: {key} is missing, empty or not a list.", remedy=remedy)
    if len(content[text]) != len(content["scenarios"]):
        lengths = f"{len(content[text])} and {len(content['scenarios'])}"
        raise DataError(f"{path}: {text} and scenarios differ in length ({lengths}).", remedy=remedy)
    return list(zip(content[text], content["scenarios"], strict=True))


def _parsed(tagged: str, rules: inline_tags.Rules, accept: Callable[[str], bool]) -> inline_tags.Parsed | str:
    """The parsed document, or the reason to drop it, as a text."""
    try:
        parsed = inline_tags.parse(tagged, rules)
    except inline_tags.Unclear as reason:
        return reason.args[0]
    if not parsed.spans:
        return "no spans"
    return parsed if accept(parsed.text) else "not Norwegian"


# fmt: off
_NORWEGIAN = frozenset([
    "og", "er", "på", "med", "ble", "til", "som", "av", "en", "et", "ikke", "har", "hadde", "den", "det", "ved",
    "var", "fra", "etter", "noen", "år", "han", "hun", "skal", "ikkje", "vart",
])
_ENGLISH = frozenset([
    "the", "and", "was", "is", "with", "of", "to", "his", "her", "she", "this", "been", "are", "were", "that",
    "by", "an", "as", "or", "from", "years",
])
# fmt: on


def looks_norwegian(text: str) -> bool:
    """Return whether a text has more Norwegian than English function words."""
    words = re.findall(r"[^\W\d]+", text.casefold())
    return sum(word in _NORWEGIAN for word in words) > sum(word in _ENGLISH for word in words)
