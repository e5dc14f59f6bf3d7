"""`params.yaml`, read once into frozen typed objects.

The file is the only configuration of a run. Unknown keys and wrong types are refused with the
key's path and the nearest valid name. Each stage gets one settings object, made by a method that
reads only the keys which `dvc.yaml` lists for that stage; a test holds the two together.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness import objectives
from harness.errors import ConfigError, nearest
from harness.params import checked, typed
from harness.params.config import (
    ARMS,
    CONTROL,
    Build,
    CheckpointSettings,
    Corpus,
    CorpusSettings,
    Encoder,
    Engine,
    FinetuneSettings,
    Generate,
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
from harness.params.folds import CrossValidation, Folds, checked_folds, checked_tasks

# Which settings a section has that its own text decides.
SECTIONS = {Pretraining: objectives.chosen}


class ParamsFile:
    """A parsed `params.yaml` whose parts become typed objects when they are asked for.

    A stage asks only for what it reads, so a file that holds just the parameters listed for a stage
    in `dvc.yaml` is enough to run that stage.
    """

    def __init__(self, values: Mapping, name: str = "params.yaml", families: Iterable[str] | None = None):
        """`families` are those that will be used, where not all are: what the others hold may be nonsense."""
        self._values = values
        self._name = name
        self._families = families if families is None else frozenset(families)

    def _get(self, path: str, kind):
        value = self._values
        walked = []
        for key in path.split("."):
            if not isinstance(value, Mapping) or key not in value:
                raise typed.unknown(self._name, ".".join([*walked, key]), key, value)
            walked.append(key)
            value = value[key]
        return typed.convert(kind, value, path, self._name, SECTIONS)

    def generate(self) -> Generate:
        return self._get("generate", Generate)

    def split(self) -> Split:
        return checked.split(self._get("split", Split), self._name)

    def corpus(self) -> CorpusSettings:
        return CorpusSettings(
            self._get("run.tasks", tuple[str, ...]), checked.corpus(self._get("corpus", Corpus), self._name)
        )

    def checkpoint(self, family: str) -> CheckpointSettings:
        at = f"families.{family}"
        source = checked.source(self._get(f"{at}.baseline", Source), f"{at}.baseline", self._name)
        return CheckpointSettings(
            self._get(f"{at}.architecture", str),
            source,
            self._get(f"{at}.encoder", Encoder | None),
            self._pretraining(at, "general", trains=isinstance(source, Build)),
            checked.engine(self._get("engine", Engine), self._name),
        )

    def pretrain(self, family: str) -> PretrainSettings:
        at = f"families.{family}"
        source = checked.source(self._get(f"{at}.clinical", Source), f"{at}.clinical", self._name)
        control = self._get(f"{at}.control", bool)
        return PretrainSettings(
            self._get(f"{at}.architecture", str),
            source,
            self._pretraining(at, "adaptation", trains=control or isinstance(source, Build)),
            control,
            checked.replay(self._get("corpus.replay", float), self._name),
            checked.engine(self._get("engine", Engine), self._name),
        )

    def _pretraining(self, family: str, key: str, *, trains: bool) -> Pretraining | None:
        path = f"{family}.{key}"
        settings, engine = self._get(path, Pretraining | None), self._get("engine", Engine)
        if settings is None:
            return None
        architecture = self._get(f"{family}.architecture", str)
        settings = checked.pretraining(settings, architecture, path, self._name)
        return checked.divided(settings, path, engine, self._name) if trains else settings

    def finetune(self, task: str, family: str) -> FinetuneSettings:
        return self._finetuning(task, family, self._get("run.seeds", tuple[int, ...]))

    def crossvalidate(self, task: str, family: str) -> tuple[FinetuneSettings, Folds]:
        """The seeds are those of the repeats; nothing else is trained otherwise than for the fixed split."""
        folds = self._folds()
        return self._finetuning(task, family, folds.seeds), folds

    def _folds(self) -> Folds:
        return checked_folds(self._get("cross_validation.folds", Folds), self._name)

    def _finetuning(self, task: str, family: str, seeds: tuple[int, ...]) -> FinetuneSettings:
        recipe = checked.recipe(self._get(f"tasks.{task}", Recipe), f"tasks.{task}", self._name)
        factor = self._get(f"families.{family}.learning_rate_factor", float)
        return FinetuneSettings(
            self._get(f"families.{family}.architecture", str),
            (*ARMS, CONTROL) if self._get(f"families.{family}.control", bool) else ARMS,
            seeds,
            dataclasses.replace(recipe, learning_rate=recipe.learning_rate * factor),
            checked.engine(self._get("engine", Engine), self._name),
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
        return checked.statistics(self._get("statistics", Statistics), self._name)

    def everything(self) -> Params:
        """The whole file, checked: unknown sections, wrong types, names that do not fit together.

        Where only some families will be used, values out of range are left to whom they concern: those of the
        others, and of sections that each stage checks when it asks for them.
        """
        params = typed.convert(Params, self._values, "", self._name, SECTIONS)
        checked.name(params.run.profile, "run.profile", self._name)
        checked.engine(params.engine, self._name)
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
                        + nearest(name, known),
                        remedy=f"Add {section}.{name}, or take {name!r} out of {group}.",
                    )
        if not params.run.seeds or len(set(params.run.seeds)) != len(params.run.seeds):
            raise ConfigError(
                f"{self._name}: run.seeds is empty or repeats a seed: {list(params.run.seeds)}.",
                remedy="List different whole numbers; five or more for a comparison.",
            )
        for number, seed in enumerate(params.run.seeds):
            checked.seed(seed, f"run.seeds[{number}]", self._name)
        checked_tasks(params.cross_validation, params.run.tasks, params.corpus.training_texts_of, self._name)
        for name, family in params.families.items():
            if self._families is None or name in self._families:
                checked.family(family, f"families.{name}", self._name)
        if self._families is None:
            checked.seed(params.generate.seed, "generate.seed", self._name)
            checked.split(params.split, self._name)
            checked.corpus(params.corpus, self._name)
            checked.statistics(params.statistics, self._name)
            for name, recipe in params.tasks.items():
                checked.recipe(recipe, f"tasks.{name}", self._name)
        return params


def parse(text: str, name: str = "params.yaml", families: Iterable[str] | None = None) -> ParamsFile:
    """Parse YAML the way DVC does (YAML 1.2: `2e-5` is a number); no tags, no objects."""
    return ParamsFile(typed.sections(text, name), name, families)


def load(path: Path, families: Iterable[str] | None = None) -> ParamsFile:
    """Read and check `params.yaml`, the whole of it unless only some `families` will be used; the result hands out
    each stage's settings."""
    from harness.system.files import read_text

    params = parse(read_text(path, made_by="harness profile use embedded"), Path(path).name, families)
    params.everything()
    return params
