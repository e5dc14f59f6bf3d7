"""Two sites that differ in all that is hidden, and in nothing that is released: whatever leaves them is the same.

The second site has other gold labels and answers that release the same figures (`harness.statistics.disclosure.twins`),
other validation rows, label totals and small counts in its cards. Files that hold every row go by their hash; here the
hash of a file that is not published is that of its name, so that what is left of a difference is one that can be read.
"""

import hashlib
import json
import random
import re
import shutil
from pathlib import Path

import fakes
import numpy as np
import pytest

from harness.artifacts import predictions
from harness.audit import recomputing
from harness.export import bundle
from harness.report.disclosure import disclosed_cards, released
from harness.stages import report
from harness.statistics import paired, task_metrics
from harness.statistics.disclosure import coarsening, disclosing, hidden, twins
from harness.statistics.disclosure.coarsening import NAMED
from harness.system import files
from harness.tracking import read, sync

TASKS, FAMILIES, SEEDS = ("aismec", "synergi", "nor_deid"), ("nb_bert",), (1, 2)
OF = {name: fakes.TASKS[name] for name in TASKS}
PRIVATE = ("validated", "predictions", "linear", "splits", "scores", "corpus", "checkpoints")


@pytest.fixture(autouse=True)
def hashes_of_names(monkeypatch):
    """A file of the site that nobody else sees is told by its hash alone."""
    real = files.sha256

    def named(path):
        # A scratch copy of the repository has such a folder of its own, inside that of the repository.
        _, found, place = str(path).rpartition("/artifacts/")
        inside = found and place.split("/")[0] in PRIVATE
        return hashlib.sha256(place.encode()).hexdigest() if inside else real(path)

    for module in (files, predictions):
        monkeypatch.setattr(module, "sha256", named)


def built(root: Path) -> Path:
    fakes.build(root, TASKS, FAMILIES, SEEDS, kind="restricted", rows=24)
    for name, task in OF.items():
        path = root / "artifacts" / "validated" / name / "card.json"
        files.write_json(path, files.read_json(path) | {"labels": dict.fromkeys(task.labels, 9)})
    types = {"note": 400, "letter": 3, "form": 2}
    for arm in ("baseline", "clinical"):
        path = root / "artifacts" / "checkpoints" / "nb_bert" / arm / "harness.json"
        corpus = {"clinical": {"kind": "restricted", "documents": 405, "document_types": types, "sha256": "0" * 64}}
        files.write_json(path, files.read_json(path) | {"corpus": corpus})
    return root


def twin_of(root: Path, other: Path, rung: coarsening.Rung) -> Path:
    """`other` as a copy of `root` with another inside."""
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    shutil.copytree(root, other)
    artifacts = other / "artifacts"
    for name, task in OF.items():
        made = _other_rows(disclosing._Rows(root, task, fakes.score_settings(SEEDS, FAMILIES)), task, rung)
        records = files.read_jsonl(artifacts / "validated" / name / "records.jsonl")
        parts = files.read_json(other / "reports" / "splits" / f"{name}.json")["splits"]
        _other_records(records, parts, made, name)
        files.write_jsonl(artifacts / "validated" / name / "records.jsonl", records)
        for folder in (artifacts / "predictions" / name / "nb_bert", artifacts / "linear" / name):
            _other_answers(folder, {record["id"]: record for record in records}, made)
        card = files.read_json(artifacts / "validated" / name / "card.json")
        dropped = {"markup left": 1, "empty text": 3}
        files.write_json(
            artifacts / "validated" / name / "card.json",
            card | {"dropped": dropped, "rows_in": card["rows"] + 4, "labels": dict.fromkeys(task.labels, 2)},
        )
        place = artifacts / "splits" / name / "leakage.json"
        leakage = files.read_json(place) | {"near_duplicate_links": 2, "largest_group": 4}
        leakage["checks"][1] |= {"level": "note", "count": 3, "detail": "largest deviation 0.0456"}
        files.write_json(place, leakage)
    for path in artifacts.glob("checkpoints/*/*/harness.json"):
        card = files.read_json(path)
        card["corpus"]["clinical"]["document_types"] |= {"letter": 2, "form": 3}
        files.write_json(path, card)
    return other


def _other_rows(rows, task, rung) -> dict:
    """By system and run, and for gold: what each test row has in the twin."""
    decided = rows.decided("test", task_metrics)
    true = hidden.of(task, decided)
    order, _ = hidden.ordered(decided[0][2])
    ids = [[row["id"] for row in rows._lines["test"][0][2]][i] for i in order]
    search, chance = twins.Search(true, rung, paired.Settings(0.95, 0.02)), np.random.default_rng(1)
    other = None
    for label, n in enumerate(true.gold_counts()):
        for value in (n + 1, n + 2, n - 1):
            made = true.with_gold(label, int(value), chance)
            other = other or (made and search._repaired(made))
    assert other is not None and (other.gold_counts() != true.gold_counts()).any()
    assert all((other.answers[system] != true.answers[system]).any() for system in FAMILIES)
    found = {"gold": dict(zip(ids, other.gold.tolist(), strict=True))}
    for system, answers in other.answers.items():
        for run, given in enumerate(answers):
            found[system, run] = dict(zip(ids, given.tolist(), strict=True))
    return found


