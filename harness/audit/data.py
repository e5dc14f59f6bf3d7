"""Check the data of one task: source record, raw files, validated records, split."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.audit import recomputing
from harness.audit.checks import Check, Subject
from harness.data.discretion import called, recorded
from harness.data.sources import read_source
from harness.pipeline.hashes import Hashes
from harness.privacy import pseudonyms
from harness.system.files import read_json, read_jsonl


def checks(root: Path, task: str, recorded: set[str], hashes: Hashes, stages: recomputing.Stages) -> Iterator[Check]:
    """Check the data of one task. `recorded` has the hashes of the task's split manifest that the runs on it recorded.
    `stages` has the stages that are run again (see `recomputing`)."""
    remedy = "restore it (`dvc checkout data`, `git checkout -- reports/splits`), or `dvc repro`"
    subject, validated = Subject(f"data/{task}", remedy, (f"data/{task}",)), f"artifacts/validated/{task}"
    yield from subject.follow("source record", lambda: _source(root, task, subject, hashes))
    with recomputing.scratch(root) as target:
        recomputing.link_inputs(root, target, ("harness", "tasks", "data", pseudonyms.KEY_FILE))
        made = subject.of(validated, rests_on=(f"data/{task}", f"tasks/{task}.py", "harness"))
        yield from made.follow("records", lambda: _records(root, target, task, made, stages), target)
    with recomputing.scratch(root) as target:
        recomputing.link_inputs(root, target, ("harness", "tasks", f"artifacts/validated/{task}"))
        made = subject.of(
            f"reports/splits/{task}.json", f"artifacts/splits/{task}", rests_on=(validated, "params.yaml", "harness")
        )
        yield from made.follow("split", lambda: _split(root, target, task, recorded, made, hashes, stages), target)


def _source(root: Path, task: str, subject: Subject, hashes: Hashes) -> Iterator[Check]:
    folder = root / "data" / task
    source = read_source(folder)
    extra = {path.name for path in folder.iterdir()} - source["files"].keys() - {"source.json"}
    names = called(source, f"data/{task}", source["files"].keys() | extra)
    yield from raw_files(folder, source, names, subject, hashes)
    extra = [names[name].removeprefix(f"data/{task}").strip("/, ") for name in sorted(extra)]
    yield from subject.values(f"data/{task}: files that source.json does not list", [], extra, "move them away")
    card = read_json(root / "artifacts" / "validated" / task / "card.json", made_by=f"harness validate {task}")
    validated = subject.of(f"artifacts/validated/{task}", rests_on=(f"data/{task}",))
    yield from validated.values("source record as it was validated", recorded(card["source"]), recorded(source))


def raw_files(
    folder: Path, source: dict, names: Mapping[str, str], subject: Subject, hashes: Hashes
) -> Iterator[Check]:
    """Check the hashes of the files in `folder` that its `source` record lists. `names` maps the name of a file to the
    name that findings show, because names of restricted files must not be shown."""
    for name, digest in sorted(source["files"].items()):
        found = hashes.sha256(folder / name)
        if found is None:
            yield subject.missing(f"{names[name]}, which source.json lists", "`dvc checkout data`, or `dvc repro`")
        else:
            yield subject.same(f"{names[name]} as source.json lists it", digest, found)


def _records(root: Path, target: Path, task: str, subject: Subject, stages: recomputing.Stages) -> Iterator[Check]:
    """Run the stage `validate` again from the raw files, and compare its outputs."""
    folder = Path("artifacts") / "validated" / task
    stored = read_json(root / folder / "card.json", made_by=f"harness validate {task}")
    rows = read_jsonl(root / folder / "records.jsonl", made_by=f"harness validate {task}")
    stages.validate(target, task)
    told = [card | {"source": recorded(card["source"])} for card in (read_json(target / folder / "card.json"), stored)]
    yield from subject.values(f"{folder}/card.json", *told)
    # Rows may have texts that must not be shown, so that only their ids are named.
    made = {row["id"]: row for row in read_jsonl(target / folder / "records.jsonl")}
    found = {row["id"]: row for row in rows}
    changed = {key: "another row" for key in made.keys() & found.keys() if made[key] != found[key]}
    expected = {key: "the row read from data/" for key in (made.keys() - found.keys()) | changed.keys()}
    there = changed | {key: "a row that is not in data/" for key in found.keys() - made.keys()}
    yield from subject.values(f"{folder}/records.jsonl", expected, there)
    yield subject.same(f"{folder}/records.jsonl: number of rows", len(made), len(rows))


def _split(
    root: Path,
    target: Path,
    task: str,
    recorded: set[str],
    subject: Subject,
    hashes: Hashes,
    stages: recomputing.Stages,
) -> Iterator[Check]:
    """Run the stage `split` again from the records alone, and compare its outputs.

    A manifest that was extended when rows were added differs from a new split. If the runs recorded the hash of the
    stored manifest, the stage starts from the stored manifest instead, and must give the same manifest.
    """
    name = f"reports/splits/{task}.json"
    stored = read_json(root / name, made_by=f"harness split {task}")
    stages.split(target, task)
    if read_json(target / name) != stored and hashes.sha256(root / name) in recorded:
        (target / name).write_bytes((root / name).read_bytes())
        stages.split(target, task)
    yield from subject.values(name, read_json(target / name), stored, f"`git checkout -- {name}`, or `dvc repro`")
    for file in ("groups.json", "leakage.json"):
        path = Path("artifacts") / "splits" / task / file
        kept = read_json(root / path, made_by=f"harness split {task}")
        yield from subject.values(
            str(path), read_json(target / path), kept, "`dvc checkout artifacts/splits`, or `dvc repro`"
        )
