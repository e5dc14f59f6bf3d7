"""The lists `pipeline/STAGE.txt`: the code of each stage. By these lists DVC sees that code has changed.

A stage of `dvc.yaml` depends on its list and not on the files, so that a comment or a docstring makes nothing stale,
and `dvc.lock` has one line where there were forty. The lists are in git; `harness pipeline` writes them, and those of
tasks (`harness.pipeline.task_lists`) and families (`harness.pipeline.family_lists`) with them.
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
# What task files may be made of: which of it a task that is added tomorrow takes must not make `validate` stale.
# Put together here, for a module's whole name in a string counts as an import.
FOR_TASKS = tuple(
    f"{PACKAGE.name}.{name}"
    for name in (
        "data.brat", "data.conll", "data.inline_tags", "data.readers", "data.schema", "data.tabular", "data.tagged",
        "data.translating.reader", "data.word_lists", "plugins.packages",
    )
)  # fmt: skip


def stages(package: Path = PACKAGE) -> list[str]:
    """The names of the pipeline's stages, sorted."""
    files = (package / "stages").glob("*.py")
    return sorted(path.stem for path in files if path.stem not in ("__init__", "fetch"))


def listing(stage: str, source: Source) -> str:
    """What `pipeline/STAGE.txt` says: a line for each file that decides what the stage computes."""
    modules = [f"harness.stages.{stage}", *(FOR_TASKS if stage == "validate" else ())]
    found = source.contents(modules, objectives=())
    # Of the metrics, the other stages at most compute the one that leads a task: see its list.
    left_out = () if stage in SCORING else task_lists.metric_files(source.package)
    return "".join(f"harness/{name} {content}\n" for name, content in found.items() if name not in left_out)


def listings(root: Path) -> dict[str, str]:
    """What each list of `pipeline/` has to say, by its path, sorted."""
    package = root / "harness"
    files = (*package.rglob("*.*"), *(root / "tasks").glob("*.py"), root / "params.yaml")
    there = [path for path in sorted(files) if path.is_file() and path.suffix != ".pyc"]
    content = tuple((path.relative_to(root).as_posix(), path.read_bytes()) for path in there)
    return dict(_listings(_Sources(content, root)))


@dataclass(frozen=True)
class _Sources:
    """All that lists are made of: two folders are the same that hold the same bytes."""

    content: tuple[tuple[str, bytes], ...]
    root: Path = field(compare=False)


@functools.lru_cache(maxsize=2)
def _listings(sources: _Sources) -> dict[str, str]:
    """An audit asks three times, and takes seconds less by remembering."""
    root, package = sources.root, sources.root / "harness"
    source = Source(package)
    found = {f"{LISTS}/{stage}.txt": listing(stage, source) for stage in stages(package)}
    beside = task_lists.listings(root, source) | family_lists.listings(root, source)
    found |= {f"{LISTS}/{name}": text for name, text in beside.items()}
    return dict(sorted(found.items()))


def hashes(root: Path) -> dict[str, str]:
    """SHA-256 of what each list has to say, by its path, sorted."""
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in listings(root).items()}


def concerns(path: str, task: str) -> bool:
    """Is a list one of a stage, or of this task? What a family was pre-trained by, its checkpoints' cards say."""
    others = (f"{LISTS}/tasks/", f"{LISTS}/{family_lists.FOLDER}/")
    return not path.startswith(others) or path.startswith(f"{LISTS}/tasks/{task}/")


def write_lists(root: Path) -> list[str]:
    """Bring `pipeline/` up to date with `harness/` and `tasks/`; the files that were not, by their path."""
    return _written(root, outdated(root))


def write_task(root: Path, task: str) -> None:
    """Bring the lists of one task up to date with its file."""
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
    """The lists of `pipeline/` that do not say what `harness/` and `tasks/` hold, by their path, sorted."""
    wanted, there = listings(root), (root / LISTS).rglob("*.txt")
    paths = sorted({*wanted, *(path.relative_to(root).as_posix() for path in there)})
    return [path for path in paths if _text_of(root / path) != wanted.get(path)]


def of_stage(stage: str, task: str | None = None, family: str | None = None) -> list[str]:
    """The lists that a stage depends on: its own, and that of the task or the family where it is about one."""
    found = [f"{LISTS}/{stage}.txt"]
    if task and stage in task_lists.READS:
        found.append(f"{LISTS}/tasks/{task}/{task_lists.READS[stage]}.txt")
    if family and stage in family_lists.SECTIONS:
        found.append(f"{LISTS}/{family_lists.FOLDER}/{family}/{stage}.txt")
    return found


def refuse_other(root: Path, stage: str, task: str | None = None, family: str | None = None) -> None:
    """A stage is run by the code and on the task that its lists name, or DVC would record others.

    A folder without lists is no repository of the harness. Raises HarnessError.
    """
    own, *more = of_stage(stage, task, family)
    if not (root / own).is_file():
        return
    source = Source()
    beside = task_lists.listings(root, source) if task else {}
    beside |= family_lists.listings(root, source) if family else {}
    now = {own: listing(stage, source)} | {path: beside.get(path.removeprefix(f"{LISTS}/")) for path in more}
    for path, text in now.items():
        # Of a task or a family that is not there the stage itself says so.
        if text is not None and _text_of(root / path) != text:
            said = set((_text_of(root / path) or "").splitlines())
            changed = [line.split()[0] for line in text.splitlines() if line not in said] or ["a file was taken away"]
            others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            raise HarnessError(
                f"{path} does not name the present code: {changed[0]}{others}.",
                remedy="Run `harness pipeline`, then `dvc repro`.",
            )


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
