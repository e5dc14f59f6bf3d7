"""Write random results for any tasks, as the stages up to `finetune` would write them.

Every file has the format that the real stages write. So the later stages run on these files as they do in the pipeline.
"""

import dataclasses
import functools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness import heads
from harness.artifacts import checkpoint, split, validated
from harness.artifacts.artifact import described
from harness.params import profiles
from harness.params.arms import SHARED
from harness.params.config import ReportSettings, Run, ScoreSettings, Statistics
from harness.params.folds import CrossValidation, Folds
from harness.params.reading import parse
from harness.params.robustness import NOT_DONE, Robustness
from harness.params.whole import Params
from harness.plugins import examples
from harness.system import files
from harness.task import Task
from harness.testing import chance

FAMILIES = ("nb_bert",)
SEEDS = (1, 2)
STATISTICS = Statistics(level=0.95, margin=0.02, primary="control")
_MADE_BY: dict[str, dict[str, Any]] = {"recipe": {"steps": 100, "batch": 8, "learning_rate": 0.001},
            "engine": {"device": "cpu", "precision": "fp32", "attention": "sdpa", "reproducible": "fast"}}  # fmt: skip


def columns(task: Task, number: int, drawn: random.Random) -> dict[str, Any]:
    """The texts and the answer of an invented record, drawn from the rows that `harness new-task` writes.

    `number` is the number of the record. It is not used here, but another function that is given to `build` may use it.
    """
    rows = examples.rows(heads.of(task), task.labels)
    found = {key: value for key, value in rows[drawn.randrange(len(rows))].items() if key not in ("id", "group")}
    if "words" not in found:
        return found
    words = found.pop("words")
    starts = [sum(len(word) + 1 for word, _ in words[:i]) for i in range(len(words))]
    spans = [{"start": s, "end": s + len(w), "label": x} for s, (w, x) in zip(starts, words, strict=True) if x]
    return {"text": " ".join(word for word, _ in words), "spans": spans}


def build(
    root: Path,
    tasks: Sequence[Task],
    families: Sequence[str] = FAMILIES,
    seeds: Sequence[int] = SEEDS,
    *,
    kind: str = "synthetic",
    rows: int = 40,
    columns: Callable[[Task, int, random.Random], dict[str, Any]] = columns,
    robustness: Robustness = NOT_DONE,
) -> Path:
    """Write the inputs of the stages `score`, `report` and `track` below `root`. Returns `root`.

    `rows` is the number of test rows. `kind` is the kind of all data: "synthetic", "public" or "restricted".
    `columns(task, number of the record, random generator)` returns the fields of a record except id, group and part.
    `families` are names of families in the profile `embedded`.
    """
    root, settings = Path(root), _settings(tuple(task.name for task in tasks))
    files.write_text(root / "harness" / "module.py", "VALUE = 1\n")
    for task in tasks:
        files.write_text(root / "tasks" / f"{task.name}.py", f"# {task.name}\n")
        _data(root, task, kind, rows, columns)
    chance.write_corpus(root, settings, {"kind": kind}, {name: [b"{}\n"] * 9 for name in SHARED})
    for family in families:
        for folder, card in chance.write_checkpoints(
            root, settings, family, dict.fromkeys(("baseline", "clinical"), "0" * 64)
        ):
            files.write_json(folder / checkpoint.NAME, card)
    for task in tasks:
        for family in families:
            chance.write_predictions(root, task, family, seeds, robustness, **_MADE_BY)
        chance.write_linear_predictions(root, task)
    return root


def score(root: Path, tasks: Sequence[Task], families: Sequence[str] = FAMILIES, seeds: Sequence[int] = SEEDS) -> None:
    """Run the stage `score` on the results that `build` wrote."""
    from harness.stages import score as stage

    given = score_settings(families, seeds)
    for task in tasks:
        for family in families:
            stage.run(root, task, family, given)
        stage.run_linear(root, task)
        stage.run_disclosure(root, task, given)


