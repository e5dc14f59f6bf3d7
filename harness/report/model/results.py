"""The type `Comparison`: the scores of one task and family by arm, seed and metric, with mean and spread."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.artifacts.scores import LinearScores, Scored, Scores, Tuned
from harness.errors import MissingInputError
from harness.metrics import Metric, named
from harness.params.arms import ARMS, BASELINE, OPTIONAL
from harness.params.replicates import named as named_encoder
from harness.report.model import stored
from harness.statistics.disclosure.coarsening import Rung
from harness.statistics.paired import Estimate
from harness.statistics.verdicts import Judgement
from harness.text.escaping import plain

MATRIX = 100  # labels: a larger confusion matrix cannot be read, and takes gigabytes
Judgements = dict[tuple[str, str, str], Judgement]
LINEAR = "linear"
_FAMILY_TITLES = {"nb_bert": "NB-BERT", "norbert3": "NorBERT3", "modernbert": "ModernBERT", LINEAR: "Linear model"}


@dataclass(frozen=True)
class Comparison:
    """The scores of one task × family, restricted to the seeds of this run.

    `primary` names the metric that the arms are compared by. `n` and `groups` count rows and groups by part. `values`
    maps (arm, seed, part, metric) to a score on the metric's own scale. `tables` maps (arm, seed, part) to the
    per-class rows. `matrices` has the same keys and confusion matrices (rows gold), none with over MATRIX labels.
    `estimates` maps (part, other arm) to the clinical arm compared with that arm by primary score. `slices`, `privacy`
    and `thresholds` are rows of `harness.statistics.further_scores` with arm, seed and part. `learning` has a curve per
    run. `readings` compare the arms on each kind of test row, if the data say what decides a row. `robustness` has the
    losses on perturbed test parts. `replicates` maps (arm, seed) to the number of the pre-training run that made the
    encoder. If the arms were tuned, `tuned` describes the search, and `untuned` has the estimates with the declared
    recipe. `translated` is the data's note on a translation, such as "machine-translated by … at …".

    `linear` has the scores of the task's linear model in the same shape (one arm, one seed, no estimates). `constants`
    has the scores of constant answers by part, `reference` those on the test part. `lacking` maps a part to the labels
    that its gold lacks. `unmeasurable` maps part and metric to the reason (`harness.statistics.measurable`).

    If restricted data are released coarsely, `rung` says how (`harness.statistics.disclosure.coarsening`), `values` is
    empty, and `evidence` maps each other arm to the estimate behind its verdict. For other restricted data, counts and
    scores that may not be shown are None. `constants_shown` says whether scores of constant answers may be shown.
    """

    task: str
    title: str
    family: str
    head: str
    data_kind: str
    primary: str
    labels: tuple[str, ...]
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    n: dict[str, int]
    groups: dict[str, int]
    values: dict[tuple[str, int, str, str], float]
    tables: dict[tuple[str, int, str], list[dict]]
    matrices: dict[tuple[str, int, str], Sequence[Sequence[int | None]]]
    inputs: dict
    provenance: dict
    reference: dict[str, dict[str, float]] = field(default_factory=dict)
    estimates: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    diverged: tuple[tuple[str, int], ...] = ()
    slices: tuple[dict, ...] = ()
    privacy: tuple[dict, ...] = ()
    thresholds: tuple[dict, ...] = ()
    learning: tuple[dict, ...] = ()
    constants: Mapping[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    linear: "Comparison | None" = None
    constants_shown: bool = True
    rung: Rung | None = None
    evidence: Mapping[str, Estimate] = field(default_factory=dict)
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unmeasurable: Mapping[str, dict[str, str]] = field(default_factory=dict)
    readings: tuple[stored.Reading, ...] = ()
    replicates: Mapping[tuple[str, int], int] = field(default_factory=dict)
    tuned: Tuned | None = None
    untuned: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    robustness: tuple[stored.Robustness, ...] = ()
    translated: str = ""

    def withheld(self, metric: str | None = None, part: str = "test") -> bool:
        """Is there no score to show, because it cannot be measured or is not released?"""
        first = (self.arms[0], self.seeds[0], part, metric or self.primary)
        return first not in self.values or bool(self.unmeasured(metric, part))

    def unmeasured(self, metric: str | None = None, part: str = "test") -> str:
        """The reason why a metric (default: the primary one) cannot be measured on a part, or "" if it can."""
        return self.unmeasurable.get(part, {}).get(metric or self.primary, "")

    @property
    def metric(self) -> Metric:
        """The primary metric."""
        return named(self.primary)

    @property
    def best_constant(self) -> float:
        """The best primary score of a constant answer on the test split."""
        return self.metric.best(scores[self.primary] for scores in self.reference.values())

    def constant_answers(self, part: str = "test") -> dict[str, dict[str, float]]:
        """The scores of constant answers by answer and metric, or nothing if they may not be shown."""
        if not self.constants_shown:
            return {}
        return self.constants.get(part, self.reference if part == "test" else {})

    @property
    def short_title(self) -> str:
        """The title without its subtitle."""
        return self.title.split(":")[0]

    @property
    def heading(self) -> str:
        """The title, and the task's name as code, in the notation of `harness.text.escaping`."""
        return f"{plain(self.short_title)} (`{self.task}`)"

    @property
    def family_title(self) -> str:
        return family_title(self.family)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are reported: the test split, and the holdout if the task ships one."""
        found = {part for _, _, part, _ in self.values} or {"test"}
        return tuple(part for part in ("test", "holdout") if part in found)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metric names, the primary one first."""
        found = (metric for _, _, part, metric in self.values if part == "test")
        return tuple(dict.fromkeys(found)) or (self.primary,)

    @property
    def others(self) -> tuple[str, ...]:
        """The arms that the clinical arm is compared with, the baseline first."""
        return tuple(arm for arm in self.arms if ("test", arm) in self.estimates)

    def replicate(self, arm: str, seed: int) -> int:
        """The number, from 1, of the pre-training run that made the encoder of a seed."""
        return self.replicates.get((arm, seed), 1)

    def encoder(self, arm: str, seed: int) -> str:
        return named_encoder(arm, self.replicate(arm, seed))

    def over_seeds(self, arm: str, metric: str | None = None, part: str = "test") -> list[float]:
        """The scores of an arm for every seed, by the primary metric unless another is named."""
        return [self.values[arm, seed, part, metric or self.primary] for seed in self.seeds]

    def mean(self, arm: str, metric: str | None = None, part: str = "test") -> float:
        return mean(self.over_seeds(arm, metric, part))

    def delta(self, metric: str | None = None, part: str = "test") -> float | None:
        """The clinical mean over seeds minus that of the baseline, also if lower is better. None if not released."""
        if self.rung and part == "test":
            return self.estimates["test", BASELINE].delta  # rounded once, like the interval
        return self.mean("clinical", metric, part) - self.mean(BASELINE, metric, part)

    def learned(self, arm: str) -> tuple[list[dict[int, float]], dict[int, float]]:
        """The validation scores of an arm's runs by update, and their means at the updates that every run has."""
        runs = [dict(run["points"]) for run in self.learning if run["arm"] == arm and run["points"]]
        # A run that stopped early has no later points, so the mean ends where the shortest run ends.
        shared = sorted(set.intersection(*map(set, runs))) if runs else []
        return runs, {step: mean([run[step] for run in runs]) for step in shared}

    def mean_table(self, arm: str, part: str = "test") -> list[dict]:
        """The per-class rows of an arm, with precision, recall and F1 averaged over seeds."""
        by_seed = [{row["label"]: row for row in self.tables[arm, seed, part]} for seed in self.seeds]
        return [
            {
                "label": label,
                "support": by_seed[0][label]["support"],
                **{k: mean_if_all_known([rows[label][k] for rows in by_seed]) for k in ("precision", "recall", "f1")},
            }
            for label in self.labels
        ]

    def summed_matrix(self, arm: str) -> list[list[int | None]]:
        """The confusion counts of an arm added up over seeds (rows gold), None if one of them is not shown."""
        matrices = [self.matrices[arm, seed, "test"] for seed in self.seeds]
        return [
            [sum(known) if len(known := [n for n in cells if n is not None]) == len(cells) else None
             for cells in zip(*rows, strict=True)]
            for rows in zip(*matrices, strict=True)
        ]  # fmt: skip


