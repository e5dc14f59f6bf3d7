"""The types of the sections of `params.yaml`, and of the settings that each pipeline stage gets from these sections."""

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
    """The entry `branched` of an encoder's card: {"share", "seed"}, or None if `encoder` is not a branched replicate.

    A branched replicate starts from a saved state of the arm's first pre-training, after the share `share` of its
    updates (see `harness.training.pretrain.branching`). `share` is None if the family does not branch. `recipe` is the
    recipe of the first pre-training, and gives the seed.
    """
    return None if share is None or arm_of(encoder) == encoder else {"share": share, "seed": recipe.seed}


def of_replicate(recipe: Pretraining, encoder: str) -> Pretraining:
    """The pre-training recipe of `encoder`, which is one replicate of an arm.

    Replicates are several pre-trainings of an arm that differ only in their seed, and so in the masks, the order of
    rows and all other random draws. The first replicate has the arm's `recipe` unchanged.
    """
    if arm_of(encoder) == encoder:
        return recipe
    return replace(recipe, seed=derived_seed("replicate", recipe.seed, number_of(encoder)) % 2**32)


@dataclass(frozen=True)
class Run:
    """The tasks, families of encoders and seeds of fine-tuning that are compared.

    `profile` is the name of the preset that the file was made from. The MLflow experiment is named after `profile`, so
    the name may not be long. Five or more `seeds` are recommended, and a single seed gives no confidence interval.
    """

    profile: Annotated[str, MaxLen(200)]
    tasks: tuple[str, ...]
    families: tuple[str, ...]
    seeds: tuple[Seed, ...]

    def checks(self) -> Iterator[tuple]:
        yield from each_once(self, "tasks", "families", "seeds")


@dataclass(frozen=True)
class Engine:
    """How numbers are computed: the same for every arm of every comparison.

    `reproducible` is "fast" (the same bits on processors of one class) or "portable" (the same bits on every x86-64
    processor with AVX2, but slower). `pretraining_threads` and `devices` belong to the result, because another number
    of threads or devices gives other bits. `pretraining_threads` and `devices` concern pre-training only, because
    fine-tuning always runs one thread per worker. `sharding` says how the model is divided over several devices.
    `recompute` (activation checkpointing) saves memory but costs time. `compile` uses `torch.compile` in pre-training.
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
    """The settings of the generated data set. `seed` decides all its random draws."""

    seed: Seed


@dataclass(frozen=True)
class Split:
    """The shares of a task's rows in its three parts.

    `train`, `validation` and `test` are shares that add up to 1. Rows of one group (such as one patient) always stay in
    one part. `seed` decides which groups a part gets.
    """

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
    `training_texts_of` are tasks with *training* texts that become a part of the corpus of their own, which only the
    arm `task` reads.

    A document is removed if it contains at least the share `overlap_coverage` of the `overlap_n`-grams (in words) of
    one validation or test text. If a validation or test text has fewer than `overlap_n` words, a document is removed if
    it contains the whole text. A document is also removed if the estimated Jaccard similarity of its shingles to those
    of an earlier document is `near_duplicate` or more. `allow_phi` permits documents with identity numbers, telephone
    numbers or e-mail addresses, in all parts or only in the named parts. `replay` is the share of general text that is
    mixed into the further training of arms other than the control (0: no general text), against forgetting.
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
    """The source of an arm that the pipeline makes itself: a new encoder (baseline), or the baseline after more
    pre-training (clinical)."""

    source: Literal["build"]


@dataclass(frozen=True)
class Package:
    """A wheel on the Python package index with a copy of a hub checkpoint. `member` is the zip archive in the wheel
    that contains the files of the checkpoint."""

    name: Annotated[str, Matching("^[A-Za-z0-9][A-Za-z0-9._-]*$", "the name of a package")]
    version: Annotated[str, Matching("^[A-Za-z0-9][A-Za-z0-9.+!-]*$", "an exact version")]
    member: str


@dataclass(frozen=True)
class Hub:
    """The source of an arm that is a checkpoint of the Hugging Face hub at one commit, `revision`.

    `files` maps the name of each file that the import reads to the hash of its content, as `harness pin` prints them.
    If `files` is given, a file with another hash is refused. If the hub cannot be reached, the files are taken from
    `package`. `despite_gate` is the reason to accept a checkpoint that `harness.training.pretrain.gate` refuses,
    because it does not predict masked tokens well enough.
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
            "files",
            self.files,
            self.package is None or bool(self.files),
            "a section with the hash of each file (because package is given)",
            f"`harness pin {self.repository}` prints the hashes to put there.",
        )


