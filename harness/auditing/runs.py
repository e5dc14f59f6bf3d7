"""The runs of one comparison: prediction files, and what they were made with."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from harness.auditing import libraries
from harness.auditing.hashes import Hashes
from harness.auditing.links import ABSENT, Chain, Link
from harness.config import FinetuneSettings
from harness.files import read_json
from harness.task import Task


def links(root: Path, task: Task, family: str, settings: FinetuneSettings, hashes: Hashes) -> Iterator[Link]:
    folder = root / "artifacts" / "predictions" / task.name / family
    made_by = f"harness finetune {task.name} {family}"
    chain = Chain(f"{task.name}/{family}", f"`dvc checkout {folder.relative_to(root)}`, or `{made_by}`")
    yield from chain.follow("runs.json", lambda: _links(root, folder, made_by, task, family, settings, chain, hashes))


def _links(
    root: Path, folder: Path, made_by: str, task: Task, family: str, settings: FinetuneSettings, chain: Chain,
    hashes: Hashes,
) -> Iterator[Link]:  # fmt: skip
    recorded = read_json(folder / "runs.json", made_by=made_by)
    expected = {
        "task": task.name,
        "family": family,
        "labels": list(task.labels),
        "recipe": dataclasses.asdict(settings.recipe),
        "engine": dataclasses.asdict(settings.engine),
    }
    found = {key: recorded.get(key, ABSENT) for key in expected}
    yield from chain.values("runs.json against params.yaml", expected, found, "the old params.yaml, or `dvc repro`")
    inputs = {
        "records": hashes.sha256(root / "artifacts" / "validated" / task.name / "records.jsonl"),
        "manifest": hashes.sha256(root / "reports" / "splits" / f"{task.name}.json"),
        "checkpoints": {arm: hashes.tree(root / "artifacts" / "checkpoints" / family / arm) for arm in settings.arms},
    }
    yield from chain.values("inputs that the runs recorded", recorded["inputs"], inputs, "restore them, or `dvc repro`")
    yield from libraries.links(root, recorded["libraries"], chain)
    wanted = sorted([arm, seed] for arm in settings.arms for seed in settings.seeds)
    yield chain.same("arms and seeds", wanted, sorted([run["arm"], run["seed"]] for run in recorded["runs"]))
    by_hash = {run["predictions"]: _file(run) for run in recorded["runs"]}
    for run in recorded["runs"]:
        yield from chain.follow(_file(run), lambda run=run: _run(folder, run, by_hash, chain, hashes))
    extra = {path.name for path in folder.iterdir()} - {"runs.json", *map(_file, recorded["runs"])}
    yield from chain.values("files that no run wrote", [], sorted(extra), "move them away")


def _file(run: dict) -> str:
    return f"{run['arm']}-seed{run['seed']}.jsonl"


def _run(folder: Path, run: dict, by_hash: dict[str, str], chain: Chain, hashes: Hashes) -> Iterator[Link]:
    name = _file(run)
    found = hashes.sha256(folder / name)
    if found is None:
        yield chain.missing(f"predictions {name}")
        return
    if found != run["predictions"] and found in by_hash:
        yield chain.wrong(f"predictions {name}", f"{run['predictions'][:12]}…", f"the content of {by_hash[found]}")
    else:
        yield chain.same(f"predictions {name}", run["predictions"], found)
