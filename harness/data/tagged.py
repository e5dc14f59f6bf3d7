"""The reader of documents with XML-style inline tags (`<Name>Kari</Name>`): text files, or a column of JSON lines."""

from collections.abc import Mapping
from pathlib import Path

from harness.data import inline_tags, raw
from harness.data.annotated import Gathered, reader
from harness.data.folders import EMPTY
from harness.data.reader import Layout, Reader, one_of
from harness.text.letters import composed


def rules(labels: tuple[str, ...], **more) -> inline_tags.Rules:
    """Rules that take what stands in a closed tag for an entity; `more` are further fields of `inline_tags.Rules`."""
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
    """A reader of `files`: a name or pattern ("*.txt"), or patterns with the part of their records.

    A .jsonl file holds one document a line: its tagged text under `text`, its id under `identity` (the file's
    name and a number where it has none). Any other file is one document and its name the id. Tags are mended
    and counted as `inline_tags` says; what has no single reading refuses the file, with its reason.
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
    remedy = "Correct these documents, or say in the task's rules what their tags mean"
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
