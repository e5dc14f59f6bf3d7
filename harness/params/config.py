"""What a run can choose: the sections of `params.yaml` and each stage's settings, as frozen types."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from harness.objectives.settings import Pretraining
from harness.params.folds import CrossValidation

ARMS = ("baseline", "clinical")
CONTROL = "control"
# The architectures that are built and pre-trained here; of the others existing checkpoints are compared.
TRAINED = ("bert", "norbert3", "modernbert")
# The corpus that an arm is trained on where it is trained here.
TRAINED_ON = {"baseline": "general", "clinical": "clinical", CONTROL: "general"}

FileName = Annotated[str, re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*"), "the plain name of a file"]
FileHash = Annotated[
    str, re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}"), "a SHA-256 (64 hex digits) or a git blob id (40), in quotes"
]
Reason = Annotated[str, re.compile(r"(?s).*\S.*"), "a reason, in words"]


@dataclass(frozen=True)
class Run:
    profile: str
    tasks: tuple[str, ...]
    families: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Engine:
    """How numbers are computed: the same for every arm of every comparison.

    `pretraining_threads` and `devices` belong to the result (another count gives other bits); both
    concern pre-training alone: fine-tuning always runs one thread per worker. `sharding` says how the
    model lies on several devices; `recompute` (activation checkpointing) and `compile` trade time and
    memory.
    """

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    attention: Literal["sdpa", "eager"]
    reproducible: Literal["fast", "portable"]
    pretraining_threads: int
    devices: int
    sharding: Literal["ddp", "fsdp"]
    recompute: bool
    compile: bool


@dataclass(frozen=True)
class Generate:
    seed: int


@dataclass(frozen=True)
class Split:
    seed: int
    train: float
    validation: float
    test: float

    @property
    def shares(self) -> dict[str, float]:
        return {"train": self.train, "validation": self.validation, "test": self.test}


@dataclass(frozen=True)
class Corpus:
    """Files or folders below `data/corpus`, and tasks whose *training* texts are added to the clinical part.

    A document is removed when it holds at least `overlap_coverage` of the `overlap_n`-grams of one
    validation or test text (shorter texts: when it holds the whole of one), or when the Jaccard similarity
    of its shingles to an earlier document's is estimated at `near_duplicate` or more. `allow_phi` lets
    text through that holds identity numbers, telephone numbers or e-mail addresses, in both parts or in those named.
    `replay` is the share of general text in what the clinical arm is trained on (0: none), against forgetting.
    """

    general: tuple[str, ...]
    clinical: tuple[str, ...]
    training_texts_of: tuple[str, ...]
    overlap_n: int
    overlap_coverage: float
    near_duplicate: float
    allow_phi: bool | dict[Literal["general", "clinical"], bool]
    replay: float


@dataclass(frozen=True)
class Build:
    """The arm is made here: a new encoder (baseline) or continued pre-training (clinical)."""

    source: Literal["build"]


@dataclass(frozen=True)
class Hub:
    """The arm is a checkpoint of the Hugging Face hub at one commit.

    `files`, where given, holds the hash of every file that the import reads, as `harness checkpoint pin` prints them;
    another is refused. `despite_gate` is the reason to take in what `harness.training.pretrain.gate` refuses.
    """

    source: Literal["hub"]
    repository: str
    revision: str
    files: dict[FileName, FileHash] | None = None
    despite_gate: Reason | None = None


@dataclass(frozen=True)
class Folder:
    """The arm is a Hugging Face checkpoint folder on this machine; `despite_gate` as for the hub."""

    source: Literal["folder"]
    path: str
    despite_gate: Reason | None = None


Source = Build | Hub | Folder


@dataclass(frozen=True)
class Encoder:
    """Sizes of an encoder that the pipeline builds (hidden units, layers, heads, tokens).

    `dropout` acts while it is pre-trained; fine-tuning has its own rate in the task's recipe.
    """

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    max_positions: int
    dropout: float


@dataclass(frozen=True)
class BatchPlan:
    """`per_device` rows at a time on each of `devices`, `accumulation` times before an update."""

    per_device: int
    accumulation: int
    devices: int

    @property
    def effective(self) -> int:
        """Rows that one update sees."""
        return self.per_device * self.accumulation * self.devices


@dataclass(frozen=True)
class Family:
    """One architecture in two arms, or three. A baseline that is built needs `encoder` and `general`, a
    clinical arm that is built and a control arm need `adaptation`; otherwise they may be null. `control`
    adds the baseline trained on by the same recipe, for as many steps, on general text.
    """

    architecture: Literal["bert", "norbert3", "modernbert", "roberta", "xlm-roberta", "electra", "deberta-v2"]
    baseline: Source
    clinical: Source
    encoder: Encoder | None
    general: Pretraining | None
    adaptation: Pretraining | None
    control: bool
    learning_rate_factor: float

    @property
    def arms(self) -> tuple[str, ...]:
        return (*ARMS, CONTROL) if self.control else ARMS


@dataclass(frozen=True)
class Recipe:
    """Fine-tuning of one task. Lengths are in tokens, `warmup` is a share of `steps`.

    `stride` is the overlap of neighbouring windows of a long document; `patience` counts
    evaluations without a better validation score (0: never stop early).
    """

    steps: int
    batch: int
    accumulation: int
    learning_rate: float
    warmup: float
    weight_decay: float
    clip: float
    dropout: float
    max_length: int
    stride: int
    evaluate_every: int
    patience: int
    evaluation_batch: int


@dataclass(frozen=True)
class Statistics:
    """How comparisons are judged, declared before anything is scored.

    `level` of the intervals (the error of a verdict is 1 − level over all comparisons together), `draws` and `seed`
    of the group-swap permutation, and the `margin` within which a difference does not matter, in the unit of the
    scores (0.02: two points).
    """

    level: float
    draws: int
    seed: int
    margin: float


@dataclass(frozen=True)
class Params:
    run: Run
    engine: Engine
    generate: Generate
    split: Split
    corpus: Corpus
    families: dict[str, Family]
    statistics: Statistics
    cross_validation: CrossValidation
    tasks: dict[str, Recipe]


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
    control: bool
    replay: float
    engine: Engine


@dataclass(frozen=True)
class FinetuneSettings:
    architecture: str
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    recipe: Recipe
    engine: Engine


@dataclass(frozen=True)
class ScoreSettings:
    families: tuple[str, ...]
    seeds: tuple[int, ...]
    statistics: Statistics


@dataclass(frozen=True)
class ReportSettings:
    run: Run
    statistics: Statistics
    cross_validation: CrossValidation
