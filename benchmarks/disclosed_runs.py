"""Run whole restricted sites, from their files to the export, and attack every file that the sites publish.

    python benchmarks/disclosed_runs.py --rows 60 150 600 [--steps 30]

For each number of rows, a site of two tasks is made, one with two labels and one with eight. The site builds and trains
its encoders, a linear model, a report, an MLflow store and a bundle. Each task has one line of JSON: what is released
of the task, the verdict, "told", and "leaking". "told" is the number of counts that an attacker can bound by trying all
data with the released means and differences (`tests/attacker.py`). "leaking" has the figures of the site's own scores
that a published file contains although they are not released. With eight labels and more than thirty test rows, the
attack tries only some gold counts (`disclosure.py`).
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "statistics" / "disclosure")]

import attacker  # noqa: E402
import disclosure  # noqa: E402
import restricted_site  # noqa: E402

from harness.testing.parameters import changing  # noqa: E402

TASKS, FAMILY, SEEDS = ("aismec", "synergi"), "norbert3", 3
LABEL = {"aismec": ("calls.jsonl", "outcome", "transcript"), "synergi": ("incidents.jsonl", "category", "text")}


def built(base: Path, rows: int, steps: int) -> Path:
    """A site with `rows` rows per task. Four of five rows have a word that goes with their label."""
    restricted_site.ROWS, restricted_site.TASKS = rows, TASKS
    site = restricted_site.build(REPOSITORY, base)
    chance = random.Random(rows)
    for task, (name, label, text) in LABEL.items():
        path = base / "qzxcangiven" / task / name
        made = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for row in made:
            if chance.random() < 0.8:
                row[text] += f" {row[label].replace('_', ' ')}"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), encoding="utf-8")
    with changing(site) as params:
        params["run"]["seeds"], params["corpus"]["training_texts_of"] = list(range(1, SEEDS + 1)), []
        for task in TASKS:
            params["tasks"][task].update(steps=steps, evaluate_every=steps // 2)
    return site


def run(site: Path) -> None:
    """Run every stage of the site, and then its export."""
    of_tasks = ("validate", "split", "finetune", "linear", "score")
    stages = [stage for stage in restricted_site.STAGES if stage[0] not in of_tasks or stage[1] in TASKS]
    for commands in (restricted_site.placing(site, TASKS), [*stages, ["export", "bundle"]]):
        done = restricted_site.call(site, commands, HARNESS_WORKERS="1")
        if done.returncode:
            raise SystemExit(done.stdout[-1000:] + done.stderr[-3000:])


def told(site: Path, task: str, labels: int) -> dict:
    reports = site / "reports"
    row = next(row for row in attacker.table(reports / "comparison.csv") if row["task"] == task)
    released = json.loads((site / "artifacts" / "scores" / task / "released.json").read_text(encoding="utf-8"))
    line = {"task": task, "labels": labels, "n_test": row["n_test"], "rung": released["rung"], "step": released["step"]}
    line |= {name: row[name] for name in ("verdict", "delta", "ci_low", "ci_high", "p_value")}
    if row["n_test"]:
        seen = attacker.read(reports, task, labels, SEEDS)
        with disclosure.some_golds(seen.rows, labels):
            line["told"] = len(attacker.tight(attacker.possible(seen)))
    line["leaking"] = attacker.leaking(site, task)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[60, 150, 600])
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args()
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            site = built(Path(folder), rows, options.steps)
            run(site)
            published = attacker.published(site)
            for task, labels in zip(TASKS, (2, 8), strict=True):
                print(json.dumps({"rows": rows, "files": len(published), **told(site, task, labels)}), flush=True)


if __name__ == "__main__":
    main()
