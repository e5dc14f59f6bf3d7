"""Write random corpora, checkpoints and predictions for tests, in the formats that the stages write."""

import dataclasses
import functools
import json
import random
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import heads
from harness.artifacts import corpus, runs, split, validated
from harness.artifacts.artifact import described
from harness.data import perturbed
from harness.data.corpus_summary import summaries
from harness.encoders import cards
from harness.params.arms import ARMS, PARTS, SHARED, parts_of
from harness.params.robustness import NOT_DONE, Robustness
from harness.params.whole import Params
from harness.system import files
from harness.task import Task

# The loss of each arm on held-out text after training, in nats: general, clinical.
_LOSSES = {"baseline": (3.1234, 5.4321), "clinical": (3.3456, 2.9876)}
_STEPS = (20, 40, 60, 80)
_libraries = functools.cache(cards.libraries)


def write_corpus(
    root: Path, settings: Params, source: Mapping[str, Any], documents: Mapping[str, Sequence[bytes]]
) -> None:
    """Write `artifacts/corpus/`: the lines of `documents` as the parts of the corpus, and the corpus's card.

    The keys of `documents` are names of parts, and the values are lines of JSON. `source` is the source record for the
    card. The card says that the test texts of `settings.run.tasks` were removed from the corpus.
    """
    folder, chosen = corpus.card_place(root).parent, settings.corpus
    parts = {}
    for name in PARTS:
        lines = documents.get(name, ())
        files.write_bytes(folder / f"{name}.jsonl", b"".join(lines))
        found = {"documents": 5, "by_document_type": {"discharge_summary": 5}}
        parts[name] = {
            "documents": {"in": len(lines) + 5 * (name == "clinical"), "kept": len(lines)},
            "removed": {f"overlap with {settings.run.tasks[0]}": found} if name == "clinical" else {},
            "words": 1_234_567,
            "kept": {"note": len(lines)},
            "written_standard": {"nynorsk": {"documents": len(lines)}},
            "longest_match": {"kept": 11, "removed": 80 * (name == "clinical")},
            "sha256": files.sha256(folder / f"{name}.jsonl"),
        }
    planted = {"planted": 200, "found": 200, "recall": 1.0}
    card = {
        "source": source,
        "near_duplicate": chosen.near_duplicate,
        "overlap": {"n": chosen.overlap_n, "coverage": chosen.overlap_coverage, "planted": planted},
        "phi": {"allowed": chosen.allow_phi, "found": {}, "documents": 0, "parts": []},
        "training_texts": {},
        "inputs": {name: split.hashes(root, name) for name in settings.run.tasks},
        "parts": parts,
    }
    files.write_json(corpus.card_place(root), described(corpus.FORMAT, card))
    corpus.Parts.of(**summaries(card)).write(corpus.parts_place(root))


def write_checkpoints(
    root: Path, settings: Params, family: str, code: Mapping[str, str]
) -> Iterator[tuple[Path, dict]]:
    """Write the baseline and the clinical arm of `family`, as if trained on the corpora that `write_corpus` wrote.

    `code` has the hash of the code by arm. Yields each folder with its card. The caller must write the card before it
    asks for the next folder.
    """
    of_family, above = settings.families[family], root / "artifacts" / "checkpoints" / family
    parts = corpus.parts(root)
    for arm, recipe in (("baseline", of_family.general), ("clinical", of_family.adaptation)):
        assert recipe is not None
        folder = above / arm
        header = json.dumps({"weight": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}).encode()
        weights = struct.pack("<Q", len(header)) + header + random.Random(f"{family} {arm}").randbytes(48)
        files.write_bytes(folder / "model.safetensors", weights)
        files.write_json(folder / "tokenizer.json", {"family": family})
        files.write_json(folder / "config.json", {})
        training = dataclasses.replace(
            cards.training_of(
                recipe,
                settings.engine,
                ARMS[arm].trained_on,
                {name: parts[name] for name in parts_of(arm)},
                settings.corpus.replay if arm == "clinical" else 0.0,
            ),
            steps=recipe.steps or 0,
            tokens_seen=1000,
            losses=[{"step": step, "loss": 9.0 - step / 100} for step in (0, 100, 200)],
            held_out={
                when: {
                    name: {"loss": loss, "accuracy": 0.1, "tokens": 100}
                    for name, loss in zip(SHARED, losses, strict=True)
                }
                for when, losses in (("before", (9.0, 9.0)), ("after", _LOSSES[arm]))
            },
        )
        facts = cards.Facts(
            family=family,
            arm=arm,
            architecture=of_family.architecture,
            source={"kind": "build"},
            code=code[arm],
            libraries=_libraries(),
            parameters=12,
            encoder=dataclasses.asdict(of_family.encoder) if of_family.encoder and arm == "baseline" else None,
            parent=None if arm == "baseline" else cards.parent_of(above / "baseline"),
            training=training,
        )
        yield folder, cards.card(facts)


