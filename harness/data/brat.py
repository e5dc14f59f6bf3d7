"""Read brat stand-off annotation: the entities of each NAME.txt are in NAME.ann, as offsets into the text.

Only text-bound annotations (`T1<tab>Label 0 5<tab>words`) are read. Lines with relations, events, attributes and notes
are skipped. An annotation repeats the words at its offsets. If the text has other words there, the file is refused.
Offsets may count a byte-order mark and carriage returns as characters, as brat does.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.data import raw
from harness.data.annotated import Gathered, reader
from harness.data.reader import Layout, Reader, one_of, without_blanks
from harness.data.tag_schemes import undeclared
from harness.text.letters import composed, composed_with_spans

Overlaps = Literal["refuse", "keep longest"]
Fragments = Literal["refuse", "join"]
_ENTITY = re.compile(r"T\d+\t(?P<label>\S+) (?P<places>\d+ \d+(?:;\d+ \d+)*)\t(?P<words>.*)")
_OTHER = re.compile(r"[REAMN#*]")
EMPTY = "empty text"


@dataclass(frozen=True)
class Annotation:
    """One entity, from one line of an .ann file.

    `fragments` are the (start, end) character offsets of the entity's pieces, usually one. `words` are the words at
    these offsets, which the line repeats. `where` is the place of the line, "FILE line N".
    """

    label: str
    fragments: tuple[tuple[int, int], ...]
    words: str
    where: str


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
) -> Reader:
    """A Reader of brat documents: text files, each with an .ann file of the same name that contains the entities of the
    text.

    `files` names the text files: a pattern, or a mapping from patterns to parts. Each document is one record and a
    group of its own. The id is `id_prefix` and the file's name without its ending. `labels` are the task's labels.
    Annotations of a type in `ignore` are skipped, and any other type is a fault.

    The entities of a record must be contiguous and must not overlap. If entities overlap, `overlaps` decides: "refuse"
    reports a fault, and "keep longest" drops the shorter entities. If an entity has several pieces, `fragments`
    decides: "refuse" reports a fault, and "join" takes all text from the first piece to the last. Dropped and joined
    entities are counted.
    """
    one_of("overlaps", overlaps, Overlaps)
    one_of("fragments", fragments, Fragments)
    one_of("encoding", encoding, raw.Encoding)
    known, ignored = without_blanks(labels), frozenset(ignore)

    def each(found: Gathered, path: Path, part: str, alone: bool) -> int:
        damaged = len(found.findings)
        text = found.content(path, encoding, empty=True)
        before = len(found.findings)
        annotations = _annotations(path.with_suffix(".ann"), encoding, found)
        lines = len(found.findings) - before
        annotations = [a for a in annotations if a.label not in ignored]
        lines += len(annotations)
        for a in annotations:
            if a.label not in known:
                found.fault(undeclared("type", known), a.where)
        if raw.is_blank(text) and not annotations:
            found.dropped[EMPTY] += len(found.findings) == damaged
            return lines
        if any(finding.check.startswith(f"not {encoding.upper()}") for finding in found.findings[damaged:]):
            return lines
        annotations = _in_text(path, text, annotations, encoding, found)
        annotations = _in_one_piece(annotations, fragments, found)
        spans = _apart(text, annotations, overlaps, found)
        text, spans = composed_with_spans(text, spans, found.repaired)
        identity = id_prefix + composed(path.stem)
        found.add(identity, identity, part, text if found.sound(text, path.name, "text") else None, spans, path.name)
        return lines

    remedy = "Correct these lines, or set in the task's reader what to do with them"
    layout = Layout("brat", files, {}, encoding=encoding)
    return reader(files, each, layout, limit=max_characters, unit="annotations", remedy=remedy, beside=_beside)


def _beside(path: Path) -> list[Path]:
    """The files that belong to the text file `path`: its .ann file, and brat's settings (*.conf) in the same folder."""
    return [path.with_suffix(".ann"), *path.parent.glob("*.conf")]


