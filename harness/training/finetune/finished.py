"""Keep the finished runs of a comparison until all of it is finished, so that a kill costs the run it hits alone.

A stage's outputs are whole or not there, and DVC removes them before the stage runs again. What a comparison has
finished lies beside them until then.
"""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.pipeline.code import code_hash
from harness.system.files import canonical_json, read_json, sha256, sha256_value, write_bytes, write_json
from harness.task import Task
from harness.training.finetune.runs import Job

FOLDER = "finished_runs"  # below artifacts/


@contextlib.contextmanager
def kept(root: Path, comparison: str, task: Task, made_of: Mapping, stage: str) -> Iterator[Path]:
    """The folder for the finished runs of `comparison`, which is removed when the block ends without an error.

    `made_of` is, as plain values, what a run depends on beside its `Job` and what `task` declares, such as the hash
    of its splits; `stage` is the module whose code it is. Runs of other settings, inputs, declarations or code are
    removed.
    """
    above = root / "artifacts" / FOLDER / comparison
    declared = [task.head, task.labels, task.positive, task.metrics[0]]
    folder = above / sha256_value({**made_of, "task": declared, "code": code_hash(stage)})[:16]
    for other in above.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    yield folder
    shutil.rmtree(root / "artifacts" / FOLDER / comparison, ignore_errors=True)


@dataclass(frozen=True)
class Resumable:
    """Calling it gives the result of a job: the one in `folder`, or that of `work`, which is then kept there.

    `name` tells apart the jobs of several workers that share the folder.
    """

    work: Callable[[Job, Callable[[int], None]], dict]
    folder: Path
    name: str = ""

    def __call__(self, job: Job, report: Callable[[int], None]) -> dict:
        place = self.folder / f"{self._key(job)}.json"
        answers = place.with_suffix(".jsonl")
        with contextlib.suppress(OSError, HarnessError):
            result = read_json(place)
            if sha256(answers) == result["predictions"]:
                write_bytes(job.file, answers.read_bytes())
                report(job.recipe.steps)
                return result
        # A result that comes back from a file has lists for tuples; so has one that does not.
        result = json.loads(canonical_json(self.work(job, report)))
        write_bytes(answers, job.file.read_bytes())
        write_json(place, result)
        return result

    def _key(self, job: Job) -> str:
        values = dataclasses.asdict(job) | {"checkpoint": job.checkpoint.name, "file": job.file.name}
        return sha256_value({**values, "of": self.name})[:32]
