"""Kill `harness pretrain` at random moments, and check that it ends with the bytes of an undisturbed run.

Usage: python benchmarks/interruption.py [--family nb_bert …] [--rounds 10] [--save-steps 20] [--seed 1]

The corpus and the baselines of a finished run (artifacts/) are copied into a temporary copy of this checkout. There,
each family's clinical arm is trained once undisturbed. In every round, the folder of the arm is removed and the command
is started again. SIGKILL ends all processes of the command at a moment that is drawn evenly from 5 to 95 % of the
undisturbed time. In every third round, the restarted command is killed, too. The last start runs to its end, and the
SHA-256 of every file in the folder is compared. `--save-steps` is the interval of saved states in updates. With the
profile's own interval of 140, half of the kills would come before the first state. Prints a Markdown row per family,
and exits with 1 if a file differs.
"""

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("nb_bert", "norbert3", "modernbert")
FIRST, LAST = 0.05, 0.95  # of the undisturbed time


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", nargs="+", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--save-steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the copy goes (default: a temporary folder)")
    options = parser.parse_args()
    print("| family | files | undisturbed, s | kills | with a state to go on from | its update | same bytes |")
    print("|---|---|---|---|---|---|---|")
    same = True
    for family in options.family:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            copy(Path(folder), family, options.save_steps)
            same &= measure(Path(folder), family, options)
    return 0 if same else 1


def copy(target: Path, family: str, save_steps: int) -> None:
    """Copy what the command needs of this checkout, so that changes of the code meanwhile do not reach it."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("harness", "tasks"):
        shutil.copytree(ROOT / name, target / name, ignore=unwanted)
    for name in ("artifacts/corpus", f"artifacts/checkpoints/{family}/baseline"):
        shutil.copytree(ROOT / name, target / name)
    shutil.copy(ROOT / "dvc.yaml", target)
    given = (ROOT / "params.yaml").read_text(encoding="utf-8")
    changed = re.sub(r"save_steps: \d+", f"save_steps: {save_steps}", given)
    (target / "params.yaml").write_text(changed, encoding="utf-8")


def measure(root: Path, family: str, options) -> bool:
    clinical = root / "artifacts" / "checkpoints" / family / "clinical"
    rng = random.Random(f"{options.seed} {family}")
    started = time.monotonic()
    if started_in(root, family).wait():
        raise SystemExit(f"{family}: the undisturbed run failed")
    whole = time.monotonic() - started
    expected = hashes(clinical)
    kills, resumable, updates, equal = 0, 0, [], 0
    for number in range(options.rounds):
        shutil.rmtree(clinical, ignore_errors=True)
        for _ in range(2 if number % 3 == 2 else 1):
            process = started_in(root, family)
            try:
                process.wait(whole * rng.uniform(FIRST, LAST))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                saved = saved_update(root, family)
                kills, resumable, updates = kills + 1, resumable + (saved > 0), [*updates, saved]
        if started_in(root, family).wait():
            raise SystemExit(f"{family}: a restart failed in round {number + 1}")
        equal += hashes(clinical) == expected
    print(
        f"| {family} | {len(expected)} | {whole:.0f} | {kills} | {resumable} "
        f"| {', '.join(map(str, sorted(updates)))} | {equal} of {options.rounds} |",
        flush=True,
    )
    return equal == options.rounds


def started_in(root: Path, family: str) -> subprocess.Popen:
    """Start `harness pretrain` in `root` and return its process, which leads a process group of its own."""
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.Popen(
        [sys.executable, "-m", "harness", "pretrain", family],
        cwd=root, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def saved_update(root: Path, family: str) -> int:
    """The number of the update after which the newest state was saved. 0 if there is no saved state."""
    names = (root / "artifacts" / "states" / family).rglob("0*.json")
    return max((int(path.stem) for path in names), default=0)


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


if __name__ == "__main__":
    sys.exit(main())
