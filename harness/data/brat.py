"""The reader of brat stand-off annotation: NAME.txt beside NAME.ann, entities as offsets into the text.

Only text-bound annotations (`T1<tab>Label 0 5<tab>words`) are read; relations, events, attributes and notes
stand in other lines and are passed over. The words that an annotation repeats must be those at its offsets:
offsets that have slipped refuse the file. They may count a byte-order mark and the carriage returns of the
text as characters, as brat does.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.data import raw
from harness.data.arguments import one_of, without_blanks
from harness.data.findings import Finding, refuse
from harness.data.folders import matching, reads
from harness.data.mapping import Layout
from harness.data.rows import read_so_far, value_faults
from harness.data.tag_schemes import undeclared
from harness.task import Reading
from harness.text.letters import composed, composed_with_spans

Overlaps = Literal["refuse", "keep longest"]
Fragments = Literal["refuse", "join"]
_ENTITY = re.compile(r"T\d+\t(?P<label>\S+) (?P<places>\d+ \d+(?:;\d+ \d+)*)\t(?P<words>.*)")
_OTHER = re.compile(r"[REAMN#*]")
EMPTY = "empty text"


@dataclass(frozen=True)
class Annotation:
    """One line of an .ann file: label, fragments as (start, end), the words it repeats."""

    label: str
    fragments: tuple[tuple[int, int], ...]
    words: str
    line: int


def brat(
    files: str | Mapping[str, str] = "*.txt",
    *,
    labels: Iterable[str],
    ignore: Iterable[str] = (),
    overlaps: Overlaps = "refuse",
    fragments: Fragments = "refuse",
    encoding: raw.Encoding = "utf-8",
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Callable[[Path], Reading]:
    """A reader of the text files that `files` names (a pattern, or patterns with the part of their records).

    Every document is a record and its own group, its id the file's name. `labels` are the task's; annotations
    of a type in `ignore` are no entities here, any other type is a fault. An entity is one stretch of text
    and overlaps no other: what to do with those in `overlaps` and with broken ones (`fragments`; "join" takes
    all from the first to the last) is the task's to say, and is counted.
    """
    one_of("overlaps", overlaps, Overlaps)
    one_of("fragments", fragments, Fragments)
    one_of("encoding", encoding, raw.Encoding)
    known, ignored = without_blanks(labels), frozenset(ignore)

    def read(folder: Path) -> Reading:
        findings, repaired, dropped, records, places, lines = [], Counter(), Counter(), [], [], 0
        for path, part in matching(Path(folder), files):
            damaged = len(findings)
            text = raw.read_text(path, repaired, findings, encoding=encoding, place=f"{path.name} ", empty=True)
            before = len(findings)
            annotations = _annotations(path.with_suffix(".ann"), encoding, findings)
            lines += len(findings) - before
            annotations = [a for a in annotations if a.label not in ignored]
            lines += len(annotations)
            findings += [
                Finding(undeclared("type", known), "", f"{path.stem}.ann line {a.line}")
                for a in annotations
                if a.label not in known
            ]
            if raw.is_blank(text) and not annotations:
                dropped[EMPTY] += len(findings) == damaged
                continue
            if any(finding.check.startswith(f"not {encoding.upper()}") for finding in findings[damaged:]):
                continue
            annotations = _in_text(path, text, annotations, encoding, findings, repaired)
            annotations = _in_one_piece(path, annotations, fragments, findings, repaired)
            spans = _apart(path, text, annotations, overlaps, findings, repaired)
            text, spans = composed_with_spans(text, spans, repaired)
            faults = [Finding(fault, "text", path.name) for fault in value_faults(text, max_characters)]
            findings += faults
            text = None if faults else text
            identity = id_prefix + composed(path.stem)
            records.append({"id": identity, "group": identity, "part": part, "text": text, "spans": spans})
            places.append(path.name)
        reading = read_so_far(records, places, dropped, repaired)
        refuse(
            str(folder), findings, lines, unit="annotations",
            remedy="Correct these lines, or say in the task's reader what to do with them; nothing was written.",
        )  # fmt: skip
        return reading

    read.reads = reads(files, _beside)
    read.layout = Layout("brat", files, {}, encoding=encoding)
    return read


def _beside(path: Path) -> list[Path]:
    """What belongs to a text: its annotations, and the folder's settings of brat."""
    return [path.with_suffix(".ann"), *path.parent.glob("*.conf")]


