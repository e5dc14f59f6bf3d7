"""The types of the whole `params.yaml` and of a family's settings.

These types know the objectives. They stand apart from `config.py`, so that a stage without objectives does not depend
on them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval

from harness import objectives
from harness.params.config import (
    ARMS,
    CONTROL,
    TRAINED,
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
from harness.params.marks import Check, Matching
from harness.params.replicates import named
from harness.params.robustness import Robustness
from harness.text.perturbing import KINDS

Name = Annotated[str, Matching("^[a-z][a-z0-9_]*$", "small letters, digits and _ (it becomes a folder's name)")]


@dataclass(frozen=True)
class Family:
    """One architecture in two arms, or three. A baseline that is built needs `encoder` and `general`, a
    clinical arm that is built and a control arm need `adaptation`; otherwise they may be null. `control`
    adds the baseline trained on by the same recipe, for as many steps, on general text. `replicates` is how often the
    clinical arm and the control are pre-trained, each time from the same baseline with another seed.
    """

    architecture: Literal["bert", "norbert3", "modernbert", "roberta", "xlm-roberta", "electra", "deberta-v2"]
    baseline: Source
    clinical: Source
    encoder: Encoder | None
    general: objectives.Trained | None
    adaptation: objectives.Trained | None
    control: bool
    replicates: Replicates
    learning_rate_factor: Annotated[float, Interval(gt=0, le=1_000)]

    @property
    def arms(self) -> tuple[str, ...]:
        return (*ARMS, CONTROL) if self.control else ARMS

    @property
    def encoders(self) -> tuple[str, ...]:
        """Every encoder of the family: the arms, then further replicates."""
        numbers = range(1, self.replicates + 1)
        return tuple(named(arm, n) for n in numbers for arm in self.arms if n == 1 or arm != ARMS[0])

    def checks(self) -> Iterator[tuple]:
        built = [arm for arm in ARMS if isinstance(getattr(self, arm), Build)] + [CONTROL] * self.control
        fits = not built or self.architecture in TRAINED
        wanted = f"one that is trained here ({', '.join(TRAINED)}), as the {'/'.join(built)} arm asks for"
        remedy = "Give existing checkpoints (source: hub or folder)."
        yield Check("architecture", self.architecture, fits, wanted, remedy)
        needed = {"encoder": "baseline", "general": "baseline", "adaptation": "clinical"}
        for key, arm in needed.items():
            wanted, remedy = f"a section where {arm} is built here", f"Or give {arm} a source: hub or folder."
            yield Check(key, getattr(self, key), getattr(self, key) is not None or arm not in built, wanted, remedy)
        wanted = "1 where the clinical arm is an existing checkpoint, which cannot be trained again"
        once = self.replicates == 1 or isinstance(self.clinical, Build)
        yield Check("replicates", self.replicates, once, wanted)
        wanted = "a section where control is true: that arm is trained by it, on general text"
        yield Check("adaptation", self.adaptation, self.adaptation is not None or not self.control, wanted)
        for key in ("general", "adaptation"):
            if (settings := getattr(self, key)) is not None:
                fitting = [one.name for one in objectives.OBJECTIVES.values() if one.trains(self.architecture)]
                wanted = f"one that trains {self.architecture} ({', '.join(fitting)})"
                yield Check(f"{key}.recipe", settings.recipe, settings.recipe in fitting, wanted)


@dataclass(frozen=True)
class Params:
    """The only configuration of a run."""

    run: Run
    engine: Engine
    generate: Generate
    split: Split
    corpus: Corpus
    families: dict[Name, Family]
    statistics: Statistics
    cross_validation: CrossValidation
    robustness: Robustness
    tasks: dict[Name, Recipe]

    def checks(self) -> Iterator[tuple]:
        for key in ("tasks", "families"):
            known = getattr(self, key)
            for i, name in enumerate(getattr(self.run, key)):
                wanted = f"the name of a section under {key}"
                remedy = f"Add {key}.{name}, or take {name!r} out of run.{key}."
                yield Check(f"run.{key}[{i}]", name, name in known, wanted, remedy, known)
        for name in (name for name in self.run.families if name in self.families):
            number = self.families[name].replicates
            wanted = f"a number that {len(self.run.seeds)} seeds are shared out to evenly"
            yield Check(f"families.{name}.replicates", number, len(self.run.seeds) % number == 0, wanted)
        chosen = self.cross_validation.tasks
        for i, task in enumerate(chosen):
            at = f"cross_validation.tasks[{i}]"
            yield Check(at, task, task in self.run.tasks, "one of run.tasks", known=self.run.tasks)
            yield Check(at, task, chosen.count(task) == 1, "there once")
            # Folds test every row, those too that the clinical arm was pre-trained on.
            wanted = "none of corpus.training_texts_of (folds would test the clinical arm on what it was trained on)"
            yield Check(at, task, task not in self.corpus.training_texts_of, wanted)
        for i, kind in enumerate(self.robustness.kinds):
            at, wanted = f"robustness.kinds[{i}]", f"one of {', '.join(KINDS)}"
            yield Check(at, kind, kind in KINDS, wanted, known=KINDS)
            yield Check(at, kind, self.robustness.kinds.count(kind) == 1, "there once")
