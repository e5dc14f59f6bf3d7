"""Stage `corpus`: build the pre-training corpora, without documents that contain held-out texts of a task.

Held-out texts are those of the parts validation, test and holdout. There are three corpora: general text, clinical
text, and the training texts of tasks.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from harness import heads
from harness.artifacts import validated
from harness.artifacts.artifact import described
from harness.artifacts.corpus import FORMAT, Parts
from harness.artifacts.parts import by_part
from harness.data.corpus import Built, build
from harness.data.corpus_files import Chunk, chunks, corpus_files, given
from harness.data.corpus_summary import strictest, summaries
from harness.data.discretion import errors_without_data
from harness.data.document_counts import released
from harness.data.held_out import Coverage, HeldOutIndex
from harness.data.inspecting import Inspector
from harness.errors import DataError
from harness.params.arms import CLINICAL, GENERAL, TASK
from harness.params.config import Corpus, CorpusSettings
from harness.privacy import identifiers, restricted
from harness.system.files import atomic_folder, read_json, sha256, write_json
from harness.system.parallel import usable_workers
from harness.system.progress import amounts_progress
from harness.text.visible import folded

HELD_OUT = ("validation", "test", "holdout")
PLANTING_SEED = 13
# Below this many bytes, starting workers takes longer than they save.
WORKERS_FROM = 2 << 20


def run(root: Path, settings: CorpusSettings) -> None:
    """Write `artifacts/corpus/{general,clinical,task}.jsonl`, `parts.json` and `card.json`, all or nothing.

    The corpus `task` has the training texts of the tasks that `corpus.training_texts_of` in `params.yaml` names,
    without texts that repeat a clinical document. A task that is named there but is not in this run counts 0 documents.
    Raises DataError if the kept documents contain identifying details and `corpus.allow_phi` does not allow them.
    """
    chosen = settings.corpus
    held_out: list[tuple[str, str]] = []
    training: dict[str, list[dict]] = {}
    inputs, kinds, origins = {}, set(), []
    for name in settings.tasks:
        records, splits, inputs[name] = _split_records(root, name)
        of_task = validated.card(root, name)
        head = heads.named(of_task.head)
        kinds.add(of_task.kind)
        held_out += [
            (name, text)
            for record in records
            if splits[record["id"]] in HELD_OUT
            for text in head.compared_texts(record, folded)
        ]
        if name in chosen.training_texts_of:
            origins.append(of_task)
            training[name] = [_as_document(record, name, head) for record in records if splits[record["id"]] == "train"]
    index = HeldOutIndex(held_out, chosen.overlap_n, chosen.overlap_coverage)
    folder = root / "data" / "corpus"
    source = read_json(folder / "source.json", made_by="harness data generate data")
    kinds.add(source.get("kind"))
    confidential = source.get("kind") == restricted.KIND
    inspector = Inspector(index, Coverage(index.words), chosen.near_duplicate, confidential)
    with (
        errors_without_data(source.get("kind"), "corpus", folder),
        atomic_folder(root / "artifacts" / "corpus") as target,
    ):
        built = _build_parts(folder, chosen, training, inspector, target)
        phi = _checked_phi(folder, built, chosen.allow_phi)
        parts = {
            part: found.tally.as_card()
            | {"held_out_kept": inspector.coverage.report(found.met), "sha256": sha256(target / f"{part}.jsonl")}
            for part, found in built.items()
        }
        parts[TASK] |= _origin(origins)
        card = {
            "source": source,
            "near_duplicate": chosen.near_duplicate,
            "overlap": {
                "n": chosen.overlap_n,
                "coverage": chosen.overlap_coverage,
                "held_out_texts": index.as_card(settings.tasks),
                "planted": index.planted_recall(PLANTING_SEED),
            },
            "phi": phi,
            "training_texts": {name: len(training.get(name, ())) for name in chosen.training_texts_of},
            "inputs": inputs,
            "parts": parts,
        }
        if restricted.KIND in kinds:
            card["salt"] = _salt(held_out, [target / f"{part}.jsonl" for part in built])
        write_json(target / "card.json", described(FORMAT, card))
        Parts.of(**released(summaries(card), restricted.KIND in kinds)).write(target / "parts.json")


def _salt(texts: Iterable[tuple[str, str]], corpora: Iterable[Path]) -> str:
    """A hash that only somebody with the texts can compute. The card contains it, and dvc.lock contains the hash of the
    card. Without the salt, small counts of documents could be found by trying them out."""
    digest = hashlib.sha256(b"salt\n")
    for _, text in texts:
        digest.update(f"{text}\n".encode())
    for path in corpora:
        with open(path, "rb") as content:
            hashlib.file_digest(content, lambda: digest)
    return digest.hexdigest()


def _build_parts(
    folder: Path, chosen: Corpus, training: dict[str, list[dict]], inspector: Inspector, target: Path
) -> dict[str, Built]:
    files = {
        part: [file for name in names for file in corpus_files(folder, name)]
        for part, names in ((GENERAL, chosen.general), (CLINICAL, chosen.clinical))
    }
    size = sum(file.stat().st_size for paths in files.values() for file in paths)
    workers = usable_workers() if size >= WORKERS_FROM else 1
    documents = {part: chunks(folder, paths) for part, paths in files.items()} | {TASK: _given(chosen, training)}
    built: dict[str, Built] = {}
    with amounts_progress("corpus", size) as progress:
        # Training texts are read together with the clinical ones, because some of them may repeat those.
        for together in ((GENERAL,), (CLINICAL, TASK)):
            scratch = target / "scratch"
            scratch.mkdir()
            parts = {target / f"{part}.jsonl": documents[part] for part in together}
            found = build(parts, inspector, scratch, workers=workers, progress=progress)
            built |= zip(together, found, strict=True)
            shutil.rmtree(scratch)
    return built


def _given(chosen: Corpus, training: dict[str, list[dict]]) -> Iterator[Chunk]:
    for name in chosen.training_texts_of:
        documents = training.get(name, [])
        yield from (given(documents[start : start + 500]) for start in range(0, len(documents), 500))


def _checked_phi(folder: Path, built: dict[str, Built], allowed: bool | Mapping[Any, bool]) -> dict:
    """The numbers of identifying details in the corpora, for the card. Raises DataError if a part has some and
    `allowed` does not allow them. `allowed` is True or False for all parts, or maps a part to True or False."""
    by_part = dict.fromkeys(built, allowed) if isinstance(allowed, bool) else {**dict.fromkeys(built, False), **allowed}
    found, documents = _identified(built.values())
    if refused := {part: one for part, one in built.items() if one.tally.identifiers.total() and not by_part[part]}:
        counts, many = _identified(refused.values())
        named = "; ".join(f"{part}: {', '.join(one.identified)}" for part, one in refused.items())
        raise DataError(
            f"{folder} has identifying details in {many:,} documents: {identifiers.total(counts)}. "
            f"The first documents: {named}.",
            remedy="De-identify these documents, or set corpus.allow_phi: true in params.yaml (public text with its "
            "own addresses: {general: true, clinical: false}). Nothing was written.",
        )
    return {
        "allowed": allowed,
        "found": {kind: found[kind] for kind in identifiers.KINDS},
        "documents": documents,
        "parts": [part for part, one in built.items() if one.tally.identifiers.total()],
    }


def _identified(parts: Iterable[Built]) -> tuple[Counter, int]:
    """The pair (number of identifying details by kind, number of documents with such details), over all `parts`."""
    tallies = [part.tally for part in parts]
    return sum((tally.identifiers for tally in tallies), Counter()), sum(t.documents_with_identifiers for t in tallies)


def _split_records(root: Path, name: str) -> tuple[list[dict], dict[str, str], dict[str, str]]:
    """Records in order of their ids, the part of each id, and the hashes of both files."""
    parts, hashes = by_part(root, name)
    splits = {record["id"]: part for part, records in parts.items() for record in records}
    records = sorted(chain.from_iterable(parts.values()), key=lambda record: record["id"])
    return records, splits, hashes


def _origin(cards: list[validated.Card]) -> dict[str, str | None]:
    """The common origin of several tasks' texts. Its kind is the one that asks for most care."""
    if not cards:
        return {}
    said = {key: list(dict.fromkeys(card.source.get(key) for card in cards)) for key in ("language", "licence")}
    return {
        "kind": strictest(card.kind for card in cards),
        **{key: "; ".join(map(str, found)) if all(found) else None for key, found in said.items()},
    }


def _as_document(record: dict, task: str, head: heads.Head) -> dict:
    """A training record as a corpus document: its texts, one below the other, without its label."""
    return {
        "id": f"{task}/{record['id']}",
        "document_type": f"training text of {task}",
        "written_standard": str(record.get("written_standard", "")),
        "date": "",
        "text": "\n".join(head.texts_of(record)),
    }
