"""`params.yaml`, read once into frozen typed objects.

The file is the only configuration of a run. Unknown keys and wrong types are refused with the
key's path and the nearest valid name. Each stage gets one settings object, made by a method that
reads only the keys which `dvc.yaml` lists for that stage; a test holds the two together.
"""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

from harness import typed
from harness.cluster import batch_plan
from harness.config import (
    ARMS,
    CONTROL,
    Build,
    CheckpointSettings,
    Corpus,
    CorpusSettings,
    Encoder,
    Engine,
    Family,
    FinetuneSettings,
    Generate,
    Hub,
    Params,
    Pretraining,
    PretrainSettings,
    Recipe,
    ReportSettings,
    Run,
    ScoreSettings,
    Source,
    Split,
    Statistics,
)
from harness.errors import ConfigError
from harness.folds import CrossValidation, Folds, checked_folds, checked_tasks

NODES = 100_000


class ParamsFile:
    """A parsed `params.yaml` whose parts become typed objects when they are asked for.

    A stage asks only for what it reads, so a file that holds just the parameters listed for a stage
    in `dvc.yaml` is enough to run that stage.
    """

    def __init__(self, values: Mapping, name: str = "params.yaml"):
        self._values = values
        self._name = name

    def _get(self, path: str, kind):
        value = self._values
        walked = []
        for key in path.split("."):
            if not isinstance(value, Mapping) or key not in value:
                raise typed.unknown(self._name, ".".join([*walked, key]), key, value)
            walked.append(key)
            value = value[key]
        return typed.convert(kind, value, path, self._name)

    def generate(self) -> Generate:
        return self._get("generate", Generate)

    def split(self) -> Split:
        return _checked_split(self._get("split", Split), self._name)

    def corpus(self) -> CorpusSettings:
        return CorpusSettings(
            self._get("run.tasks", tuple[str, ...]), _checked_corpus(self._get("corpus", Corpus), self._name)
        )

    def checkpoint(self, family: str) -> CheckpointSettings:
        at = f"families.{family}"
        return CheckpointSettings(
            self._get(f"{at}.architecture", str),
            _checked_source(self._get(f"{at}.baseline", Source), f"{at}.baseline", self._name),
            self._get(f"{at}.encoder", Encoder | None),
            self._pretraining(f"{at}.general"),
            _checked_engine(self._get("engine", Engine), self._name),
        )

    def pretrain(self, family: str) -> PretrainSettings:
        at = f"families.{family}"
        return PretrainSettings(
            self._get(f"{at}.architecture", str),
            _checked_source(self._get(f"{at}.clinical", Source), f"{at}.clinical", self._name),
            self._pretraining(f"{at}.adaptation"),
            self._get(f"{at}.control", bool),
            _checked_engine(self._get("engine", Engine), self._name),
        )

    def _pretraining(self, path: str) -> Pretraining | None:
        settings = self._get(path, Pretraining | None)
        return settings and _checked_pretraining(settings, path, self._get("engine", Engine), self._name)

    def finetune(self, task: str, family: str) -> FinetuneSettings:
        return self._finetuning(task, family, self._get("run.seeds", tuple[int, ...]))

    def crossvalidate(self, task: str, family: str) -> tuple[FinetuneSettings, Folds]:
        """The seeds are those of the repeats; nothing else is trained otherwise than for the fixed split."""
        folds = self._folds()
        return self._finetuning(task, family, folds.seeds), folds

    def _folds(self) -> Folds:
        return checked_folds(self._get("cross_validation.folds", Folds), self._name)

    def _finetuning(self, task: str, family: str, seeds: tuple[int, ...]) -> FinetuneSettings:
        recipe = _checked_recipe(self._get(f"tasks.{task}", Recipe), f"tasks.{task}", self._name)
        factor = self._get(f"families.{family}.learning_rate_factor", float)
        return FinetuneSettings(
            self._get(f"families.{family}.architecture", str),
            (*ARMS, CONTROL) if self._get(f"families.{family}.control", bool) else ARMS,
            seeds,
            dataclasses.replace(recipe, learning_rate=recipe.learning_rate * factor),
            _checked_engine(self._get("engine", Engine), self._name),
        )

    def score(self) -> ScoreSettings:
        families = self._get("run.families", tuple[str, ...])
        return ScoreSettings(families, self._get("run.seeds", tuple[int, ...]), self._statistics())

    def score_folds(self) -> tuple[ScoreSettings, Folds]:
        folds = self._folds()
        return ScoreSettings(self._get("run.families", tuple[str, ...]), folds.seeds, self._statistics()), folds

    def report(self) -> ReportSettings:
        cross_validation = self._get("cross_validation", CrossValidation)
        return ReportSettings(self._get("run", Run), self._statistics(), cross_validation)

    def _statistics(self) -> Statistics:
        return _checked_statistics(self._get("statistics", Statistics), self._name)

    def everything(self) -> Params:
        """The whole file, checked: unknown sections, wrong types, names that do not fit together."""
        params = typed.convert(Params, self._values, "", self._name)
        _checked_engine(params.engine, self._name)
        _checked_split(params.split, self._name)
        _checked_corpus(params.corpus, self._name)
        _checked_statistics(params.statistics, self._name)
        for group, names, known in (
            ("run.tasks", params.run.tasks, params.tasks),
            ("run.families", params.run.families, params.families),
        ):
            if not names or len(set(names)) != len(names):
                raise ConfigError(
                    f"{self._name}: {group} is empty or names something twice: {list(names)}.",
                    remedy=f"List each of {', '.join(known)} at most once.",
                )
            for name in names:
                if name not in known:
                    section = group.split(".")[1]
                    raise ConfigError(
                        f"{self._name}: {group} names {name!r}, which has no section under {section}."
                        + typed.nearest(name, known),
                        remedy=f"Add {section}.{name}, or take {name!r} out of {group}.",
                    )
        if not params.run.seeds or len(set(params.run.seeds)) != len(params.run.seeds):
            raise ConfigError(
                f"{self._name}: run.seeds is empty or repeats a seed: {list(params.run.seeds)}.",
                remedy="List different whole numbers; five or more for a comparison.",
            )
        checked_tasks(params.cross_validation, params.run.tasks, params.corpus.training_texts_of, self._name)
        for name, family in params.families.items():
            _checked_family(family, f"families.{name}", params.engine, self._name)
        for name, recipe in params.tasks.items():
            _checked_recipe(recipe, f"tasks.{name}", self._name)
        return params


