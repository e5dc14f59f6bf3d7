"""Count the work of each stage from `params.yaml`: trainings, updates, answered rows, saved states."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.artifacts import prediction_lines
from harness.params import replicates
from harness.params.arms import BASELINE, parts_of
from harness.params.config import FinetuneSettings, Pretraining, PretrainSettings, Recipe
from harness.params.folds import Folds
from harness.params.replicates import shared_updates


@dataclass(frozen=True)
class Training:
    """The work of one training: `updates` updates, `validated` rows answered during the training, `answered` rows at
    its end.

    `counts` is the number of such trainings. If it depends on the result of tuning, it is the expected number.
    """

    updates: float
    validated: float
    answered: float
    counts: float = 1.0


@dataclass(frozen=True)
class Amount:
    """All trainings of a stage, with sums over them.

    `most` is the number of updates if tuning always chooses the longest recipe.
    """

    trainings: tuple[Training, ...]
    most: float

    @property
    def runs(self) -> float:
        return sum(one.counts for one in self.trainings)

    @property
    def updates(self) -> float:
        return sum(one.counts * one.updates for one in self.trainings)

    @property
    def validated(self) -> float:
        return sum(one.counts * one.validated for one in self.trainings)

    @property
    def answered(self) -> float:
        return sum(one.counts * one.answered for one in self.trainings)


def evaluations(steps: float, every: int) -> int:
    """How often a run of `steps` updates answers the validation part: after every `every` updates, and at the end of
    the run."""
    return -int(-steps // every)


def _training(recipe: Recipe, rows: Mapping[str, int], *, tried: bool = False, counts: float = 1.0) -> Training:
    """The work of runs by `recipe`. A trial (`tried`) answers only the validation part."""
    validated = evaluations(recipe.steps, recipe.evaluate_every) * rows.get("validation", 0)
    answered = 0 if tried else sum(rows[part] for part in prediction_lines.answered(rows) if part != "validation")
    return Training(recipe.steps, validated, answered, counts)


def finetuning(settings: FinetuneSettings, rows: Mapping[str, int]) -> Amount:
    """The work of every arm and seed of a comparison.

    `rows` is the number of rows by part, with perturbed parts (`test KIND`). The result is an upper bound, because
    `patience` may end a run early. A tuned arm tries every candidate recipe. The arm is then trained by the declared
    recipe, and also by the chosen candidate if that is another recipe. Nobody knows yet which candidate is chosen, so
    each counts as equally likely.
    """
    runs = len(settings.arms) * len(settings.seeds)
    declared = _training(settings.recipe, rows, counts=runs)
    if settings.tune is None:
        return Amount((declared,), declared.counts * declared.updates)
    candidates, trials = settings.candidates, len(settings.arms) * len(settings.tune.seeds)
    tried = [_training(recipe, rows, tried=True, counts=trials) for recipe in candidates]
    other = [recipe for recipe in candidates if recipe != settings.recipe]
    after = [_training(recipe, rows, counts=runs / len(candidates)) for recipe in other]
    before = sum(one.counts * one.updates for one in (*tried, declared))
    longest = max((recipe.steps for recipe in other), default=0)
    return Amount((*tried, declared, *after), before + runs * longest)


def cross_validation(settings: FinetuneSettings, folds: Folds, rows: Mapping[str, int]) -> Amount:
    """The work of every arm on every fold. `rows` is the number of rows by part.

    Each fold is the test part once. Of the other rows, the share `folds.validation` is the validation part.
    """
    every = sum(rows.get(part, 0) for part in ("train", "validation", "test"))
    test = every / folds.number
    parts = {"test": round(test), "validation": round((every - test) * folds.validation)}
    one = _training(settings.recipe, parts, counts=folds.number * folds.repeats * len(settings.arms))
    return Amount((one,), one.counts * one.updates)


@dataclass(frozen=True)
class Pretrained:
    """The work of pre-training one encoder. The held-out text of `parts` of the corpus is measured `measured` times.

    `saved` is the number of states that are saved because of `save_steps`. States that are saved because of
    `save_minutes` are not counted. A `branched` encoder starts from a state of the arm's first training, so its
    `updates` are fewer.
    """

    encoder: str
    updates: int
    measured: int
    parts: tuple[str, ...]
    saved: int
    branched: bool = False


def building(recipe: Pretraining, steps: int) -> Pretrained:
    """The work of making a baseline: an encoder that is trained from random weights, in `steps` updates."""
    return _pretrained(BASELINE, recipe, steps, parts_of(BASELINE))


def pretraining(settings: PretrainSettings, steps: int) -> Iterator[Pretrained]:
    """The work of every encoder that is trained on from the baseline. Each training has `steps` updates.

    A branched replicate has fewer updates, because it starts from a saved state of its arm's first training. Yields
    nothing if no arm is pre-trained here.
    """
    recipe = settings.pretraining
    if recipe is None:
        return
    for number in range(1, settings.replicates + 1):
        for arm in settings.trained:
            name, done = replicates.named(arm, number), 0
            if settings.branched is not None and number > 1:
                done = shared_updates(settings.branched, steps)
            yield _pretrained(name, recipe, steps, parts_of(arm), done)


def _pretrained(encoder: str, recipe: Pretraining, steps: int, parts: Sequence[str], done: int = 0) -> Pretrained:
    """The work of one encoder. Held-out text is measured at both ends, and between them by `evaluate_every`."""

    def times(every: int) -> int:
        return (steps - 1) // every - done // every if every else 0

    measured = 2 + times(recipe.evaluate_every)
    return Pretrained(encoder, steps - done, measured, tuple(parts), times(recipe.save_steps), done > 0)
