"""A miniature of a finished repository in which every link of the audit holds, made in seconds.

Data, split, scores, reports, MLflow store and `dvc.lock` are those that the real stages and DVC make; what costs
hours, corpora, checkpoints and predictions, is made of chance, in the formats of the real ones.
"""

import dataclasses
import json
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from harness.artifacts import checkpoint, corpus
from harness.artifacts.artifact import described
from harness.artifacts.runs import Runs
from harness.data.corpus_summary import summaries
from harness.data.synthetic import write
from harness.encoders import cards
from harness.params import profiles
from harness.params.config import BatchPlan
from harness.params.reading import ParamsFile, load
from harness.pipeline.code import code_hash
from harness.plugins import registry
from harness.system import files

TASKS, FAMILY, SEEDS = ("aismec", "medmqp"), "norbert3", [1, 2]
COMMIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm"]


def build(repository: Path, root: Path) -> Path:
    """Make it below `root`, and return it."""
    for name in ("harness", "pipeline", "tasks"):
        shutil.copytree(repository / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "params.schema.json", ".dvcignore", ".gitignore", "constraints.txt"):
        shutil.copy(repository / name, root / name)
    params = _params(repository, root)
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    subprocess.run([*COMMIT, "code"], cwd=root, check=True, capture_output=True)
    _data(root, params)
    _corpus(root, params)
    _checkpoints(root, params)
    _settled(root, params)
    return root


def again(root: Path, **run) -> None:
    """What `dvc repro` makes of it after these keys of `run` in params.yaml have been changed."""
    yaml = YAML()
    params = yaml.load((root / "params.yaml").read_text(encoding="utf-8"))
    params["run"].update(run)
    with open(root / "params.yaml", "w", encoding="utf-8") as handle:
        yaml.dump(params, handle)
    _corpus(root, load(root / "params.yaml"))
    _settled(root, load(root / "params.yaml"))


def _params(repository: Path, root: Path) -> ParamsFile:
    yaml = YAML()
    params = yaml.load(profiles.text("embedded"))
    params["run"].update(profile="miniature", tasks=list(TASKS), families=[FAMILY], seeds=SEEDS)
    params["families"][FAMILY]["control"] = False
    with open(root / "params.yaml", "w", encoding="utf-8") as handle:
        yaml.dump(params, handle)
    return load(root / "params.yaml")


def _data(root: Path, params: ParamsFile) -> None:
    from harness.stages import split, validate

    write.generate(root / "artifacts" / "generated", params.generate().seed)
    for folder in (root / "artifacts" / "generated").iterdir():
        if folder.name not in (*TASKS, "corpus"):
            shutil.rmtree(folder)
    shutil.copytree(root / "artifacts" / "generated", root / "data")
    for name in TASKS:
        validate.run(root, name)
        split.run(root, name, params.split())


def _corpus(root: Path, params: ParamsFile) -> None:
    folder, chosen = root / "artifacts" / "corpus", params.everything().corpus
    parts = {}
    for name in ("general", "clinical"):
        lines = (root / "data" / "corpus" / f"{name}.jsonl").read_bytes().splitlines(keepends=True)[:20]
        files.write_bytes(folder / f"{name}.jsonl", b"".join(lines))
        parts[name] = {
            "documents": {"in": 20, "kept": 20},
            "removed": {},
            "words": 1000,
            "kept": {"note": 20},
            "written_standard": {"nynorsk": {"documents": 20}},
            "longest_match": {"kept": 3, "removed": 0},
            "sha256": files.sha256(folder / f"{name}.jsonl"),
        }
    planted = {"planted": 200, "found": 200, "recall": 1.0}
    card = {
        "source": files.read_json(root / "data" / "corpus" / "source.json"),
        "near_duplicate": chosen.near_duplicate,
        "overlap": {"n": chosen.overlap_n, "coverage": chosen.overlap_coverage, "planted": planted},
        "phi": {"allowed": chosen.allow_phi, "found": {}, "documents": 0},
        "training_texts": {},
        "inputs": {
            name: {
                "records": files.sha256(root / "artifacts" / "validated" / name / "records.jsonl"),
                "manifest": files.sha256(root / "reports" / "splits" / f"{name}.json"),
            }
            for name in params.everything().run.tasks
        },
        "parts": parts,
    }
    files.write_json(corpus.card_place(root), described(corpus.FORMAT, card))
    files.write_json(folder / "parts.json", summaries(card))


