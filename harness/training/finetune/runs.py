"""Carry out the fine-tuning runs of a comparison (one task with one family of encoders), and check that all arms get
the same treatment."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness import heads
from harness.artifacts.checkpoint import family_of
from harness.artifacts.prediction_lines import answered, lines_of
from harness.errors import TrainingError
from harness.params.config import Engine, FinetuneSettings, Recipe
from harness.params.replicates import named
from harness.privacy import even, restricted
from harness.system.determinism import derived_seed, prepare_torch
from harness.system.files import sha256, write_jsonl
from harness.task import Task
from harness.training.finetune.inputs import Inputs

SEARCHED = ("learning_rate", "steps")  # the settings that `tune` searches
_UNSTATED = "not stated"


@dataclass(frozen=True)
class Encoded:
    """The records of a task, encoded by one tokenizer. `parts` maps a part of the split to its `Examples`. `pad` is the
    tokenizer's padding id."""

    parts: dict
    pad: int


@dataclass(frozen=True)
class Job:
    """One fine-tuning run: the encoder in `checkpoint` is trained by `recipe` with `seed`. `replicate` is the number
    (from 1) of the arm's pre-training run that made the checkpoint. The predictions for `parts` are written to
    `file`."""

    arm: str
    seed: int
    replicate: int
    checkpoint: Path
    file: Path
    recipe: Recipe
    parts: tuple[str, ...] | None = None  # None: all parts that are scored


def prepare(task: Task, settings: FinetuneSettings, inputs: Inputs) -> None:
    """Prepare the fine-tuning runs before worker processes are forked: set up torch, make the imports that the
    processes share, and check all checkpoints. Raises CheckpointError if a checkpoint cannot be loaded, or
    TrainingError if the arms' configurations differ."""
    from harness.encoders import families
    from harness.training.finetune.loop import warm_up

    prepare_torch(threads=1, device=settings.engine.device)
    warm_up()
    shapes = families.preload(
        inputs.checkpoints.values(),
        settings.architecture,
        heads.of(task),
        task.labels,
        settings.engine.attention,
        settings.recipe.max_length,
    )
    refuse_unlike(dict(zip(inputs.checkpoints, shapes, strict=True)), task.name)


def carry_out(
    title: str, comparison: str, names: list[str], jobs: list, work: Callable[..., dict], settings: FinetuneSettings
) -> list[dict]:
    """Carry out the jobs of a comparison, with a progress bar named `title`. Returns the results of `work` in the order
    of `jobs`.

    `comparison` is the comparison's name in messages, and `names` are the names of the jobs. Raises TrainingError if
    the runs did not get the same treatment.
    """
    from harness.system.progress import runs_progress
    from harness.training.common.pool import run_all

    with runs_progress(title, names, settings.recipe.steps) as progress:
        results = run_all(jobs, work, device=settings.engine.device, progress=progress)
    treatments = [result["treatment"] for result in results]
    if settings.tune is not None:  # each arm has its own values of these settings
        treatments = [t | {"recipe": {**t["recipe"], **dict.fromkeys(SEARCHED)}} for t in treatments]
    refuse_unequal(treatments, comparison)
    return results


def encode_parts(task: Task, recipe: Recipe, inputs: Inputs) -> dict[str, Encoded]:
    """The encoded records that are trained on or answered, by the name of the encoder. Encoders with the same tokenizer
    share one `Encoded`."""
    from harness.encoders import families
    from harness.training.finetune.batching import encode

    encoded: dict[str, Encoded] = {}
    by_tokenizer: dict[str, Encoded] = {}
    for encoder, folder in inputs.checkpoints.items():
        tokenizer = families.load_tokenizer(folder)
        key = tokenizer.backend_tokenizer.to_str()
        if key not in by_tokenizer:
            parts = {
                part: encode(heads.of(task), records, tokenizer, task.labels, recipe.max_length, recipe.stride)
                for part, records in inputs.parts.items()
                if part in ("train", *answered(inputs.parts))
            }
            by_tokenizer[key] = Encoded(parts, tokenizer.pad_token_id)
        encoded[encoder] = by_tokenizer[key]
    return encoded


