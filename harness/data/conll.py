"""The reader of CoNLL columns: a token a line, its tag in one column, a blank line between sentences.

As such files are found: with or without a byte-order mark, separated by tabs or by spaces, tagged in IOB1,
IOB2 or IOBES (also written BILOU or BMEWO) or by labels alone, with sentence breaks in the middle of entities and
with comments. The text is the tokens with a space between them and a line for each sentence; spans are character
offsets into it. A line with another number of columns than most, or with a tag that fits no reading, refuses the
file, with all such lines in one table.
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
    """Where a line has its token and its tag (numbers, from the end where negative), and what both may be."""

    token: int
    tag: int
    scheme: Scheme
    comments: Comments
    labels: frozenset[str]


@dataclass
class Document:
    """Tokens in order; `marked` where a line says that it begins, `name` what a `# newdoc id = …` says."""

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
    """A reader of `files`: a name or pattern ("*.conll"), or patterns with the part of their records.

    `labels` are the task's; entities of those in `ignore` are no entities here, any other label is a fault.
    `token` and `tag` are the numbers of the columns, counted from 0, from the end where negative. A record is
    a `unit`: what a `-DOCSTART-` or `# newdoc` line begins, a whole file, or a sentence (or several, where an
    entity goes on in the next one). Sentences of a marked document are one group; without marks each is its
    own, and those of one text may be split apart. `scheme` "detect" takes for each file the one that all its tags obey;
    "bare" reads tags that are labels alone. An `I-` that continues nothing is a fault, or with `lonely` "begin" the
    beginning of an entity. Lines that begin with `#` are comments where `comments` is "hash", tokens where it is
    "none"; "detect" takes for comments `# key = value`, `# newpar`, and a `#` with a blank behind it that is not
    followed by the columns of a token. Columns are separated by tabs, or, in a line without one, by blanks.
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
    remedy = "Correct these lines, or say which columns, scheme and unit the reader takes"
    named = {"text": f"column {token}", "spans": f"column {tag}"}
    return reader(files, each, layout, limit=max_characters, unit="lines", remedy=remedy, columns=named)


def _names(stem: str, documents: list[Document]) -> list[str]:
    """What a file's documents are called: by their own name, or the file's, with a number where there are several."""
    alone = len(documents) == 1
    return [document.name or (stem if alone else f"{stem}-{i}") for i, document in enumerate(documents)]


def _documents(file: str, text: str, columns: Columns, unit: Unit, found: Gathered) -> Iterator[Document]:
    """The documents of one file, also those without a token; lines without a token or a tag become findings."""
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
        place, label = read_tag(cells[columns.tag], columns.scheme) or ("O", "")  # what is no tag is a fault
        document.tokens.append(Token(cells[columns.token], place, label, f"line {number}", first))
        first = False
    if document.tokens or document.marked:
        yield document
    if unit == "document" and not (marked or empty):
        fault = 'no line begins a document (-DOCSTART-, # newdoc): say unit="file" or "sentence"'
        found.fault(fault, f"{file} line 1")


def _cells(line: str) -> list[str]:
    """The columns of a line. Other white space than blanks and tabs (a no-break space) is part of a token."""
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    return [cell.strip() for cell in line.split(" ") if cell]


def _width(lines: list[str], rows: list[list[str]], columns: Columns) -> int:
    """How many columns most lines have that are certainly tokens; of equally many, the first."""
    hashes = ("#", "-DOCSTART-") if columns.comments != "none" else ("-DOCSTART-",)
    tokens = (row for line, row in zip(lines, rows, strict=True) if any(row) and not line.startswith(hashes))
    counted = Counter(map(len, tokens))
    return counted.most_common(1)[0][0] if counted else 2


def _is_comment(line: str, cells: list[str], width: int, columns: Columns) -> bool:
    if columns.comments != "detect" or _NAMED.match(line):
        return columns.comments != "none"
    if line[1:2].strip(_BLANKS):
        return False
    # "#" alone is a token where a token's columns follow: behind tabs whatever they hold, behind blanks with a tag.
    return len(cells) != width or cells[0] != "#" or not ("\t" in line or _tag(cells, columns))


def _fault(line: str, cells: list[str], width: int, columns: Columns) -> str:
    """What is wrong with a line of a token; empty where nothing is."""
    fewest = max(place + 1 if place >= 0 else -place for place in (columns.token, columns.tag))
    if width < max(2, fewest):
        return (
            "no column for the tag: blanks or tabs part columns"
            if width < 2
            else f"{width} columns, and the reader takes number {fewest - 1} (counted from 0)"
        )
    if len(cells) != width:
        return f"columns: {len(cells)} instead of {width}"
    if line.startswith("# ") and width > 2 and columns.comments == "detect":
        return 'a comment or a token (comments="hash" takes it for a comment, "none" for a token)'
    if read_tag(cells[columns.tag], columns.scheme) is None:
        return no_tag(columns.scheme)
    return "" if cells[columns.token] else "no token"


def _tag(cells: list[str], columns: Columns) -> bool:
    """Does the line hold a tag with a label that the task knows?"""
    inside = -len(cells) <= columns.tag < len(cells)
    read = read_tag(cells[columns.tag], columns.scheme) if inside else None
    return read is not None and (read[0] == "O" or read[1] in columns.labels)


def _units(document: Document, spans: list[tuple[int, int]], unit: Unit) -> Iterator[tuple[list[Token], list]]:
    """The tokens of every record with its entities, counted from its first token."""
    borders = [0, len(document.tokens)]
    if unit == "sentence":
        inside = {i for first, last in spans for i in range(first + 1, last + 1)}
        borders[1:1] = [i for i, t in enumerate(document.tokens) if t.first and i and i not in inside]
    for start, end in itertools.pairwise(borders):
        mine = [(a - start, b - start, document.tokens[a].label) for a, b in spans if start <= a < end]
        yield document.tokens[start:end], mine
