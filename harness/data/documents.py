"""The reader of documents with inline tags: JSON files of parallel lists, as Nor-DeID publishes them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.data import inline_tags, raw
from harness.data.findings import Finding, refuse
from harness.data.folders import reads
from harness.data.rows import Dropped, read_so_far, value_faults
from harness.errors import DataError
from harness.task import Reading
from harness.text.letters import composed, composed_with_spans


def tagged_json(
    parts: Mapping[str, str],
    *,
    text: str,
    metadata: Mapping[str, str],
    optional: Mapping[str, str] | None = None,
    rules: inline_tags.Rules,
    accept: Callable[[str], bool] = lambda text: True,
    max_characters: int = raw.MAX_CHARACTERS,
) -> Callable[[Path], Reading]:
    """A reader of JSON files that hold parallel lists: `scenarios` and, under `text`, tagged texts.

    `parts` maps file names to the part of their records, `metadata` record columns to scenario keys, `optional` those
    to keys that not every file has. The id is the file's stem and the position from 0; every document is its own group,
    unless `optional` names a "group" that the file has. Documents whose
    tags are unclear, that have no span left, or that `accept` refuses are dropped by reason.
    """

    metadata, more = dict(metadata), dict(optional or {})

    def read(folder: Path) -> Reading:
        findings, dropped, repaired, records, places = [], Counter(), Counter(), [], []
        rows = 0
        for name, part in parts.items():
            path = Path(folder) / name
            content = raw.json_document(path, raw.read_text(path, repaired))
            documents = _parallel(path, content, text)
            rows += len(documents)
            for number, (tagged, scenario) in enumerate(documents):
                identity = f"{path.stem}-{number}"
                present = metadata | {
                    c: key for c, key in more.items() if isinstance(scenario, dict) and key in scenario
                }
                faults = _document_faults(tagged, scenario, text, present, max_characters)
                findings += [Finding(check, column, f"{name} {identity}") for check, column in faults]
                if faults:
                    continue
                try:
                    parsed = _parsed(tagged, rules, accept)
                except Dropped as reason:
                    dropped[str(reason)] += 1
                    continue
                repaired.update(parsed.repairs)
                extra = {column: composed(scenario[key]) for column, key in present.items()}
                spans = [{"start": start, "end": end, "label": label} for start, end, label in parsed.spans]
                clean, spans = composed_with_spans(parsed.text, spans, repaired)
                records.append({"id": identity, "group": identity, "part": part, "text": clean, "spans": spans} | extra)
                places.append(name)
        names = ", ".join(parts)
        reading = read_so_far(records, places, dropped, repaired)
        remedy = "Correct these; nothing was written."
        refuse(f"{folder}/{names}", findings, rows, unit="documents", remedy=remedy, reading=reading)
        return reading

    read.reads = reads(parts)
    return read


def _parallel(path: Path, content, text: str) -> list[tuple]:
    """The pairs (tagged text, scenario) of one file. Raises DataError where the lists are not parallel."""
    remedy = f"The file is an object with the lists scenarios and {text}, equally long."
    if not isinstance(content, dict):
        raise DataError(f"{path}: not a JSON object.", remedy=remedy)
    for key in (text, "scenarios"):
        if not isinstance(content.get(key), list) or not content[key]:
            raise DataError(f"{path}: {key} is missing, empty or no list.", remedy=remedy)
    if len(content[text]) != len(content["scenarios"]):
        lengths = f"{len(content[text])} and {len(content['scenarios'])}"
        raise DataError(f"{path}: {text} and scenarios differ in length ({lengths}).", remedy=remedy)
    return list(zip(content[text], content["scenarios"], strict=True))


def _document_faults(tagged, scenario, text: str, metadata: Mapping[str, str], limit: int) -> list[tuple[str, str]]:
    # A list has no faults of its own as long as its items are texts; here one text belongs.
    tagged = {} if isinstance(tagged, list) else tagged
    faults = [(fault, text) for fault in value_faults(tagged, limit)]
    if not isinstance(scenario, dict):
        return [*faults, ("not a JSON object", "scenarios")]
    for key in metadata.values():
        value = scenario.get(key)
        faults += [(f"{fault} in scenarios", key) for fault in value_faults(value, limit)]
    return faults


def _parsed(tagged: str, rules: inline_tags.Rules, accept: Callable[[str], bool]) -> inline_tags.Parsed:
    try:
        parsed = inline_tags.parse(tagged, rules)
    except inline_tags.Unclear as reason:
        raise Dropped(reason.args[0]) from None
    if not parsed.spans:
        raise Dropped("no spans")
    if not accept(parsed.text):
        raise Dropped("not Norwegian")
    return parsed


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
    """Does the text hold more Norwegian than English function words?"""
    words = re.findall(r"[^\W\d]+", text.casefold())
    return sum(word in _NORWEGIAN for word in words) > sum(word in _ENGLISH for word in words)
