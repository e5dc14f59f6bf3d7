"""A finished grid made of chance: what the stages up to `finetune` leave behind, without training.

Every file has the format that the real stages write, so that `score`, `report` and `track` run on
it as they do in the pipeline. The texts are the word SECRET, which no output may ever hold.
"""

import random
from pathlib import Path

from harness.artifacts import checkpoint, corpus, split, validated
from harness.artifacts.artifact import described
from harness.artifacts.runs import LinearRuns, Runs
from harness.system import files
from harness.task import Groups, Reading, Task

NOR_DEID = (
    "Date",
    "First_Name",
    "Health_Care_Unit",
    "Age",
    "Location",
    "Last_Name",
    "Phone_Number",
    "Social_Security_Number",
)
SYNERGI = (
    "fall",
    "medication",
    "equipment",
    "infection",
    "documentation",
    "treatment_delay",
    "behaviour",
    "identification",
)
SECRET = "SECRET-TEXT"
FAMILIES = ("nb_bert", "norbert3", "modernbert")
SEEDS = (1, 2, 3)
STATISTICS = {"level": 0.95, "margin": 0.02, "primary": "control"}


def _task(name: str, title: str, head: str, labels: tuple, metrics: tuple, positive: str | None = None) -> Task:
    return Task(
        name=name,
        version="1",
        title=title,
        head=head,
        reader=lambda folder: Reading([], 0),
        schema=lambda: None,
        labels=labels,
        groups=Groups(),
        metrics=metrics,
        licence="CC0-1.0",
        citation="Invented for the tests.",
        positive=positive,
    )


TASKS = {
    task.name: task
    for task in (
        _task("medmcqa", "Medical exam questions with four options", "choice", tuple("ABCD"), ("macro_f1", "accuracy")),
        _task(
            "medmqp",
            "Medical question pairs: the same question or not",
            "pair",
            ("0", "1"),
            ("binary_f1", "accuracy", "group_accuracy"),
            "1",
        ),
        _task(
            "nor_deid",
            "Identifying details in discharge summaries",
            "tokens",
            NOR_DEID,
            ("strict_f1", "relaxed_f1", "macro_f1", "document_leak_rate"),
        ),
        _task(
            "aismec",
            "Stroke calls",
            "sequence",
            ("other", "stroke"),
            ("binary_f1", "sensitivity", "specificity", "mcc"),
            "stroke",
        ),
        _task("synergi", "Incident types", "sequence", SYNERGI, ("macro_f1", "micro_f1", "weighted_f1")),
    )
}

SCORES_OF_A_COLLAPSED_PAIR = {
    "task": "t", "family": "nb_bert", "head": "sequence", "data_kind": "synthetic", "primary": "binary_f1",
    "labels": ["0", "1"], "n": {"test": 90}, "groups": {"test": 90},
    "metrics": [
        {"arm": arm, "seed": seed, "part": "test", "metric": "binary_f1", "value": 0.6667}
        for arm in ("baseline", "clinical") for seed in (1, 2)
    ],
    "per_class": [], "confusion": [], "slices": [], "privacy": [], "thresholds": [], "lacking": {}, "unmeasurable": {},
    "readings": [], "learning": [], "diverged": [], "provenance": {},
    "inputs": {"predictions": {}, "decisions": {}, "records": "", "manifest": ""},
    "reference": {"majority": {"binary_f1": 0.0}, "always_positive": {"binary_f1": 0.6667}},
    "comparisons": [{
        "part": "test", "against": "baseline", "seeds": [1, 2], "reference": 0.6667, "clinical": 0.6667, "delta": 0.0,
        "ci_low": -0.001, "ci_high": 0.001, "p_value": 1.0, "se": 0.0005, "df": 4.0, "mde": 0.002,
        "p_equivalent": 0.0001, "reference_spread": 0.0, "clinical_spread": 0.0, "n_groups": 90, "n_seeds": 2,
        "differences": [0.0, 0.0], "groups_variance": 2.5e-7, "groups_df": 89.0, "interaction": 0.0, "skill_low": 0.0,
    }],
}  # fmt: skip


