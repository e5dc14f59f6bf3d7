"""The inputs of one comparison, and the note that records a finished job.

A note holds the hashes of all that the stage `finetune` depends on and of what it wrote, as `dvc.lock` would.
As long as they are those of the files, the predictions are what `dvc repro` would have made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError, nearest
from harness.pipeline.declared import read_yaml, stages, value_at
from harness.pipeline.hashes import Hashes
from harness.system.files import read_json, write_json

FOLDER = Path("artifacts") / "grid"


@dataclass(frozen=True)
class Comparison:
    """One task with one family: a job of the array, an instance of the stage `finetune`."""

    task: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.task}/{self.family}"

    @property
    def stage(self) -> str:
        return f"finetune@{self.task}-{self.family}"


def chosen(tasks: Sequence[str], families: Sequence[str], wanted: Sequence[str]) -> list[Comparison]:
    """Every task with every family, or those of them that are `wanted` (as TASK/FAMILY).

    Raises ConfigError for a name that is none of them.
    """
    every = {f"{task}/{family}": Comparison(task, family) for task in tasks for family in families}
    for name in wanted:
        if name not in every:
            raise ConfigError(
                f"The run has no comparison {name!r}.{nearest(name, every)}",
                remedy="Write TASK/FAMILY, both as they stand under `run` in params.yaml.",
            )
    return [every[name] for name in every if not wanted or name in wanted]


def inputs(root: Path, comparison: Comparison) -> dict:
    """The command, parameters and hashes of files by which DVC decides whether this stage is up to date."""
    return _now(root, comparison)["inputs"]


def write_note(root: Path, comparison: Comparison, made_of: dict) -> None:
    """Note that a job made of `made_of` (as `inputs` gave it) the predictions that are there."""
    write_json(note_file(root, comparison), _now(root, comparison) | {"inputs": made_of})


def is_made(root: Path, comparison: Comparison) -> bool:
    """Whether a job has made the predictions that are there, from what is there now."""
    file = note_file(root, comparison)
    return file.is_file() and read_json(file) == _now(root, comparison)


def is_locked(root: Path, comparison: Comparison) -> bool:
    """Whether `dvc.lock` says of this comparison exactly what its note says."""
    entry = read_yaml(root / "dvc.lock")["stages"].get(comparison.stage, {})
    recorded = {
        "inputs": {
            "cmd": entry.get("cmd"),
            "deps": {dep["path"]: dep["md5"] for dep in entry.get("deps", ())},
            "params": entry.get("params", {}).get("params.yaml", {}),
        },
        "outputs": {out["path"]: out["md5"] for out in entry.get("outs", ())},
    }
    return recorded == read_json(note_file(root, comparison))


def note_file(root: Path, comparison: Comparison) -> Path:
    return root / FOLDER / "made" / f"{comparison.task}-{comparison.family}.json"


def _now(root: Path, comparison: Comparison) -> dict:
    """A note of what is there; the hash of a file that is not there is None."""
    params = read_yaml(root / "params.yaml")
    stage, hashes = stages(root, params)[comparison.stage], Hashes()

    def md5s(paths: Sequence[str]) -> dict:
        return {path: (hashes.dvc(root / path) or {}).get("md5") for path in paths}

    chosen_params = {path: value_at(params, path) for path in stage.params}
    return {
        "inputs": {"cmd": stage.cmd, "deps": md5s(stage.deps), "params": chosen_params},
        "outputs": md5s(stage.outs),
    }
