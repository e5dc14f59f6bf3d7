"""Warn if the predictions or scores that a late stage reads are out of date.

The warning is for a user who runs a late stage by hand. Under `dvc repro` nothing is out of date. `harness audit`
checks more.
"""

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.artifacts import checkpoint, scores
from harness.artifacts.runs import file_name, folder_of, trial_file_name
from harness.artifacts.split import manifest_place
from harness.artifacts.validated import records_place
from harness.params.config import FinetuneSettings
from harness.params.reading import ParamsFile
from harness.pipeline import code_lists
from harness.pipeline.declared import read_yaml
from harness.pipeline.hashes import Hashes
from harness.system.files import read_json
from harness.task import Task
from harness.text.printable import terminal

MOST = 10  # lines of a warning


def warn(root: Path, params: ParamsFile, tasks: Mapping[str, Task], families: Iterable[str], *, scored: bool) -> None:
    """Print on standard error which comparisons of `tasks` and `families` have stale results, and why.

    If `scored` is True, the caller reads scores, so the scores are checked in addition to the predictions.
    """
    lines, hashes, lock = [], Hashes(), root / "dvc.lock"
    locked = read_yaml(lock).get("stages", {}) if lock.is_file() else {}
    outdated = code_lists.outdated(root)
    for name, task in tasks.items():
        reasons = list(_data(root, name))
        for family in families:
            if not _made(root, name, family, scored=scored):
                continue  # the stage itself says what is missing
            settings = params.finetune(name, family)
            found = [*reasons, *_predictions(root, task, family, settings, hashes)]
            lists = [path for path in code_lists.of_stage("finetune", name) if path in outdated]
            found += [*_code(root, locked.get(f"finetune@{name}-{family}", {}), hashes, lists)]
            found += _scores(root, name, family) if scored else ()
            lines += [f"  {name}/{family}: {reason}" for reason in found]
    if lines:
        more = [f"  and {len(lines) - MOST} more"] if len(lines) > MOST else []
        what = "the report is" if scored else "these scores are"
        told = [f"harness: warning: {what} made of results that are stale:", *lines[:MOST], *more]
        told.append("Run `dvc repro` to make them again. `harness audit` shows more.")
        print(*map(terminal, told), sep="\n", file=sys.stderr)


def _made(root: Path, task: str, family: str, *, scored: bool) -> bool:
    return (scores.place(root, task, family) if scored else folder_of(root, task, family) / "runs.json").is_file()


def _data(root: Path, task: str) -> Iterator[str]:
    record = root / "data" / task / "source.json"
    card = _read(root / "artifacts" / "validated" / task / "card.json")
    if record.is_file() and _read(record).get("files") != card.get("source", {}).get("files"):
        yield "the files in data/ are not those that were validated"


def _predictions(root: Path, task: Task, family: str, settings: FinetuneSettings, hashes: Hashes) -> Iterator[str]:
    path = folder_of(root, task.name, family) / "runs.json"
    recorded = _read(path)
    if not recorded:
        yield "its predictions are missing"
        return
    inputs = recorded.get("inputs", {})
    if inputs.get("records") != hashes.sha256(records_place(root, task.name)):
        yield "its predictions were made from different records"
    if inputs.get("manifest") != hashes.sha256(manifest_place(root, task.name)):
        yield "its predictions were made with a different split"
    made = path.stat().st_mtime
    for encoder in settings.encoders:
        folder = checkpoint.place(root, family, encoder)
        # Gigabytes are read only if something was written after the predictions.
        younger = not folder.is_dir() or any(file.stat().st_mtime > made for file in [folder, *folder.rglob("*")])
        if younger and inputs.get("checkpoints", {}).get(encoder) != hashes.tree(folder):
            yield f"the checkpoint of arm {encoder} is not the one that was fine-tuned"
    for key, wanted, what in (
        ("recipe", dataclasses.asdict(settings.recipe), "a different recipe"),
        ("engine", dataclasses.asdict(settings.engine), "different engine settings"),
        ("labels", list(task.labels), "different labels"),
    ):
        if recorded.get(key) != json.loads(json.dumps(wanted)):
            yield f"its predictions were made with {what}"
    if recorded.get("robustness") != settings.robustness.as_recorded():
        yield "its predictions were made with different settings of robustness"
    from harness.audit.runs import candidates

    tried = recorded.get("tuning", {}).get("candidates", [])
    if tried != candidates(settings):
        yield "its arms were tuned with different settings"
    runs = {(run["arm"], run["seed"]): run["predictions"] for run in recorded.get("runs", ())}
    if lacking := sorted({(arm, seed) for arm in settings.arms for seed in settings.seeds} - runs.keys()):
        yield f"there are no predictions of arm {lacking[0][0]}, seed {lacking[0][1]}"
    for (arm, seed), digest in sorted(runs.items()):
        if hashes.sha256(path.with_name(file_name(arm, seed))) != digest:
            yield f"the file with the predictions of arm {arm}, seed {seed} has changed or is missing"


def _scores(root: Path, task: str, family: str) -> Iterator[str]:
    recorded, scored = _read(folder_of(root, task, family) / "runs.json"), _read(scores.place(root, task, family))
    made = {file_name(run["arm"], run["seed"]): run["predictions"] for run in recorded.get("runs", ())}
    for trial in recorded.get("tuning", {}).get("trials", ()):
        made[trial_file_name(trial["arm"], trial["candidate"], trial["seed"])] = trial["predictions"]
    if made and scored and scored["inputs"].get("predictions") != made:
        yield "its scores were computed from different predictions"


def _code(root: Path, stage: dict, hashes: Hashes, outdated: list[str]) -> Iterator[str]:
    """The reason, if any, that other code made the predictions. `dvc.lock` cannot show it for `outdated` code lists."""
    changed = outdated or [
        entry["path"]
        for entry in stage.get("deps", ())
        if entry["path"].split("/")[0] == code_lists.LISTS
        and (hashes.dvc(root / entry["path"]) or {}).get("md5") != entry.get("md5")
    ]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        yield f"the code that made its predictions has changed ({changed[0]}{more})"


def _read(path: Path) -> dict:
    """The content of a JSON file, or {} if it is missing, because the stage itself then raises a better error."""
    return read_json(path) if path.is_file() else {}
