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
    """Whether `harness` sends records to an MLflow server. `offline.refuse_store` may refuse a server on another
    machine."""
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
    """Add the subcommand `name` to `group`. It calls `run(options)`. Returns the parser of the subcommand.

    `text` is its help, `example` is a call without the word `harness`, and `positional` are names of arguments. Before
    it starts, a command closes folders with restricted data to other users. With `only_looks`, these folders stay as
    they are, so that the command can report open ones. `connects(options)` says whether the command needs network
    connections, also connections within this machine.
    """
    new = group.add_parser(name, help=text, description=text, epilog=EPILOG.format(example=example))
    for argument in positional:
        new.add_argument(argument)
    new.set_defaults(run=run, only_looks=only_looks, connects=connects)
    return new


def by_present_code(stage: str, run):
    """A version of the command `run` that first checks that the code and the task have the hashes that DVC reads.

    The lists with these hashes are in the folder `pipeline/`. The returned function raises an error if a list of
    `stage` is out of date.
    """

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
    """Add a command that only has actions, such as `harness data`.

    Returns the group, to which actions are added by `declare`.
    """
    new = commands.add_parser(name, help=text, epilog=EPILOG.format(example=example))
    return new.add_subparsers(metavar="ACTION", required=True)


def repository() -> Path:
    """The root of the repository: the nearest folder, from the working folder upwards, that has a `params.yaml` or
    `dvc.yaml`.

    Raises MissingInputError if there is no such folder.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() or (folder / "dvc.yaml").is_file():
            return folder
    raise MissingInputError(
        "No params.yaml in this folder or above it.", remedy="Change to the root of the harness's repository."
    )


def parameters(families: Iterable[str] | None = None):
    """The checked `params.yaml`. Also sets the environment, before any numeric library is loaded.

    `families` are the families that the command uses (None: all). Wrong values in the sections of other families raise
    no error.
    """
    from harness.params.reading import load
    from harness.system import determinism

    params = load(repository() / "params.yaml", families)
    determinism.prepare_environment(params.everything().engine.reproducible)
    return params


def hold_languages(root: Path, everything, families: Iterable[str], tasks: Iterable[str]) -> None:
    """Raise ConfigError if one of `families` is Norwegian and the data of one of `tasks` are English.

    `everything` is the whole content of `params.yaml`. A task is not checked if it has no data yet.
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
    """The folder `folder`, which is created if it is missing.

    If the block of `within` fails, a created folder is removed again.
    """
    try:
        return within.folder(folder)
    except FileNotFoundError:
        # The answer of a file system that takes no folders, such as /proc.
        raise DiskError(f"The harness cannot make a folder at {folder}.", remedy="Name a folder on a disk.") from None


def pinned(whole: bool) -> str:
    """A phrase for the user that says whether `data.dvc` pins `data/`. `whole` is true if it does."""
    return (
        "data.dvc pins it" if whole else "data/ is incomplete and not pinned. Run `dvc repro`, then this command again"
    )


def known_name(kind: str, name: str, known) -> str:
    """`name`, if params.yaml has a task or family of this name. Otherwise, raises ConfigError.

    `kind` is "task" or "family", for the message. `known` are the names that params.yaml has.
    """
    if name in known:
        return name
    raise ConfigError(
        f"params.yaml has no {kind} {name!r}.{nearest(name, known)}", remedy=f"It has: {', '.join(known)}."
    )