def build(
    root: Path,
    tasks: tuple[str, ...] = tuple(TASKS),
    families: tuple[str, ...] = FAMILIES,
    seeds: tuple[int, ...] = SEEDS,
    kind: str = "synthetic",
    rows: int = 40,
) -> Path:
    """Write the inputs of `score`, `report` and `track` below `root`, and return it."""
    root = Path(root)
    (root / "harness").mkdir(parents=True, exist_ok=True)
    (root / "tasks").mkdir(exist_ok=True)
    (root / "harness" / "module.py").write_text("VALUE = 1\n")
    for family in families:
        for arm, after in (("baseline", (3.1234, 5.4321)), ("clinical", (3.3456, 2.9876))):
            _checkpoint(root / "artifacts" / "checkpoints" / family / arm, arm, family, after)
    files.write_json(corpus.card_place(root), described(corpus.FORMAT, _corpus_card(kind)))
    for name in tasks:
        (root / "tasks" / f"{name}.py").write_text(f"# {name}\n")
        _data(root, TASKS[name], kind, rows)
        for family in families:
            _predictions(root, TASKS[name], family, seeds)
        _linear_predictions(root, TASKS[name])
    return root


def score(
    root: Path,
    tasks: tuple[str, ...] = tuple(TASKS),
    families: tuple[str, ...] = FAMILIES,
    seeds: tuple[int, ...] = SEEDS,
) -> None:
    """Run the real `score` stage over the grid."""
    from harness.stages import score as stage

    given = score_settings(seeds, families)
    for name in tasks:
        for family in families:
            stage.run(root, TASKS[name], family, given)
        stage.run_classic(root, TASKS[name])
        stage.run_disclosure(root, TASKS[name], given)


def settings(
    tasks: tuple[str, ...] = tuple(TASKS),
    families: tuple[str, ...] = FAMILIES,
    seeds: tuple[int, ...] = SEEDS,
):
    """What `report` and `track` are given."""
    from harness.params.config import ReportSettings, Run, Statistics
    from harness.params.folds import CrossValidation, Folds

    none = CrossValidation((), Folds(5, 2, 0.125))
    return ReportSettings(Run("embedded", tasks, families, seeds), Statistics(**STATISTICS), none)


def score_settings(seeds: tuple[int, ...] = SEEDS, families: tuple[str, ...] = FAMILIES):
    """What `score` is given."""
    from harness.params.config import ScoreSettings, Statistics

    return ScoreSettings(families, seeds, Statistics(**STATISTICS))


def _corpus_card(kind: str) -> dict:
    tally = {
        "documents": {"in": 12_345, "kept": 12_340},
        "removed": {"overlap with nor_deid": {"documents": 5, "by_document_type": {"discharge_summary": 5}}},
        "words": 1_234_567,
        "longest_match": {"kept": 11, "removed": 80},
    }
    return {
        "source": {"kind": kind},
        "overlap": {"n": 13, "coverage": 0.5, "planted": {"planted": 200, "found": 200, "recall": 1.0}},
        "parts": {"general": tally | {"removed": {}}, "clinical": tally},
    }


def _checkpoint(folder: Path, arm: str, family: str, after: tuple[float, float]) -> None:
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(f'{{"family": "{family}"}}')
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(f"{family} {arm}".encode())
    losses = [{"step": step, "loss": 9.0 - step / 100} for step in (0, 100, 200)]
    names = ("general", "clinical")
    held_out = {"before": dict.fromkeys(names, 9.0), "after": dict(zip(names, after, strict=True))}
    card = {
        "arm": arm,
        "family": family,
        "parent": None if arm == "baseline" else "0" * 64,
        "source": "build",
        "parameters": 1_500_000,
        "losses": losses,
        "held_out_loss": held_out,
    }
    files.write_json(folder / checkpoint.NAME, described(checkpoint.FORMAT, card))


