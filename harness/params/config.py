"""The types of the sections of `params.yaml` and of each stage's settings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Interval, MaxLen

from harness.objectives.settings import (
    UPDATES,
    BelowOne,
    BetweenZeroAndOne,
    Pretraining,
    Rate,
    Rows,
    Seed,
    Share,
    Tokens,
    Updates,
)
from harness.params.arms import ARMS, BASELINE, CLINICAL
from harness.params.folds import CrossValidation
from harness.params.marks import By, Matching, Requirement, each_once
from harness.params.replicates import arm_of, named, number_of
from harness.params.robustness import NOT_DONE, Robustness
from harness.params.tune import Tune
from harness.system.determinism import derived_seed

# The architectures that are built and pre-trained here. Of other architectures, existing checkpoints are compared.
TRAINED = ("bert", "norbert3", "modernbert")

FileName = Annotated[str, Matching("^[A-Za-z0-9_][A-Za-z0-9._-]*$", "the plain name of a file")]
FileHash = Annotated[
    str,
    Matching("^([0-9a-f]{64}|[0-9a-f]{40})$", "a SHA-256 (64 hex digits) or a git blob id (40), in quotes"),
]
Reason = Annotated[str, Matching(r"\S", "a reason, in words")]
Threads = Annotated[int, Interval(ge=1, le=4_096)]  # or devices
Part = Annotated[float, Interval(gt=0, le=1)]
Replicates = Annotated[int, Interval(ge=1, le=100)]
Branched = BetweenZeroAndOne
Replay = BelowOne  # training on general text alone is the control arm


def branched_from(share: float | None, recipe: Pretraining, encoder: str) -> dict | None:
    """The record of a branched replicate's trunk on its card, by the arm's own `recipe`. None for other encoders."""
    return None if share is None or arm_of(encoder) == encoder else {"share": share, "seed": recipe.seed}


def of_replicate(recipe: Pretraining, encoder: str) -> Pretraining:
    """The recipe of the encoder of one replicate. Only its seed differs from the arm's `recipe`, and with the seed the
    masks, the order of rows and all other random draws."""
    if arm_of(encoder) == encoder:
        return recipe
    return replace(recipe, seed=derived_seed("replicate", recipe.seed, number_of(encoder)) % 2**32)


@dataclass(frozen=True)
class Run:
    """The tasks, families and seeds that are compared. `profile` also names the MLflow experiment, which may not be
    long. A comparison needs five or more `seeds`."""

    profile: Annotated[str, MaxLen(200)]
    tasks: tuple[str, ...]
    families: tuple[str, ...]
    seeds: tuple[Seed, ...]

    def checks(self) -> Iterator[tuple]:
        yield from each_once(self, "tasks", "families", "seeds")


@dataclass(frozen=True)
class Engine:
    """How numbers are computed: the same for every arm of every comparison.

    `pretraining_threads` and `devices` belong to the result, because another count gives other bits.
    `pretraining_threads` and `devices` concern pre-training only, because fine-tuning always runs one thread per
    worker. `sharding` says how the model is divided over several devices. `recompute` (activation checkpointing) and
    `compile` trade time against memory.
    """

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    attention: Literal["sdpa", "eager"]
    reproducible: Literal["fast", "portable"]
    pretraining_threads: Threads
    devices: Threads
    sharding: Literal["ddp", "fsdp"]
    recompute: bool
    compile: bool

    def checks(self) -> Iterator[tuple]:
        fits = self.device == "cuda" or self.precision == "fp32"
        wanted = "fp32 if engine.device is cpu (bf16 is slower there and gives other numbers)"
        yield Requirement("precision", self.precision, fits, wanted)


@dataclass(frozen=True)
class Generate:
    """The generated data set."""

    seed: Seed


@dataclass(frozen=True)
class Split:
    """The parts of a task's data, as shares of its rows. Groups stay whole."""

    seed: Seed
    train: BetweenZeroAndOne
    validation: BetweenZeroAndOne
    test: BetweenZeroAndOne

    @property
    def shares(self) -> dict[str, float]:
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def checks(self) -> Iterator[tuple]:
        yield Requirement("", self.shares, abs(sum(self.shares.values()) - 1) < 1e-9, "three shares that add up to 1")


