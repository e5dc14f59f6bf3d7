"""The reader of token lists: rows with a list of tokens and a list of their tags, in JSON lines, Parquet or Arrow
files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.data import raw
from harness.data.annotated import Gathered, reader
from harness.data.arrow import arrow_rows
from harness.data.folders import EMPTY
from harness.data.reader import Layout, Reader
from harness.data.tag_schemes import Lonely, Scheme, Tagging, Token, laid_out, no_tag, read_tag
from harness.text.letters import composed


def word_lists(
    files: str | Mapping[str, str],
    *,
    labels: Iterable[str],
    ignore: Iterable[str] = (),
    tokens: str = "tokens",
    tags: str = "ner_tags",
    identity: str | None = None,
    group: str | None = None,
    scheme: Scheme = "detect",
    lonely: Lonely = "refuse",
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Reader:
    """A Reader of token lists. Each row becomes one record, and has a list of tokens and a list with one tag per token.

    `files` is a name or pattern ("*.arrow", "*.jsonl"), or a mapping from patterns to parts. `tokens`, `tags`,
    `identity` and `group` name the columns with tokens, tags, id and group. Without `identity` the id is the file's
    name and a number. Without `group` each row is a group, so a split may separate rows of one document. Class numbers
    of a `ClassLabel` column become class names. Tags that are numbers without names are refused. `labels`, `ignore`,
    `scheme` and `lonely` are those of `conll.conll`.
    """
    tagging = Tagging.of(labels, ignore, scheme, lonely)

    def each(found: Gathered, path: Path, part: str, alone: bool) -> int:
        rows, count, before = [], 0, len(found.findings)
        for where, row in _rows(path, found, empty=not alone):
            count += 1
            made = _tokens(row, tokens, tags, scheme, where) if row is not None else ""
            if isinstance(made, list):
                rows.append((where, row, made))
            elif made:
                found.fault(made, f"{path.name} {where}")
        found.dropped[EMPTY] += not count and len(found.findings) == before
        chosen = tagging.of_file([made for _, _, made in rows])
        for where, row, made in rows:
            place = f"{path.name} {where}"
            spans = chosen.entities(made, path.name, found)
            text, placed = laid_out(made, [(a, b, made[a].label) for a, b in spans], found.repaired)
            made_up = f"{composed(path.stem)}-{where.split()[1]}"
            name = found.key(row, identity, place) if identity else made_up
            key = id_prefix + name if name else None
            belongs = (found.key(row, group, place) or None) if group else key
            found.add(key, belongs, part, text if found.sound(text, place, "") else None, placed, place)
        return count

    told = {"id": identity, "group": group, "text": tokens, "spans": tags}
    given = {name: theirs for name, theirs in told.items() if theirs}
    layout = Layout("lists", files, given | {"tokens": tokens, "tags": tags}, scheme=scheme)
    remedy = "Correct these rows, or set columns and scheme of the reader"
    return reader(files, each, layout, limit=max_characters, unit="rows", remedy=remedy, columns=given)


def _rows(path: Path, found: Gathered, *, empty: bool):
    if path.suffix == ".jsonl":
        return raw.json_lines(found.content(path, empty=empty), found.findings, f"{path.name} ")
    return arrow_rows(path)


def _tokens(row: dict, tokens: str, tags: str, scheme: Scheme, where: str) -> list[Token] | str:
    """The row's tokens, or the fault of the row."""
    words, given = row.get(tokens), row.get(tags)
    if not isinstance(words, list) or not isinstance(given, list):
        return f"{tokens} and {tags} are not both lists"
    if not words or len(words) != len(given):
        return "not as many tags as tokens" if words else "no tokens"
    read = [found for tag in given if isinstance(tag, str) and (found := read_tag(tag, scheme))]
    if len(read) < len(given):
        return no_tag(scheme)
    if not all(isinstance(word, str) and word.strip() for word in words):
        return "no token"
    pairs = zip(words, read, strict=True)
    return [Token(word.strip(), place, label, where, i == 0) for i, (word, (place, label)) in enumerate(pairs)]