def _data(root: Path, task: Task, kind: str, rows: int) -> None:
    chance = random.Random(f"data {task.name}")
    records, splits, groups = [], {}, {}
    for i in range(max(3 * rows, 30)):
        part = "test" if i < rows else "validation" if i < rows + 10 else "train"
        record = {"id": f"{task.name}-{i:04}", "group": f"{task.name}-{i:04}", "part": "pool"}
        groups[record["id"]] = f"g{i // 2 if task.head == 'pair' else i}"
        _fill(record, task, chance)
        records.append(record)
        splits[record["id"]] = part
    if task.head == "tokens":
        for i in range(15):
            record = {"id": f"holdout-{i:04}", "group": f"h{i}", "part": "holdout"}
            _fill(record, task, chance)
            records.append(record)
            splits[record["id"]] = "holdout"
            groups[record["id"]] = record["id"]
    folder = root / "artifacts" / "validated" / task.name
    files.write_jsonl(folder / "records.jsonl", records)
    validated.Card.of(
        task=task.name,
        head=task.head,
        version="1",
        kind=kind,
        source={
            "kind": kind,
            "address": "",
            "revision": "",
            "files": {"rows.jsonl": "0" * 64},
            "licence": "CC0-1.0",
            "language": "nb",
            "citation": "",
            "note": "invented",
        },
        rows_in=len(records) + 3,
        rows=len(records),
        dropped={"markup left": 2, "empty text": 1},
        repaired={"tag alias": 5},
        labels={},
        parts={"pool": max(3 * rows, 30), "holdout": len(records) - max(3 * rows, 30)},
        sha256=files.sha256(folder / "records.jsonl"),
    ).write(folder / "card.json")
    files.write_json(
        root / "reports" / "splits" / f"{task.name}.json",
        {"task": task.name, "source": "synthetic", "seed": 1, "shares": {}, "splits": splits},
    )
    found = {
        "rows": len(records),
        "groups": len(set(groups.values())),
        "largest_group": 2,
        "excluded": 0,
        "near_duplicate_threshold": 0.9,
        "near_duplicate_links": 4,
        "splits": {
            part: {"rows": list(splits.values()).count(part), "groups": 1, "labels": {}}
            for part in sorted(set(splits.values()))
        },
        "checks": [
            {
                "check": "groups across splits",
                "level": "ok",
                "count": 0,
                "ids": [],
                "detail": "one group",
            },
            {
                "check": "label shares",
                "level": "ok",
                "count": 0,
                "ids": [],
                "detail": "largest deviation 0.0123",
            },
        ],
        "text_blind_rule": None,
    }
    files.write_json(split.leakage_place(root, task.name), described(split.LEAKAGE, found))
    files.write_json(root / "artifacts" / "splits" / task.name / "groups.json", groups)


def _fill(record: dict, task: Task, chance: random.Random) -> None:
    number = int(record["id"].rsplit("-", 1)[1])
    if task.head == "choice":
        record |= {"question": SECRET, "options": [SECRET] * len(task.labels)}
    elif task.head == "pair":
        record |= {"text_pair": SECRET + "." * number}
    elif task.head == "sequence":
        record["written_standard"] = "nynorsk" if number % 4 == 0 else "bokmål"
    if task.head == "tokens":
        record["document_type"] = "rare note" if number < 3 else "epikrise" if number % 2 else "referral"
        record["text"] = (SECRET + " ") * 20
        record["spans"] = [
            {"start": 20 * k, "end": 20 * k + 8, "label": chance.choice(task.labels)}
            for k in range(8)
            if chance.random() < 0.7
        ]
    else:
        record["text"] = SECRET
        record["label"] = chance.choice(task.labels)


