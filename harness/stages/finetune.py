"""Stage `finetune`: fine-tune every arm and seed of one comparison and store its predictions.

It ends with predictions and computes no test score: scoring is a stage of its own, so that a number
can be recomputed years later from what is stored here.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.config import Engine, FinetuneSettings, Recipe
from harness.data.parts import by_part
from harness.determinism import derived_seed, prepare_torch
from harness.errors import TrainingError
from harness.files import atomic_folder, read_json, sha256, sha256_tree, write_json, write_jsonl
from harness.task import Task

SCORED_PARTS = ("holdout", "test", "validation")


@dataclass(frozen=True)
class Inputs:
    """The records of each part, and where each arm's checkpoint lies."""

    parts: dict[str, list[dict]]
    checkpoints: dict[str, Path]
    hashes: dict


@dataclass(frozen=True)
class Encoded:
    """The examples of each part as one tokenizer sees them, and that tokenizer's padding id."""

    parts: dict[str, list]
    pad: int


@dataclass(frozen=True)
class Job:
    """One training run: an arm and a seed."""

    arm: str
    seed: int
    checkpoint: Path
    target: Path


def run(root: Path, task: Task, family: str, settings: FinetuneSettings) -> None:
    """Write `artifacts/predictions/<task>/<family>/`: one file per arm and seed, and `runs.json`."""
    inputs = read_inputs(root, task, family, settings.arms)
    target = root / "artifacts" / "predictions" / task.name / family

    from harness.evaluation import metrics
    from harness.models import families
    from harness.progress import shown
    from harness.training.loop import warm_up
    from harness.training.pool import run_all

    prepare_torch(threads=1, device=settings.engine.device)
    # Before processes are forked: what they all import, and what could go wrong in each of them.
    warm_up()
    metrics.functions(task)
    families.preload(
        inputs.checkpoints.values(), settings.architecture, task.head, task.labels, settings.engine.attention
    )
    with atomic_folder(target) as folder:
        jobs = [Job(arm, seed, inputs.checkpoints[arm], folder) for seed in settings.seeds for arm in settings.arms]
        worker = Worker(root, task.name, settings, inputs.parts, encode_parts(task, settings.recipe, inputs))
        names = [f"{job.arm} {job.seed}" for job in jobs]
        with shown(f"finetune {task.name} {family}", names, settings.recipe.steps) as progress:
            results = run_all(jobs, worker, device=settings.engine.device, progress=progress)
        refuse_unequal([result["treatment"] for result in results], f"{task.name}/{family}")
        write_json(folder / "runs.json", describe(task, family, settings, inputs, results))


def read_inputs(root: Path, task: Task, family: str, arms: tuple[str, ...]) -> Inputs:
    """Records by split part, in id order; every record must have its place in the manifest."""
    parts, hashes = by_part(root, task.name)
    checkpoints = {arm: root / "artifacts" / "checkpoints" / family / arm for arm in arms}
    for arm, folder in checkpoints.items():
        command = f"harness {'checkpoint' if arm == 'baseline' else 'pretrain'} {family}"
        read_json(folder / "config.json", made_by=command)
    made_of = {arm: sha256_tree(folder) for arm, folder in checkpoints.items()}
    return Inputs(parts, checkpoints, {**hashes, "checkpoints": made_of})


def encode_parts(task: Task, recipe: Recipe, inputs: Inputs) -> dict[str, Encoded]:
    """Every part encoded once per arm; arms that share a tokenizer share the encoding."""
    from harness.models import families
    from harness.training.batching import encode

    encoded: dict[str, Encoded] = {}
    by_tokenizer: dict[str, Encoded] = {}
    for arm, folder in inputs.checkpoints.items():
        tokenizer = families.load_tokenizer(folder)
        key = tokenizer.backend_tokenizer.to_str()
        if key not in by_tokenizer:
            parts = {
                part: encode(task.head, records, tokenizer, task.labels, recipe.max_length, recipe.stride)
                for part, records in inputs.parts.items()
                if part in ("train", *SCORED_PARTS)
            }
            by_tokenizer[key] = Encoded(parts, tokenizer.pad_token_id)
        encoded[arm] = by_tokenizer[key]
    return encoded