@dataclass(frozen=True)
class Worker:
    """The data that all fine-tuning runs of a comparison share. Calling the object with (job, report) carries out one
    job and returns its result as plain values.

    `task` is the task's name and not the task, because a declaration's functions cannot be sent to a spawned process.
    `encoded` maps the name of an encoder to its `Encoded`. `judge(task, validation lines, records by id)` returns
    scores by name, and the score `selection` decides which weights are kept.
    """

    root: Path
    task: str
    settings: FinetuneSettings
    parts: dict[str, list[dict]]
    encoded: dict[str, Encoded]
    judge: Callable[[Task, list[dict], dict[str, dict]], dict[str, float]]

    def __call__(self, job: Job, report: Callable[[int], None]) -> dict:
        import torch

        from harness.encoders import families
        from harness.plugins import registry
        from harness.training.common.precision import autocast
        from harness.training.finetune import loop, predicting

        task = registry.get(self.root, self.task)
        head = heads.of(task)
        recipe, engine = job.recipe, self.settings.engine
        encoded = self.encoded[named(job.arm, job.replicate)]
        examples, pad = encoded.parts, encoded.pad
        torch.manual_seed(derived_seed("head", job.seed))
        model = families.load_head(
            job.checkpoint, self.settings.architecture, head, task.labels, engine.attention, recipe.dropout
        ).to(engine.device)
        treatment = describe_treatment(model, recipe, engine)
        weights = None
        if recipe.class_weights == "balanced":
            weights = torch.tensor(head.class_weights(self.parts["train"], task.labels), device=engine.device)

        def predict(part: str) -> list[dict]:
            rows = predicting.logits(
                model, examples[part], recipe.evaluation_batch, pad, engine.device, autocast(engine)
            )
            records = self.parts[part]
            return lines_of(task, part, records, head.answers(records, examples[part], rows, task.labels))

        # The validation answers of the last judged weights, and of the best ones.
        judged: dict[str, list[dict]] = {}
        records = {record["id"]: record for record in self.parts["validation"]}

        def validate() -> dict[str, float]:
            judged["last"] = predict("validation")
            return self.judge(task, judged["last"], records)

        outcome = loop.train(
            model,
            examples["train"],
            recipe,
            engine,
            pad=pad,
            seed=derived_seed("order", job.seed),
            loss_of=partial(head.loss, weights=weights),
            validate=validate,
            # Scaled to the declared recipe's updates, because the progress bar expects this number from every run.
            progress=lambda done: report(done * self.settings.recipe.steps // recipe.steps),
            kept=lambda: judged.update(best=judged["last"]),
            name=f"{task.name}/{family_of(job.checkpoint)}, arm {job.arm}, seed {job.seed}",
        )
        report(self.settings.recipe.steps)
        judged.pop("last")
        # The kept weights have answered validation already. The generator answers one part at a time to save memory.
        scored = [part for part in answered(examples) if job.parts is None or part in job.parts]
        lines = (line for part in scored for line in (judged["best"] if part == "validation" else predict(part)))
        write_jsonl(job.file, lines)
        if restricted.by_card(self.root, self.task):
            even.fill(job.file)
        at = [point["step"] for point in outcome.curve].index(outcome.best_step)
        return {
            "arm": job.arm,
            "seed": job.seed,
            "replicate": job.replicate,
            "steps": outcome.steps,
            "best_step": outcome.best_step,
            "best_selection": outcome.best_score,
            "best_validation": outcome.curve[at]["validation"],
            "curve": outcome.curve,
            "diverged": outcome.diverged,
            "predictions": sha256(job.file),
            "treatment": treatment,
        }


def describe_treatment(model, recipe: Recipe, engine: Engine) -> dict:
    """The treatment of a run as plain values: its architecture, precision, dropout, recipe and so on, read from the
    model before training. Runs are only compared if their treatments are the same."""
    import torch

    config = model.config
    return {
        "architecture": type(model).__name__,
        "parameters": sum(p.numel() for name, p in model.named_parameters() if "embedding" not in name),
        "weights": sorted({str(p.dtype).removeprefix("torch.") for p in model.parameters()}),
        "precision": engine.precision,
        "attention": getattr(config, "_attn_implementation", None),
        "dropout": sorted({m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)}),
        "threads": torch.get_num_threads(),
        "recipe": dataclasses.asdict(recipe),
    }


def refuse_unequal(treatments: list[dict], name: str) -> None:
    """Raise TrainingError unless all runs have the same recipe, precision, attention, dropout and number of parameters.
    `treatments` are the results of `describe_treatment`, and `name` is the comparison's name in the message."""
    for treatment in treatments[1:]:
        for key, value in treatments[0].items():
            if treatment[key] != value:
                raise TrainingError(
                    f"{name}: the arms are not treated alike: {key} is {_said(value)} in one run and "
                    f"{_said(treatment[key])} in another.",
                    remedy="Use checkpoints of the same architecture and size in all arms of a family.",
                )


def _said(value) -> str:
    """A plain value as a message shows it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value)) or "empty"
    return value if isinstance(value, str) else json.dumps(value, default=str)


def refuse_unlike(shapes: dict[str, dict], name: str) -> None:
    """Raise TrainingError unless the checkpoints of all arms have the same configuration. `shapes` maps an encoder's
    name to the configuration values that shape its model (see `harness.encoders.alike.shaping`), and `name` is the
    task's name."""
    (first, one), *others = shapes.items()
    for arm, other in others:
        differing = [key for key in sorted({*one, *other}) if one.get(key, _UNSTATED) != other.get(key, _UNSTATED)]
        if differing:
            values = "; ".join(
                f"{key} is {_said(one.get(key, _UNSTATED))} in {first} and {_said(other.get(key, _UNSTATED))} in {arm}"
                for key in differing
            )
            raise TrainingError(
                f"{name}: the arms are not treated alike, because their config.json files differ: {values}.",
                remedy="Use checkpoints of one architecture and size, and give them the same values of these keys. "
                "To change a hub checkpoint, copy it to a folder, edit its config.json and use source: folder.",
            )


def describe(task: Task, family: str, settings: FinetuneSettings, inputs: Inputs, results: list[dict]) -> dict:
    import torch
    import transformers

    return {
        "task": task.name,
        "family": family,
        "labels": list(task.labels),
        "recipe": dataclasses.asdict(settings.recipe),
        "engine": dataclasses.asdict(settings.engine),
        "treatment": results[0]["treatment"] | {"recipe": dataclasses.asdict(settings.recipe)},
        "libraries": {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__},
        "inputs": inputs.hashes,
        "runs": [
            {key: value for key, value in result.items() if key != "treatment"}
            for result in sorted(results, key=lambda result: (result["arm"], result["seed"]))
        ],
    }
