"""The file `runs.json`: the runs of one comparison and their inputs. It stands beside their prediction files."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from harness.artifacts.artifact import Artifact, Part


def file_name(arm: str, seed: int) -> str:
    """The prediction file of a run, which stands beside `runs.json`."""
    return f"{arm}-seed{seed}.jsonl"


def fold_file_name(repeat: int, fold: int, arm: str) -> str:
    """The same of a run of a cross-validation."""
    return f"repeat{repeat}-fold{fold}-{arm}.jsonl"


def trial_file_name(arm: str, candidate: int, seed: int) -> str:
    """The same of a run that tries a candidate recipe, the n-th from 0; it holds answers to the validation part."""
    return f"tuning/{arm}-candidate{candidate}-seed{seed}.jsonl"


class Inputs(Part):
    """SHA-256 of the records and the split manifest, and the tree hash of each encoder."""

    records: str
    manifest: str
    checkpoints: dict[str, str] = Field(default_factory=dict)


class Point(Part):
    """A point of a learning curve: after `step` updates, the mean training loss since the point before, the primary
    score of the validation part, and the score by which weights are kept."""

    step: int
    train_loss: float | None = None
    validation: float | None = None
    selection: float | None = None


class Run(Part):
    """One fine-tuning of `arm` from `seed`, of the encoder of its arm's n-th pre-training run (`replicate`, from 1);
    `predictions` is the SHA-256 of its file."""

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
    """What a candidate recipe changes in the declared one."""

    learning_rate: float
    steps: int


class Tuning(Part):
    """The search of every arm for its recipe: what was tried, what came out, and the candidate chosen by arm."""

    candidates: tuple[Candidate, ...]
    trials: tuple[Trial, ...]
    chosen: dict[str, int]

    @property
    def of_arms(self) -> dict[str, dict[str, Any]]:
        """By arm what it chose."""
        return {arm: self.candidates[number].plain() for arm, number in self.chosen.items()}


class Runs(Artifact):
    """What `harness finetune TASK FAMILY` made; `selection` is the rule by which weights were kept, `robustness` the
    settings of the perturbed test parts that were answered, where there are any. Where the arms were tuned, `recipe` is
    the declared one, and the runs by it lie in a folder of their own, `UNTUNED`."""

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
    """The folds that were asked for, and a hash of which row was where."""

    number: int
    repeats: int
    validation: float
    sha256: str


class FoldRuns(Runs):
    """What `harness crossvalidate TASK FAMILY` made."""

    FORMAT: ClassVar[str] = "fold runs 2"
    folds: Dealt
    runs: tuple[FoldRun, ...]


class LinearRun(Part):
    """The linear baseline as it was fitted: its name in place of an arm, and the settings that validation chose."""

    FILE: ClassVar[str] = "predictions.jsonl"
    arm: str
    seed: int
    settings: dict[str, Any]
    predictions: str

    @property
    def file(self) -> str:
        return self.FILE


class LinearRuns(Artifact):
    """What `harness linear TASK` made."""

    FORMAT: ClassVar[str] = "linear runs 2"
    task: str
    labels: tuple[str, ...]
    libraries: dict[str, str]
    inputs: Inputs
    runs: tuple[LinearRun, ...]


def folder_of(root: Path, task: str, family: str) -> Path:
    """Where `runs.json` of a comparison and its prediction files lie."""
    return Path(root) / "artifacts" / "predictions" / task / family


def read(root: Path, task: str, family: str) -> Runs:
    return Runs.read(folder_of(root, task, family) / "runs.json", f"harness finetune {task} {family}")


def read_linear(root: Path, task: str) -> LinearRuns:
    return LinearRuns.read(Path(root) / "artifacts" / "linear" / task / "runs.json", f"harness linear {task}")


def read_folds(root: Path, task: str, family: str) -> FoldRuns:
    folder = folder_of(root, f"cross-validation/{task}", family)
    return FoldRuns.read(folder / "runs.json", f"harness crossvalidate {task} {family}")
