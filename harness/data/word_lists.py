"""The reader of token lists: rows of tokens and as many tags, in JSON lines, Parquet or a data set's Arrow files."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from harness.data import raw
from harness.data.arguments import one_of, without_blanks
from harness.data.findings import Finding, refuse
from harness.data.folders import EMPTY, matching, reads
from harness.data.mapping import Layout, carrying
from harness.data.rows import key_of, read_so_far, value_faults
from harness.data.tabular import arrow_rows
from harness.data.tag_schemes import Lonely, Scheme, Token, detected, entities, laid_out, no_tag, read_tag
from harness.task import Reading
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
) -> Callable[[Path], Reading]:
    """A reader of `files`: a name or pattern ("*.arrow", "*.jsonl"), or patterns with the part of their records.

    A row is a record; `tokens`, `tags`, `identity` and `group` name its columns (without an identity the id is
    the file's name and a number; without a group a row is its own, and rows of one document may be split
    apart). Numbers of a `ClassLabel` become its names; tags that are numbers without names are refused. `scheme` and
    `lonely` are as for `conll.conll`.
    """
    one_of("scheme", scheme, Scheme)
    one_of("lonely", lonely, Lonely)
    known, ignored = without_blanks(labels), frozenset(ignore)

    def read(folder: Path) -> Reading:
        findings, repaired, dropped, records, places, count = [], Counter(), Counter(), [], [], 0
        paths = matching(Path(folder), files)
        for path, part in paths:
            rows, before = [], len(findings) + count
            for where, row in _rows(path, findings, repaired, empty=len(paths) > 1):
                count += 1
                if row is None:
                    continue
                made = _tokens(row, tokens, tags, scheme, where)
                if isinstance(made, str):
                    findings.append(Finding(made, "", f"{path.name} {where}"))
                else:
                    rows.append((where, row, made))
            dropped[EMPTY] += len(findings) + count == before
            chosen = detected([made for _, _, made in rows]) if scheme == "detect" else scheme
            for where, row, made in rows:
                place = f"{path.name} {where}"
                spans = entities(made, chosen, lonely, path.name, known, ignored, findings, repaired)
                text, spans = laid_out(made, [(a, b, made[a].label) for a, b in spans], repaired)
                name = f"{composed(path.stem)}-{where.split()[1]}"
                if identity:
                    name = key_of(row, identity, place, findings, repaired)
                key = id_prefix + name if name else None
                belongs = (key_of(row, group, place, findings, repaired) or None) if group else key
                faults = [Finding(fault, "", place) for fault in value_faults(text, max_characters)]
                findings += faults
                text = None if faults else text
                records.append({"id": key, "group": belongs, "part": part, "text": text, "spans": spans})
                places.append(place)
        reading = read_so_far(records, places, dropped, repaired)
        refuse(
            str(folder), findings, count, unit="rows", reading=reading,
            remedy="Correct these rows, or say which columns and scheme the reader takes; nothing was written.",
        )  # fmt: skip
        return reading

    given = {"id": identity, "group": group, "text": tokens, "spans": tags}
    given = {name: theirs for name, theirs in given.items() if theirs}
    read.layout = Layout("lists", files, given | {"tokens": tokens, "tags": tags}, scheme=scheme)
    return carrying(read, given, reads=reads(files))


def _rows(path: Path, findings: list[Finding], repaired: Counter, *, empty: bool):
    if path.suffix != ".jsonl":
        yield from arrow_rows(path)
        return
    place = f"{path.name} "
    yield from raw.json_lines(raw.read_text(path, repaired, findings, place=place, empty=empty), findings, place)


def _tokens(row: dict, tokens: str, tags: str, scheme: Scheme, where: str) -> list[Token] | str:
    """The row's tokens, or what is wrong with it."""
    words, given = row.get(tokens), row.get(tags)
    if not isinstance(words, list) or not isinstance(given, list):
        return f"no lists {tokens} and {tags}"
    if not words or len(words) != len(given):
        return "not as many tags as tokens" if words else "no tokens"
    read = [read_tag(tag, scheme) if isinstance(tag, str) else None for tag in given]
    if None in read:
        return no_tag(scheme)
    if not all(isinstance(word, str) and word.strip() for word in words):
        return "no token"
    pairs = zip(words, read, strict=True)
    return [Token(word.strip(), *tag, where, i == 0) for i, (word, tag) in enumerate(pairs)]
