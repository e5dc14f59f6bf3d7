"""The types of `runs.json`, which records training runs and their inputs: all runs of a comparison, of a
cross-validation, or the fit of a linear baseline.

The file is in the same folder as the prediction files of its runs.
"""

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
    """The name of the prediction file of a run that tries a candidate recipe. `candidate` is the position of the recipe
    in the list of candidates, from 0. The file has answers to the validation part only."""
    return f"tuning/{arm}-candidate{candidate}-seed{seed}.jsonl"


class Inputs(Part):
    """The hashes of the inputs of the runs: SHA-256 of the validated `records` and of the split `manifest`, and for
    each encoder, by name, one hash over all files of its folder (`checkpoints`)."""

    records: str
    manifest: str
    checkpoints: dict[str, str] = Field(default_factory=dict)


class Point(Part):
    """A point of a learning curve, after `step` updates. `train_loss` is the mean training loss of the last updates, as
    many as there are between two evaluations. `validation` is the primary score of the validation part. `selection` is
    the score by which the kept weights are selected (see `harness.statistics.selection`)."""

    step: int
    train_loss: float | None = None
    validation: float | None = None
    selection: float | None = None


class Run(Part):
    """One fine-tuning of `arm` from `seed`.

    `replicate`: number, from 1, of the arm's pre-training run that made the encoder.
    `steps`: number of updates. `best_step`: the update after which the kept weights were taken.
    `best_selection`, `best_validation`: the scores of the kept weights, as in `Point`.
    `diverged`: True if the training loss of the last tenth of the updates was higher than that of the first tenth.
    `predictions`: SHA-256 of the prediction file.
    """

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
    """One fine-tuning that tried a candidate recipe. `candidate` is the position of the recipe in `Tuning.candidates`,
    from 0."""

    candidate: int

    @property
    def file(self) -> str:
        return trial_file_name(self.arm, self.candidate, self.seed)


class Candidate(Part):
    """A candidate recipe for fine-tuning: the values of the two settings in which it may differ from the declared
    recipe."""

    learning_rate: float
    steps: int


class Tuning(Part):
    """The search for the best recipe of each arm on the validation part: the candidate recipes, the runs that tried
    them (`trials`), and for each arm the position of the chosen candidate in `candidates`."""

    candidates: tuple[Candidate, ...]
    trials: tuple[Trial, ...]
    chosen: dict[str, int]

    @property
    def of_arms(self) -> dict[str, dict[str, Any]]:
        """The settings of the candidate recipe that each arm chose, by arm: {"learning_rate", "steps"}."""
        return {arm: self.candidates[number].plain() for arm, number in self.chosen.items()}


class Runs(Artifact):
    """The output of `harness finetune TASK FAMILY`.

    `treatment`: what the runs have in common, read from a model (architecture, precision, dropout and so on).
    `selection`: the rule, in words, by which the kept weights of a run are selected.
    `tuning`: the search for a recipe, if each arm was tuned. Then `recipe` is the declared recipe, and the runs with
    the declared recipe are in the subfolder `UNTUNED`.
    `robustness`: settings of the perturbed test parts, or None if there are none.
    """

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
    """The folds of a cross-validation: the `number` of folds per repeat, the number of `repeats`, the share of
    `validation` rows among the rows that are not tested, and a hash over the part of every row in every fold."""

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
    """The fitted linear baseline of a task. `arm` is the name of the baseline ("logistic_regression", for example).
    `settings` has the setting that was best on the validation part. `predictions` is the SHA-256 of the prediction
    file."""

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
    """The folder with the `runs.json` and the prediction files of the comparison of `task` and `family`."""
    return Path(root) / "artifacts" / "predictions" / task / family


def read(root: Path, task: str, family: str) -> Runs:
    return Runs.read(folder_of(root, task, family) / "runs.json", f"harness finetune {task} {family}")


def read_linear(root: Path, task: str) -> LinearRuns:
    return LinearRuns.read(Path(root) / "artifacts" / "linear" / task / "runs.json", f"harness linear {task}")


def read_folds(root: Path, task: str, family: str) -> FoldRuns:
    folder = folder_of(root, f"cross-validation/{task}", family)
    return FoldRuns.read(folder / "runs.json", f"harness crossvalidate {task} {family}")