def parse(text: str, name: str = "params.yaml") -> ParamsFile:
    """Parse YAML the way DVC does (YAML 1.2: `2e-5` is a number); no tags, no objects."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if typed.expanded(YAML(typ="safe", pure=True).parse(text)) > NODES:
            raise ConfigError(
                f"{name}: aliases of aliases make more than {NODES:,} values of it.", remedy="Write the values out."
            )
        values = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(
            f"{name}{where}: not valid YAML ({problem}).", remedy="Mend the line, or `harness profile use embedded`."
        ) from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{name} holds no settings.", remedy="Write it anew with `harness profile use embedded`.")
    return ParamsFile(values, name)


def load(path: Path) -> ParamsFile:
    """Read and check the whole of `params.yaml`; the result hands out each stage's settings."""
    from harness.files import read_text

    params = parse(read_text(path, made_by="harness profile use embedded"), Path(path).name)
    params.everything()
    return params


def _range(ok: bool, name: str, path: str, wanted: str, value) -> None:
    if not ok:
        raise ConfigError(f"{name}: {path} must be {wanted}, not {value!r}.", remedy=f"Correct {path}.")


def _checked_split(split: Split, name: str) -> Split:
    total = split.train + split.validation + split.test
    smallest = min(split.train, split.validation, split.test)
    _range(
        smallest > 0 and abs(total - 1) < 1e-9, name, "split", "three positive shares that add up to 1", split.shares
    )
    return split


def _checked_corpus(corpus: Corpus, name: str) -> Corpus:
    _range(corpus.overlap_n >= 1, name, "corpus.overlap_n", "1 or more", corpus.overlap_n)
    for field in ("overlap_coverage", "near_duplicate"):
        _range(0 < getattr(corpus, field) <= 1, name, f"corpus.{field}", "above 0, at most 1", getattr(corpus, field))
    return corpus


def _checked_statistics(statistics: Statistics, name: str) -> Statistics:
    _range(0.5 < statistics.level < 1, name, "statistics.level", "above 0.5 and below 1", statistics.level)
    _range(statistics.draws >= 100, name, "statistics.draws", "100 or more", statistics.draws)
    _range(statistics.seed >= 0, name, "statistics.seed", "0 or more", statistics.seed)
    _range(0 < statistics.margin < 1, name, "statistics.margin", "above 0 and below 1", statistics.margin)
    return statistics


def _checked_engine(engine: Engine, name: str) -> Engine:
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


def _checked_recipe(recipe: Recipe, path: str, name: str) -> Recipe:
    for field in ("steps", "batch", "accumulation", "max_length", "evaluate_every", "evaluation_batch"):
        _range(getattr(recipe, field) >= 1, name, f"{path}.{field}", "1 or more", getattr(recipe, field))
    _range(recipe.learning_rate > 0, name, f"{path}.learning_rate", "above 0", recipe.learning_rate)
    _range(0 <= recipe.warmup <= 1, name, f"{path}.warmup", "between 0 and 1", recipe.warmup)
    _range(0 <= recipe.dropout < 1, name, f"{path}.dropout", "at least 0 and below 1", recipe.dropout)
    _range(0 <= recipe.stride < recipe.max_length - 2, name, f"{path}.stride", "below max_length - 2", recipe.stride)
    return recipe


def _checked_pretraining(settings: Pretraining, path: str, engine: Engine, name: str) -> Pretraining:
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


def _checked_family(family: Family, path: str, engine: Engine, name: str) -> None:
    """Both sources are pinned, and an arm that is built has what building it needs."""
    for arm in ARMS:
        _checked_source(getattr(family, arm), f"{path}.{arm}", name)
    for key in ("general", "adaptation"):
        if getattr(family, key) is not None:
            _checked_pretraining(getattr(family, key), f"{path}.{key}", engine, name)
    if family.control and family.adaptation is None:
        raise ConfigError(
            f"{name}: {path}.control is true, but {path}.adaptation is null.",
            remedy=f"Fill in {path}.adaptation: the control arm is trained by it, on general text.",
        )
    needed = {"encoder": family.baseline, "general": family.baseline, "adaptation": family.clinical}
    for key, source in needed.items():
        if isinstance(source, Build) and getattr(family, key) is None:
            raise ConfigError(
                f"{name}: {path}.{key} is null, but that arm is built here.",
                remedy=f"Fill in {path}.{key}, or give the arm a source: hub or folder.",
            )


def _checked_source(source: Source, path: str, name: str) -> Source:
    """A hub checkpoint is named by commit: a branch name is another model tomorrow."""
    if isinstance(source, Hub) and not re.fullmatch(r"[0-9a-f]{40}", source.revision):
        raise ConfigError(
            f"{name}: {path}.revision is {source.revision!r}, not a 40-digit commit.",
            remedy=f"Pin it: `harness checkpoint pin {source.repository}` prints the commit to put there.",
        )
    return source