@dataclass(frozen=True)
class Corpus:
    """The texts for pre-training. `general` and `clinical` are files or folders below `data/corpus`.
    `training_texts_of` are tasks whose *training* texts are a part of their own, which only the arm `task` reads.

    A document is removed if it contains at least `overlap_coverage` of the `overlap_n`-grams of one validation or test
    text (of a shorter text: the whole). A document is also removed if the estimated Jaccard similarity of its shingles
    to an earlier document's is `near_duplicate` or more. `allow_phi` lets documents with identity numbers, telephone
    numbers or e-mail addresses pass, in all parts or in the named ones. `replay` is the share of general text in the
    further training of arms other than the control (0: none), against forgetting.
    """

    general: tuple[str, ...]
    clinical: tuple[str, ...]
    training_texts_of: tuple[str, ...]
    overlap_n: Annotated[int, Interval(ge=1, le=1_000)]
    overlap_coverage: Part
    near_duplicate: Part
    allow_phi: bool | dict[Literal["general", "clinical", "task"], bool]
    replay: Replay


@dataclass(frozen=True)
class Build:
    """The arm is made here: a new encoder (baseline) or continued pre-training (clinical)."""

    source: Literal["build"]


@dataclass(frozen=True)
class Package:
    """A wheel on the Python package index. Its zip archive `member` contains the same files."""

    name: Annotated[str, Matching("^[A-Za-z0-9][A-Za-z0-9._-]*$", "the name of a package")]
    version: Annotated[str, Matching("^[A-Za-z0-9][A-Za-z0-9.+!-]*$", "an exact version")]
    member: str


@dataclass(frozen=True)
class Hub:
    """The arm is a checkpoint of the Hugging Face hub at one commit.

    `files` has the hash of each file that the import reads, as `harness pin` prints them. If `files` is given, a file
    with another hash is refused. If the hub cannot be reached, the files are taken from `package`. `despite_gate` is
    the reason to accept a checkpoint that `harness.training.pretrain.gate` refuses.
    """

    source: Literal["hub"]
    repository: str
    revision: str
    files: dict[FileName, FileHash] | None = None
    despite_gate: Reason | None = None
    package: Package | None = None

    def checks(self) -> Iterator[tuple]:
        # A branch name may mean another model tomorrow.
        pinned = len(self.revision) == 40 and set(self.revision) <= set("0123456789abcdef")
        remedy = f"Pin it: `harness pin {self.repository}` prints the commit to put there."
        yield Requirement("revision", self.revision, pinned, "a 40-digit commit", remedy)
        # Only the hashes show that a package contains the checkpoint.
        yield Requirement(
            "files", self.files, self.package is None or bool(self.files), "given if package is given", remedy
        )


@dataclass(frozen=True)
class Folder:
    """The arm is a Hugging Face checkpoint folder on this machine. `despite_gate` is the same as for the hub."""

    source: Literal["folder"]
    path: str
    despite_gate: Reason | None = None


Source = Annotated[Build | Hub | Folder, By("source")]


@dataclass(frozen=True)
class Encoder:
    """Sizes of an encoder that the pipeline builds (hidden units, layers, heads, tokens).

    `dropout` is the rate in pre-training only, because fine-tuning has its own rate in the task's recipe.
    """

    hidden: Annotated[int, Interval(ge=1, le=65_536)]
    layers: Annotated[int, Interval(ge=1, le=1_000)]
    heads: Annotated[int, Interval(ge=1, le=1_024)]
    intermediate: Annotated[int, Interval(ge=1, le=1_000_000)]
    vocabulary: Annotated[int, Interval(ge=1, le=10_000_000)]
    max_positions: Tokens
    dropout: BelowOne

    def checks(self) -> Iterator[tuple]:
        yield Requirement("hidden", self.hidden, self.hidden % self.heads == 0, f"a multiple of heads ({self.heads})")


@dataclass(frozen=True)
class BatchPlan:
    """The rows of an update: `per_device` at a time on each of `devices`, and this `accumulation` times."""

    per_device: int
    accumulation: int
    devices: int

    @property
    def effective(self) -> int:
        """The number of rows that one update sees."""
        return self.per_device * self.accumulation * self.devices