def _predictions(root: Path, task: Task, family: str, seeds: tuple[int, ...]) -> None:
    records = files.read_jsonl(root / "artifacts" / "validated" / task.name / "records.jsonl")
    manifest = root / "reports" / "splits" / f"{task.name}.json"
    splits = files.read_json(manifest)["splits"]
    folder = root / "artifacts" / "predictions" / task.name / family
    runs = []
    for arm in ("baseline", "clinical"):
        for seed in seeds:
            skill = 0.55 + 0.1 * (arm == "clinical") + 0.02 * seed
            chance = random.Random(f"{task.name} {family} {arm} {seed}")
            lines = [
                _line(task, record, splits[record["id"]], skill, chance)
                for record in records
                if splits[record["id"]] != "train"
            ]
            path = folder / f"{arm}-seed{seed}.jsonl"
            files.write_jsonl(path, sorted(lines, key=lambda line: (line["part"], line["id"])))
            runs.append(
                {
                    "arm": arm,
                    "seed": seed,
                    "steps": 100,
                    "best_step": 80,
                    "best_selection": skill,
                    "best_validation": skill,
                    "curve": [
                        {"step": step, "train_loss": 1 / step, "selection": skill, "validation": skill}
                        for step in (20, 40, 60, 80)
                    ],
                    "diverged": False,
                    "predictions": files.sha256(path),
                }
            )
    checkpoints = root / "artifacts" / "checkpoints" / family
    Runs.of(
        task=task.name,
        family=family,
        labels=list(task.labels),
        recipe={"steps": 100, "batch": 8, "learning_rate": 0.001},
        engine={"device": "cpu", "precision": "fp32", "attention": "sdpa", "reproducible": "fast"},
        treatment={},
        libraries={"torch": "2.13.0", "transformers": "5.23.0"},
        inputs={
            **split.hashes(root, task.name),
            "checkpoints": {arm: files.sha256_tree(checkpoints / arm) for arm in ("baseline", "clinical")},
        },
        selection="none",
        runs=runs,
    ).write(folder / "runs.json")


def _linear_predictions(root: Path, task: Task) -> None:
    records = root / "artifacts" / "validated" / task.name / "records.jsonl"
    manifest = root / "reports" / "splits" / f"{task.name}.json"
    splits, chance = files.read_json(manifest)["splits"], random.Random(f"{task.name} classic")
    lines = [
        _line(task, record, splits[record["id"]], 0.5, chance)
        for record in files.read_jsonl(records)
        if splits[record["id"]] != "train"
    ]
    folder = root / "artifacts" / "classic" / task.name
    files.write_jsonl(folder / "predictions.jsonl", lines)
    system = "linear_tagger" if task.head == "tokens" else "logistic_regression"
    run = {"arm": system, "seed": 0, "settings": {"strength": 1.0}}
    LinearRuns.of(
        task=task.name,
        labels=list(task.labels),
        libraries={"scikit-learn": "1.9.1"},
        inputs=split.hashes(root, task.name),
        runs=[run | {"predictions": files.sha256(folder / "predictions.jsonl")}],
    ).write(folder / "runs.json")


def _line(task: Task, record: dict, part: str, skill: float, chance: random.Random) -> dict:
    line = {"id": record["id"], "part": part, "group": record["group"]}
    if task.head == "tokens":
        gold = [[s["start"], s["end"], s["label"]] for s in record["spans"]]
        found = [[a, b - (chance.random() > skill), x] for a, b, x in gold if chance.random() < skill + 0.3]
        return {**line, "gold": gold, "prediction": found, "length": len(record["text"])}
    prediction = record["label"] if chance.random() < skill else chance.choice(task.labels)
    scores = [round(1 / len(task.labels), 6)] * len(task.labels)
    if len(task.labels) == 2:
        sure = round(chance.uniform(0.05, 0.45), 2)
        scores = [1 - sure, sure] if prediction == task.labels[0] else [sure, 1 - sure]
    return {**line, "gold": record["label"], "prediction": prediction, "scores": scores}


def decided(root, task, kind_of, kind="synthetic"):
    """The records with what decides them, as data say whose truth is known; everything that is recorded of them too."""
    validated = root / "artifacts" / "validated" / task
    records = files.read_jsonl(validated / "records.jsonl")
    groups = files.read_json(root / "artifacts" / "splits" / task / "groups.json")
    of = {record["id"]: kind_of(groups[record["id"]]) for record in records}
    files.write_jsonl(validated / "records.jsonl", [r | {"decided_by": of[r["id"]]} for r in records if of[r["id"]]])
    files.write_json(validated / "card.json", files.read_json(validated / "card.json") | {"kind": kind})
    artifacts = root / "artifacts"
    for runs in (*(artifacts / "predictions" / task).glob("*/runs.json"), artifacts / "classic" / task / "runs.json"):
        recorded = files.read_json(runs)
        recorded["inputs"]["records"] = files.sha256(validated / "records.jsonl")
        files.write_json(runs, recorded)
    return of


def by_digit(group):
    return "clinical" if int(group[-1], 36) % 2 else "everyday"