def _checkpoints(root: Path, params: ParamsFile) -> None:
    settings = params.everything()
    family, above = settings.families[FAMILY], root / "artifacts" / "checkpoints" / FAMILY
    parts = files.read_json(root / "artifacts" / "corpus" / "parts.json")
    held_out = {
        when: {name: {"loss": 5.0 - k, "accuracy": 0.1, "tokens": 100} for name in ("general", "clinical")}
        for k, when in enumerate(("before", "after"))
    }
    for arm, stage, recipe in (("baseline", "checkpoint", family.general), ("clinical", "pretrain", family.adaptation)):
        folder = above / arm
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "tokenizer.json").write_text('{"words": ["of", "one", "family"]}')
        header = json.dumps({"weight": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}).encode()
        content = struct.pack("<Q", len(header)) + header + random.Random(arm).randbytes(48)
        (folder / "model.safetensors").write_bytes(content)
        training = cards.Training(
            recipe=recipe.recipe,
            parameters=dataclasses.asdict(recipe),
            engine=dataclasses.asdict(settings.engine),
            trained_on={"baseline": "general"}.get(arm, "clinical"),
            replay=settings.corpus.replay if arm == "clinical" else 0.0,
            corpora={name: cards.CorpusPart(**part) for name, part in parts.items()},
            batch=BatchPlan(recipe.device_batch, 1, 1),
            steps=recipe.steps,
            tokens_seen=1000,
            losses=[{"step": step, "loss": 5.0 - step / 100} for step in (0, 100)],
            held_out=held_out,
        )
        facts = cards.Facts(
            family=FAMILY,
            arm=arm,
            architecture=family.architecture,
            source={"kind": "build"},
            code=code_hash(f"harness.stages.{stage}", root / "harness", objectives=(recipe.recipe,)),
            libraries=cards.libraries(),
            parameters=12,
            encoder=dataclasses.asdict(family.encoder) if arm == "baseline" else None,
            parent=None if arm == "baseline" else cards.parent_of(above / "baseline"),
            training=training,
        )
        cards.write(folder, cards.card(facts))
    off = {"family": FAMILY, "arm": "control", "source": None}
    files.write_json(above / "control" / checkpoint.NAME, described(checkpoint.FORMAT, off))


def probabilities(labels, prediction: str, chance: random.Random) -> list[float]:
    """As many as there are labels, that of the prediction the highest."""
    drawn = sorted(chance.random() for _ in labels)
    shares = [round(value / sum(drawn), 6) for value in drawn]
    highest = shares.pop()
    shares.insert(labels.index(prediction), highest)
    return shares


def _predictions(root: Path, name: str, params: ParamsFile) -> None:
    from harness.statistics import task_metrics

    task, settings = registry.get(root, name), params.finetune(name, FAMILY)
    records_file = root / "artifacts" / "validated" / name / "records.jsonl"
    manifest_file = root / "reports" / "splits" / f"{name}.json"
    records, splits = files.read_jsonl(records_file), files.read_json(manifest_file)["splits"]
    folder, runs = root / "artifacts" / "predictions" / name / FAMILY, []
    shutil.rmtree(folder, ignore_errors=True)
    for arm in settings.arms:
        for seed in settings.seeds:
            chance = random.Random(f"{name} {arm} {seed}")
            skill = 0.6 + 0.1 * (arm == "clinical")
            lines = []
            for record in records:
                if splits[record["id"]] in ("test", "validation"):
                    prediction = record["label"] if chance.random() < skill else chance.choice(task.labels)
                    scores = probabilities(task.labels, prediction, chance)
                    line = {key: record[key] for key in ("id", "group")} | {"part": splits[record["id"]]}
                    lines.append({**line, "gold": record["label"], "prediction": prediction, "scores": scores})
            path = folder / f"{arm}-seed{seed}.jsonl"
            files.write_jsonl(path, sorted(lines, key=lambda line: (line["part"], line["id"])))
            best = round(task_metrics.primary(task, [line for line in lines if line["part"] == "validation"]), 6)
            curve = [{"step": 30, "train_loss": 0.9, "selection": 0.0, "validation": 0.1}]
            curve.append({"step": 60, "train_loss": 0.7, "selection": 0.2, "validation": best})
            run = {"arm": arm, "seed": seed, "steps": 60, "best_step": 60}
            run |= {"best_selection": 0.2, "best_validation": best}
            runs.append({**run, "curve": curve, "diverged": False, "predictions": files.sha256(path)})
    above = root / "artifacts" / "checkpoints" / FAMILY
    made = Runs.of(
        task=name,
        family=FAMILY,
        labels=list(task.labels),
        recipe=dataclasses.asdict(settings.recipe),
        engine=dataclasses.asdict(settings.engine),
        treatment={},
        libraries={key: cards.libraries()[key] for key in ("torch", "transformers")},
        inputs={
            "records": files.sha256(records_file),
            "manifest": files.sha256(manifest_file),
            "checkpoints": {arm: files.sha256_tree(above / arm) for arm in settings.arms},
        },
        selection="none",
        runs=runs,
    )
    made.write(folder / "runs.json")


def _settled(root: Path, params: ParamsFile) -> None:
    """Predictions of chance; scores, reports and the MLflow store as the stages make them; hashes as DVC has them."""
    from harness.stages import classic, report, score, track

    tasks = {name: registry.get(root, name) for name in params.everything().run.tasks}
    for task in tasks.values():
        _predictions(root, task.name, params)
        score.run(root, task, FAMILY, params.score())
        classic.run(root, task)
        score.run_classic(root, task)
    report.run(root, params.report(), tasks)
    track.run(root, params.report(), tasks)
    (root / "data.dvc").write_text("deps:\n- path: artifacts/generated\nouts:\n- path: data\n", encoding="utf-8")
    for command in ([sys.executable, "-m", "dvc", "commit", "-f", "-q"], ["git", "add", "-A"], [*COMMIT, "run"]):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
