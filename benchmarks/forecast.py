"""Compare the forecast of `harness rehearse` with a finished run of the same parameters.

Usage: python benchmarks/forecast.py FORECAST.json RUN [--again STAGE/NAME …] [--cores 2]

FORECAST.json is the output of `harness rehearse --json`. RUN is the folder of a finished run, which is only read. Wall
time on a busy machine says little, so two things are compared:

- All stages that train: the time between the first and the last output (from the times of the files), times the
  cores, is compared with the sum of the forecasts. Whatever else the machine did then counts as time of the run.
- Single stages, with `--again`: each is run once more in a scratch folder, and its CPU time is compared. Stages are
  named `finetune/TASK/FAMILY`, `pretrain/FAMILY` or `checkpoint/FAMILY`. The operating system counts the CPU time of
  a process and its children, so other processes do not lengthen it.

Prints Markdown.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TRAINING = ("checkpoint", "pretrain", "finetune", "crossvalidate")
LINKED = ("harness", "tasks", "pipeline", "params.yaml", "reports", "data")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("forecast", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--again", nargs="*", default=[], metavar="STAGE/NAME")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    forecast = json.loads(options.forecast.read_text(encoding="utf-8"))
    stages = {f"{one['stage']} {one['name']}".strip(): one for one in forecast["stages"]}
    print("| stage | forecast, core s | run, core s | forecast / run |\n|---|--:|--:|--:|")
    for name in options.again:
        title = name.replace("/", " ")
        row(f"{title}, CPU", stages[title]["busy"], again(options.run.resolve(), name.split("/")))
    ends = dict(written(options.run))
    if finished := [title for title in stages if title in ends and stages[title]["stage"] in TRAINING]:
        begun = (options.run / "artifacts/corpus/card.json").stat().st_mtime
        taken = (max(ends[title] for title in finished) - begun) * options.cores
        row(f"all {len(finished)} that train, wall", sum(stages[title]["busy"] for title in finished), taken)


def row(title: str, forecast: float, run: float) -> None:
    print(f"| {title} | {forecast:,.0f} | {run:,.0f} | {forecast / run:.2f} |", flush=True)


def written(run: Path) -> Iterator[tuple[str, float]]:
    """(stage, time in seconds at which its outputs were complete) of a run."""
    for card in sorted((run / "artifacts/checkpoints").glob("*/*/harness.json")):
        family, arm = card.parts[-3:-1]
        if arm == "baseline":
            yield f"checkpoint {family}", card.stat().st_mtime
    for above in sorted((run / "artifacts/checkpoints").glob("*")):
        cards = [card for card in above.rglob("harness.json") if card.parent.name != "baseline"]
        if cards:
            yield f"pretrain {above.name}", max(card.stat().st_mtime for card in cards)
    for runs in sorted((run / "artifacts/predictions").glob("*/*/runs.json")):
        task, family = runs.parts[-3:-1]
        yield f"finetune {task} {family}", runs.stat().st_mtime


def again(run: Path, command: list[str]) -> float:
    """The CPU seconds of one stage and its processes, run again on the inputs of `run`."""
    stage, family = command[0], command[-1]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name in LINKED:
            (scratch / name).symlink_to(run / name)
        for name in ("validated", "splits", "corpus"):
            (scratch / "artifacts").mkdir(exist_ok=True)
            (scratch / "artifacts" / name).symlink_to(run / "artifacts" / name)
        if stage == "finetune":
            (scratch / "artifacts/checkpoints").symlink_to(run / "artifacts/checkpoints")
        elif stage == "pretrain":
            (scratch / "artifacts/checkpoints" / family).mkdir(parents=True)
            source = run / "artifacts/checkpoints" / family / "baseline"
            (scratch / "artifacts/checkpoints" / family / "baseline").symlink_to(source)
        environment = os.environ | {"PYTHONPATH": str(run)}
        process = subprocess.Popen([sys.executable, "-m", "harness", *command], cwd=scratch, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, " ".join(command)
        return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