def _other_records(records: list[dict], parts: dict, made: dict, name: str) -> None:
    """The twin's gold in the test part; other labels in training and validation, of which nothing may leave."""
    labels, chance = OF[name].labels, random.Random(name)
    for record in records:
        at = made["gold"].get(record["id"])
        if "spans" in record:
            n = chance.randrange(1, 9) if at is None else at[0]
            if parts[record["id"]] != "holdout":
                record["spans"] = [{"start": 20 * k, "end": 20 * k + 8, "label": labels[k % 8]} for k in range(n)]
        else:
            record["label"] = chance.choice(labels) if at is None else labels[at]


def _other_answers(folder: Path, records: dict, made: dict) -> None:
    runs = files.read_json(folder / "runs.json")
    for number, run in enumerate(runs["runs"]):
        linear = folder.name in TASKS
        path = folder / ("predictions.jsonl" if linear else f"{run['arm']}-seed{run['seed']}.jsonl")
        lines = files.read_jsonl(path)
        for line in lines:
            if line["part"] != "holdout":
                given = made["linear" if linear else folder.name, number].get(line["id"])
                _answer(line, records[line["id"]], given, folder)
        files.write_jsonl(path, lines)
        if not linear:
            run |= {"best_validation": 0.123, "best_selection": 0.321}
            run["curve"] = [point | {"validation": 0.2, "selection": 0.3} for point in run["curve"]]
    files.write_json(folder / "runs.json", runs)


def _answer(line: dict, record: dict, given, folder: Path) -> None:
    if "spans" in record:
        gold = [[span["start"], span["end"], span["label"]] for span in record["spans"]]
        found, invented = (len(gold) // 2, 1) if given is None else given[0]
        more = [[20 * k + 10, 20 * k + 12, "Date"] for k in range(invented)]
        line |= {"gold": gold, "prediction": sorted(gold[:found] + more)}
        return
    labels = OF[line["id"].rsplit("-", 1)[0]].labels
    answer = record["label"] if given is None else labels[given]
    scores = [round(1 / len(labels), 6)] * len(labels)
    if len(labels) == 2:
        scores = [0.75, 0.25] if answer == labels[0] else [0.25, 0.75]
    line |= {"gold": record["label"], "prediction": answer, "scores": scores}


def published(root: Path) -> dict[str, bytes | str]:
    """All that leaves or is in git, by name: reports, bundle, MLflow's store, and the files that DVC's lock names by
    their hash and that hold nothing but what is published."""
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    settings = fakes.settings(TASKS, FAMILIES, SEEDS)
    report.run(root, settings, OF)
    sync.record(root, settings, OF)
    known = disclosed_cards.disclosed(report.read_background(root, settings))
    releases = {name: released.release(root, name) for name in TASKS}
    site = bundle.Site(root, OF, known, lambda to: report.run(to, settings, OF), releases)
    with recomputing.scratch(root) as scratch:
        recomputing.link_inputs(root, scratch, ("harness", "tasks", *recomputing.REPORTED))
        bundle.export(site, root / "bundle", scratch)
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("reports", "bundle")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }
    found["artifacts/report.json"] = (root / "artifacts" / "report.json").read_bytes()
    for run in read.read(root):
        content = [run.tags, run.params, {name: run.curve(name) for name in run.metrics}, run.datasets]
        # Runs have names by chance.
        text = re.sub(r"\b[0-9a-f]{32}\b", "", json.dumps(content, sort_keys=True))
        found |= {f"MLflow, {run.name}": text} | {f"MLflow, {run.name}, {k}": v for k, v in run.files().items()}
    return found


RUNGS = [("direction", 0.05), ("difference", 0.02), ("verdict", 1.0), ("withheld", 1.0)]


@pytest.mark.parametrize(
    "rung",
    [pytest.param(NAMED[name], marks=pytest.mark.extended if number else []) for number, name in enumerate(RUNGS)],
    ids=lambda rung: f"{rung.name} {rung.step}",
)
def test_sites_that_release_the_same_figures_publish_the_same_bytes(tmp_path, monkeypatch, rung):
    checked = twins.Checked(rung, {})
    monkeypatch.setattr(twins, "check", lambda parts, known, **of: dict.fromkeys(parts, checked))
    first = built(tmp_path / "first" / "site")
    second = twin_of(first, tmp_path / "second" / "site", rung)
    mine, other = published(first), published(second)
    assert len(mine) > 40 and mine.keys() == other.keys()
    assert [name for name in mine if mine[name] != other[name]] == []