def family_title(name: str) -> str:
    """The display name of an encoder family, or the name itself if it is not a known one."""
    return _FAMILY_TITLES.get(name, name)


def column(part: str, metric: str) -> str:
    """The name of a metric of a part in `results.csv`."""
    return metric if part == "test" else f"{part}_{metric}"


def four_decimals(value: float) -> float:
    """The value rounded as in the CSVs, and never −0."""
    return round(value, 4) + 0.0


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def mean_if_all_known(values: list[float | None]) -> float | None:
    """The mean, or None if one of the values is None."""
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def spread(values: list[float]) -> float | None:
    """The sample standard deviation, or None for a single value."""
    return statistics.stdev(values) if len(values) > 1 else None


def read(made: Scores, title: str, seeds: tuple[int, ...]) -> Comparison:
    """The scores `made` as a Comparison over `seeds`. Other seeds in the file are ignored.

    Raises MissingInputError if an arm has no scores for a seed, DataError if arms were compared over other seeds.
    """
    task, family = made.task, made.family
    present = {(m.arm, m.seed) for m in made.metrics if (m.part, m.metric) == ("test", made.primary)}
    always = [arm for arm in ARMS if arm not in OPTIONAL]
    arms = (*always, *sorted({m.arm for m in made.metrics} - set(always)))
    for arm in arms:
        if lacking := [seed for seed in seeds if (arm, seed) not in present]:
            raise MissingInputError(
                f"{task} with {family}: no scores of arm {arm}, seed {', '.join(map(str, lacking))}.",
                remedy=f"Run `harness finetune {task} {family}` and `harness score {task} {family}`, or `dvc repro`.",
            )
    return replace(
        _shape(made, title, family, arms, seeds),
        reference=made.reference,
        estimates=stored.estimates(made, made.comparisons, seeds),
        tuned=made.tuning,
        untuned=stored.estimates(made, made.tuning.untuned, seeds) if made.tuning else {},
        readings=stored.readings(made),
        robustness=stored.robustness(made, seeds),
        replicates={(run.arm, run.seed): run.replicate for run in made.replicates},
        diverged=tuple((run.arm, run.seed) for run in made.diverged if run.seed in seeds),
        learning=tuple(run.plain() for run in made.learning if run.seed in seeds),
    )


