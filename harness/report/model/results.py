"""The type `Comparison`: the scores of one task with one encoder family, by arm, seed and metric.

The functions of this module convert stored scores to this type, and take means over seeds.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.artifacts.scores import TESTED, LinearScores, Scored, Scores, Tuned
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
    """The scores of one task with one encoder family, for the seeds of this run.

    An arm is a version of the encoder, such as "baseline" or "clinical". A part is "test", "holdout" or "validation".
    `primary` is the name of the metric by which the arms are compared. `n` and `groups` map a part to its number of
    rows and of groups. `values` maps (arm, seed, part, metric) to a score on the metric's own scale. `tables` maps
    (arm, seed, part) to the scores of each label. `matrices` maps (arm, seed, part) to a confusion matrix with gold in
    rows, and is empty if the task has spans or over MATRIX labels. `estimates` maps (part, other arm) to the difference
    in the primary score between the clinical arm and the other arm.

    `slices`, `privacy` and `thresholds` have the results of `harness.statistics.further_scores`, each with its arm,
    seed and part. `learning` has one learning curve per run. `readings` compare two arms on the test rows that one kind
    of word decides, if the data say what decides a row. `robustness` has the losses of score on perturbed test texts.
    `diverged` has (arm, seed) of each run with a diverged training. `replicates` maps (arm, seed) to the number of the
    pre-training run that made the encoder. `tuned` describes the search of each arm for a recipe, or is None if no arm
    was tuned. `untuned` has the estimates with the recipe that was declared in advance. `translated` is a note on the
    translation of the data, such as "machine-translated by … at …".

    `linear` has the scores of the task's linear model in the same form, with one arm, one seed and no estimates.
    `constants` maps a part, the name of a constant answer and a metric to a score. `lacking` maps a part to the labels
    that do not occur in its gold. `unmeasurable` maps a part and a metric to the reason why the metric cannot be
    measured (`harness.statistics.measurable`).

    If restricted data are only released in a coarse form, `rung` describes the form
    (`harness.statistics.disclosure.coarsening`), `values` is empty, and `evidence` maps each other arm to the estimate
    from which the verdict follows. For other restricted data, counts and scores that must not be shown are None.
    `constants_shown` says whether the scores of constant answers may be shown.
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
        """True if a part has no scores to show by a metric (default: the primary one), because the metric cannot be
        measured or the scores are not released."""
        first = (self.arms[0], self.seeds[0], part, metric or self.primary)
        return first not in self.values or bool(self.unmeasured(metric, part))

    def unmeasured(self, metric: str | None = None, part: str = "test") -> str:
        """The reason why a metric (default: the primary one) cannot be measured on a part, or "" if the metric can be
        measured."""
        return self.unmeasurable.get(part, {}).get(metric or self.primary, "")

    @property
    def metric(self) -> Metric:
        """The primary metric, by which the arms are compared."""
        return named(self.primary)

    @property
    def searched(self) -> bool:
        """True if every arm searched for its recipe. The results of the search (`tuned`) are not shown of restricted
        data, but this fact is."""
        return "tuned" in self.provenance

    @property
    def best_constant(self) -> float:
        """The best primary score on the test split that a constant answer reaches. A constant answer is the same for
        every row."""
        return self.metric.best(scores[self.primary] for scores in self.constants["test"].values())

    def constant_answers(self, part: str = "test") -> dict[str, dict[str, float]]:
        """The scores of constant answers on a part, as {name of the answer: {metric: score}}. A constant answer is the
        same for every row. Returns {} if these scores may not be shown."""
        return self.constants.get(part, {}) if self.constants_shown else {}

    @property
    def short_title(self) -> str:
        """The title of the task without its subtitle, which follows a colon."""
        return self.title.split(":")[0]

    @property
    def heading(self) -> str:
        """The short title of the task, followed by the name of the task as code, in the notation of
        `harness.text.escaping`."""
        return f"{plain(self.short_title)} (`{self.task}`)"

    @property
    def family_title(self) -> str:
        return family_title(self.family)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are reported: "test", and "holdout" if the data set has its own further test rows."""
        found = {part for _, _, part, _ in self.values} or {"test"}
        return tuple(part for part in TESTED if part in found)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics with scores on the test split, the primary metric first."""
        found = (metric for _, _, part, metric in self.values if part == "test")
        return tuple(dict.fromkeys(found)) or (self.primary,)

    @property
    def others(self) -> tuple[str, ...]:
        """The arms that the clinical arm is compared with, the baseline first."""
        return tuple(arm for arm in self.arms if ("test", arm) in self.estimates)

    def replicate(self, arm: str, seed: int) -> int:
        """The number, from 1, of the pre-training run that made the encoder of this arm and seed. An arm may be
        pre-trained several times."""
        return self.replicates.get((arm, seed), 1)

    def encoder(self, arm: str, seed: int) -> str:
        return named_encoder(arm, self.replicate(arm, seed))

    def over_seeds(self, arm: str, metric: str | None = None, part: str = "test") -> list[float]:
        """The scores of an arm on a part, one per seed, by a metric (default: the primary one)."""
        return [self.values[arm, seed, part, metric or self.primary] for seed in self.seeds]

    def mean(self, arm: str, metric: str | None = None, part: str = "test") -> float:
        return mean(self.over_seeds(arm, metric, part))

    def delta(self, metric: str | None = None, part: str = "test") -> float | None:
        """The mean score of the clinical arm minus the mean score of the baseline, over seeds. The sign is not turned
        if a lower score is better. `metric` is the primary metric by default. Returns None if the difference is not
        released."""
        if self.rung and part == "test":
            return self.estimates["test", BASELINE].delta  # rounded once, like the interval
        return self.mean("clinical", metric, part) - self.mean(BASELINE, metric, part)

    def learned(self, arm: str) -> tuple[list[dict[int, float]], dict[int, float]]:
        """The learning curves of an arm: a list with one {number of updates: validation score} per run, and the mean
        scores over runs as {number of updates: mean}. The means are only given for numbers of updates that every run
        has."""
        runs = [dict(run["points"]) for run in self.learning if run["arm"] == arm and run["points"]]
        # A run that stopped early has no later points, so the mean ends where the shortest run ends.
        shared = sorted(set.intersection(*map(set, runs))) if runs else []
        return runs, {step: mean([run[step] for run in runs]) for step in shared}

    def mean_table(self, arm: str, part: str = "test") -> list[dict]:
        """One row per label with the keys `label`, `support` (number of gold rows or spans), `precision`, `recall` and
        `f1`. The scores are means over the seeds of an arm, or None if a score of one seed may not be shown."""
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
        """The confusion matrix of an arm on the test split, summed over seeds, with gold in rows. A cell is None if one
        of its counts may not be shown."""
        matrices = [self.matrices[arm, seed, "test"] for seed in self.seeds]
        return [
            [sum(known) if len(known := [n for n in cells if n is not None]) == len(cells) else None
             for cells in zip(*rows, strict=True)]
            for rows in zip(*matrices, strict=True)
        ]  # fmt: skip


