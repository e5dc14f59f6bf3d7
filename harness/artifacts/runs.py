"""The file `runs.json`: the runs of one comparison and their inputs. It is in the folder of their prediction files."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from harness.artifacts.artifact import Artifact, Part


def file_name(arm: str, seed: int) -> str:
    """The name of a run's prediction file."""
    return f"{arm}-seed{seed}.jsonl"


def fold_file_name(repeat: int, fold: int, arm: str) -> str:
    """The name of the prediction file of a cross-validation run."""
    return f"repeat{repeat}-fold{fold}-{arm}.jsonl"


def trial_file_name(arm: str, candidate: int, seed: int) -> str:
    """The prediction file of a run that tries the n-th candidate recipe (from 0). Its answers are to validation."""
    return f"tuning/{arm}-candidate{candidate}-seed{seed}.jsonl"


class Inputs(Part):
    """SHA-256 of the records and the split manifest, and the tree hash of each encoder."""

    records: str
    manifest: str
    checkpoints: dict[str, str] = Field(default_factory=dict)


class Point(Part):
    """A point of a learning curve, after `step` updates: the mean training loss since the point before, the primary
    score of the validation part, and the score by which weights are selected."""

    step: int
    train_loss: float | None = None
    validation: float | None = None
    selection: float | None = None


class Run(Part):
    """One fine-tuning of `arm` from `seed`. `replicate` is the number of the arm's pre-training run that made the
    encoder, from 1. `predictions` is the SHA-256 of its file."""

    arm: str
    seed: int
    replicate: int = 1
    steps: int
    best_step: int
    best_selection: float
    best_validation: float
    curve: tuple[Point, ...]
    diverged: bool
    predictions: str

    @property
    def file(self) -> str:
        return file_name(self.arm, self.seed)


class Trial(Run):
    """One fine-tuning that tried a candidate recipe."""

    candidate: int

    @property
    def file(self) -> str:
        return trial_file_name(self.arm, self.candidate, self.seed)


class Candidate(Part):
    """The changes of a candidate recipe to the declared one."""

    learning_rate: float
    steps: int


class Tuning(Part):
    """The search of every arm for its recipe: candidates, trials with their results, and chosen candidates by arm."""

    candidates: tuple[Candidate, ...]
    trials: tuple[Trial, ...]
    chosen: dict[str, int]

    @property
    def of_arms(self) -> dict[str, dict[str, Any]]:
        """The changes of the chosen candidate, by arm."""
        return {arm: self.candidates[number].plain() for arm, number in self.chosen.items()}


class Runs(Artifact):
    """The output of `harness finetune TASK FAMILY`. `selection` is the rule by which weights were selected.
    `robustness` are the settings of the perturbed test parts, if there are any. If the arms were tuned, `recipe` is the
    declared one, and the runs by it are in the folder `UNTUNED`."""

    UNTUNED: ClassVar[str] = "untuned"

    FORMAT: ClassVar[str] = "runs 2"
    task: str
    family: str
    labels: tuple[str, ...]
    recipe: dict[str, Any]
    engine: dict[str, Any]
    treatment: dict[str, Any]
    libraries: dict[str, str]
    inputs: Inputs
    selection: str
    tuning: Tuning | None = None
    robustness: dict[str, Any] | None = None
    runs: tuple[Run, ...]


class FoldRun(Run):
    """One fine-tuning on one fold of one repeat of a cross-validation."""

    repeat: int
    fold: int

    @property
    def file(self) -> str:
        return fold_file_name(self.repeat, self.fold, self.arm)


class Dealt(Part):
    """The settings of the folds, and a hash of the place of every row."""

    number: int
    repeats: int
    validation: float
    sha256: str


class FoldRuns(Runs):
    """The output of `harness crossvalidate TASK FAMILY`."""

    FORMAT: ClassVar[str] = "fold runs 2"
    folds: Dealt
    runs: tuple[FoldRun, ...]


class LinearRun(Part):
    """The fitted linear baseline: its name in place of an arm, and the settings chosen on validation."""

    FILE: ClassVar[str] = "predictions.jsonl"
    arm: str
    seed: int
    settings: dict[str, Any]
    predictions: str

    @property
    def file(self) -> str:
        return self.FILE


class LinearRuns(Artifact):
    """The output of `harness linear TASK`."""

    FORMAT: ClassVar[str] = "linear runs 2"
    task: str
    labels: tuple[str, ...]
    libraries: dict[str, str]
    inputs: Inputs
    runs: tuple[LinearRun, ...]


def folder_of(root: Path, task: str, family: str) -> Path:
    """The folder with a comparison's `runs.json` and prediction files."""
    return Path(root) / "artifacts" / "predictions" / task / family


def read(root: Path, task: str, family: str) -> Runs:
    return Runs.read(folder_of(root, task, family) / "runs.json", f"harness finetune {task} {family}")


def read_linear(root: Path, task: str) -> LinearRuns:
    return LinearRuns.read(Path(root) / "artifacts" / "linear" / task / "runs.json", f"harness linear {task}")


def read_folds(root: Path, task: str, family: str) -> FoldRuns:
    folder = folder_of(root, f"cross-validation/{task}", family)
    return FoldRuns.read(folder / "runs.json", f"harness crossvalidate {task} {family}")