def write_predictions(
    root: Path,
    task: Task,
    family: str,
    seeds: Iterable[int],
    robustness: Robustness = NOT_DONE,
    **made_by: dict[str, Any],
) -> None:
    """Write `artifacts/predictions/TASK/FAMILY/` of both arms. The clinical arm is right on a tenth more of the rows.

    On the test texts that are perturbed by `robustness`, both arms are right on a tenth less of the rows. `made_by` are
    the `recipe` and the `engine` that are recorded. The records, the split and the checkpoints must exist.
    """
    from harness.statistics import task_metrics

    folder, found = runs.folder_of(root, task.name, family), []
    records = {record["id"]: record for record in validated.records(root, task.name)}
    parts = split.parts_of(root, task.name)
    test = [records[key] for key in sorted(records) if parts[key] == "test"]
    written = perturbed.parts_of(heads.of(task), test, robustness)
    for arm in _LOSSES:
        for seed in seeds:
            skill = 0.55 + 0.1 * (arm == "clinical") + 0.02 * seed
            drawn = random.Random(f"{task.name} {family} {arm} {seed}")
            lines = _lines(root, task, records, skill, drawn)
            lines += [
                {"id": record["id"], "part": part, "group": record["group"]} | _answer(task, record, skill - 0.1, drawn)
                for part, others in sorted(written.items())
                for record in others
            ]
            path = folder / runs.file_name(arm, seed)
            files.write_jsonl(path, lines)
            reached = [line for line in lines if line["part"] == "validation"]
            best = round(task_metrics.primary(task, reached, records), 6)
            points = {"selection": skill, "validation": best}
            found.append(
                {
                    "arm": arm,
                    "seed": seed,
                    "steps": 100,
                    "best_step": _STEPS[-1],
                    "best_selection": skill,
                    "best_validation": best,
                    "curve": [{"step": step, "train_loss": 1 / step} | points for step in _STEPS],
                    "diverged": False,
                    "predictions": files.sha256(path),
                }
            )
    checkpoints = root / "artifacts" / "checkpoints" / family
    runs.Runs.of(
        task=task.name,
        family=family,
        labels=list(task.labels),
        treatment={},
        libraries={key: _libraries()[key] for key in ("torch", "transformers")},
        inputs=split.hashes(root, task.name)
        | {"checkpoints": {arm: files.sha256_tree(checkpoints / arm) for arm in _LOSSES}},
        selection="none",
        runs=found,
        robustness=robustness.as_recorded(),
        **made_by,
    ).write(folder / "runs.json")


def write_linear_predictions(root: Path, task: Task) -> None:
    """Write random predictions into `artifacts/linear/TASK/`, in place of the predictions of a linear model."""
    folder = root / "artifacts" / "linear" / task.name
    records = {record["id"]: record for record in validated.records(root, task.name)}
    files.write_jsonl(
        folder / runs.LinearRun.FILE, _lines(root, task, records, 0.5, random.Random(f"{task.name} linear"))
    )
    system = "linear_tagger" if heads.of(task).windowed else "logistic_regression"
    fitted = {"arm": system, "seed": 0, "settings": {"strength": 1.0}}
    runs.LinearRuns.of(
        task=task.name,
        labels=list(task.labels),
        libraries={"scikit-learn": "1.9.1"},
        inputs=split.hashes(root, task.name),
        runs=[fitted | {"predictions": files.sha256(folder / runs.LinearRun.FILE)}],
    ).write(folder / "runs.json")


def _lines(root: Path, task: Task, records: Mapping[str, dict], skill: float, chance: random.Random) -> list[dict]:
    """One prediction line for each record of the parts that are scored. `skill` is the share of right answers."""
    parts = split.parts_of(root, task.name)
    lines = [
        {"id": key, "part": parts[key], "group": record["group"]} | _answer(task, record, skill, chance)
        for key, record in records.items()
        if parts[key] in ("holdout", "test", "validation")
    ]
    return sorted(lines, key=lambda line: (line["part"], line["id"]))


def _answer(task: Task, record: Mapping[str, Any], skill: float, chance: random.Random) -> dict[str, Any]:
    head = heads.of(task)
    gold: Any = head.gold(record)
    if "length" in head.fields:
        found = [[a, max(a + 1, b - (chance.random() > skill)), x] for a, b, x in gold if chance.random() < skill + 0.3]
        return {"gold": gold, "prediction": found, "length": len(record["text"])}
    several, answer = isinstance(gold, list), gold
    if several:
        answer = [label for label in task.labels if (label in gold) == (chance.random() < skill)]
    elif chance.random() >= skill:
        answer = chance.choice(task.labels)
    doubt = round(chance.uniform(0.05, 0.45), 2)
    # If a row has one label, the other labels share the rest. If it has several, each has its own probability.
    rest = doubt if several else doubt / (len(task.labels) - 1)
    given = answer if several else [answer]
    scores = [1 - doubt if label in given else rest for label in task.labels]
    return {"gold": gold, "prediction": answer, "scores": scores}
