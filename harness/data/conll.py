"""The reader of CoNLL columns: a token a line, its tag in one column, a blank line between sentences.

As such files are found: with or without a byte-order mark, separated by tabs or by spaces, tagged in IOB1,
IOB2 or IOBES (also written BILOU or BMEWO), with sentence breaks in the middle of entities. The text is the
tokens with a space between them and a line for each sentence; spans are character offsets into it.
A tag that fits no reading refuses the file, with all such lines in one table.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.data import raw
from harness.data.arguments import one_of
from harness.data.findings import Finding, refuse
from harness.data.folders import matching, reads
from harness.data.mapping import carrying
from harness.data.rows import value_faults
from harness.data.tag_schemes import Scheme, Token, detected, entities, laid_out, read_tag
from harness.task import Reading

Unit = Literal["document", "file", "sentence"]
_MARK = re.compile(r"-DOCSTART-|#\s*newdoc\b(?:\s+id\s*=\s*(?P<id>\S.*))?")


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
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Callable[[Path], Reading]:
    """A reader of `files`: a name or pattern ("*.conll"), or patterns with the part of their records.

    `labels` are the task's; entities of those in `ignore` are no entities here, any other label is a fault.
    `token` and `tag` are the numbers of the columns, counted from 0, from the end where negative. A record is
    a `unit`: what a `-DOCSTART-` or `# newdoc` line begins, a whole file, or a sentence (or several, where an
    entity goes on in the next one). Sentences of a marked document are one group; without marks each is its
    own, and those of one text may be split apart. `scheme` "detect" takes for each file the one that all its tags obey.
    """
    one_of("scheme", scheme, Scheme)
    one_of("unit", unit, Unit)
    known, ignored = frozenset(labels), frozenset(ignore)

    def read(folder: Path) -> Reading:
        findings, repaired, records, places, lines = [], Counter(), [], {}, 0
        for path, part in matching(Path(folder), files):
            documents = list(_documents(path, raw.read_text(path, repaired), token, tag, unit, findings))
            chosen = detected([document.tokens for document in documents]) if scheme == "detect" else scheme
            number = 0
            for document, name in zip(documents, _names(path.stem, documents), strict=True):
                lines += len(document.tokens)
                spans = entities(document.tokens, chosen, path.name, known, ignored, findings, repaired)
                for tokens, inside in _units(document, spans, unit):
                    identity = f"{id_prefix}{path.stem}-{number}" if unit == "sentence" else id_prefix + name
                    group = id_prefix + name if document.marked else identity
                    number += 1
                    text, placed = laid_out(tokens, inside)
                    where = f"{path.name} {tokens[0].where}"
                    findings += [Finding(fault, "text", where) for fault in value_faults(text, max_characters)]
                    records.append({"id": identity, "group": group, "part": part, "text": text, "spans": placed})
                    places.setdefault(identity, where)
        remedy = "Correct these lines, or say which columns, scheme and unit the reader takes; nothing was written."
        refuse(str(folder), findings, lines + len(findings), unit="lines", remedy=remedy)
        return Reading(records, len(records), {}, dict(sorted(repaired.items())), places)

    return carrying(read, {"text": f"column {token}", "spans": f"column {tag}"}, reads=reads(files))


def _names(stem: str, documents: list[Document]) -> list[str]:
    """What a file's documents are called: by their own name, or the file's, with a number where there are several."""
    alone = len(documents) == 1
    return [document.name or (stem if alone else f"{stem}-{i}") for i, document in enumerate(documents)]


def _documents(path, text: str, token: int, tag: int, unit: Unit, findings: list[Finding]) -> Iterator[Document]:
    """The documents of one file; lines without a token or a tag become findings."""
    document, first, marked = Document("", False), True, False
    for number, line in enumerate(text.split("\n"), start=1):
        mark = _MARK.match(line)
        if mark:
            marked = True
            if unit != "file":
                if document.tokens:
                    yield document
                document = Document((mark["id"] or "").strip(), True)
            first = True
            continue
        if not line.strip():
            first = True
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        inside = -len(cells) <= tag < len(cells) and -len(cells) <= token < len(cells)
        read = read_tag(cells[tag].strip()) if inside else None
        if line.startswith("#") and (read is None or len(cells) == 1):
            continue
        where = f"{path.name} line {number}"
        if read is None or len(cells) < 2:
            findings.append(Finding("no tag (O, B-…, I-…)" if inside and len(cells) > 1 else "no column", "", where))
        elif not cells[token].strip():
            findings.append(Finding("no token", "", where))
        else:
            document.tokens.append(Token(cells[token].strip(), *read, f"line {number}", first))
            first = False
    if document.tokens:
        yield document
    if unit == "document" and not marked:
        findings.append(
            Finding(
                'no line begins a document (-DOCSTART-, # newdoc): say unit="file" or "sentence"',
                "",
                f"{path.name} line 1",
            )
        )


def _units(document: Document, spans: list[tuple[int, int]], unit: Unit) -> Iterator[tuple[list[Token], list]]:
    """The tokens of every record with its entities, counted from its first token."""
    borders = [0, len(document.tokens)]
    if unit == "sentence":
        inside = {i for first, last in spans for i in range(first + 1, last + 1)}
        borders[1:1] = [i for i, t in enumerate(document.tokens) if t.first and i and i not in inside]
    for start, end in itertools.pairwise(borders):
        mine = [(a - start, b - start, document.tokens[a].label) for a, b in spans if start <= a < end]
        yield document.tokens[start:end], mine