def _annotations(path: Path, encoding: raw.Encoding, findings: list[Finding]) -> list[Annotation]:
    """The entities of one .ann file; it may be empty, but not missing."""
    try:
        content = path.read_bytes().decode(encoding).removeprefix("\ufeff")
    except FileNotFoundError:
        findings.append(Finding("no .ann beside it; it is empty where nothing is annotated", "", f"{path.stem}.txt"))
        return []
    except UnicodeDecodeError:
        findings.append(Finding(raw.not_text(encoding), "", path.name))
        return []
    found = []
    for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), start=1):
        match = _ENTITY.fullmatch(line)
        if match:
            places = tuple(tuple(map(int, place.split())) for place in match["places"].split(";"))
            found.append(Annotation(composed(match["label"]), places, match["words"], number))
        elif line.strip() and not _OTHER.match(line):
            findings.append(Finding("no annotation (T1<tab>Label 0 5<tab>words)", "", f"{path.name} line {number}"))
    return found


def _in_text(
    path: Path,
    text: str,
    annotations: list[Annotation],
    encoding: raw.Encoding,
    findings: list[Finding],
    repaired: Counter,
) -> list[Annotation]:
    """The annotations with offsets into `text`, whose line ends and byte-order mark are taken off."""
    original = path.read_bytes().decode(encoding)
    marked = original.startswith(raw.BYTE_ORDER_MARK)
    original = original.removeprefix(raw.BYTE_ORDER_MARK)
    # What was taken out of the text in each way of counting: marks of joined files always, carriage returns or not.
    taken = {
        False: [match.start() for match in re.finditer(raw.BYTE_ORDER_MARK, original.replace("\r\n", "\n"))],
        True: [match.start() for match in re.finditer(f"\r(?=\n)|{raw.BYTE_ORDER_MARK}", original)],
    }
    returns = (False, True) if "\r\n" in original else (False,)
    ways = [(mark, counted) for counted in returns for mark in range(1 + marked)]

    def moved(annotation: Annotation, way: tuple[int, bool]) -> Annotation:
        def at(offset: int) -> int:
            offset -= way[0]
            return offset - bisect_left(taken[way[1]], offset)

        return Annotation(
            annotation.label, tuple((at(a), at(b)) for a, b in annotation.fragments), annotation.words, annotation.line
        )

    readings = [[moved(annotation, way) for annotation in annotations] for way in ways]
    best = min(readings, key=lambda moved_ones: sum(not _agrees(text, one) for one in moved_ones))
    right = [one for one in best if _agrees(text, one)]
    for one in best:
        if one not in right:
            where = f"{path.with_suffix('.ann').name} line {one.line}"
            findings.append(Finding("offsets that do not hold the annotation's words", "", where))
    if annotations and best is not readings[0]:
        repaired["offsets that count carriage returns or a byte-order mark"] += 1
    return right


def _agrees(text: str, annotation: Annotation) -> bool:
    pieces = [text[a:b] for a, b in annotation.fragments]
    inside = all(0 <= a < b <= len(text) for a, b in annotation.fragments)
    return inside and "".join(" ".join(pieces).split()) == "".join(annotation.words.split())


def _in_one_piece(path: Path, annotations: list[Annotation], fragments: str, findings, repaired: Counter):
    kept = []
    for one in annotations:
        whole = Annotation(one.label, ((one.fragments[0][0], one.fragments[-1][1]),), one.words, one.line)
        if len(one.fragments) > 1 and fragments == "refuse":
            where = f"{path.with_suffix('.ann').name} line {one.line}"
            findings.append(Finding('an entity in fragments (fragments="join" takes the whole)', "", where))
            continue
        repaired.update(["fragments joined"] if len(one.fragments) > 1 else [])
        kept.append(whole)
    return kept


def _apart(path: Path, text: str, annotations: list[Annotation], overlaps: str, findings, repaired: Counter):
    """Spans in order, without white space at their edges, none over another."""
    trimmed = []
    for one in annotations:
        start, end = one.fragments[0]
        covered = text[start:end]
        repaired.update(["edge whitespace"] if covered != covered.strip() else [])
        trimmed.append((end - len(covered) + len(covered.rstrip()), start + len(covered) - len(covered.lstrip()), one))
    kept: list[tuple[int, int, Annotation]] = []
    for end, start, one in sorted(trimmed, key=lambda t: (t[1] - t[0], t[1], t[2].line)):
        if all(end <= a or b <= start for a, b, _ in kept):
            kept.append((start, end, one))
        elif overlaps == "refuse":
            where = f"{path.with_suffix('.ann').name} line {one.line}"
            findings.append(Finding('over another entity (overlaps="keep longest" keeps one)', "", where))
        else:
            repaired["overlapping entity left out"] += 1
    return [{"start": a, "end": b, "label": one.label} for a, b, one in sorted(kept, key=lambda k: k[:2])]
