"""What the parts of `params.yaml` must hold beyond their types: ranges, and what belongs together.

Each function returns what it was given, or raises ConfigError with the key's path and the remedy.
"""

import re

from harness.cluster import batch_plan
from harness.config import (
    ARMS,
    CONTROL,
    TRAINED,
    Build,
    Corpus,
    Engine,
    Family,
    Hub,
    Pretraining,
    Recipe,
    Source,
    Split,
    Statistics,
)
from harness.errors import ConfigError


def _range(ok: bool, name: str, path: str, wanted: str, value) -> None:
    if not ok:
        raise ConfigError(f"{name}: {path} must be {wanted}, not {value!r}.", remedy=f"Correct {path}.")


def split(split: Split, name: str) -> Split:
    total = split.train + split.validation + split.test
    smallest = min(split.train, split.validation, split.test)
    _range(
        smallest > 0 and abs(total - 1) < 1e-9, name, "split", "three positive shares that add up to 1", split.shares
    )
    return split


def corpus(corpus: Corpus, name: str) -> Corpus:
    _range(corpus.overlap_n >= 1, name, "corpus.overlap_n", "1 or more", corpus.overlap_n)
    for field in ("overlap_coverage", "near_duplicate"):
        _range(0 < getattr(corpus, field) <= 1, name, f"corpus.{field}", "above 0, at most 1", getattr(corpus, field))
    return corpus


def statistics(statistics: Statistics, name: str) -> Statistics:
    _range(0.5 < statistics.level < 1, name, "statistics.level", "above 0.5 and below 1", statistics.level)
    _range(statistics.draws >= 100, name, "statistics.draws", "100 or more", statistics.draws)
    _range(statistics.seed >= 0, name, "statistics.seed", "0 or more", statistics.seed)
    _range(0 < statistics.margin < 1, name, "statistics.margin", "above 0 and below 1", statistics.margin)
    return statistics


def engine(engine: Engine, name: str) -> Engine:
    _range(engine.devices >= 1, name, "engine.devices", "1 or more", engine.devices)
    _range(engine.pretraining_threads >= 1, name, "engine.pretraining_threads", "1 or more", engine.pretraining_threads)
    _range(
        not (engine.device == "cpu" and engine.precision == "bf16"),
        name,
        "engine.precision",
        "fp32 where engine.device is cpu (bf16 is slower there, and other bits)",
        engine.precision,
    )
    return engine


def recipe(recipe: Recipe, path: str, name: str) -> Recipe:
    for field in ("steps", "batch", "accumulation", "max_length", "evaluate_every", "evaluation_batch"):
        _range(getattr(recipe, field) >= 1, name, f"{path}.{field}", "1 or more", getattr(recipe, field))
    _range(recipe.learning_rate > 0, name, f"{path}.learning_rate", "above 0", recipe.learning_rate)
    _range(0 <= recipe.warmup <= 1, name, f"{path}.warmup", "between 0 and 1", recipe.warmup)
    _range(0 <= recipe.dropout < 1, name, f"{path}.dropout", "at least 0 and below 1", recipe.dropout)
    _range(0 <= recipe.stride < recipe.max_length - 2, name, f"{path}.stride", "below max_length - 2", recipe.stride)
    return recipe


def pretraining(settings: Pretraining, path: str, engine: Engine, name: str) -> Pretraining:
    """The effective batch is what the devices make together, and every rate is a share."""
    for field in ("effective_batch", "device_batch", "length"):
        _range(getattr(settings, field) >= 1, name, f"{path}.{field}", "1 or more", getattr(settings, field))
    for field in ("evaluate_every", "save_steps", "save_minutes"):
        _range(getattr(settings, field) >= 0, name, f"{path}.{field}", "0 or more", getattr(settings, field))
    _range(settings.steps is None or settings.steps >= 1, name, f"{path}.steps", "1 or more, or null", settings.steps)
    for field in ("mask_rate", "mask_rate_end"):
        rate = getattr(settings, field)
        _range(0 < rate < 1, name, f"{path}.{field}", "above 0 and below 1", rate)
    _range(settings.learning_rate > 0, name, f"{path}.learning_rate", "above 0", settings.learning_rate)
    _range(0 <= settings.warmup <= 1, name, f"{path}.warmup", "between 0 and 1", settings.warmup)
    try:
        batch_plan(settings.effective_batch, settings.device_batch, engine.devices)
    except ConfigError as error:
        raise ConfigError(f"{name}: {path}.effective_batch: {error.message}", remedy=error.remedy) from None
    return settings


def family(family: Family, path: str, engine: Engine, name: str) -> None:
    """Both sources are pinned, and an arm that is built has what building it needs."""
    for arm in ARMS:
        source(getattr(family, arm), f"{path}.{arm}", name)
    for key in ("general", "adaptation"):
        if getattr(family, key) is not None:
            pretraining(getattr(family, key), f"{path}.{key}", engine, name)
    if family.control and family.adaptation is None:
        raise ConfigError(
            f"{name}: {path}.control is true, but {path}.adaptation is null.",
            remedy=f"Fill in {path}.adaptation: the control arm is trained by it, on general text.",
        )
    built = [arm for arm in ARMS if isinstance(getattr(family, arm), Build)] + [CONTROL] * family.control
    if built and family.architecture not in TRAINED:
        raise ConfigError(
            f"{name}: {path}.{built[0]} would be trained here, which {family.architecture} is not.",
            remedy=f"Give existing checkpoints (source: hub or folder); trained here are {', '.join(TRAINED)}.",
        )
    needed = {"encoder": family.baseline, "general": family.baseline, "adaptation": family.clinical}
    for key, origin in needed.items():
        if isinstance(origin, Build) and getattr(family, key) is None:
            raise ConfigError(
                f"{name}: {path}.{key} is null, but that arm is built here.",
                remedy=f"Fill in {path}.{key}, or give the arm a source: hub or folder.",
            )


def source(source: Source, path: str, name: str) -> Source:
    """A hub checkpoint is named by commit: a branch name is another model tomorrow."""
    if isinstance(source, Hub) and not re.fullmatch(r"[0-9a-f]{40}", source.revision):
        raise ConfigError(
            f"{name}: {path}.revision is {source.revision!r}, not a 40-digit commit.",
            remedy=f"Pin it: `harness checkpoint pin {source.repository}` prints the commit to put there.",
        )
    return source
