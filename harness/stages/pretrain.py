"""Stage `pretrain`: continue the training of the baseline encoder, for the clinical arm and the other declared arms.

Every arm is trained by the same recipe, for the same number of updates. The arm `control` is trained on general text.
This separates the effect of clinical text from that of longer training. The arm `task` is trained on the clinical
corpus and the training texts of tasks. This separates the effect of text of the domain from that of text of the task
itself.
"""

import dataclasses
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.artifacts import checkpoint, corpus
from harness.artifacts.artifact import described
from harness.artifacts.checkpoint import FORMAT
from harness.errors import TrainingError
from harness.params import replicates
from harness.params.arms import ARMS, CLINICAL, OPTIONAL, SHARED, parts_of, replayed
from harness.params.config import Build, Pretraining, PretrainSettings, branched_from, of_replicate
from harness.pipeline.code import code_files, code_hash
from harness.system.determinism import derived_seed, prepare_torch
from harness.system.files import atomic_folder, read_json, write_json
from harness.system.stopping import Stopped, heard

SECONDS_TO_SAVE = 60.0  # for an arm that ends because another one failed, or because it was stopped


def run(root: Path, family: str, settings: PretrainSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/clinical/`, `…/control/` and `…/task/`, Hugging Face folders with a card.

    If an arm is pre-trained several times, the first encoder is in the folder of the arm, and the other encoders
    (replicates) are below `…/replicates/`. If these replicates are branched, they share the first updates with the
    first encoder and are trained after it. The folder of an arm that is off has only a card that says so.
    `observer(encoder)` returns the observer of a training (see `harness.training.pretrain.loop.Observer`).

    An existing encoder is kept if it was trained from the same inputs by the same code, because a batch job may be run
    again after it has ended. An encoder that this stage finished before it was killed is kept as well, although DVC has
    removed its folder since.
    """
    if not isinstance(settings.source, Build):
        from harness.training.common.distributed import leads
        from harness.training.pretrain.gate import bring_in

        if leads():
            code = code_hash(__name__, objectives=())
            bring_in(root, settings.source, family, CLINICAL, settings.architecture, settings.engine, code)
    _refuse_nothing_more(root, family, settings.trained)
    for arm in (arm for arm in OPTIONAL if arm not in settings.arms):
        with atomic_folder(checkpoint.place(root, family, arm)) as empty:
            write_json(empty / checkpoint.NAME, described(FORMAT, {"family": family, "arm": arm, "source": None}))
    numbers = range(settings.replicates)
    encoders = [replicates.named(arm, number + 1) for number in numbers for arm in settings.trained]
    _prepare_replicates(root, family, encoders)
    if encoders:
        train(root, family, encoders, settings, observer)


def _refuse_nothing_more(root: Path, family: str, arms: Sequence[str]) -> None:
    """Raise TrainingError if an arm's own part of the corpus is empty, because the arm would equal another one."""
    own = [(arm, part) for arm in arms for part in ARMS[arm].trained_on if part not in SHARED]
    for arm, part in own:
        if not corpus.parts(root)[part]["documents"]:
            raise TrainingError(
                f"pretrain {family}: nothing is left of the corpus part {part}, so the arm {arm} would equal the "
                "clinical arm.",
                remedy=f"See artifacts/corpus/card.json, or set families.{family}.{arm}: false.",
            )


def _prepare_replicates(root: Path, family: str, encoders: list[str]) -> None:
    """Write the list of further replicates, and remove the folders of those that are not wanted any more."""
    above = checkpoint.place(root, family, replicates.named(CLINICAL, 2)).parent
    write_json(above / "encoders.json", sorted(name for name in encoders if replicates.arm_of(name) != name))
    for folder in (path for path in above.iterdir() if path.is_dir() and path.name not in encoders):
        shutil.rmtree(folder)


def train(root: Path, family: str, encoders: list[str], settings: PretrainSettings, observer) -> None:
    """Train each of `encoders`. On a CPU they are trained in parallel, in one process each. On GPUs they are trained
    one after the other."""
    from harness.training.common.distributed import leads
    from harness.training.pretrain.interrupted import states_of

    parent = checkpoint.place(root, family, "baseline")
    read_json(parent / "config.json", made_by=f"harness checkpoint {family}")
    from harness.encoders.intact import refuse_changed

    refuse_changed(parent)
    prepare_torch(settings.engine.pretraining_threads, settings.engine.device)
    work = Training(root, family, parent, settings, observer, alone=len(encoders) == 1)
    if settings.branched is None:
        _train(encoders, work)
    else:
        for branched in (False, True):
            _train([encoder for encoder in encoders if (encoder not in settings.trained) == branched], work)
    if leads():
        for encoder in encoders:
            shutil.rmtree(states_of(root, family, encoder), ignore_errors=True)


def _train(encoders: list[str], work: "Training") -> None:
    settings = work.settings
    if len(encoders) == 1 or settings.engine.device != "cpu" or settings.engine.devices > 1:
        for encoder in encoders:
            work(encoder)
        return
    from harness.system.progress import Progress
    from harness.training.common.pool import run_all
    from harness.training.pretrain.loop import STOPS, TRY_AGAIN

    work.tokenised(work.parts)  # once, before there are several processes that need it
    try:
        with heard(*STOPS):
            run_all(encoders, work, device="cpu", progress=Progress(), grace=SECONDS_TO_SAVE)
    except Stopped as stopped:
        if stopped.number in STOPS:
            raise SystemExit(TRY_AGAIN) from None
        raise


@dataclass(frozen=True)
class Training:
    """The settings that all encoders of a family share. A call with the name of an encoder trains this encoder and
    writes its folder. `parent` is the folder of the baseline. `observer` is as in `run`. `alone` is True if only one
    encoder is trained."""

    root: Path
    family: str
    parent: Path
    settings: PretrainSettings
    observer: Callable[[str], Any] | None
    alone: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the corpus that some of the arms need."""
        return tuple(dict.fromkeys(part for arm in self.settings.trained for part in parts_of(arm)))

    def recipe(self, encoder: str = CLINICAL) -> Pretraining:
        assert self.settings.pretraining is not None, "params.yaml is refused where what is trained here lacks it"
        return of_replicate(self.settings.pretraining, encoder)

    def facts(self, encoder: str):
        """The facts of the encoder's card that are known before training."""
        from harness.encoders import cards

        recipe, arm, parts = self.recipe(encoder), replicates.arm_of(encoder), corpus.parts(self.root)
        return cards.Facts(
            family=self.family,
            arm=encoder,
            architecture=self.settings.architecture,
            source={"kind": "build"},
            code=code_hash("harness.stages.pretrain", objectives=(recipe.recipe,)),
            libraries=cards.libraries(),
            parent=cards.parent_of(self.parent),
            training=cards.training_of(
                recipe,
                self.settings.engine,
                ARMS[arm].trained_on,
                {part: parts[part] for part in parts_of(arm)},
                replay=replayed(arm, self.settings.replay),
                branched=branched_from(self.settings.branched, self.recipe(arm), encoder),
            ),
        )

    def to_branch(self, encoder: str) -> list[str]:
        """The names of the replicates that start from a saved state of this encoder's training and do not exist yet.
        The list is empty if replicates are not branched."""
        if self.settings.branched is None or encoder not in self.settings.trained:
            return []
        ends = [replicates.named(encoder, number) for number in range(2, self.settings.replicates + 1)]
        return [end for end in ends if not self.made(end)]

    def made(self, encoder: str) -> bool:
        """True if the encoder exists. If this stage had finished the encoder before it was killed, the encoder's folder
        is put back first."""
        from harness.encoders import cards
        from harness.training.common.distributed import leads
        from harness.training.pretrain.arms import finished_of

        target, facts = checkpoint.place(self.root, self.family, encoder), self.facts(encoder)
        finished = finished_of(self.root, self.family, encoder)
        # In this order, because the leading process puts the encoder back before it removes the kept copy.
        kept = cards.made_already(finished, facts)
        there = cards.made_already(target, facts)
        if kept and not there and leads():
            with atomic_folder(target) as folder:
                shutil.copytree(finished, folder, dirs_exist_ok=True)
        return kept or there

    def tokenised(self, parts: Sequence[str]):
        """The pair (the baseline's tokenizer, these parts of the corpus tokenised by it)."""
        from harness.encoders import families
        from harness.training.common.distributed import leads
        from harness.training.pretrain import texts

        files = {part: self.root / "artifacts" / "corpus" / f"{part}.jsonl" for part in parts}
        tokenizer = families.load_tokenizer(self.parent)
        shards = self.root / "artifacts" / "shards" / self.family
        return tokenizer, texts.tokenised_all(files, tokenizer, self.recipe(), shards, leads=leads())

    def mixture(self, tokenised, arm: str, recipe: Pretraining):
        """The tokenised texts that an arm is trained on, with the share of general text that is mixed in against
        forgetting."""
        from harness.training.pretrain import replay

        return replay.mixture(tokenised, ARMS[arm].trained_on, replayed(arm, self.settings.replay), recipe.seed)

    def __call__(self, encoder: str, report=None) -> None:
        import torch

        from harness.encoders import families
        from harness.training.common.distributed import leads
        from harness.training.pretrain import arms

        recipe, engine, architecture = self.recipe(encoder), self.settings.engine, self.settings.architecture
        arm = replicates.arm_of(encoder)
        target, facts = checkpoint.place(self.root, self.family, encoder), self.facts(encoder)
        made, ends = self.made(encoder), self.to_branch(encoder)
        if made and not ends:
            self._say_there(target)
            return
        # A branched replicate shares its trunk's parent, text and number of updates.
        begun = self.recipe(arm) if facts.training.branched else recipe
        prepare_torch(engine.pretraining_threads, engine.device)
        tokenizer, tokenised = self.tokenised(parts_of(arm))
        clinical, read = (self.mixture(tokenised, of, begun) for of in (CLINICAL, arm))
        torch.manual_seed(derived_seed("continue", begun.seed))
        model, new = families.load_for_pretraining(self.parent, architecture, engine.attention)
        # Every arm has as many updates as the clinical corpus needs.
        steps = arms.updates_of(clinical, tokenizer, model.config, begun, leads=leads())
        trunk = self.trunk(arm, steps, tokenised) if ends or facts.training.branched else None
        if made and trunk and trunk.is_there():
            self._say_there(target)
            return
        arms.make(
            self.root, dataclasses.replace(facts, missing=new), model, tokenizer, tokenised, read, recipe,
            engine, steps=steps, code=code_files(__name__, objectives=(recipe.recipe,)),
            observer=self.observer and self.observer(encoder), name=f"pretrain {self.family} {encoder}",
            alone=self.alone, keeps=trunk.step if trunk and ends else None, trunk=None if ends else trunk,
        )  # fmt: skip

    def trunk(self, arm: str, steps: int, tokenised):
        """The trunk of an arm: the saved state of its first training from which its replicates start. `steps` is the
        number of updates of the whole training. Raises TrainingError if `steps` is less than 2."""
        from harness.training.pretrain import arms

        assert self.settings.branched is not None
        if steps < 2:
            raise TrainingError(
                f"pretrain {self.family}: {steps} updates are too few to branch from; at least 2 are needed.",
                remedy=f"Set families.{self.family}.branched: null, or train for more updates.",
            )
        return arms.trunk_of(
            self.root, self.facts(arm), tokenised, self.recipe(arm), self.settings.engine,
            steps=steps, share=self.settings.branched,
        )  # fmt: skip

    def _say_there(self, target: Path) -> None:
        print(f"pretrain {self.family}: {target} exists already, made from these inputs.", file=sys.stderr)
