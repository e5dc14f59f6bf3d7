"""Helpers that all commands share: find the repository, read parameters, check names, declare a command."""

import argparse
import contextlib
import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.errors import ConfigError, DiskError, MissingInputError, nearest
from harness.system.together import Together

EPILOG = "Example: harness {example}"


def nowhere(options) -> bool:
    return False


def anywhere_here(options) -> bool:
    return True


def to_a_server(options) -> bool:
    """Whether records are sent to an MLflow server. `offline.refuse_store` refuses one on another machine."""
    return os.environ.get("MLFLOW_TRACKING_URI", "").lower().startswith("http")


def declare(
    group,
    name: str,
    run,
    text: str,
    example: str,
    *positional: str,
    only_looks: bool = False,
    connects: Callable[[argparse.Namespace], bool] = nowhere,
) -> argparse.ArgumentParser:
    """Add a subcommand to `group` that calls `run(options)`, with an example in its help. Returns its parser.

    With `only_looks` the command reports open folders of restricted data instead of closing them. `connects(options)`
    says whether the command needs the network, which includes the loopback.
    """
    new = group.add_parser(name, help=text, description=text, epilog=EPILOG.format(example=example))
    for argument in positional:
        new.add_argument(argument)
    new.set_defaults(run=run, only_looks=only_looks, connects=connects)
    return new


def by_present_code(stage: str, run):
    """`run`, after a check that the code and the task of `stage` are those that DVC knows."""

    @functools.wraps(run)
    def checked(options):
        from harness.pipeline import code_lists

        # If there is no repository, the stage itself raises the error.
        with contextlib.suppress(MissingInputError):
            about = (getattr(options, name, None) for name in ("task", "family"))
            code_lists.refuse_other(repository(), stage.replace("-", "_"), *about)
        return run(options)

    return checked


def declare_group(commands, name: str, text: str, example: str):
    """Add a command that only has actions. Returns the group in which the actions are declared."""
    new = commands.add_parser(name, help=text, epilog=EPILOG.format(example=example))
    return new.add_subparsers(metavar="ACTION", required=True)


def repository() -> Path:
    """The root of the repository: this folder or the nearest above it that has a `params.yaml` or `dvc.yaml`."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() or (folder / "dvc.yaml").is_file():
            return folder
    raise MissingInputError(
        "No params.yaml in this folder or above it.", remedy="Change to the root of the harness's repository."
    )


def parameters(families: Iterable[str] | None = None):
    """The checked `params.yaml`, with the environment prepared before any numeric library is loaded.

    `families` are those that the command uses (None: all). Wrong values of other families do not stop it.
    """
    from harness.params.reading import load
    from harness.system import determinism

    params = load(repository() / "params.yaml", families)
    determinism.prepare_environment(params.everything().engine.reproducible)
    return params


def hold_languages(root: Path, everything, families: Iterable[str], tasks: Iterable[str]) -> None:
    """Raise ConfigError if one of these families is Norwegian and the data of one of these tasks are English.

    Tasks whose data are not there yet are not checked.
    """
    from harness.data import sources
    from harness.params import languages

    english = {}
    for task in tasks:
        folder = root / "data" / task
        there = task in everything.run.tasks and (folder / sources.RECORD).is_file()
        if there and sources.is_english(sources.read_source(folder)):
            translated = f"{task}_nb"
            english[task] = translated if (root / "tasks" / f"{translated}.py").is_file() else ""
    languages.hold({name: everything.families[name] for name in families}, english)


def made(folder: Path, within: Together) -> Path:
    """`folder`, created if it is missing. `within` removes it again if its block fails."""
    try:
        return within.folder(folder)
    except FileNotFoundError:
        # The answer of a file system that takes no folders, such as /proc.
        raise DiskError(f"No folder can be made at {folder}.", remedy="Name a folder on a disk.") from None


def pinned(whole: bool) -> str:
    """A phrase on whether data.dvc pins data/, which it does if they are `whole`."""
    return (
        "data.dvc pins it" if whole else "data/ is incomplete and not pinned. Run `dvc repro`, then this command again"
    )


def known_name(kind: str, name: str, known) -> str:
    """`name`, if it is one of `known`: the tasks or families (`kind`) of params.yaml. Raises ConfigError if not."""
    if name in known:
        return name
    raise ConfigError(
        f"params.yaml has no {kind} {name!r}.{nearest(name, known)}", remedy=f"It has: {', '.join(known)}."
    )
