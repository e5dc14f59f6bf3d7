"""The scores files in `artifacts/scores/`, written by the stages `score` and `score_folds`."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts.artifact import Artifact, Part
from harness.artifacts.runs import Candidate, Dealt
from harness.errors import DataError


class Score(Part):
    """The value of one metric, on its own scale, for one run and part."""

    arm: str
    seed: int
    part: str
    metric: str
    value: float


class Confusion(Part):
    """The counts of a confusion matrix that are not 0: (gold, predicted, rows), by position in the task's labels."""

    arm: str
    seed: int
    part: str
    cells: tuple[tuple[int, int, int], ...]


class Learning(Part):
    """A learning curve: the primary validation score after so many updates, and the update whose weights were kept."""

    arm: str
    seed: int
    best_step: int
    points: tuple[tuple[int, float], ...]


class Diverged(Part):
    """A run whose training diverged."""

    arm: str
    seed: int


class Replicate(Part):
    """The number of the pre-training run that made the encoder of an arm and seed, from 1."""

    arm: str
    seed: int
    replicate: int


class Robust(Part):
    """The primary score of a run on a perturbed test part, and its loss there (above 0: it got worse)."""

    arm: str
    seed: int
    value: float
    loss: float


class Robustness(Part):
    """The test part in one way of writing: `changed` of its `n` rows have another text. If there are none, or the
    primary metric cannot be measured, there are no scores. A row of `comparisons` has the arm that the clinical one is
    compared with (`against`), and the fields of `harness.statistics.paired.Estimate`, all of losses."""

    kind: str
    n: int
    changed: int
    scores: tuple[Robust, ...]
    comparisons: tuple[dict[str, Any], ...]


class Inputs(Part):
    """SHA-256 of the prediction files and their decisions, by file name, and of the records and the split manifest."""

    predictions: dict[str, str]
    decisions: dict[str, str]
    records: str
    manifest: str


class Scored(Artifact):
    """The scores of any system. `n` are rows and `groups` groups by part. `per_class`, `slices`, `privacy` and
    `thresholds` have one row per run and part, with the fields of `harness.statistics.further_scores`. `lacking` are
    the labels that a part lacks. `unmeasurable` says by part and metric why it cannot be measured."""

    task: str
    data_kind: str
    head: str
    primary: str
    labels: tuple[str, ...]
    n: dict[str, int]
    groups: dict[str, int]
    metrics: tuple[Score, ...]
    per_class: tuple[dict[str, Any], ...]
    confusion: tuple[Confusion, ...]
    slices: tuple[dict[str, Any], ...]
    privacy: tuple[dict[str, Any], ...]
    thresholds: tuple[dict[str, Any], ...]
    lacking: dict[str, tuple[str, ...]]
    unmeasurable: dict[str, dict[str, str]]
    inputs: Inputs
    provenance: dict[str, Any]


class Tuned(Part):
    """The search of every arm for its recipe: the candidates, the chosen one by arm, the best validation score expected
    after 1, 2, … tries, and the comparisons of the arms by the declared recipe (`untuned`)."""

    candidates: tuple[Candidate, ...]
    chosen: dict[str, int]
    expected: dict[str, tuple[float, ...]]
    untuned: tuple[dict[str, Any], ...]


class Scores(Scored):
    """The scores of one task and family. `reference` are those of constant answers on the test part. `comparisons` and
    `readings` have the fields of `harness.statistics.paired.Estimate`."""

    FORMAT: ClassVar[str] = "scores 2"
    family: str
    reference: dict[str, dict[str, float]]
    comparisons: tuple[dict[str, Any], ...]
    readings: tuple[dict[str, Any], ...]
    learning: tuple[Learning, ...]
    diverged: tuple[Diverged, ...]
    replicates: tuple[Replicate, ...] = ()
    tuning: Tuned | None = None
    robustness: tuple[Robustness, ...] = ()


class LinearScores(Scored):
    """The scores of a task's linear baseline, and of constant answers by part and name."""

    FORMAT: ClassVar[str] = "linear scores 2"
    system: str
    constants: dict[str, dict[str, dict[str, float]]]


class FoldScore(Part):
    """The scores of one fold by metric. `unmeasured` says why the primary one cannot be measured (empty: it can)."""

    arm: str
    repeat: int
    fold: int
    n_test: int
    diverged: bool
    unmeasured: str
    scores: dict[str, float]


class PooledScore(Part):
    """The scores by metric over all rows of one repeat."""

    arm: str
    repeat: int
    scores: dict[str, float]


class FoldScores(Artifact):
    """The scores of a cross-validation: by fold (`runs`), over all rows of a repeat (`pooled`), and compared."""

    FORMAT: ClassVar[str] = "fold scores 2"
    task: str
    family: str
    data_kind: str
    primary: str
    folds: Dealt
    n: int
    groups: int
    runs: tuple[FoldScore, ...]
    pooled: tuple[PooledScore, ...]
    test_to_train: float
    reference: dict[str, dict[str, float]]
    comparisons: tuple[dict[str, Any], ...]
    inputs: Inputs
    provenance: dict[str, Any]


def place(root: Path, task: str, family: str) -> Path:
    return Path(root) / "artifacts" / "scores" / task / f"{family}.json"


def read(root: Path, task: str, family: str) -> Scores:
    """The scores of one comparison. Raises DataError if the file has those of another comparison."""
    path, made_by = place(root, task, family), f"harness score {task} {family}"
    found = Scores.read(path, made_by)
    if (found.task, found.family) != (task, family):
        raise DataError(
            f"{path} has the scores of another comparison, {found.task} with {found.family}.",
            remedy=f"Make it again with `{made_by}`.",
        )
    return found


def read_linear(root: Path, task: str) -> LinearScores:
    return LinearScores.read(place(root, f"{task}/linear", "linear"), f"harness score {task}")


def read_folds(root: Path, task: str, family: str) -> FoldScores:
    return FoldScores.read(place(root, f"cross-validation/{task}", family), f"harness score-folds {task}")
