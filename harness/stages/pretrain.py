"""Stage `pretrain`: the baseline trained on, as the clinical arm and, where switched on, as its control.

The control arm is trained by the same recipe, for as many updates, on general text: it separates what
clinical text does from what training longer does.
"""

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.code import code_hash
from harness.config import CONTROL, BatchPlan, Build, PretrainSettings
from harness.determinism import derived_seed, prepare_torch
from harness.files import atomic_folder, read_json, read_jsonl, sha256, sha256_tree, write_json

TRAINED_ON = {"clinical": "clinical", CONTROL: "general"}


def run(root: Path, family: str, settings: PretrainSettings, observer=None) -> None:
    """Write `artifacts/checkpoints/<family>/clinical/` and `…/control/`, Hugging Face folders with a card.

    Without a control arm its folder holds nothing but a card that says so. `observer(arm)` gives the
    observer of an arm's training (see `harness.training.pretraining.Observer`).
    """
    folder = root / "artifacts" / "checkpoints" / family
    arms = []
    if isinstance(settings.source, Build):
        arms.append("clinical")
    else:
        from harness.models.checkpoints import import_arm

        import_arm(settings.source, family, "clinical", settings.architecture, folder / "clinical", code_hash(__name__))
    if settings.control:
        arms.append(CONTROL)
    else:
        with atomic_folder(folder / CONTROL) as empty:
            write_json(empty / "harness.json", {"family": family, "arm": CONTROL, "source": None})
    if arms:
        train(root, family, arms, settings, observer)


def train(root: Path, family: str, arms: list[str], settings: PretrainSettings, observer) -> None:
    """Train each of `arms`; on a CPU side by side, a process each, on devices one after the other."""
    parent = root / "artifacts" / "checkpoints" / family / "baseline"
    read_json(parent / "config.json", made_by=f"harness checkpoint {family}")
    prepare_torch(settings.engine.pretraining_threads, settings.engine.device)
    work = Training(root, family, parent, settings, observer, alone=len(arms) == 1)
    if len(arms) == 1 or settings.engine.device != "cpu" or settings.engine.devices > 1:
        for arm in arms:
            work(arm)
        return
    from harness.progress import Progress
    from harness.training.pool import run_all

    run_all(arms, work, device="cpu", progress=Progress())


@dataclass(frozen=True)
class Training:
    """What the arms share; calling it trains one and writes its folder."""

    root: Path
    family: str
    parent: Path
    settings: PretrainSettings
    observer: object
    alone: bool

    def __call__(self, arm: str, report=None) -> None:
        import torch

        from harness.models import cards, families
        from harness.training import arms, texts
        from harness.training.distributed import joined
        from harness.training.pretraining import Observer

        recipe, engine, architecture = self.settings.pretraining, self.settings.engine, self.settings.architecture
        files = {name: self.root / "artifacts" / "corpus" / f"{name}.jsonl" for name in ("general", "clinical")}
        corpora = {name: read_jsonl(path, made_by="harness corpus") for name, path in files.items()}
        states = self.root / "artifacts" / "states" / self.family / arm
        prepare_torch(engine.pretraining_threads, engine.device)
        torch.manual_seed(derived_seed("continue", recipe.seed))
        with joined(engine) as world:
            tokenizer = families.load_tokenizer(self.parent)
            model, new = families.load_for_pretraining(self.parent, architecture, engine.attention)
            tokenised = texts.tokenised_all(corpora, tokenizer, recipe)
            made_of = {"parent": sha256_tree(self.parent)}
            made_of["corpus"] = {name: sha256(path) for name, path in files.items()}
            trained = arms.train_arm(
                model,
                tokenizer,
                architecture,
                tokenised,
                TRAINED_ON[arm],
                recipe,
                engine,
                world,
                # As many updates for every arm: those of the clinical corpus.
                steps=arms.updates_of(tokenised["clinical"], tokenizer, model.config, recipe),
                states=states,
                inputs=made_of,
                observer=self.observer(arm) if self.observer else Observer(),
                name=f"pretrain {self.family} {arm}",
                alone=self.alone,
            )
            if not world.leads:
                return
        counted = read_json(self.root / "artifacts" / "corpus" / "card.json", made_by="harness corpus")
        facts = cards.Facts(
            family=self.family,
            arm=arm,
            architecture=architecture,
            source={"kind": "build"},
            code=code_hash("harness.stages.pretrain"),
            libraries=cards.libraries(),
            parameters=sum(p.numel() for p in model.parameters()),
            missing=new,
            parent=cards.parent_of(self.parent),
            training=cards.Training(
                recipe=recipe.recipe,
                parameters=dataclasses.asdict(recipe),
                engine=dataclasses.asdict(engine),
                trained_on=TRAINED_ON[arm],
                corpora={name: cards.corpus_part(counted, name) for name in files},
                batch=BatchPlan(**trained.pop("batch")),
                **trained,
            ),
        )
        with atomic_folder(self.root / "artifacts" / "checkpoints" / self.family / arm) as folder:
            families.save(model, tokenizer, folder)
            cards.write(folder, cards.card(facts))
        shutil.rmtree(states, ignore_errors=True)