@dataclass(frozen=True)
class Folder:
    """The source of an arm that is a Hugging Face checkpoint in the folder `path` on this machine. `despite_gate` is
    the reason to accept a checkpoint that `harness.training.pretrain.gate` refuses, because it does not predict masked
    tokens well enough."""

    source: Literal["folder"]
    path: str
    despite_gate: Reason | None = None


Source = Annotated[Build | Hub | Folder, By("source")]


@dataclass(frozen=True)
class Encoder:
    """Sizes of an encoder that the pipeline builds with new weights (hidden units, layers, heads, tokens).

    `vocabulary` is the number of tokens that the tokenizer knows. `max_positions` is the length of the longest input,
    in tokens. `dropout` is the rate in pre-training only, because fine-tuning has its own rate in the task's recipe.
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
    """The division of one update's rows: each of `devices` processes `per_device` rows at once, and `accumulation`
    times per update."""

    per_device: int
    accumulation: int
    devices: int

    @property
    def effective(self) -> int:
        """The number of rows that one update sees."""
        return self.per_device * self.accumulation * self.devices


@dataclass(frozen=True)
class Recipe:
    """The settings for fine-tuning on one task. Lengths are in tokens. `warmup` is a share of `steps`, the number of
    updates. An update has `accumulation` micro-batches of `batch` rows.

    `stride` is the overlap of neighbouring windows of a long document. The validation part is scored every
    `evaluate_every` updates. Training stops after `patience` evaluations without a better validation score (0: never
    stop early). If `class_weights` is "balanced", every label has the same total weight in the loss, however rare the
    label is in the training part.
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

    `level` is the confidence level of the intervals. The error rate of the verdicts is 1 − `level`, over all
    comparisons together. `margin` is the largest difference that does not matter, in the unit of the scores (0.02 is
    two points). `primary` names the arm that the clinical arm of a family is compared with: `control` (or the baseline,
    if the family has no control arm), or always the `baseline`.
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
        """The names of the arms that this pipeline trains from the baseline, in the order of `ARMS`."""
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
        """The number (from 1) of the replicate of `arm` that is fine-tuned with `seed`.

        Replicates are several pre-trainings of an arm that differ only in their seed. The fine-tuning seeds are given
        to the replicates in turn: the first seed to replicate 1, the second seed to replicate 2, and so on. The
        baseline has only replicate 1, because all other arms were trained from the same baseline.
        """
        return 1 if arm == BASELINE else self.seeds.index(seed) % self.replicates + 1

    def encoder(self, arm: str, seed: int) -> str:
        return named(arm, self.replicate(arm, seed))

    @property
    def candidates(self) -> tuple[Recipe, ...]:
        """The fine-tuning recipes that every arm tries, those with fewer updates first. The tuple is empty if `tune` is
        None.

        Each candidate is `recipe` with its number of updates and its learning rate multiplied by one pair of
        `tune.factors`.
        """
        of, factors = self.recipe, self.tune.factors if self.tune else ()
        return tuple(
            replace(of, steps=max(1, round(of.steps * length)), learning_rate=of.learning_rate * rate)
            for length, rate in factors
        )

    @property
    def encoders(self) -> tuple[str, ...]:
        """The names of all encoders that are fine-tuned, arm by arm, such as "clinical" and "clinical-2" (its second
        replicate)."""
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
