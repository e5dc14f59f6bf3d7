"""The types and readers of the scores files, which the stages `score` and `score_folds` write to
`artifacts/scores/`."""

from pathlib import Path
from typing import Any, ClassVar

from harness.artifacts.artifact import Artifact, Part
from harness.artifacts.runs import Candidate, Dealt
from harness.errors import DataError

TESTED = ("test", "holdout")  # the parts whose scores are reported


class Score(Part):
    """The value of one metric for one run on one part, on the scale of the metric (F1: 0 to 1)."""

    arm: str
    seed: int
    part: str
    metric: str
    value: float


class Confusion(Part):
    """The confusion matrix of one run on one part. A cell is (gold label, predicted label, number of rows), with labels
    as positions in the task's label list. Cells with 0 rows are left out."""

    arm: str
    seed: int
    part: str
    cells: tuple[tuple[int, int, int], ...]


class Learning(Part):
    """The learning curve of one run. A point is (number of updates, primary score on the validation part). `best_step`
    is the number of updates after which the kept weights were taken."""

    arm: str
    seed: int
    best_step: int
    points: tuple[tuple[int, float], ...]


class Diverged(Part):
    """A fine-tuning run that diverged: the training loss of its last updates was higher than that of its first
    updates."""

    arm: str
    seed: int


class Replicate(Part):
    """The pre-training run that made the encoder of a fine-tuning run. `replicate` is its number among the pre-training
    runs of the arm, from 1."""

    arm: str
    seed: int
    replicate: int


class Robust(Part):
    """The primary score (`value`) of one run on a perturbed copy of the test part. `loss` is the drop from the score on
    the original test part. A `loss` above 0 means that the score got worse."""

    arm: str
    seed: int
    value: float
    loss: float


class Robustness(Part):
    """The results on one perturbed copy of the test part. `kind` names the perturbation (see
    `harness.text.perturbing`).

    `n` is the number of rows, and `changed` the number of rows with a changed text. `scores` has one entry per run, or
    no entry if no text was changed or the primary metric cannot be measured on the test part. A row of `comparisons`
    has the name of the arm that the clinical arm is compared with (`against`), and the fields of
    `harness.statistics.paired.Estimate`, computed from losses (see `Robust`) in place of scores.
    """

    kind: str
    n: int
    changed: int
    scores: tuple[Robust, ...]
    comparisons: tuple[dict[str, Any], ...]


class Inputs(Part):
    """The hashes of the files from which the scores were computed.

    `predictions` maps the name of each prediction file to its SHA-256. `decisions` maps each name to a hash of the
    predictions without the scores behind them, because the last digits of such scores differ between processors.
    `records` and `manifest` are the SHA-256 of the validated records and of the split.
    """

    predictions: dict[str, str]
    decisions: dict[str, str]
    records: str
    manifest: str


class Scored(Artifact):
    """The scores of all runs of a comparison, or of a linear baseline, on each part.

    `primary`: name of the metric by which arms are compared.
    `n`, `groups`: numbers of rows and of groups, by part.
    `per_class`: one row per run, part and label (see `harness.metrics.decided.counts.by_class`).
    `slices`, `privacy`, `thresholds`: scores by slice of the data, leakage of identifiers, and scores by threshold.
    Their rows have `arm`, `seed`, `part` and the fields of `harness.statistics.further_scores`.
    `lacking`: by part, the labels that no gold answer of the part has.
    `unmeasurable`: by part and metric, the reason why the metric cannot be measured on the part.
    """

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
    """The search for the best recipe of each arm.

    `candidates`: the recipes that were tried. `chosen`: by arm, the position of the chosen recipe in `candidates`.
    `expected`: by arm, the best validation score that is expected after 1, 2, … tries.
    `untuned`: the comparisons of the arms if all arms use the declared recipe, as in `Scores.comparisons`.
    """

    candidates: tuple[Candidate, ...]
    chosen: dict[str, int]
    expected: dict[str, tuple[float, ...]]
    untuned: tuple[dict[str, Any], ...]


class Scores(Scored):
    """The scores of one comparison (a task with a family).

    `reference`: scores of constant answers on the test part, by name of the answer and metric.
    `comparisons`: the clinical arm compared with each other arm (`against`), one row per part and other arm.
    `readings`: pairs of arms compared on each kind of test rows (`decided_by`), if the data have kinds of rows.
    A row of `comparisons` or `readings` also has the fields of `harness.statistics.paired.Estimate`.
    """

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
    """The scores of a task's linear baseline. `system` is the name of the baseline. `constants` has the scores of
    constant answers, by part, name of the answer, and metric."""

    FORMAT: ClassVar[str] = "linear scores 2"
    system: str
    constants: dict[str, dict[str, dict[str, float]]]


class FoldScore(Part):
    """The scores of one arm on the test rows of one fold, by metric. `unmeasured` is the reason why the primary metric
    cannot be measured on this fold, or an empty text if the metric can be measured."""

    arm: str
    repeat: int
    fold: int
    n_test: int
    diverged: bool
    unmeasured: str
    scores: dict[str, float]


class PooledScore(Part):
    """The scores of one arm by metric, computed over the test rows of all folds of one repeat together. In each repeat,
    every row is a test row once."""

    arm: str
    repeat: int
    scores: dict[str, float]


class FoldScores(Artifact):
    """The scores of a cross-validation: by fold (`runs`), and over all rows of a repeat (`pooled`).

    `n` and `groups` are the numbers of rows and groups in all folds. `test_to_train` is the mean over folds of the
    number of test groups divided by the number of training groups. `reference` has the scores of constant answers, by
    name of the answer and metric. A row of `comparisons` has the name of the arm that the clinical arm is compared with
    (`against`), and the fields of `harness.statistics.cross_validation.Resampled`.
    """

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
    """The scores of one comparison. Raises MissingInputError if the file is missing, DataError if the file has the
    scores of another task or family."""
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
