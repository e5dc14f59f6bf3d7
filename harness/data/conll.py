"""Read CoNLL files: one token a line, its tag in one column, a blank line between sentences.

A file may have a byte-order mark, tabs or spaces between columns, comments, and sentence breaks inside entities. Tags
are IOB1, IOB2, IOBES (also written BILOU or BMEWO) or labels alone. The text of a record is its tokens with a space
between them, one line for each sentence. Spans are character offsets into this text. A file is refused if a line has
another number of columns than most lines, or an invalid tag. One table shows all such lines.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.data import raw
from harness.data.annotated import Gathered, reader
from harness.data.folders import EMPTY
from harness.data.reader import Layout, Reader, one_of
from harness.data.tag_schemes import Lonely, Scheme, Tagging, Token, laid_out, no_tag, read_tag
from harness.text.letters import composed

Unit = Literal["document", "file", "sentence"]
Comments = Literal["detect", "hash", "none"]
_MARK = re.compile(r"-DOCSTART-|# *newdoc\b(?: +id *= *(?P<id>[^\t]*))?[^\t]*$")
# Lines that CoNLL-U calls comments: "# text = …", "#sent_id=3", "# newpar".
_NAMED = re.compile(r"# *(?:[\w.:-]+ *=|new(?:doc|par)\b[^\t]*$)")
_BLANKS = " \t"


@dataclass(frozen=True)
class Columns:
    """The settings for reading the lines of a CoNLL file.

    `token` and `tag` are the numbers of the columns with the token and its tag, from 0, or from the end if negative.
    `scheme` is the tag scheme, and `comments` the rule for lines that begin with `#` (see `conll`). `labels` are the
    labels that the task declares or ignores.
    """

    token: int
    tag: int
    scheme: Scheme
    comments: Comments
    labels: frozenset[str]


@dataclass
class Document:
    """One document of a CoNLL file, with its tokens in order.

    `marked` is true if a line (`-DOCSTART-` or `# newdoc`) marks the document's beginning. `name` is the id in
    `# newdoc id = …`, or "" if that line gives no id.
    """

    name: str
    marked: bool
    tokens: list[Token] = field(default_factory=list)


def conll(
    files: str | Mapping[str, str],
    *,
    labels: Iterable[str],
    ignore: Iterable[str] = (),
    token: int = 0,
    tag: int = -1,
    scheme: Scheme = "detect",
    unit: Unit = "document",
    comments: Comments = "detect",
    lonely: Lonely = "refuse",
    encoding: raw.Encoding = "utf-8",
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Reader:
    """A Reader of CoNLL files. Each record has a text and its entity spans.

    `files` is a name or pattern ("*.conll"), or a mapping from patterns to parts. `labels` are the task's labels.
    Entities with a label in `ignore` are skipped, and any other label is a fault. `token` and `tag` are column numbers
    from 0, or from the end if negative. Columns are separated by tabs, or by blanks in a line without a tab.

    A record is a `unit` of the file: a document (which a `-DOCSTART-` or `# newdoc` line begins), the whole file, or a
    sentence. A sentence is joined with the next sentence if an entity crosses the break. Sentences of a marked document
    are one group. Without marks each sentence is a group of its own, so a split may separate sentences of one text.

    `scheme` is the tag scheme. "detect" uses for each file the scheme that the file's tags follow, and "bare" reads
    tags that are labels alone. An `I-` tag that continues no entity is a fault, or begins an entity if `lonely` is
    "begin". Lines that begin with `#` are comments if `comments` is "hash", and tokens if `comments` is "none". With
    "detect", `# key = value` and `# newpar` are comments, and also a `#` before a blank, unless the columns of a token
    follow.
    """
    one_of("unit", unit, Unit)
    one_of("comments", comments, Comments)
    one_of("encoding", encoding, raw.Encoding)
    tagging = Tagging.of(labels, ignore, scheme, lonely)
    columns = Columns(token, tag, scheme, comments, tagging.labels | tagging.ignored)

    def each(found: Gathered, path: Path, part: str, alone: bool) -> int:
        before, stem = len(found.findings), composed(path.stem)
        content = found.content(path, encoding, empty=not alone)
        documents = list(_documents(path.name, content, columns, unit, found)) if content.strip() else []
        found.dropped["empty document"] += sum(not document.tokens for document in documents)
        lines = len({finding.row for finding in found.findings[before:]})
        found.dropped[EMPTY] += not documents and len(found.findings) == before
        documents = [document for document in documents if document.tokens]
        chosen = tagging.of_file([document.tokens for document in documents])
        number = 0
        for document, name in zip(documents, _names(stem, documents), strict=True):
            lines += len(document.tokens)
            spans = chosen.entities(document.tokens, path.name, found)
            for tokens, inside in _units(document, spans, unit):
                identity = id_prefix + (f"{stem}-{number}" if unit == "sentence" else name)
                group = id_prefix + name if document.marked else identity
                number += 1
                text, placed = laid_out(tokens, inside, found.repaired)
                where = f"{path.name} {tokens[0].where}"
                found.add(identity, group, part, text if found.sound(text, where, "text") else None, placed, where)
        return lines

    layout = Layout("conll", files, {"tokens": token, "tags": tag}, encoding=encoding, scheme=scheme)
    remedy = "Correct these lines, or set columns, scheme and unit of the reader"
    named = {"text": f"column {token}", "spans": f"column {tag}"}
    return reader(files, each, layout, limit=max_characters, unit="lines", remedy=remedy, columns=named)


def _names(stem: str, documents: list[Document]) -> list[str]:
    """The name of each document: its own, or the file's (`stem`), with a number if the file has several documents."""
    alone = len(documents) == 1
    return [document.name or (stem if alone else f"{stem}-{i}") for i, document in enumerate(documents)]


