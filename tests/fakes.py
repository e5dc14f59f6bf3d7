"""Results of chance for five invented tasks, by their names. The texts are the word SECRET, which no output may
hold."""

import random
from pathlib import Path

from harness.artifacts import split
from harness.system import files
from harness.task import Groups, Reading, Task
from harness.testing import results

NOR_DEID = ("Date", "First_Name", "Health_Care_Unit", "Age", "Location", "Last_Name", "Phone_Number",
            "Social_Security_Number")  # fmt: skip
SYNERGI = ("fall", "medication", "equipment", "infection", "documentation", "treatment_delay", "behaviour",
           "identification")  # fmt: skip
SECRET = "SECRET-TEXT"
FAMILIES = ("nb_bert", "norbert3", "modernbert")
SEEDS = (1, 2, 3)
STATISTICS = results.STATISTICS


def _task(name: str, title: str, head: str, labels: tuple, metrics: tuple, positive: str | None = None) -> Task:
    return Task(
        name, "1", title, head, lambda folder: Reading([], 0), lambda: None, labels, Groups(), metrics, "CC0-1.0",
        "Invented for the tests.", positive=positive,
    )  # fmt: skip


_DECLARED = (
    ("medmcqa", "Medical exam questions with four options", "choice", tuple("ABCD"), ("macro_f1", "accuracy")),
    ("medmqp", "Medical question pairs: the same question or not", "pair", ("0", "1"),
     ("binary_f1", "accuracy", "group_accuracy"), "1"),
    ("nor_deid", "Identifying details in discharge summaries", "tokens", NOR_DEID,
     ("strict_f1", "relaxed_f1", "macro_f1", "document_leak_rate")),
    ("aismec", "Stroke calls", "sequence", ("other", "stroke"), ("binary_f1", "sensitivity", "specificity", "mcc"),
     "stroke"),
    ("synergi", "Incident types", "sequence", SYNERGI, ("macro_f1", "micro_f1", "weighted_f1")),
)  # fmt: skip
TASKS = {name: _task(name, *rest) for name, *rest in _DECLARED}

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
        "n_replicates": 1, "differences": [0.0, 0.0], "groups_variance": 2.5e-7, "groups_df": 89.0, "interaction": 0.0,
        "skill_low": 0.0,
    }],
}  # fmt: skip


def build(root, tasks=tuple(TASKS), families=FAMILIES, seeds=SEEDS, kind="synthetic", rows=40):
    """See `harness.testing.results.build`."""
    return results.build(root, _of(tasks), families, seeds, kind=kind, rows=rows, columns=_columns)


def score(root, tasks=tuple(TASKS), families=FAMILIES, seeds=SEEDS) -> None:
    results.score(root, _of(tasks), families, seeds)


def settings(tasks=tuple(TASKS), families=FAMILIES, seeds=SEEDS):
    """What `report` and `track` are given."""
    return results.settings(tasks, families, seeds)


def score_settings(seeds=SEEDS, families=FAMILIES):
    """What `score` is given."""
    return results.score_settings(families, seeds)


def _of(names) -> list[Task]:
    return [TASKS[name] for name in names]


def _columns(task: Task, number: int, chance: random.Random) -> dict:
    if task.head == "tokens":
        kind = "rare note" if number < 3 else "epikrise" if number % 2 else "referral"
        spans = [
            {"start": 20 * k, "end": 20 * k + 8, "label": chance.choice(task.labels)}
            for k in range(8)
            if chance.random() < 0.7
        ]
        return {"document_type": kind, "text": (SECRET + " ") * 20, "spans": spans}
    record = {"text": SECRET, "label": chance.choice(task.labels)}
    if task.head == "choice":
        record |= {"question": SECRET, "options": [SECRET] * len(task.labels)}
    elif task.head == "pair":
        record |= {"text_pair": SECRET + "." * number}
    elif task.head == "sequence":
        record["written_standard"] = "nynorsk" if number % 4 == 0 else "bokmål"
    return record


def decided(root, task, kind_of, kind="synthetic"):
    """The records with what decides them, as data say whose truth is known; everything that is recorded of them too."""
    validated = root / "artifacts" / "validated" / task
    records = files.read_jsonl(validated / "records.jsonl")
    groups = split.groups_of(root, task)
    of = {record["id"]: kind_of(groups[record["id"]]) for record in records}
    files.write_jsonl(validated / "records.jsonl", [r | {"decided_by": of[r["id"]]} for r in records if of[r["id"]]])
    files.write_json(validated / "card.json", files.read_json(validated / "card.json") | {"kind": kind})
    artifacts = root / "artifacts"
    for runs in (*(artifacts / "predictions" / task).glob("*/runs.json"), artifacts / "linear" / task / "runs.json"):
        recorded = files.read_json(runs)
        recorded["inputs"]["records"] = files.sha256(validated / "records.jsonl")
        files.write_json(runs, recorded)
    return of


def by_digit(group):
    return "clinical" if int(group[-1], 36) % 2 else "everyday"


def report_text(root: Path) -> str:
    """The report as text: its first page and its appendix."""
    return "".join((root / "reports" / name).read_text(encoding="utf-8") for name in ("README.md", "appendix.md"))
