"""What a run can choose: the sections of `params.yaml` and each stage's settings, as frozen types."""

from dataclasses import dataclass
from typing import Literal

ARMS = ("baseline", "clinical")


@dataclass(frozen=True)
class Run:
    profile: str
    tasks: tuple[str, ...]
    families: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Engine:
    """How numbers are computed: the same for every arm of every comparison.

    `pretraining_threads` belongs to the result (another count gives other bits); fine-tuning always
    runs one thread per worker.
    """

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    attention: Literal["sdpa", "eager"]
    reproducible: Literal["fast", "portable"]
    pretraining_threads: int


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
    """Files below `data/corpus`, and tasks whose *training* texts are added to the clinical part.

    A document is removed when it holds at least `overlap_coverage` of the `overlap_n`-grams of one
    validation or test text (shorter texts: when it holds the whole of one).
    """

    general: tuple[str, ...]
    clinical: tuple[str, ...]
    training_texts_of: tuple[str, ...]
    overlap_n: int
    overlap_coverage: float


@dataclass(frozen=True)
class Build:
    """The arm is made here: a new encoder (baseline) or continued pre-training (clinical)."""

    source: Literal["build"]


@dataclass(frozen=True)
class Hub:
    """The arm is a checkpoint of the Hugging Face hub at one commit."""

    source: Literal["hub"]
    repository: str
    revision: str


@dataclass(frozen=True)
class Folder:
    """The arm is a Hugging Face checkpoint folder on this machine."""

    source: Literal["folder"]
    path: str


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
class Pretraining:
    """Masked-LM training: `steps` updates of `batch` rows of `length` tokens."""

    steps: int
    batch: int
    length: int
    learning_rate: float
    warmup: float
    weight_decay: float
    mask_rate: float
    clip: float
    seed: int


@dataclass(frozen=True)
class Family:
    """One architecture in two arms. A baseline that is built needs `encoder` and `general`, a clinical
    arm that is built needs `adaptation`; otherwise they may be null.
    """

    architecture: Literal["bert", "norbert3", "modernbert"]
    baseline: Source
    clinical: Source
    encoder: Encoder | None
    general: Pretraining | None
    adaptation: Pretraining | None
    learning_rate_factor: float


@dataclass(frozen=True)
class Recipe:
    """Fine-tuning of one task. Lengths are in tokens, `warmup` is a share of `steps`.

    `stride` is the overlap of neighbouring windows of a long document; `patience` counts
    evaluations without a better validation F1 (0: never stop early).
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
    engine: Engine


@dataclass(frozen=True)
class FinetuneSettings:
    architecture: str
    seeds: tuple[int, ...]
    recipe: Recipe
    engine: Engine


@dataclass(frozen=True)
class ScoreSettings:
    seeds: tuple[int, ...]
    statistics: Statistics


@dataclass(frozen=True)
class ReportSettings:
    run: Run
    statistics: Statistics
