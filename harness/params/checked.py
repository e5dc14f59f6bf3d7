"""What the parts of `params.yaml` must hold beyond their types: ranges, and what belongs together.

Each function returns what it was given, or raises ConfigError with the key's path and the remedy.
"""

import re

from harness import objectives
from harness.errors import ConfigError
from harness.params.batch_plan import batch_plan
from harness.params.config import (
    ARMS,
    CONTROL,
    TRAINED,
    Build,
    Corpus,
    Encoder,
    Engine,
    Family,
    Hub,
    Pretraining,
    Recipe,
    Source,
    Split,
    Statistics,
)
from harness.text import printable

# No run that ends needs more, and a slip of the keyboard (a zero too many, or six) is far above.
DRAWS = 1_000_000  # a p-value of four decimals is settled by a tenth of them
UPDATES = 100_000_000
ROWS = 1_000_000  # of a batch
TOKENS = 1_000_000  # of a row
THREADS = 4_096  # or devices
SEEDS = 2**32 - 1  # what every generator of random numbers takes: numpy's, scikit-learn's and torch's
RATE = 1  # an update of Adam moves a weight by about the learning rate
FACTOR = 1_000
LONGEST_NAME = 200


def _range(ok: bool, name: str, path: str, wanted: str, value) -> None:
    if not ok:
        raise ConfigError(f"{name}: {path} must be {wanted}, not {value!r}.", remedy=f"Correct {path}.")


def readable(text: str, path: str, name: str) -> str:
    """It is shown in cards, notes and messages; several lines of YAML are one text."""
    if (fault := printable.fault(" ".join(text.split()))) is not None:
        raise ConfigError(f"{name}: {path} holds {fault}.", remedy=f"Write {path} in plain characters.")
    return text


def name(text: str, path: str, file: str) -> str:
    """It is the name of an experiment, too, which MLflow refuses where it is long."""
    _range(len(text) <= LONGEST_NAME, file, path, f"at most {LONGEST_NAME} characters", f"{text[:20]}…")
    return readable(text, path, file)


def _between(part, field: str, low: float, high: float, path: str, name: str) -> None:
    value = getattr(part, field)
    _range(value >= low, name, f"{path}.{field}", f"{low} or more", value)
    _range(value <= high, name, f"{path}.{field}", f"at most {high:,}", value)


def seed(value: int, path: str, name: str) -> int:
    _range(0 <= value <= SEEDS, name, path, f"a whole number from 0 to {SEEDS:,}", value)
    return value


def split(split: Split, name: str) -> Split:
    seed(split.seed, "split.seed", name)
    total = split.train + split.validation + split.test
    smallest = min(split.train, split.validation, split.test)
    _range(
        smallest > 0 and abs(total - 1) < 1e-9, name, "split", "three positive shares that add up to 1", split.shares
    )
    return split


def corpus(corpus: Corpus, name: str) -> Corpus:
    _between(corpus, "overlap_n", 1, 1000, "corpus", name)
    for field in ("overlap_coverage", "near_duplicate"):
        _range(0 < getattr(corpus, field) <= 1, name, f"corpus.{field}", "above 0, at most 1", getattr(corpus, field))
    replay(corpus.replay, name)
    return corpus


def replay(share: float, name: str) -> float:
    wanted = "0 or more and below 1 (for general text alone there is the control arm)"
    _range(0 <= share < 1, name, "corpus.replay", wanted, share)
    return share


def statistics(statistics: Statistics, name: str) -> Statistics:
    _range(0.5 < statistics.level < 1, name, "statistics.level", "above 0.5 and below 1", statistics.level)
    _between(statistics, "draws", 100, DRAWS, "statistics", name)
    seed(statistics.seed, "statistics.seed", name)
    _range(0 < statistics.margin < 1, name, "statistics.margin", "above 0 and below 1", statistics.margin)
    return statistics


def engine(engine: Engine, name: str) -> Engine:
    for field in ("devices", "pretraining_threads"):
        _between(engine, field, 1, THREADS, "engine", name)
    _range(
        not (engine.device == "cpu" and engine.precision == "bf16"),
        name,
        "engine.precision",
        "fp32 where engine.device is cpu (bf16 is slower there, and other bits)",
        engine.precision,
    )
    return engine


def recipe(recipe: Recipe, path: str, name: str) -> Recipe:
    for field in ("steps", "evaluate_every"):
        _between(recipe, field, 1, UPDATES, path, name)
    for field in ("batch", "accumulation", "evaluation_batch"):
        _between(recipe, field, 1, ROWS, path, name)
    _between(recipe, "max_length", 1, TOKENS, path, name)
    _between(recipe, "patience", 0, UPDATES, path, name)
    _between(recipe, "weight_decay", 0, 1, path, name)
    _range(recipe.clip > 0, name, f"{path}.clip", "above 0", recipe.clip)
    _rate(recipe.learning_rate, path, name)
    _range(0 <= recipe.warmup <= 1, name, f"{path}.warmup", "between 0 and 1", recipe.warmup)
    _range(0 <= recipe.dropout < 1, name, f"{path}.dropout", "at least 0 and below 1", recipe.dropout)
    _range(0 <= recipe.stride < recipe.max_length - 2, name, f"{path}.stride", "below max_length - 2", recipe.stride)
    return recipe


