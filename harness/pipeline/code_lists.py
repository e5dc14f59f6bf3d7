"""Write the lists `pipeline/STAGE.txt`, from which DVC sees that the code of a stage has changed.

A list has the hash of each file of code that a stage uses. A stage of `dvc.yaml` depends on its list and not on the
files themselves. So a new comment or docstring makes no stage stale, and `dvc.lock` has one line for the code instead
of forty. The lists are in git. `harness pipeline` writes these lists and those of tasks (`harness.pipeline.task_lists`)
and families (`harness.pipeline.family_lists`).
"""

import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.pipeline import family_lists, task_lists
from harness.pipeline.code import PACKAGE, Source
from harness.system.files import write_text

LISTS = "pipeline"
# The stages that compute or show every metric of a task.
SCORING = ("score", "score_folds", "report", "track")
# Modules that task files may use. All of them count for `validate`, so that a new task that uses one more does not make
# it stale. The names are put together here, because a module's full name in a string counts as an import.
FOR_TASKS = tuple(
    f"{PACKAGE.name}.{name}"
    for name in (
        "data.brat", "data.conll", "data.inline_tags", "data.readers", "data.schema", "data.tabular", "data.tagged",
        "data.translating.reader", "data.word_lists", "plugins.packages",
    )
)  # fmt: skip


def stages(package: Path = PACKAGE) -> list[str]:
    """The names of the pipeline's stages, sorted.

    They are the names of the modules in `harness/stages`, without `fetch`.
    """
    files = (package / "stages").glob("*.py")
    return sorted(path.stem for path in files if path.stem not in ("__init__", "fetch"))


def listing(stage: str, source: Source) -> str:
    """The content of `pipeline/STAGE.txt`: a line "path hash" for each file that affects what the stage computes."""
    modules = [f"harness.stages.{stage}", *(FOR_TASKS if stage == "validate" else ())]
    found = source.contents(modules, objectives=())
    # The other stages compute at most the primary metric of a task, which is in the task's list.
    left_out = () if stage in SCORING else task_lists.metric_files(source.package)
    return "".join(f"harness/{name} {content}\n" for name, content in found.items() if name not in left_out)


def listings(root: Path) -> dict[str, str]:
    """The content that each list in `pipeline/` should have, by its path, sorted."""
    package = root / "harness"
    files = (*package.rglob("*.*"), *(root / "tasks").glob("*.py"), root / "params.yaml")
    there = [path for path in sorted(files) if path.is_file() and path.suffix != ".pyc"]
    content = tuple((path.relative_to(root).as_posix(), path.read_bytes()) for path in there)
    return dict(_listings(_Sources(content, root)))


@dataclass(frozen=True)
class _Sources:
    """All inputs of the lists. Two folders with the same bytes are equal."""

    content: tuple[tuple[str, bytes], ...]
    root: Path = field(compare=False)


@functools.lru_cache(maxsize=2)
def _listings(sources: _Sources) -> dict[str, str]:
    """The lists, cached: an audit asks for them three times, and this saves seconds."""
    root, package = sources.root, sources.root / "harness"
    source = Source(package)
    found = {f"{LISTS}/{stage}.txt": listing(stage, source) for stage in stages(package)}
    beside = task_lists.listings(root, source) | family_lists.listings(root, source)
    found |= {f"{LISTS}/{name}": text for name, text in beside.items()}
    return dict(sorted(found.items()))


def hashes(root: Path) -> dict[str, str]:
    """The SHA-256 of the content that each list in `pipeline/` should have, by the list's path, sorted."""
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in listings(root).items()}


def concerns(path: str, task: str) -> bool:
    """Whether the list at `path` concerns a comparison on `task`: it is a list of a stage, or of this task.

    Lists of families do not count, because the cards of a family's checkpoints name the code of its objective.
    """
    others = (f"{LISTS}/tasks/", f"{LISTS}/{family_lists.FOLDER}/")
    return not path.startswith(others) or path.startswith(f"{LISTS}/tasks/{task}/")


def write_lists(root: Path) -> list[str]:
    """Bring all lists in `pipeline/` up to date with `harness/`, `tasks/` and `params.yaml`.

    Returns the paths of changed files.
    """
    return _written(root, outdated(root))


def write_task(root: Path, task: str) -> None:
    """Bring the lists of one task in `pipeline/` up to date with the task's file."""
    _written(root, [path for path in outdated(root) if path.startswith(f"{LISTS}/tasks/{task}/")])


def write_families(root: Path) -> None:
    """Bring the lists of the families up to date with `params.yaml`."""
    _written(root, [path for path in outdated(root) if path.startswith(f"{LISTS}/{family_lists.FOLDER}/")])


def _written(root: Path, changed: list[str]) -> list[str]:
    wanted = listings(root)
    for path in changed:
        if path in wanted:
            write_text(root / path, wanted[path])
        else:
            (root / path).unlink()
    return changed


def outdated(root: Path) -> list[str]:
    """The paths of the lists in `pipeline/` that do not match `harness/`, `tasks/` and `params.yaml`, sorted."""
    wanted, there = listings(root), (root / LISTS).rglob("*.txt")
    paths = sorted({*wanted, *(path.relative_to(root).as_posix() for path in there)})
    return [path for path in paths if _text_of(root / path) != wanted.get(path)]


def of_stage(stage: str, task: str | None = None, family: str | None = None) -> list[str]:
    """The paths of the lists that a stage depends on: its own list, and the list of the task or family that it
    reads."""
    found = [f"{LISTS}/{stage}.txt"]
    if task and stage in task_lists.READS:
        found.append(f"{LISTS}/tasks/{task}/{task_lists.READS[stage]}.txt")
    if family and stage in family_lists.SECTIONS:
        found.append(f"{LISTS}/{family_lists.FOLDER}/{family}/{stage}.txt")
    return found


def refuse_other(root: Path, stage: str, task: str | None = None, family: str | None = None) -> None:
    """Raise HarnessError if a list of the stage does not match the present code or task.

    Otherwise, DVC would record hashes that do not belong to the result. If the folder has no lists, nothing is checked,
    because it is no repository of the harness.
    """
    own, *more = of_stage(stage, task, family)
    if not (root / own).is_file():
        return
    source, only = Source(), [path.removeprefix(f"{LISTS}/") for path in more]
    beside = task_lists.listings(root, source, only) | family_lists.listings(root, source, only) if only else {}
    now = {own: listing(stage, source)} | {f"{LISTS}/{path}": beside.get(path) for path in only}
    for path, text in now.items():
        # If the task or the family is missing, the stage itself says so.
        if text is not None and _text_of(root / path) != text:
            said = set((_text_of(root / path) or "").splitlines())
            lines = [line for line in text.splitlines() if line not in said and not line.startswith("#")]
            changed = [line.split()[0] for line in lines] or ["a file was removed"]
            others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            raise HarnessError(
                f"{path} is out of date ({changed[0]}{others}).",
                remedy="Run `harness pipeline`, then `dvc repro`.",
            )


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
