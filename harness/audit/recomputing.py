"""Run the cheap stages a second time, in a scratch copy of the repository, so that their outputs can be compared.

Inputs are linked, never copied or changed. New outputs are written to the scratch copy, so that the pipeline's own
outputs stay as they are.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.system import messages
from harness.system.scratch import scratch_folder

# The inputs of fine-tuning one comparison.
TRAINING_INPUTS = ("harness", "tasks", "params.yaml", "reports/splits", "artifacts/validated", "artifacts/checkpoints")

# The inputs of the report.
REPORTED = tuple(f"artifacts/{name}" for name in ("scores", "validated", "splits", "corpus", "checkpoints"))


@dataclass(frozen=True)
class Stages:
    """The stages that take seconds, as functions. Their arguments are the root folder, then the names of the task and
    the family as far as the stage has them. The caller gives them, because `harness.audit` may not import
    `harness.stages`."""

    validate: Callable[[Path, str], object]
    split: Callable[[Path, str], object]
    score: Callable[[Path, str, str], object]
    score_folds: Callable[[Path, str, str], object]
    score_linear: Callable[[Path, str], object]
    disclose: Callable[[Path, str], object]
    report: Callable[[Path], object]


@contextlib.contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Yield a new folder below `artifacts/`, and remove it after the block. Only the folder's owner can read it,
    because records with texts are put there."""
    with scratch_folder(root / "artifacts" / "again") as folder:
        folder.chmod(0o700)
        yield folder


def link_inputs(root: Path, target: Path, names: tuple[str, ...]) -> None:
    """Link those of `names` (paths below `root`) that exist into the scratch folder `target`."""
    for name in names:
        place = target / name
        if (root / name).exists() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((root / name).resolve())


@dataclass(frozen=True)
class Rescored:
    """The result of `rescore`. `root` is the scratch folder with new scores and reports. `failed` has the errors of the
    scores that could not be computed again, by key such as `task/family`, and the error of the report under
    "report"."""

    root: Path
    failed: dict[str, HarnessError]


def rescore(
    root: Path,
    target: Path,
    comparisons: Sequence[tuple[str, str]],
    cross_validated: Sequence[tuple[str, str]],
    stages: Stages,
) -> Rescored:
    """Compute all scores again in the scratch folder `target`, and render the reports from them.

    `comparisons` and `cross_validated` are pairs (task, family). All comparisons of the run are needed, because
    adjusted p-values depend on every comparison. If a comparison cannot be scored again, its stored scores are used, so
    that the rest can be checked.
    """
    made = ("predictions", "linear", "validated", "splits", "corpus", "checkpoints", "reproduced")
    inputs = ("harness", "tasks", "params.yaml", "reports/splits", *(f"artifacts/{name}" for name in made))
    link_inputs(root, target, inputs)
    failed: dict[str, HarnessError] = {}
    jobs: list[tuple[str, Callable[..., object], tuple[str, ...]]] = [
        (f"{task}/{family}", stages.score, (task, family)) for task, family in comparisons
    ]
    jobs += [
        (f"cross-validation/{task}/{family}", stages.score_folds, (task, family)) for task, family in cross_validated
    ]
    tasks = dict.fromkeys(task for task, _ in comparisons)
    jobs += [(f"{task}/linear/linear", stages.score_linear, (task,)) for task in tasks]
    jobs += [(f"{task}/released", stages.disclose, (task,)) for task in tasks]
    for name, score, given in jobs:
        with _noting(failed, name, target):
            score(target, *given)
        _keep(root, target, f"{name}.json", name in failed)
    with _noting(failed, "report", target):
        stages.report(target)
    return Rescored(target, failed)


def _keep(root: Path, target: Path, name: str, failed: bool) -> None:
    stored, place = (folder / "artifacts" / "scores" / name for folder in (root, target))
    if failed and stored.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stored, place)


@contextlib.contextmanager
def _noting(failed: dict[str, HarnessError], name: str, target: Path) -> Iterator[None]:
    try:
        yield
    except HarnessError as error:
        # Shows paths of the scratch folder as paths of the repository.
        failed[name] = HarnessError(error.message.replace(f"{target}/", ""), remedy=error.remedy)
    except Exception as error:
        # An edited file may break the stage that reads it in any way.
        failed[name] = HarnessError(messages.kind_and_message(error), remedy="Restore what was edited, or `dvc repro`.")