def _rate(rate: float, path: str, name: str) -> None:
    _range(0 < rate <= RATE, name, f"{path}.learning_rate", f"above 0 and at most {RATE}", rate)


def pretraining(settings: Pretraining, architecture: str, path: str, name: str) -> Pretraining:
    """The effective batch is what the devices make together, every rate is a share, and the objective can train the
    architecture."""
    for field, most in (("effective_batch", ROWS), ("device_batch", ROWS), ("length", TOKENS)):
        _between(settings, field, 1, most, path, name)
    for field in ("evaluate_every", "save_steps", "save_minutes"):
        _range(getattr(settings, field) >= 0, name, f"{path}.{field}", "0 or more", getattr(settings, field))
    steps = settings.steps
    _range(steps is None or steps >= 1, name, f"{path}.steps", "1 or more, or null", steps)
    _range(steps is None or steps <= UPDATES, name, f"{path}.steps", f"at most {UPDATES:,}", steps)
    _rate(settings.learning_rate, path, name)
    seed(settings.seed, f"{path}.seed", name)
    for field in ("warmup", "cooldown", "floor", "short_rows"):
        share = getattr(settings, field)
        _range(0 <= share <= 1, name, f"{path}.{field}", "between 0 and 1", share)
    two = len(settings.betas) == 2 and all(0 <= beta < 1 for beta in settings.betas)
    _range(two, name, f"{path}.betas", "two numbers from 0 to below 1", list(settings.betas))
    _range(0 < settings.eps < 1, name, f"{path}.eps", "above 0 and below 1", settings.eps)
    for field in ("weight_decay", "head_weight_decay"):
        decay = getattr(settings, field)
        # One update shrinks by that, or by that times the rate: from 1 on the weights change their sign.
        most = 1 / settings.learning_rate if settings.decay_with_rate else 1
        _range(0 <= decay < most, name, f"{path}.{field}", f"at least 0 and below {most:g}", decay)
    _range(settings.clip is None or settings.clip > 0, name, f"{path}.clip", "above 0, or null", settings.clip)
    fitting = [one.name for one in objectives.OBJECTIVES.values() if one.trains(architecture)]
    wanted = f"one that trains {architecture} ({', '.join(fitting)})"
    _range(settings.recipe in fitting, name, f"{path}.recipe", wanted, settings.recipe)
    for field, fits, wanted in objectives.of(settings).checks(settings):
        _range(fits, name, f"{path}.{field}", wanted, getattr(settings, field))
    return settings


def divided(settings: Pretraining, path: str, engine: Engine, name: str) -> Pretraining:
    """The batch can be divided over the devices: asked of the training that begins, not of other families'."""
    try:
        batch_plan(settings.effective_batch, settings.device_batch, engine.devices)
    except ConfigError as error:
        raise ConfigError(f"{name}: {path}.effective_batch: {error.message}", remedy=error.remedy) from None
    return settings


def family(family: Family, path: str, name: str) -> None:
    """Both sources are pinned, and an arm that is built has what building it needs."""
    factor = family.learning_rate_factor
    _range(0 < factor <= FACTOR, name, f"{path}.learning_rate_factor", f"above 0 and at most {FACTOR:,}", factor)
    if family.encoder is not None:
        encoder(family.encoder, f"{path}.encoder", name)
    for arm in ARMS:
        source(getattr(family, arm), f"{path}.{arm}", name)
    for key in ("general", "adaptation"):
        if getattr(family, key) is not None:
            pretraining(getattr(family, key), family.architecture, f"{path}.{key}", name)
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


def encoder(encoder: Encoder, path: str, name: str) -> Encoder:
    """Sizes of which a model can be made."""
    for field, most in (
        ("hidden", 65_536),
        ("layers", 1_000),
        ("heads", 1_024),
        ("intermediate", 1_000_000),
        ("vocabulary", 10_000_000),
        ("max_positions", TOKENS),
    ):
        _between(encoder, field, 1, most, path, name)
    fits = encoder.hidden % encoder.heads == 0
    _range(fits, name, f"{path}.hidden", f"a multiple of heads ({encoder.heads})", encoder.hidden)
    _range(0 <= encoder.dropout < 1, name, f"{path}.dropout", "at least 0 and below 1", encoder.dropout)
    return encoder


def source(source: Source, path: str, name: str) -> Source:
    """A hub checkpoint is named by commit: a branch name is another model tomorrow."""
    if isinstance(source, Hub) and not re.fullmatch(r"[0-9a-f]{40}", source.revision):
        raise ConfigError(
            f"{name}: {path}.revision is {source.revision!r}, not a 40-digit commit.",
            remedy=f"Pin it: `harness checkpoint pin {source.repository}` prints the commit to put there.",
        )
    for key in ("repository", "path", "despite_gate"):
        readable(getattr(source, key, None) or "", f"{path}.{key}", name)
    return source