@dataclass(frozen=True)
class Worker:
    """What every run of the comparison shares; calling it carries out one job.

    It holds the task's name instead of the task: a declaration's functions cannot travel to a
    process that was started afresh.
    """

    root: Path
    task: str
    settings: FinetuneSettings
    parts: dict[str, list[dict]]
    encoded: dict[str, Encoded]

    def __call__(self, job: Job, report: Callable[[int], None]) -> dict:
        import torch

        from harness import registry
        from harness.evaluation import primary
        from harness.models import families
        from harness.training import loop, predicting

        task = registry.get(self.root, self.task)
        recipe, engine = self.settings.recipe, self.settings.engine
        examples, pad = self.encoded[job.arm].parts, self.encoded[job.arm].pad
        torch.manual_seed(derived_seed("head", job.seed))
        model = families.load_head(
            job.checkpoint, self.settings.architecture, task.head, task.labels, engine.attention, recipe.dropout
        ).to(engine.device)
        treatment = describe_treatment(model, recipe, engine)

        def predict(part: str) -> list[dict]:
            rows = predicting.logits(
                model, examples[part], recipe.evaluation_batch, pad, engine.device, loop.autocast(engine)
            )
            return answers(task, part, self.parts[part], examples[part], rows)

        outcome = loop.train(
            model,
            examples["train"],
            recipe,
            engine,
            pad=pad,
            seed=derived_seed("order", job.seed),
            validate=lambda: primary(task, predict("validation")),
            progress=report,
            name=f"{task.name}/{job.checkpoint.parent.name}, arm {job.arm}, seed {job.seed}",
        )
        report(recipe.steps)
        file = job.target / f"{job.arm}-seed{job.seed}.jsonl"
        write_jsonl(file, [line for part in SCORED_PARTS if part in examples for line in predict(part)])
        return {
            "arm": job.arm,
            "seed": job.seed,
            "steps": outcome.steps,
            "best_step": outcome.best_step,
            "best_validation_f1": round(outcome.best_score, 6),
            "curve": outcome.curve,
            "diverged": outcome.diverged,
            "predictions": sha256(file),
            "treatment": treatment,
        }


def answers(task: Task, part: str, records: list[dict], examples, rows) -> list[dict]:
    """One line per record: id, group, gold, prediction, scores. Never text."""
    from harness.training import predicting

    lines = []
    if task.head == "tokens":
        predicted = predicting.document_spans(examples, rows, task.labels, len(records))
        for record, spans in zip(records, predicted, strict=True):
            gold = [[span["start"], span["end"], span["label"]] for span in record["spans"]]
            lines.append({"gold": sorted(gold), "prediction": spans, "length": len(record["text"])})
    else:
        for record, scores, row in zip(records, predicting.class_scores(rows), rows, strict=True):
            prediction = task.labels[int(row.argmax())]
            lines.append({"gold": record["label"], "prediction": prediction, "scores": scores})
    named = ({"id": record["id"], "group": record["group"], "part": part} for record in records)
    return [{**names, **line} for names, line in zip(named, lines, strict=True)]


def describe_treatment(model, recipe: Recipe, engine: Engine) -> dict:
    """How a run is really treated, read off the model that is about to be trained."""
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
    """Both arms get the same recipe, precision, attention, dropout and budget, or there is no comparison."""
    for treatment in treatments[1:]:
        for key, value in treatments[0].items():
            if treatment[key] != value:
                raise TrainingError(
                    f"{name}: the arms are not treated alike: {key} is {value} in one "
                    f"run and {treatment[key]} in another.",
                    remedy="Use checkpoints of the same architecture and size in both arms of a family.",
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
        "treatment": results[0]["treatment"],
        "libraries": {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__},
        "inputs": inputs.hashes,
        "runs": [
            {key: value for key, value in result.items() if key != "treatment"}
            for result in sorted(results, key=lambda result: (result["arm"], result["seed"]))
        ],
    }
