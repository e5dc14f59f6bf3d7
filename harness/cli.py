"""The command-line parser and its exit codes. The subcommands are in `harness.commands`.

Exit codes: 0 success, 1 a finding or an error in data, parameters or files, 2 wrong usage, 128 and the signal's
number where a signal ended it (130 for Ctrl-C).
"""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from harness import __version__
from harness.commands import data, grid, pipeline, plugins, records, rehearse, repro, stages, translating
from harness.commands.common import repository
from harness.errors import HarnessError, MissingInputError, OfflineError
from harness.grid.launching import first_to_tell
from harness.pipeline import dvc_lock
from harness.privacy import keeping, restricted
from harness.system import messages, offline, sockets
from harness.system.disks import disk_error
from harness.system.memory import memory_error
from harness.system.scratch import sweep
from harness.system.stopping import heard
from harness.text.printable import terminal


def main(arguments: list[str] | None = None) -> int:
    again = "run the command again"
    try:
        # Around everything: a signal may come while an error is being told, or waits for another process to tell it.
        with heard(signal.SIGTERM, signal.SIGHUP):
            options = _parser().parse_args(arguments)
            if options.run.__module__ == stages.__name__:
                again = "`dvc repro` starts this stage again"
            return _run(options, for_good=arguments is None)
    except KeyboardInterrupt as interruption:
        number = getattr(interruption, "number", signal.SIGINT)
        what = "interrupted" if number == signal.SIGINT else f"stopped by {number.name}"
        # One of several processes is ended with the others, and what started them says why.
        if "RANK" not in os.environ:
            print(f"harness: {what}; {again}.", file=sys.stderr)
        return 128 + number


def _run(options, *, for_good: bool) -> int:
    """The exit code of a command; what goes wrong is told by one of several processes.

    A process that was started `for_good`, for this command and no other, can be closed off by the kernel, too.
    """
    _sweep()
    confidential = _confidential(options)
    if confidential:
        messages.hide_messages()
        _keep(options)
    refused = offline.enforce() if offline.wanted(confidential) else []
    try:
        if for_good and os.environ.get(offline.VARIABLE) == "1" and not options.connects(options):
            sockets.close()
        code = options.run(options) or 0
        sys.stdout.flush()
        if refused and not code:
            # Asked for, refused, and swallowed by the library that asked.
            raise offline.error(refused[0])
        return code
    except HarnessError as error:
        first_to_tell(int(os.environ.get("RANK", 0)))
        print(terminal(f"harness: {error}"), file=sys.stderr)
        if refused and not isinstance(error, OfflineError):
            print(terminal(f"Before that: {offline.error(refused[0])}"), file=sys.stderr)
        return 1
    except BrokenPipeError:
        _drop_pending_output()
        return 1
    except Exception as error:
        first_to_tell(int(os.environ.get("RANK", 0)))
        refusal: HarnessError | None = offline.error("another machine") if sockets.refused(error) else None
        shown = _nameable if confidential else str
        if (refusal := refusal or disk_error(error, shown=shown) or memory_error(error)) is None:
            raise
        print(terminal(f"harness: {refusal}"), file=sys.stderr)
        _drop_pending_output()
        return 1


def _drop_pending_output() -> None:
    """Where the reader (`| head`) has gone or the disk is full, Python must not try to say the rest at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sweep() -> None:
    """What a killed command has left goes with the next one, whichever that is."""
    with contextlib.suppress(MissingInputError, OSError):
        sweep(repository())
        dvc_lock.repair(repository())


def _keep(options) -> None:
    """What is written from now on, and the folders where restricted data lie, are closed to others."""
    with contextlib.suppress(MissingInputError):
        root = repository()
        if options.only_looks:
            os.umask(keeping.mask(root))
        else:
            keeping.close(root)


def _confidential(options) -> bool:
    """Are there restricted data here, or is this command about to put some here?"""
    if getattr(options, "kind", None) == restricted.KIND:
        return True
    try:
        return bool(restricted.names(repository()))
    except MissingInputError:
        return False


def _nameable(path: Path) -> str | None:
    """What may be said of a file that an error names, where data are restricted."""
    try:
        return restricted.place(repository(), path)
    except MissingInputError:
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harness",
        description="Benchmark of clinical encoders: is continued pre-training worth it, and by how much?",
        epilog="`dvc repro` runs the stages in order. `harness COMMAND --help` has an example of each.",
    )
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for subject in (data, plugins, translating, stages, pipeline, repro, grid, rehearse, records):
        subject.add(commands)
    return parser
