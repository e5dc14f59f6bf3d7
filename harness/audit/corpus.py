"""Check the pre-training corpora: their source, the held-out texts removed from them, their parameters and files."""

from collections.abc import Iterator
from pathlib import Path

from harness.artifacts import corpus
from harness.audit import data, runs
from harness.audit.checks import Check, Subject
from harness.data.corpus_summary import summaries
from harness.data.discretion import called, recorded
from harness.data.document_counts import released
from harness.data.sources import read_source
from harness.params.whole import Params
from harness.pipeline.hashes import Hashes

CARD = "artifacts/corpus/card.json"
REMEDY = "`dvc checkout artifacts/corpus data`, or `harness corpus`"
SUBJECT = Subject("corpus", REMEDY, (CARD,), ("data/corpus", "harness"))


def checks(root: Path, params: Params, hashes: Hashes) -> Iterator[Check]:
    yield from SUBJECT.follow("corpus", lambda: _checks(root, params, hashes))


def _checks(root: Path, params: Params, hashes: Hashes) -> Iterator[Check]:
    card = corpus.card(root)
    folder = root / "data" / "corpus"
    source = read_source(folder)
    yield from SUBJECT.values("source record as it was read", recorded(card["source"]), recorded(source))
    names = called(source, "data/corpus", source["files"])
    yield from data.raw_files(folder, source, names, SUBJECT.of("data/corpus"), hashes)
    for name, part in sorted(card["parts"].items()):
        path = root / "artifacts" / "corpus" / f"{name}.jsonl"
        if not path.is_file():
            yield SUBJECT.missing(f"artifacts/corpus/{name}.jsonl")
            continue
        subject = SUBJECT.of(f"artifacts/corpus/{name}.jsonl")
        yield subject.same(f"artifacts/corpus/{name}.jsonl", part["sha256"], hashes.sha256(path))
        with open(path, "rb") as lines:
            yield subject.same(f"{name}: documents", part["documents"]["kept"], sum(1 for _ in lines))
    yield from SUBJECT.values(
        "parts.json as the card counts",
        released(summaries(card), "salt" in card),
        corpus.parts(root),
    )
    held_out = {task: runs.inputs(root, task, hashes) for task in params.run.tasks}
    cleaned = SUBJECT.of(CARD, rests_on=("artifacts/validated", "reports/splits"))
    yield from cleaned.values("the test texts it was cleaned of", held_out, card["inputs"])
    chosen = params.corpus
    expected: dict[str, object] = {
        "n": chosen.overlap_n,
        "coverage": chosen.overlap_coverage,
        "near_duplicate": chosen.near_duplicate,
        "allow_phi": chosen.allow_phi,
    }
    stated = {key: card["overlap"][key] for key in ("n", "coverage")} | {"near_duplicate": card["near_duplicate"]}
    declared = SUBJECT.of(CARD, rests_on=("params.yaml",))
    yield from declared.values("card against params.yaml", expected, stated | {"allow_phi": card["phi"]["allowed"]})
