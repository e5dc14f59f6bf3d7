"""Name the comparisons of a run, find the inputs of each, and write a note for each finished job.

A comparison is one task with one family of encoders, and one job of `harness grid`. A job's note has the hashes of all
inputs and outputs of the stage `finetune`, as `dvc.lock` has them. As long as the files have the hashes in the note,
the predictions are those that `dvc repro` would make.
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
    """One task with one family of encoders: one job of `harness grid`, and one instance of the DVC stage `finetune`."""

    task: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.task}/{self.family}"

    @property
    def stage(self) -> str:
        return f"finetune@{self.task}-{self.family}"


def chosen(tasks: Sequence[str], families: Sequence[str], wanted: Sequence[str]) -> list[Comparison]:
    """The comparisons named in `wanted` (TASK/FAMILY), or, if `wanted` is empty, every task with every family.

    Raises ConfigError for an unknown name.
    """
    every = {f"{task}/{family}": Comparison(task, family) for task in tasks for family in families}
    for name in wanted:
        if name not in every:
            raise ConfigError(
                f"The run has no comparison {name!r}.{nearest(name, every)}",
                remedy="Write TASK/FAMILY, with the names under `run` in params.yaml.",
            )
    return [every[name] for name in every if not wanted or name in wanted]


def inputs(root: Path, comparison: Comparison) -> dict:
    """The inputs by which DVC decides whether the comparison's stage is up to date.

    Returns {"cmd": the command, "deps": MD5 by path (None for a missing file), "params": value by key of
    `params.yaml`}.
    """
    return _now(root, comparison)["inputs"]


def write_note(root: Path, comparison: Comparison, made_of: dict) -> None:
    """Write the note that a job made the present predictions from the inputs `made_of`, which `inputs` returned before
    the job trained."""
    write_json(note_file(root, comparison), _now(root, comparison) | {"inputs": made_of})


def is_made(root: Path, comparison: Comparison) -> bool:
    """Whether a job made the present predictions from the present inputs.

    The job recorded the hashes of its inputs and predictions in its note (`note_file`). The present files must have
    these hashes.
    """
    file = note_file(root, comparison)
    return file.is_file() and read_json(file) == _now(root, comparison)


def is_locked(root: Path, comparison: Comparison) -> bool:
    """Whether the entry in `dvc.lock` has the same command, parameters and hashes as the note of this comparison's
    job."""
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
    """A note of the present files. The hash of a missing file is None."""
    params = read_yaml(root / "params.yaml")
    stage, hashes = stages(root, params)[comparison.stage], Hashes()

    def md5s(paths: Sequence[str]) -> dict:
        return {path: (hashes.dvc(root / path) or {}).get("md5") for path in paths}

    chosen_params = {path: value_at(params, path) for path in stage.params}
    return {
        "inputs": {"cmd": stage.cmd, "deps": md5s(stage.deps), "params": chosen_params},
        "outputs": md5s(stage.outs),
    }