def _documents(file: str, text: str, columns: Columns, unit: Unit, found: Gathered) -> Iterator[Document]:
    """Yield the documents of one file, including those without a token. A line with a fault becomes a finding."""
    document, first, marked, empty = Document("", False), True, False, True
    lines = text.split("\n")
    rows = [_cells(line) for line in lines]
    width = _width(lines, rows, columns)
    for number, (line, cells) in enumerate(zip(lines, rows, strict=True), start=1):
        mark = _MARK.match(line) if line.startswith(("-", "#")) else None
        if mark:
            marked = True
            if unit != "file":
                if document.tokens or document.marked:
                    yield document
                document = Document(composed((mark["id"] or "").strip()), True)
            first = True
            continue
        if not any(cells):
            first = True
            continue
        if line.startswith("#") and _is_comment(line, cells, width, columns):
            continue
        where, empty = f"{file} line {number}", False
        fault = _fault(line, cells, width, columns)
        if fault:
            found.fault(fault, where)
            continue
        place, label = read_tag(cells[columns.tag], columns.scheme) or ("O", "")  # `_fault` found a tag
        document.tokens.append(Token(cells[columns.token], place, label, f"line {number}", first))
        first = False
    if document.tokens or document.marked:
        yield document
    if unit == "document" and not (marked or empty):
        fault = 'no line starts a document (-DOCSTART-, # newdoc): write unit="file" or "sentence"'
        found.fault(fault, f"{file} line 1")


def _cells(line: str) -> list[str]:
    """The cells (columns) of a line, split at tabs, or at blanks if the line has no tab. Other white space inside a
    token, such as a no-break space, belongs to the token."""
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    return [cell.strip() for cell in line.split(" ") if cell]


def _width(lines: list[str], rows: list[list[str]], columns: Columns) -> int:
    """The most frequent number of columns of the lines that are certainly tokens. In a tie it is the first one met."""
    hashes = ("#", "-DOCSTART-") if columns.comments != "none" else ("-DOCSTART-",)
    tokens = (row for line, row in zip(lines, rows, strict=True) if any(row) and not line.startswith(hashes))
    counted = Counter(map(len, tokens))
    return counted.most_common(1)[0][0] if counted else 2


def _is_comment(line: str, cells: list[str], width: int, columns: Columns) -> bool:
    if columns.comments != "detect" or _NAMED.match(line):
        return columns.comments != "none"
    if line[1:2].strip(_BLANKS):
        return False
    # "#" alone is a token if the columns of a token follow: any columns after tabs, but with a known tag after blanks.
    return len(cells) != width or cells[0] != "#" or not ("\t" in line or _tag(cells, columns))


def _fault(line: str, cells: list[str], width: int, columns: Columns) -> str:
    """The fault of a line with a token, in words, or "" if there is none."""
    fewest = max(place + 1 if place >= 0 else -place for place in (columns.token, columns.tag))
    if width < max(2, fewest):
        return (
            "only one column, so there is no tag: columns are separated by tabs or blanks"
            if width < 2
            else f"{width} columns, but the reader needs number {fewest - 1} (counted from 0)"
        )
    if len(cells) != width:
        return f"{len(cells)} column{'s' * (len(cells) != 1)} instead of {width}"
    if line.startswith("# ") and width > 2 and columns.comments == "detect":
        return (
            'a comment or a token: write comments="hash" in the task\'s reader if it is a comment, comments="none" if '
            "it is a token"
        )
    if read_tag(cells[columns.tag], columns.scheme) is None:
        return no_tag(columns.scheme)
    return "" if cells[columns.token] else "no token"


def _tag(cells: list[str], columns: Columns) -> bool:
    """Return whether the tag is "O" or has a label that the task declares or ignores."""
    inside = -len(cells) <= columns.tag < len(cells)
    read = read_tag(cells[columns.tag], columns.scheme) if inside else None
    return read is not None and (read[0] == "O" or read[1] in columns.labels)


def _units(document: Document, spans: list[tuple[int, int]], unit: Unit) -> Iterator[tuple[list[Token], list]]:
    """Yield (tokens, entities) of every record. Entities are (first, last, label), counted from the record's first
    token."""
    borders = [0, len(document.tokens)]
    if unit == "sentence":
        inside = {i for first, last in spans for i in range(first + 1, last + 1)}
        borders[1:1] = [i for i, t in enumerate(document.tokens) if t.first and i and i not in inside]
    for start, end in itertools.pairwise(borders):
        mine = [(a - start, b - start, document.tokens[a].label) for a, b in spans if start <= a < end]
        yield document.tokens[start:end], mine
