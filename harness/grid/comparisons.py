"""The inputs of one comparison, and the note that records a finished job.

A note has the hashes of all inputs and outputs of the stage `finetune`, as `dvc.lock` has them. As long as the files
have these hashes, the predictions are those that `dvc repro` would make.
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
    """One task with one family: one job of the array and one instance of the stage `finetune`."""

    task: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.task}/{self.family}"

    @property
    def stage(self) -> str:
        return f"finetune@{self.task}-{self.family}"


def chosen(tasks: Sequence[str], families: Sequence[str], wanted: Sequence[str]) -> list[Comparison]:
    """Every task with every family, or only the comparisons named in `wanted` (TASK/FAMILY) if it is not empty.

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
    """The command, parameters and hashes of files by which DVC decides whether this stage is up to date."""
    return _now(root, comparison)["inputs"]


def write_note(root: Path, comparison: Comparison, made_of: dict) -> None:
    """Write the note that a job made the present predictions from the inputs `made_of` (a result of `inputs`)."""
    write_json(note_file(root, comparison), _now(root, comparison) | {"inputs": made_of})


def is_made(root: Path, comparison: Comparison) -> bool:
    """Whether a job made the present predictions from the present inputs. The job recorded the hashes of both in its
    note (`note_file`)."""
    file = note_file(root, comparison)
    return file.is_file() and read_json(file) == _now(root, comparison)


def is_locked(root: Path, comparison: Comparison) -> bool:
    """Whether `dvc.lock` and the note have the same hashes, command and parameters for this comparison."""
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