def family_title(name: str) -> str:
    """The display name of an encoder family, or `name` itself if the family has no display name."""
    return _FAMILY_TITLES.get(name, name)


def column(part: str, metric: str) -> str:
    """The name that a metric of a part has in `results.csv`: only the name of the metric for the test part, and
    "PART_METRIC" for another part."""
    return metric if part == "test" else f"{part}_{metric}"


def four_decimals(value: float) -> float:
    """The value rounded to four decimals, as in the CSV files. The result is never −0."""
    return round(value, 4) + 0.0


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def of_part(rows: Iterable[dict], arm: str, part: str) -> list[dict]:
    return [row for row in rows if (row["arm"], row["part"]) == (arm, part)]


def mean_if_all_known(values: list[float | None]) -> float | None:
    """The mean, or None if one of the values is None."""
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def spread(values: list[float]) -> float | None:
    """The sample standard deviation, or None for a single value."""
    return statistics.stdev(values) if len(values) > 1 else None


def read(made: Scores, title: str, seeds: tuple[int, ...]) -> Comparison:
    """Convert stored scores of one task and encoder family to a Comparison over `seeds`. Scores of other seeds are
    ignored.

    `made` are the stored scores, and `title` is the title of the task. Raises MissingInputError if an arm has no scores
    for one of the seeds, and DataError if the stored differences between arms are over other seeds.
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
        constants={"test": made.reference},
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
    """Convert the stored scores of a task's linear model to a Comparison with one arm and the seed 0. `made` are the
    stored scores, and `title` is the title of the task."""
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
