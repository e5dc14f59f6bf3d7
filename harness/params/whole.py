"""The types of the whole `params.yaml` and of a family's settings.

These types depend on the pre-training objectives. They are not in `config.py`, so that a stage without pre-training
does not depend on the objectives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval

from harness import objectives
from harness.params import arms
from harness.params.config import (
    TRAINED,
    Branched,
    Build,
    Corpus,
    Encoder,
    Engine,
    Generate,
    Recipe,
    Replicates,
    Run,
    Source,
    Split,
    Statistics,
)
from harness.params.folds import CrossValidation
from harness.params.marks import Matching, Requirement, one_of
from harness.params.replicates import named
from harness.params.robustness import Robustness
from harness.params.tune import Tune
from harness.text.perturbing import KINDS

Name = Annotated[str, Matching("^[a-z][a-z0-9_]*$", "small letters, digits and _ (it becomes a folder's name)")]


@dataclass(frozen=True)
class Family:
    """A family of encoders: one architecture in two to four arms, which are versions of the family's encoder.
    `baseline` and `clinical` say whether the pipeline trains this arm or imports a checkpoint. `encoder` (sizes) and
    `general` (pre-training of the baseline) may be null unless the baseline is built. `adaptation` (pre-training of the
    other arms) may be null unless the clinical arm is built or there is an optional arm.

    If `control` is true, there is an arm that is the baseline trained further on general text, by the recipe of the
    clinical arm and for as many updates. If `task` is true, there is an arm that is the baseline trained further,
    equally long, on the clinical corpus and the training texts of the tasks in `corpus.training_texts_of`. `replicates`
    is how often each arm except the baseline is pre-trained, each time from the same baseline with another seed.
    `branched` is the share of an arm's updates that all its replicates have in common (cheaper, but the differences are
    only a lower bound of what another seed changes), or null if each replicate is trained whole.

    `learning_rate_factor` multiplies the learning rate of every fine-tuning recipe for this family. `language` is the
    language of the baseline's training text (null: unknown). A family with the `language` Norwegian is compared on
    English tasks only if `despite_language` names them.
    """

    architecture: Literal["bert", "norbert3", "modernbert", "roberta", "xlm-roberta", "electra", "deberta-v2"]
    baseline: Source
    clinical: Source
    encoder: Encoder | None
    general: objectives.Trained | None
    adaptation: objectives.Trained | None
    control: bool
    task: bool
    replicates: Replicates
    branched: Branched | None
    learning_rate_factor: Annotated[float, Interval(gt=0, le=1_000)]
    language: Literal["Norwegian", "English"] | None = None
    despite_language: tuple[str, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        return arms.chosen(lambda arm: getattr(self, arm))

    @property
    def encoders(self) -> tuple[str, ...]:
        """The names of all encoders of the family: first the arms, then the further replicates of all arms except the
        baseline, such as "clinical-2"."""
        numbers = range(1, self.replicates + 1)
        return tuple(named(arm, n) for n in numbers for arm in self.arms if n == 1 or arm != arms.BASELINE)

    def checks(self) -> Iterator[tuple]:
        built = [arm for arm in self.arms if arms.ARMS[arm].optional or isinstance(getattr(self, arm), Build)]
        fits = not built or self.architecture in TRAINED
        wanted = f"one that can be trained here ({', '.join(TRAINED)}), because the {'/'.join(built)} arm needs it"
        remedy = "Give existing checkpoints (source: hub or folder)."
        yield Requirement("architecture", self.architecture, fits, wanted, remedy)
        needed = {"encoder": "baseline", "general": "baseline", "adaptation": "clinical"}
        for key, arm in needed.items():
            wanted, remedy = f"a section if {arm} is built here", f"Or give {arm} a source: hub or folder."
            yield Requirement(
                key, getattr(self, key), getattr(self, key) is not None or arm not in built, wanted, remedy
            )
        wanted = "null if {}: only an arm that is trained here several times can be branched"
        for fits, reason in (
            (isinstance(self.clinical, Build), "the clinical arm is an existing checkpoint"),
            (self.replicates > 1, "replicates is 1"),
        ):
            yield Requirement("branched", self.branched, fits or self.branched is None, wanted.format(reason))
        wanted = "1 if the clinical arm is an existing checkpoint, which cannot be trained again"
        once = self.replicates == 1 or isinstance(self.clinical, Build)
        yield Requirement("replicates", self.replicates, once, wanted)
        for arm in (arm for arm in built if arms.ARMS[arm].optional):
            wanted = f"a section if {arm} is true: it is the recipe of that arm"
            yield Requirement("adaptation", self.adaptation, self.adaptation is not None, wanted)
        for key in ("general", "adaptation"):
            if (settings := getattr(self, key)) is not None:
                fitting = [one.name for one in objectives.OBJECTIVES.values() if one.trains(self.architecture)]
                wanted = f"one that trains {self.architecture} ({', '.join(fitting)})"
                yield Requirement(f"{key}.recipe", settings.recipe, settings.recipe in fitting, wanted)


@dataclass(frozen=True)
class Params:
    """The whole content of `params.yaml`, which is the only configuration of a run.

    `families` maps names to families of encoders, and `tasks` maps names of tasks to fine-tuning recipes. Only the
    families and tasks that `run` names are used. If `tune` is null, all arms use the declared recipe.
    """

    run: Run
    engine: Engine
    generate: Generate
    split: Split
    corpus: Corpus
    families: dict[Name, Family]
    statistics: Statistics
    tune: Tune | None
    cross_validation: CrossValidation
    robustness: Robustness
    tasks: dict[Name, Recipe]

    def checks(self) -> Iterator[tuple]:
        for key in ("tasks", "families"):
            known = getattr(self, key)
            for i, name in enumerate(getattr(self.run, key)):
                wanted = f"the name of a section under {key}"
                remedy = f"Add {key}.{name}, or remove {name!r} from run.{key}."
                yield Requirement(f"run.{key}[{i}]", name, name in known, wanted, remedy, known)
        used = {name: self.families[name] for name in self.run.families if name in self.families}
        for name, family in used.items():
            number = family.replicates
            wanted = f"a divisor of the number of run.seeds ({len(self.run.seeds)})"
            yield Requirement(f"families.{name}.replicates", number, len(self.run.seeds) % number == 0, wanted)
            given = not family.task or bool(self.trained_on_tasks)
            wanted = "false if corpus.training_texts_of names none of run.tasks: that arm is trained on their texts"
            yield Requirement(f"families.{name}.task", family.task, given, wanted)
        if self.tune is not None:
            reported = sorted(set(self.tune.seeds) & set(self.run.seeds))
            wanted = "none of run.seeds (runs that chose a recipe are not reported)"
            yield Requirement("tune.seeds", reported, not reported, wanted)
        chosen = self.cross_validation.tasks
        for i, task in enumerate(chosen):
            yield from one_of("cross_validation.tasks", i, chosen, self.run.tasks, "one of run.tasks")
            # Folds test every row, also the rows that an arm was pre-trained on.
            tested = task in self.trained_on_tasks and any(family.task for family in used.values())
            wanted = (
                "none of corpus.training_texts_of if a family has the arm task (folds would test that arm on what "
                "it was trained on)"
            )
            yield Requirement(f"cross_validation.tasks[{i}]", task, not tested, wanted)
        for i in range(len(self.robustness.kinds)):
            yield from one_of("robustness.kinds", i, self.robustness.kinds, KINDS, f"one of {', '.join(KINDS)}")

    @property
    def trained_on_tasks(self) -> tuple[str, ...]:
        """The names of the run's tasks with training texts that are a part of the corpus. Only the arm `task` is
        pre-trained on these texts."""
        return tuple(task for task in self.corpus.training_texts_of if task in self.run.tasks)