def read_linear(made: LinearScores, title: str) -> Comparison:
    """The scores of a task's linear model as a Comparison with one arm and the seed 0."""
    return _shape(made, title, LINEAR, (made.system,), (0,))


def _shape(made: Scored, title: str, family: str, arms: tuple[str, ...], seeds: tuple[int, ...]) -> Comparison:
    wanted = set(seeds)
    by_run: dict[str, Any] = {
        name: tuple(row for row in getattr(made, name) if row["seed"] in wanted)
        for name in ("slices", "privacy", "thresholds")
    }
    return Comparison(
        task=made.task,
        title=title,
        family=family,
        head=made.head,
        data_kind=made.data_kind,
        primary=made.primary,
        labels=made.labels,
        arms=arms,
        seeds=seeds,
        n=made.n,
        groups=made.groups,
        values={(m.arm, m.seed, m.part, m.metric): m.value for m in made.metrics if m.seed in wanted},
        tables=stored.by_run(made.per_class),
        matrices={
            (m.arm, m.seed, m.part): stored.matrix(m.cells, len(made.labels))
            for m in made.confusion
            if len(made.labels) <= MATRIX
        },
        inputs=made.inputs.plain(),
        provenance=made.provenance,
        lacking=made.lacking,
        unmeasurable=made.unmeasurable,
        **by_run,
    )