def report(root: Path, tasks: Sequence[Task], families: Sequence[str] = FAMILIES, seeds: Sequence[int] = SEEDS) -> None:
    """Run the stage `report` on the scores that `score` wrote."""
    from harness.stages import report as stage

    of = {task.name: task for task in tasks}
    stage.run(root, settings(tuple(of), families, seeds), of)


def settings(tasks: Sequence[str], families: Sequence[str] = FAMILIES, seeds: Sequence[int] = SEEDS) -> ReportSettings:
    """The settings of the stages `report` and `track` for these results."""
    none = CrossValidation((), Folds(5, 2, 0.125))
    return ReportSettings(Run("embedded", tuple(tasks), tuple(families), tuple(seeds)), STATISTICS, none)


def score_settings(families: Sequence[str] = FAMILIES, seeds: Sequence[int] = SEEDS) -> ScoreSettings:
    """The settings of the stage `score` for these results."""
    return ScoreSettings(tuple(families), tuple(seeds), STATISTICS)


@functools.cache
def _settings(tasks: tuple[str, ...]) -> Params:
    every = parse(profiles.text("embedded")).everything()
    return dataclasses.replace(every, run=dataclasses.replace(every.run, tasks=tasks))


def _data(root: Path, task: Task, kind: str, rows: int, columns: Callable) -> None:
    drawn, records, parts, groups = random.Random(f"data {task.name}"), [], {}, {}
    paired, pool = "text_pair" in heads.of(task).texts, max(3 * rows, 30)
    places = [
        (f"{task.name}-{i:04}", "test" if i < rows else "validation" if i < rows + 10 else "train") for i in range(pool)
    ]
    # A second test set, as sets of documents have.
    places += [(f"holdout-{i:04}", "holdout") for i in range(15 * heads.of(task).windowed)]
    for key, part in places:
        number = int(key.rsplit("-", 1)[1])
        record = {"id": key, "group": key, "part": "holdout" if part == "holdout" else "pool"}
        records.append(record | columns(task, number, drawn))
        parts[key] = part
        groups[key] = key if part == "holdout" else f"g{number // 2 if paired else number}"
    files.write_jsonl(validated.records_place(root, task.name), records)
    source = dict.fromkeys(("address", "revision", "citation"), "") | {"note": "invented", "language": "nb"}
    validated.Card.of(
        task=task.name,
        head=task.head,
        version=task.version,
        kind=kind,
        source=source | {"kind": kind, "files": {"rows.jsonl": "0" * 64}, "licence": task.licence},
        rows_in=len(records) + 3,
        rows=len(records),
        dropped={"markup left": 2, "empty text": 1},
        repaired={"tag alias": 5},
        labels={},
        parts={"pool": pool, "holdout": len(records) - pool},
        sha256=files.sha256(validated.records_place(root, task.name)),
    ).write(validated.folder_of(root, task.name) / "card.json")
    manifest = {"task": task.name, "source": kind, "seed": 1, "shares": {}, "splits": parts}
    files.write_json(split.manifest_place(root, task.name), manifest)
    split.Groups.of(groups=groups).write(split.groups_place(root, task.name))
    checks = (("groups across splits", "one group"), ("label shares", "largest deviation 0.0123"))
    held = list(parts.values())
    found = {
        "rows": len(records),
        "groups": len(set(groups.values())),
        "largest_group": 2,
        "excluded": 0,
        "near_duplicate_threshold": 0.9,
        "near_duplicate_links": 4,
        "splits": {part: {"rows": held.count(part), "groups": 1, "labels": {}} for part in sorted(set(held))},
        "checks": [{"check": name, "level": "ok", "count": 0, "ids": [], "detail": said} for name, said in checks],
        "text_blind_rule": None,
    }
    files.write_json(split.leakage_place(root, task.name), described(split.LEAKAGE, found))
