"""Stage `pretrain`: the baseline trained on, as the clinical arm and, where switched on, as its control.

The control arm is trained by the same recipe, for as many updates, on general text: it separates what
clinical text does from what training longer does.
"""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.artifacts import corpus
from harness.artifacts.artifact import described
from harness.artifacts.checkpoint import FORMAT
from harness.params.config import CONTROL, TRAINED_ON, Build, Pretraining, PretrainSettings
from harness.pipeline.code import code_files, code_hash
from harness.system.determinism import derived_seed, prepare_torch
from harness.system.files import atomic_folder, read_json, sha256, write_json
from harness.system.stopping import Stopped, heard

SECONDS_TO_SAVE = 60.0  # for an arm that ends because the other one failed, or because it was told to


def run(root: Path, family: str, settings: PretrainSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/clinical/` and `…/control/`, Hugging Face folders with a card.

    Without a control arm its folder holds nothing but a card that says so. `observer(arm)` gives the
    observer of an arm's training (see `harness.training.pretrain.loop.Observer`). An arm that is there already, trained
    from the same inputs by the same code, is left as it is: a batch job that was queued again may have ended.
    """
    folder = root / "artifacts" / "checkpoints" / family
    arms = []
    if isinstance(settings.source, Build):
        arms.append("clinical")
    else:
        from harness.training.common.distributed import leads
        from harness.training.pretrain.gate import bring_in

        if leads():
            code = code_hash(__name__, objectives=())
            bring_in(root, settings.source, family, "clinical", settings.architecture, settings.engine, code)
    if settings.control:
        arms.append(CONTROL)
    else:
        with atomic_folder(folder / CONTROL) as empty:
            write_json(empty / "harness.json", described(FORMAT, {"family": family, "arm": CONTROL, "source": None}))
    if arms:
        train(root, family, arms, settings, observer)


def train(root: Path, family: str, arms: list[str], settings: PretrainSettings, observer) -> None:
    """Train each of `arms`; on a CPU side by side, a process each, on devices one after the other."""
    parent = root / "artifacts" / "checkpoints" / family / "baseline"
    read_json(parent / "config.json", made_by=f"harness checkpoint {family}")
    from harness.encoders.intact import refuse_changed

    refuse_changed(parent)
    prepare_torch(settings.engine.pretraining_threads, settings.engine.device)
    work = Training(root, family, parent, settings, observer, alone=len(arms) == 1)
    if len(arms) == 1 or settings.engine.device != "cpu" or settings.engine.devices > 1:
        for arm in arms:
            work(arm)
        return
    from harness.system.progress import Progress
    from harness.training.common.pool import run_all
    from harness.training.pretrain.loop import STOPS, TRY_AGAIN

    work.tokenised()  # once, before there are two processes that need it
    try:
        with heard(*STOPS):
            run_all(arms, work, device="cpu", progress=Progress(), grace=SECONDS_TO_SAVE)
    except Stopped as stopped:
        if stopped.number in STOPS:
            raise SystemExit(TRY_AGAIN) from None
        raise


@dataclass(frozen=True)
class Training:
    """What the arms share; calling it trains one and writes its folder."""

    root: Path
    family: str
    parent: Path
    settings: PretrainSettings
    observer: Callable[[str], Any] | None
    alone: bool

    @property
    def recipe(self) -> Pretraining:
        assert self.settings.pretraining is not None, "params.yaml is refused where what is trained here lacks it"
        return self.settings.pretraining

    def facts(self, arm: str):
        """What the arm's card says before it is trained."""
        from harness.encoders import cards

        return cards.Facts(
            family=self.family,
            arm=arm,
            architecture=self.settings.architecture,
            source={"kind": "build"},
            code=code_hash("harness.stages.pretrain", objectives=(self.recipe.recipe,)),
            libraries=cards.libraries(),
            parent=cards.parent_of(self.parent),
            training=cards.training_of(
                self.recipe,
                self.settings.engine,
                TRAINED_ON[arm],
                corpus.parts(self.root),
                replay=self.settings.replay if TRAINED_ON[arm] == "clinical" else 0.0,
            ),
        )

    def tokenised(self):
        """The parent's tokenizer, both corpora as it sees them, and the hashes of their files."""
        from harness.encoders import families
        from harness.training.common.distributed import leads
        from harness.training.pretrain import texts

        files = {part: self.root / "artifacts" / "corpus" / f"{part}.jsonl" for part in ("general", "clinical")}
        hashes = {part: sha256(path) for part, path in files.items()}
        tokenizer = families.load_tokenizer(self.parent)
        shards = self.root / "artifacts" / "shards" / self.family
        recipe = self.recipe
        return tokenizer, texts.tokenised_all(files, hashes, tokenizer, recipe, shards, leads=leads()), hashes

    def __call__(self, arm: str, report=None) -> None:
        import torch

        from harness.encoders import cards, families
        from harness.training.common.distributed import leads
        from harness.training.pretrain import arms, replay

        recipe, engine, architecture = self.recipe, self.settings.engine, self.settings.architecture
        target, facts = self.root / "artifacts" / "checkpoints" / self.family / arm, self.facts(arm)
        if cards.made_already(target, facts):
            print(f"pretrain {self.family}: {target} is there already, from these inputs.", file=sys.stderr)
            return
        prepare_torch(engine.pretraining_threads, engine.device)
        tokenizer, tokenised, hashes = self.tokenised()
        tokenised = replay.replayed(tokenised, self.settings.replay, recipe.seed)
        torch.manual_seed(derived_seed("continue", recipe.seed))
        model, new = families.load_for_pretraining(self.parent, architecture, engine.attention)
        # As many updates for every arm: those of the clinical corpus.
        steps = arms.updates_of(tokenised["clinical"], tokenizer, model.config, recipe, leads=leads())
        arms.make(
            self.root, dataclasses.replace(facts, missing=new), model, tokenizer, tokenised, recipe, engine,
            steps=steps, hashes=hashes, code=code_files(__name__, objectives=(recipe.recipe,)),
            observer=self.observer and self.observer(arm), name=f"pretrain {self.family} {arm}", alone=self.alone,
        )  # fmt: skip
