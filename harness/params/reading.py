"""Read `params.yaml` once into frozen typed objects.

The file is the only configuration of a run. Unknown keys and wrong types are refused with the key's path and the
nearest valid name. Each pipeline stage gets one settings object from a method of `ParamsFile`. The method reads only
the keys that `dvc.yaml` lists for this stage, and a test checks this.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import ConfigError, nearest
from harness.objectives import Trained
from harness.params import arms, document, typed
from harness.params.batch_plan import batch_plan
from harness.params.config import (
    Branched,
    Build,
    CheckpointSettings,
    Corpus,
    CorpusSettings,
    Encoder,
    Engine,
    FinetuneSettings,
    Generate,
    Pretraining,
    PretrainSettings,
    Recipe,
    Replay,
    Replicates,
    ReportSettings,
    Run,
    ScoreSettings,
    Seed,
    Source,
    Split,
    Statistics,
)
from harness.params.folds import CrossValidation, Folds
from harness.params.robustness import Robustness
from harness.params.tune import Tune
from harness.params.whole import Family, Params


class ParamsFile:
    """A parsed `params.yaml` with sections that become typed objects only when a method reads them.

    A stage needs only the settings that it reads. So a file with just the parameters that `dvc.yaml` lists for a stage
    is enough to run that stage.
    """

    def __init__(self, values: Mapping, name: str = "params.yaml", families: Iterable[str] | None = None):
        """Keep the plain `values` of the file. `name` is the file's name in messages. `families` are the names of the
        families that will be used (None: all families). `everything` does not check the ranges of other families'
        values."""
        self._values = values
        self._name = name
        self._families = families if families is None else frozenset(families)

    def _get(self, path: str, kind):
        value = self._values
        walked: list[str] = []
        for key in path.split("."):
            if not isinstance(value, Mapping) or key not in value:
                known = list(value) if isinstance(value, Mapping) else []
                raise ConfigError(
                    f"{self._name}: {'.'.join([*walked, key])} is not a setting.{nearest(key, known)}",
                    remedy=f"Valid here: {', '.join(map(str, known)) or 'nothing'}.",
                )
            walked.append(key)
            value = value[key]
        return typed.convert(kind, value, path, self._name)

    def generate(self) -> Generate:
        return self._get("generate", Generate)

    def split(self) -> Split:
        return self._get("split", Split)

    def corpus(self) -> CorpusSettings:
        return CorpusSettings(self._get("run.tasks", tuple[str, ...]), self._get("corpus", Corpus))

    def checkpoint(self, family: str) -> CheckpointSettings:
        at = f"families.{family}"
        source = self._get(f"{at}.baseline", Source)
        return CheckpointSettings(
            self._get(f"{at}.architecture", str),
            source,
            self._get(f"{at}.encoder", Encoder | None),
            self._pretraining(f"{at}.general", trains=isinstance(source, Build)),
            self._get("engine", Engine),
        )

    def pretrain(self, family: str) -> PretrainSettings:
        at = f"families.{family}"
        settings = PretrainSettings(
            self._get(f"{at}.architecture", str),
            self._get(f"{at}.clinical", Source),
            self._get(f"{at}.adaptation", Trained | None),
            self._arms(family),
            self._get("corpus.replay", Replay),
            self._get("engine", Engine),
            self._get(f"{at}.replicates", Replicates),
            self._get(f"{at}.branched", Branched | None),
        )
        self._pretraining(f"{at}.adaptation", trains=bool(settings.trained))
        return settings

    def _arms(self, family: str) -> tuple[str, ...]:
        return arms.chosen(lambda arm: self._get(f"families.{family}.{arm}", bool))

    def _pretraining(self, path: str, *, trains: bool) -> Pretraining | None:
        """The section at `path`. Its batch must be divisible over the devices only if it `trains` an arm here."""
        settings = self._get(path, Trained | None)
        if settings is not None and trains:
            try:
                batch_plan(settings.effective_batch, settings.device_batch, self._get("engine", Engine).devices)
            except ConfigError as error:
                message = f"{self._name}: {path}.effective_batch: {error.message}"
                raise ConfigError(message, remedy=error.remedy) from None
        return settings

    def finetune(self, task: str, family: str) -> FinetuneSettings:
        settings = self._finetuning(task, family, self._get("run.seeds", tuple[Seed, ...]))
        tune = self._get("tune", Tune | None)
        return dataclasses.replace(settings, robustness=self._robustness(), tune=tune)

    def _robustness(self) -> Robustness:
        return self._get("robustness", Robustness)

    def crossvalidate(self, task: str, family: str) -> tuple[FinetuneSettings, Folds]:
        """The settings for fine-tuning on cross-validation folds, and the settings of the folds. Unlike on the fixed
        split, the seeds are those of the folds' repeats, and no arm is tuned or tested on perturbed texts."""
        folds = self._folds()
        return self._finetuning(task, family, folds.seeds), folds

    def _folds(self) -> Folds:
        return self._get("cross_validation.folds", Folds)

    def _finetuning(self, task: str, family: str, seeds: tuple[int, ...]) -> FinetuneSettings:
        recipe = self._get(f"tasks.{task}", Recipe)
        factor = self._get(f"families.{family}.learning_rate_factor", float)
        return FinetuneSettings(
            self._get(f"families.{family}.architecture", str),
            self._arms(family),
            seeds,
            dataclasses.replace(recipe, learning_rate=recipe.learning_rate * factor),
            self._get("engine", Engine),
            self._get(f"families.{family}.replicates", Replicates),
        )

    def score(self) -> ScoreSettings:
        settings = self._score(self._get("run.seeds", tuple[Seed, ...]))
        return dataclasses.replace(settings, robustness=self._robustness())

    def score_folds(self) -> tuple[ScoreSettings, Folds]:
        folds = self._folds()
        return self._score(folds.seeds), folds

    def _score(self, seeds: tuple[int, ...]) -> ScoreSettings:
        families = self._get("run.families", tuple[str, ...])
        return ScoreSettings(families, seeds, self._get("statistics", Statistics))

    def report(self) -> ReportSettings:
        cross_validation = self._get("cross_validation", CrossValidation)
        statistics = self._get("statistics", Statistics)
        return ReportSettings(self._get("run", Run), statistics, cross_validation, self._robustness())

    def everything(self) -> Params:
        """The whole file as typed objects. Raises ConfigError for unknown sections, wrong types, values out of range,
        and names that do not fit together.

        If only some families will be used (see `__init__`), ranges are checked only in these families, `run` and
        `engine`. A stage checks the ranges of all other sections that it reads.
        """
        params = typed.convert(Params, self._values, "", self._name, ranges=self._families is None)
        if self._families is not None:
            used = [f"families.{name}" for name in params.families if name in self._families]
            for path, kind in {"run": Run, "engine": Engine, **dict.fromkeys(used, Family)}.items():
                self._get(path, kind)
            typed.hold(params.checks(), self._name)
        return params


def parse(text: str, name: str = "params.yaml", families: Iterable[str] | None = None) -> ParamsFile:
    """Parse the YAML in `text` as DVC does (see `document.sections`). The settings are not checked yet. `name` and
    `families` are as in `ParamsFile`."""
    return ParamsFile(document.sections(text, name), name, families)


def load(path: Path, families: Iterable[str] | None = None) -> ParamsFile:
    """Read the whole `params.yaml` at `path`, and check it. If only some `families` will be used, fewer ranges are
    checked (see `ParamsFile.everything`). Raises MissingInputError if there is no such file, and ConfigError for the
    first fault."""
    from harness.system.files import read_text

    params = parse(read_text(path, made_by="harness profile use embedded"), Path(path).name, families)
    params.everything()
    return params
