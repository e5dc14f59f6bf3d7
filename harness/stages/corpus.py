"""Stage `corpus`: the general and the clinical corpus, without a single held-out text in them."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from harness.config import Corpus, CorpusSettings
from harness.data.corpus import HeldOutIndex, Tally, filtered, read_documents
from harness.data.grouping import compared_texts
from harness.errors import DataError
from harness.files import atomic_folder, canonical_json, read_json, read_jsonl, sha256, write_json
from harness.task import TEXT_COLUMNS

HELD_OUT = ("validation", "test", "holdout")
PLANTING_SEED = 13


def run(root: Path, settings: CorpusSettings) -> None:
    """Write `artifacts/corpus/{general,clinical}.jsonl` and `card.json`, all or nothing.

    The clinical part also gets the training texts of `corpus.training_texts_of`; tasks that are named
    there but do not run are counted as 0 documents.
    """
    chosen = settings.corpus
    held_out: list[tuple[str, str]] = []
    training: dict[str, list[dict]] = {}
    inputs = {}
    for name in settings.tasks:
        records, splits, inputs[name] = _split_records(root, name)
        card = read_json(root / "artifacts" / "validated" / name / "card.json", made_by=f"harness validate {name}")
        head = card["head"]
        held_out += [
            (name, text)
            for record in records
            if splits[record["id"]] in HELD_OUT
            for text in compared_texts(record, head)
        ]
        if name in chosen.training_texts_of:
            training[name] = [_as_document(record, name, head) for record in records if splits[record["id"]] == "train"]
    index = HeldOutIndex(held_out, chosen.overlap_n, chosen.overlap_coverage)
    folder = root / "data" / "corpus"
    card = {
        "source": read_json(folder / "source.json", made_by="harness data generate data"),
        "overlap": {
            "n": chosen.overlap_n,
            "coverage": chosen.overlap_coverage,
            "held_out_texts": {
                name: {"scanned": index.scanned[name], "unscannable": index.unscannable[name]}
                for name in settings.tasks
            },
            "planted": index.planted_recall(PLANTING_SEED),
        },
        "training_texts": {name: len(training.get(name, ())) for name in chosen.training_texts_of},
        "inputs": inputs,
        "parts": {},
    }
    with atomic_folder(root / "artifacts" / "corpus") as target:
        for part, documents in _parts(folder, chosen, training).items():
            tally = Tally()
            with open(target / f"{part}.jsonl", "w", encoding="utf-8", newline="\n") as lines:
                for document in filtered(documents, index, tally):
                    lines.write(canonical_json(document) + "\n")
            card["parts"][part] = tally.as_card() | {"sha256": sha256(target / f"{part}.jsonl")}
        write_json(target / "card.json", card)


def _parts(folder: Path, chosen: Corpus, training: dict[str, list[dict]]) -> dict[str, Iterator[dict]]:
    added = (document for name in chosen.training_texts_of for document in training.get(name, ()))
    return {
        "general": chain.from_iterable(read_documents(folder / name) for name in chosen.general),
        "clinical": chain(chain.from_iterable(read_documents(folder / name) for name in chosen.clinical), added),
    }


def _split_records(root: Path, name: str) -> tuple[list[dict], dict[str, str], dict[str, str]]:
    """Records (by id), the split of each, and the hashes of both files."""
    validated = root / "artifacts" / "validated" / name / "records.jsonl"
    manifest = root / "reports" / "splits" / f"{name}.json"
    records = sorted(read_jsonl(validated, made_by=f"harness validate {name}"), key=lambda record: record["id"])
    content = read_json(manifest, made_by=f"harness split {name}")
    splits = content.get("splits", {}) if isinstance(content, dict) else {}
    strange = [record["id"] for record in records if record["id"] not in splits]
    if strange:
        raise DataError(
            f"{manifest}: no split for {len(strange)} records of {validated}, such as {strange[0]!r}.",
            remedy=f"Run `harness split {name}` again.",
        )
    return records, splits, {"records": sha256(validated), "manifest": sha256(manifest)}


def _as_document(record: dict, task: str, head: str) -> dict:
    """A training record as a corpus document: its texts one below the other, nothing of its label."""
    texts = [record[column] for column in TEXT_COLUMNS[head]]
    lines = chain.from_iterable(text if isinstance(text, list) else [text] for text in texts)
    return {
        "id": f"{task}/{record['id']}",
        "document_type": f"training text of {task}",
        "written_standard": str(record.get("written_standard", "")),
        "date": "",
        "text": "\n".join(lines),
    }
