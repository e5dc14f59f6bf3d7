"""The reader of documents with XML-style inline tags (`<Name>Kari</Name>`): text files, or a column of JSON lines."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.data import inline_tags, raw
from harness.data.arguments import one_of
from harness.data.findings import Finding, refuse
from harness.data.folders import EMPTY, matching, reads
from harness.data.mapping import Layout
from harness.data.rows import key_of, read_so_far, value_faults
from harness.task import Reading
from harness.text.letters import composed, composed_with_spans


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
) -> Callable[[Path], Reading]:
    """A reader of `files`: a name or pattern ("*.txt"), or patterns with the part of their records.

    A .jsonl file holds one document a line: its tagged text under `text`, its id under `identity` (the file's
    name and a number where it has none). Any other file is one document and its name the id. Tags are mended
    and counted as `inline_tags` says; what has no single reading refuses the file, with its reason.
    """
    one_of("encoding", encoding, raw.Encoding)

    def read(folder: Path) -> Reading:
        findings, repaired, dropped, records, places, documents = [], Counter(), Counter(), [], [], 0
        paths = matching(Path(folder), files)
        for path, part in paths:
            before = len(findings)
            may_be_empty = len(paths) > 1 or path.suffix != ".jsonl"
            content = raw.read_text(
                path, repaired, findings, encoding=encoding, place=f"{path.name} ", empty=may_be_empty
            )
            if raw.is_blank(content):
                dropped[EMPTY if path.suffix == ".jsonl" else "empty text"] += len(findings) == before
                continue
            for where, name, value in _texts(path, content, text, identity, findings, repaired):
                documents += 1
                faults = list(value_faults({} if isinstance(value, list) else value, max_characters))
                findings += [Finding(fault, text, where) for fault in faults]
                if faults:
                    continue
                try:
                    parsed = inline_tags.parse(value, rules)
                except inline_tags.Unclear as reason:
                    findings.append(Finding(reason.args[0], "tags", where))
                    continue
                repaired.update(parsed.repairs)
                spans = [{"start": start, "end": end, "label": label} for start, end, label in parsed.spans]
                clean, spans = composed_with_spans(parsed.text, spans, repaired)
                key = id_prefix + name if name else None
                records.append({"id": key, "group": key, "part": part, "text": clean, "spans": spans})
                places.append(where)
        reading = read_so_far(records, places, dropped, repaired)
        remedy = "Correct these documents, or say in the task's rules what their tags mean; nothing was written."
        refuse(str(folder), findings, max(documents, len(findings)), unit="documents", remedy=remedy, reading=reading)
        return reading

    read.reads = reads(files)
    read.layout = Layout("tags", files, {"text": text, "id": identity}, encoding=encoding)
    return read


def _texts(path: Path, content: str, text: str, identity: str, findings: list[Finding], repaired: Counter):
    """(place, id, tagged text) of every document of a file."""
    if path.suffix != ".jsonl":
        yield path.name, composed(path.stem), content
        return
    for number, (where, row) in enumerate(raw.json_lines(content, findings, f"{path.name} ")):
        if row is None:
            continue
        place = f"{path.name} {where}"
        name = f"{composed(path.stem)}-{number}"
        if identity in row:
            name = key_of(row, identity, place, findings, repaired)
        yield place, name, row.get(text)