def _annotations(path: Path, encoding: raw.Encoding, found: Gathered) -> list[Annotation]:
    """The entities of one .ann file. The file may be empty. A missing file, or a line of another form, is a finding."""
    try:
        content = path.read_bytes().decode(encoding).removeprefix(raw.BYTE_ORDER_MARK)
    except FileNotFoundError:
        found.fault("its .ann file is missing; create an empty one if nothing is annotated", f"{path.stem}.txt")
        return []
    except UnicodeDecodeError:
        found.fault(raw.not_text(encoding), path.name)
        return []
    annotations = []
    for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), start=1):
        match, where = _ENTITY.fullmatch(line), f"{path.name} line {number}"
        if match:
            places = tuple((int(start), int(end)) for start, end in map(str.split, match["places"].split(";")))
            annotations.append(Annotation(composed(match["label"]), places, match["words"], where))
        elif line.strip() and not _OTHER.match(line):
            found.fault("not an annotation (T1<tab>Label 0 5<tab>words)", where)
    return annotations


def _in_text(
    path: Path, text: str, annotations: list[Annotation], encoding: raw.Encoding, found: Gathered
) -> list[Annotation]:
    """The annotations with offsets into `text`, which has no carriage returns at line ends and no byte-order marks.

    Offsets are read as counting these characters or not, whichever fits more annotations. The others are findings.
    """
    original = path.read_bytes().decode(encoding)
    marked = original.startswith(raw.BYTE_ORDER_MARK)
    original = original.removeprefix(raw.BYTE_ORDER_MARK)
    # Offsets of the removed characters, without and with carriage returns. Marks inside the file (of files that were
    # joined) always count.
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

        return replace(annotation, fragments=tuple((at(a), at(b)) for a, b in annotation.fragments))

    readings = [[moved(annotation, way) for annotation in annotations] for way in ways]
    best = min(readings, key=lambda moved_ones: sum(not _agrees(text, one) for one in moved_ones))
    right = [one for one in best if _agrees(text, one)]
    for one in best:
        if one not in right:
            found.fault("offsets that do not match the annotation's words", one.where)
    if annotations and best is not readings[0]:
        found.repaired["offsets that count carriage returns or a byte-order mark"] += 1
    return right


def _agrees(text: str, annotation: Annotation) -> bool:
    pieces = [text[a:b] for a, b in annotation.fragments]
    inside = all(0 <= a < b <= len(text) for a, b in annotation.fragments)
    return inside and "".join(" ".join(pieces).split()) == "".join(annotation.words.split())


def _in_one_piece(annotations: list[Annotation], fragments: Fragments, found: Gathered) -> list[Annotation]:
    kept = []
    for one in annotations:
        if len(one.fragments) > 1 and fragments == "refuse":
            join = 'write fragments="join" in the task\'s reader to take all from its start to its end'
            found.fault(f"an entity in fragments: {join}", one.where)
            continue
        found.repaired.update(["fragments joined"] if len(one.fragments) > 1 else [])
        kept.append(replace(one, fragments=((one.fragments[0][0], one.fragments[-1][1]),)))
    return kept


def _apart(text: str, annotations: list[Annotation], overlaps: Overlaps, found: Gathered) -> list[dict]:
    """The spans in text order, without white space at their edges. Of overlapping spans only the longest is kept. If
    `overlaps` is "refuse", the others are findings."""
    trimmed = []
    for one in annotations:
        start, end = one.fragments[0]
        covered = text[start:end]
        found.repaired.update(["edge whitespace"] if covered != covered.strip() else [])
        trimmed.append((end - len(covered) + len(covered.rstrip()), start + len(covered) - len(covered.lstrip()), one))
    kept: list[tuple[int, int, Annotation]] = []
    for end, start, one in sorted(trimmed, key=lambda t: (t[1] - t[0], t[1])):
        if all(end <= a or b <= start for a, b, _ in kept):
            kept.append((start, end, one))
        elif overlaps == "refuse":
            longest = 'write overlaps="keep longest" in the task\'s reader to keep only the longest'
            found.fault(f"overlaps another entity: {longest}", one.where)
        else:
            found.repaired["overlapping entity left out"] += 1
    return [{"start": a, "end": b, "label": one.label} for a, b, one in sorted(kept, key=lambda k: k[:2])]
