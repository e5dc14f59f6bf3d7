"""`pipeline/STAGE.txt`: the code of a stage, by which DVC sees that it has changed.

A stage of `dvc.yaml` depends on its list and not on the files, so that a comment or a docstring makes nothing stale,
and `dvc.lock` has one line where there were forty. The lists are in git; `harness pipeline` writes them.
"""

import hashlib
from pathlib import Path

from harness.code import PACKAGE, contents
from harness.errors import HarnessError
from harness.files import write_text

LISTS = "pipeline"
# What task files may be made of: which of it a task that is added tomorrow takes must not make `validate` stale.
# Put together here, for a module's whole name in a string counts as an import.
FOR_TASKS = tuple(
    f"{PACKAGE.name}.{name}"
    for name in (
        "data.brat", "data.conll", "data.inline_tags", "data.readers", "data.schema", "data.tabular", "data.tagged",
        "data.word_lists", "packages",
    )
)  # fmt: skip


def stages(package: Path = PACKAGE) -> list[str]:
    """The names of the pipeline's stages, sorted."""
    files = (package / "stages").glob("*.py")
    return sorted(path.stem for path in files if path.stem not in ("__init__", "fetch"))


def listing(stage: str, package: Path = PACKAGE) -> str:
    """What `pipeline/STAGE.txt` says: a line for each file that decides what the stage computes."""
    modules = [f"harness.stages.{stage}", *(FOR_TASKS if stage == "validate" else ())]
    found = contents(modules, package)
    return "".join(f"harness/{name} {content}\n" for name, content in found.items())


def hashes(root: Path) -> dict[str, str]:
    """SHA-256 of what each list of `pipeline/` has to say, by its path."""
    texts = {stage: listing(stage, root / "harness") for stage in stages(root / "harness")}
    return {f"{LISTS}/{stage}.txt": hashlib.sha256(text.encode()).hexdigest() for stage, text in texts.items()}


def write_lists(root: Path) -> list[str]:
    """Bring `pipeline/` up to date with `harness/` and return the files that were not, by their path."""
    changed = outdated(root)
    for path in changed:
        write_text(root / path, listing(Path(path).stem, root / "harness"))
    return changed


def outdated(root: Path, *of: str) -> list[str]:
    """The lists of `pipeline/`, all or `of` some stages, that do not say what `harness/` holds, by their path."""
    paths = {f"{LISTS}/{stage}.txt": stage for stage in stages(root / "harness") if not of or stage in of}
    return [path for path, stage in paths.items() if _said(root / path) != listing(stage, root / "harness")]


def refuse_other(root: Path, stage: str) -> None:
    """A stage is run by the code that its list names, or DVC would record another.

    A folder without lists is no repository of the harness. Raises HarnessError.
    """
    path = root / LISTS / f"{stage}.txt"
    if path.is_file() and _said(path) != (now := listing(stage)):
        said = set(_said(path).splitlines())
        changed = [line.split()[0] for line in now.splitlines() if line not in said] or ["a file was taken away"]
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise HarnessError(
            f"{LISTS}/{stage}.txt does not name the present code: {changed[0]}{more}.",
            remedy="Run `harness pipeline`, then `dvc repro`.",
        )


def _said(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
