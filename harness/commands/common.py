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
    """Is what is recorded sent to a server? One that is not on this machine has been refused by then."""
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
    """A subcommand of `group` that calls `run(options)`, with an example in its help.

    One that `only_looks` finds fault with what any other fixes in passing. One that `connects` works over this
    machine's network, its loopback included.
    """
    new = group.add_parser(name, help=text, description=text, epilog=EPILOG.format(example=example))
    for argument in positional:
        new.add_argument(argument)
    new.set_defaults(run=run, only_looks=only_looks, connects=connects)
    return new


def by_present_code(stage: str, run):
    """`run`, which refuses to run a stage of the pipeline by other code than DVC takes note of."""

    @functools.wraps(run)
    def checked(options):
        from harness.pipeline import code_lists

        # A stage itself says that there is no repository.
        with contextlib.suppress(MissingInputError):
            about = (getattr(options, name, None) for name in ("task", "family"))
            code_lists.refuse_other(repository(), stage.replace("-", "_"), *about)
        return run(options)

    return checked


def declare_group(commands, name: str, text: str, example: str):
    """A command that only has actions below it; returns what its actions are declared in."""
    new = commands.add_parser(name, help=text, epilog=EPILOG.format(example=example))
    return new.add_subparsers(metavar="ACTION", required=True)


def repository() -> Path:
    """The repository: this folder or the nearest one above it that has a params.yaml."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() or (folder / "dvc.yaml").is_file():
            return folder
    raise MissingInputError(
        "No params.yaml in this folder or above it.", remedy="Change to the root of the harness's repository."
    )


def parameters(families: Iterable[str] | None = None):
    """params.yaml, checked, with the environment prepared before any numeric library is loaded.

    A command that uses no families, or only some, says so: it is not stopped by what the others hold.
    """
    from harness.params.reading import load
    from harness.system import determinism

    params = load(repository() / "params.yaml", families)
    determinism.prepare_environment(params.everything().engine.reproducible)
    return params


def hold_languages(root: Path, everything, families: Iterable[str], tasks: Iterable[str]) -> None:
    """Raise ConfigError where one of these families is Norwegian and the data of one of these tasks are English.

    Of a task whose data are not there yet nothing is said.
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
    """`folder`, which is made where it is missing, `within` what is put there."""
    try:
        return within.folder(folder)
    except FileNotFoundError:
        # What a file system that takes no folders answers, /proc for one.
        raise DiskError(f"No folder can be made at {folder}.", remedy="Name a folder on a disk.") from None


def known_name(kind: str, name: str, known) -> str:
    """`name`, which must be one of `known`: the tasks or families (`kind`) of params.yaml."""
    if name in known:
        return name
    raise ConfigError(
        f"params.yaml has no {kind} {name!r}.{nearest(name, known)}", remedy=f"It has: {', '.join(known)}."
    )