@dataclass(frozen=True)
class Recipe:
    """Fine-tuning of one task. Lengths are in tokens. `warmup` is a share of `steps`.

    `stride` is the overlap of neighbouring windows of a long document. Training stops after `patience` evaluations
    without a better validation score (0: never stop early). With balanced `class_weights` all labels count for as much
    in the loss, however rare they are in the training part.
    """

    steps: Updates
    batch: Rows
    accumulation: Rows
    learning_rate: Rate
    warmup: Share
    weight_decay: Share
    clip: Annotated[float, Interval(gt=0)]
    dropout: BelowOne
    max_length: Tokens
    stride: Annotated[int, Interval(ge=0)]
    evaluate_every: Updates
    patience: Annotated[int, Interval(ge=0, le=UPDATES)]
    evaluation_batch: Rows
    class_weights: Literal["none", "balanced"] = "none"

    def checks(self) -> Iterator[tuple]:
        yield Requirement("stride", self.stride, self.stride < self.max_length - 2, "below max_length - 2")


@dataclass(frozen=True)
class Statistics:
    """How comparisons are judged, declared before anything is scored.

    `level` is the confidence level of the intervals. The error of a verdict is 1 − `level`, over all comparisons
    together. `margin` is the largest difference that does not matter, in the unit of the scores (0.02: two points).
    `primary` is the arm with which the clinical arm of a family is compared: `control` (if the family has none, the
    baseline), or always the `baseline`.
    """

    level: Annotated[float, Interval(gt=0.5, lt=1)]
    margin: BetweenZeroAndOne
    primary: Literal["control", "baseline"]


@dataclass(frozen=True)
class CorpusSettings:
    tasks: tuple[str, ...]
    corpus: Corpus


@dataclass(frozen=True)
class CheckpointSettings:
    architecture: str
    source: Source
    encoder: Encoder | None
    pretraining: Pretraining | None
    engine: Engine


@dataclass(frozen=True)
class PretrainSettings:
    architecture: str
    source: Source
    pretraining: Pretraining | None
    arms: tuple[str, ...]
    replay: float
    engine: Engine
    replicates: int = 1
    branched: float | None = None

    @property
    def trained(self) -> tuple[str, ...]:
        """The arms that are trained here, starting from the baseline, in order."""
        return tuple(
            arm for arm in self.arms if ARMS[arm].optional or (arm == CLINICAL and isinstance(self.source, Build))
        )


@dataclass(frozen=True)
class FinetuneSettings:
    architecture: str
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    recipe: Recipe
    engine: Engine
    replicates: int = 1
    robustness: Robustness = NOT_DONE
    tune: Tune | None = None

    def replicate(self, arm: str, seed: int) -> int:
        """The number, from 1, of the replicate whose encoder is fine-tuned with a seed. Replicates are dealt out to the
        seeds in turn. The baseline has one replicate, from which every other arm was trained."""
        return 1 if arm == BASELINE else self.seeds.index(seed) % self.replicates + 1

    def encoder(self, arm: str, seed: int) -> str:
        return named(arm, self.replicate(arm, seed))

    @property
    def candidates(self) -> tuple[Recipe, ...]:
        """The recipes that every arm tries if it is tuned, shorter ones first. Empty without `tune`."""
        of, factors = self.recipe, self.tune.factors if self.tune else ()
        return tuple(
            replace(of, steps=max(1, round(of.steps * length)), learning_rate=of.learning_rate * rate)
            for length, rate in factors
        )

    @property
    def encoders(self) -> tuple[str, ...]:
        """The names of all encoders that are fine-tuned, arm by arm."""
        every = ((arm, self.replicate(arm, seed)) for arm in self.arms for seed in self.seeds)
        return tuple(named(*key) for key in dict.fromkeys(every))


@dataclass(frozen=True)
class ScoreSettings:
    families: tuple[str, ...]
    seeds: tuple[int, ...]
    statistics: Statistics
    robustness: Robustness = NOT_DONE


@dataclass(frozen=True)
class ReportSettings:
    run: Run
    statistics: Statistics
    cross_validation: CrossValidation
    robustness: Robustness = NOT_DONE
