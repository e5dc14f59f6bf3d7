"""Keep the results of finished fine-tuning runs until all runs of a comparison are finished, so that a killed command
loses only the unfinished runs.

The outputs of a stage are complete or absent, and DVC removes them before the stage runs again. So finished runs are
kept in another folder.
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
    """Yield the folder for the finished runs of `comparison`, such as "aismec/nb_bert". The folder is removed if the
    block ends without an error.

    `made_of` are plain values, such as the hash of the split, on which the runs depend in addition to their `Job`s and
    the declaration of `task`. `stage` is the name of the module with the code that the runs depend on. Runs that were
    kept for other settings, inputs, declarations or code are removed.
    """
    above = root / "artifacts" / FOLDER / comparison
    declared = [task.head, task.labels, task.positive, task.metrics[0]]
    folder = above / sha256_value({**made_of, "task": declared, "code": code_hash(stage)})[:16]
    for other in above.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    yield folder
    shutil.rmtree(above, ignore_errors=True)


@dataclass(frozen=True)
class Resumable:
    """A worker function for fine-tuning jobs. Calling the object with (job, report) returns the job's kept result from
    `folder`, or calls `work(job, report)` and keeps the result there.

    `report(updates_done)` moves the progress bar. `name` distinguishes the jobs of workers that share the folder.
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
        # Through JSON, so that a new result has lists instead of tuples, like one that is read from a file.
        result = json.loads(canonical_json(self.work(job, report)))
        write_bytes(answers, job.file.read_bytes())
        write_json(place, result)
        return result

    def _key(self, job: Job) -> str:
        values = dataclasses.asdict(job) | {"checkpoint": job.checkpoint.name, "file": job.file.name}
        return sha256_value({**values, "of": self.name})[:32]
