"""Make a small repository that passes `harness audit`, for tests: two tasks, one family, two seeds.

The real stages and DVC make its data, split, scores, reports, MLflow store and `dvc.lock`. Its corpora, checkpoints and
predictions are random.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from harness.artifacts import checkpoint
from harness.artifacts.artifact import described
from harness.data.synthetic import write
from harness.encoders import cards
from harness.params import profiles
from harness.params.arms import OPTIONAL, SHARED
from harness.params.reading import ParamsFile, load
from harness.pipeline.code import code_hash
from harness.pipeline.declared import DVC
from harness.plugins import registry
from harness.system import files
from harness.testing import chance
from harness.testing.parameters import changing
from harness.text.perturbing import KINDS

TASKS, FAMILY, SEEDS = ("aismec", "medmqp"), "norbert3", [1, 2]
COMMIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm")


def build(repository: Path, root: Path) -> Path:
    """Make the repository in the folder `root`, with the code and the tasks of the checkout `repository`.

    Returns `root`.
    """
    for name in ("harness", "pipeline", "tasks"):
        shutil.copytree(repository / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "params.schema.json", ".dvcignore", ".gitignore", "constraints.txt"):
        shutil.copy(repository / name, root / name)
    with changing(root, profiles.text("embedded")) as params:
        params["run"].update(profile="miniature", tasks=list(TASKS), families=[FAMILY], seeds=SEEDS)
        params["families"][FAMILY].update(dict.fromkeys(OPTIONAL, False))
        params["robustness"]["kinds"] = list(KINDS)
    _run(root, ("git", "init", "-q"), (*DVC, "init", "-q"), ("git", "add", "-A"), (*COMMIT, "code"))
    given = load(root / "params.yaml")
    _data(root, given)
    _corpus(root, given)
    _checkpoints(root, given)
    _settle(root, given)
    return root


def again(root: Path, **run: Any) -> None:
    """Change the keys `run` of the section `run` in params.yaml, and update the repository as `dvc repro` would."""
    with changing(root) as params:
        params["run"].update(run)
    _corpus(root, load(root / "params.yaml"))
    _settle(root, load(root / "params.yaml"))


def _run(root: Path, *commands: tuple[str, ...]) -> None:
    for command in commands:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout


def _data(root: Path, params: ParamsFile) -> None:
    from harness.stages import split, validate

    generated = root / "artifacts" / "generated"
    write.generate(generated, params.generate().seed)
    for folder in generated.iterdir():
        if folder.name not in (*TASKS, "corpus"):
            shutil.rmtree(folder)
    shutil.copytree(generated, root / "data")
    for name in TASKS:
        validate.run(root, name)
        split.run(root, name, params.split())


def _corpus(root: Path, params: ParamsFile) -> None:
    data = root / "data" / "corpus"
    documents = {name: (data / f"{name}.jsonl").read_bytes().splitlines(keepends=True)[:20] for name in SHARED}
    chance.write_corpus(root, params.everything(), files.read_json(data / "source.json"), documents)


def _checkpoints(root: Path, params: ParamsFile) -> None:
    of_family = params.everything().families[FAMILY]
    made_by = {"baseline": ("checkpoint", of_family.general), "clinical": ("pretrain", of_family.adaptation)}
    code = {
        arm: code_hash(f"harness.stages.{stage}", root / "harness", objectives=(recipe.recipe,) if recipe else ())
        for arm, (stage, recipe) in made_by.items()
    }
    for folder, card in chance.write_checkpoints(root, params.everything(), FAMILY, code):
        cards.write(folder, card)
    for arm in OPTIONAL:
        off = {"family": FAMILY, "arm": arm, "source": None}
        place = checkpoint.place(root, FAMILY, arm) / checkpoint.NAME
        files.write_json(place, described(checkpoint.FORMAT, off))
    files.write_json(root / "artifacts" / "checkpoints" / FAMILY / checkpoint.REPLICATES / "encoders.json", [])


def _settle(root: Path, params: ParamsFile) -> None:
    """Write random predictions, then scores, reports and the MLflow store by the stages, and hashes by DVC."""
    from dataclasses import asdict

    from harness.stages import linear, report, score, track

    tasks = registry.chosen(root, params.everything().run.tasks)
    for task in tasks.values():
        settings = params.finetune(task.name, FAMILY)
        shutil.rmtree(root / "artifacts" / "predictions" / task.name / FAMILY, ignore_errors=True)
        made_by = {"recipe": asdict(settings.recipe), "engine": asdict(settings.engine)}
        chance.write_predictions(root, task, FAMILY, settings.seeds, settings.robustness, **made_by)
        score.run(root, task, FAMILY, params.score())
        linear.run(root, task)
        score.run_linear(root, task)
    report.run(root, params.report(), tasks)
    track.run(root, params.report(), tasks)
    files.write_text(root / "data.dvc", "deps:\n- path: artifacts/generated\nouts:\n- path: data\n")
    _run(root, (*DVC, "commit", "-f", "-q"), ("git", "add", "-A"), (*COMMIT, "run"))
