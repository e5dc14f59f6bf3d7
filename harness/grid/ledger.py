"""Ask DVC which comparisons of `harness grid` are stale, and enter finished ones in `dvc.lock`.

Only the grid's own process calls DVC, and its jobs do not. So the jobs never wait for DVC's lock on the repository.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError, MissingInputError
from harness.grid.comparisons import Comparison, is_locked, is_made
from harness.pipeline.declared import DVC, read_yaml
from harness.privacy import restricted
from harness.system.files import write_bytes

# `dvc repro` of these two stages also makes all stages before them.
UPSTREAM = "dvc repro split pretrain"


def stale(root: Path, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons that `dvc repro` would fine-tune again.

    Raises MissingInputError if an earlier stage is not up to date.
    """
    status = _status(root, [comparison.stage for comparison in comparisons])
    before = sorted(status.keys() - {comparison.stage for comparison in comparisons})
    pin = root / "data.dvc"
    if "generate" in before and pin.is_file() and read_yaml(pin).get("frozen"):
        # data/ are a site's own data, so the generated data are not used.
        before.remove("generate")
    if before:
        more = f" and {len(before) - 3} more" if len(before) > 3 else ""
        raise MissingInputError(
            f"Not up to date: {', '.join(before[:3])}{more}. The comparisons would use old inputs.",
            remedy=f"Run `{UPSTREAM}` first.",
        )
    return [comparison for comparison in comparisons if comparison.stage in status]


def record(root: Path, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Enter in `dvc.lock` and DVC's cache the comparisons that jobs made from the present inputs.

    Returns all other comparisons. DVC hashes the inputs once more. If a hash differs from a job's note, the old
    `dvc.lock` is restored and all comparisons are returned. Otherwise, `dvc.lock` would call predictions of other
    inputs up to date.
    """
    entered = [comparison for comparison in comparisons if is_made(root, comparison)]
    if not entered:
        return list(comparisons)
    lock = root / "dvc.lock"
    before = lock.read_bytes() if lock.is_file() else None
    _dvc(root, "--wait-for-lock", "commit", "--force", "--quiet", *(comparison.stage for comparison in entered))
    if all(is_locked(root, comparison) for comparison in entered):
        return [comparison for comparison in comparisons if comparison not in entered]
    if before is None:
        lock.unlink(missing_ok=True)
    else:
        write_bytes(lock, before)
    return list(comparisons)


def _status(root: Path, names: Sequence[str]) -> dict:
    return json.loads(_dvc(root, "--wait-for-lock", "status", "--json", "--with-deps", *names))


def _dvc(root: Path, *arguments: str) -> str:
    done = subprocess.run([*DVC, *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()
        # After the error, DVC may print where to ask for help.
        reason = next((line for line in reversed(said) if line.startswith("ERROR")), said[-1])
        action = next(word for word in arguments if not word.startswith("-"))
        told = restricted.without_files(reason, root)
        raise HarnessError(f"dvc {action} failed: {told}", remedy="Fix that, then run `harness grid` again.")
    return done.stdout
