"""Run the command-line program `harness`: parse its arguments, call a subcommand, and turn errors into exit codes.

The subcommands are in `harness.commands`. Exit codes: 0 for success, 1 for a finding or an error in data, parameters or
files, 2 for wrong usage. If a signal ended the command, the exit code is 128 plus the number of the signal (130 for
Ctrl-C).
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
        # Around everything, because a signal may also arrive while an error is printed (see `first_to_tell`).
        with heard(signal.SIGTERM, signal.SIGHUP):
            options = _parser().parse_args(arguments)
            if options.run.__module__ == stages.__name__:
                again = "`dvc repro` starts this stage again"
            return _run(options, for_good=arguments is None)
    except KeyboardInterrupt as interruption:
        number = getattr(interruption, "number", signal.SIGINT)
        what = "interrupted" if number == signal.SIGINT else f"stopped by {number.name}"
        # RANK marks one of several processes of a training. The command that started them prints the reason.
        if "RANK" not in os.environ:
            print(f"harness: {what}; {again}.", file=sys.stderr)
        return 128 + number


def _run(options, *, for_good: bool) -> int:
    """Run a command and return its exit code. Of several processes of one training, one prints the error.

    `for_good` says that this process runs only this command, so that the kernel may close its network for good.
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
            # A library asked for a connection and hid the refusal.
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
        refusal: HarnessError | None = offline.error() if sockets.refused(error) else None
        shown = _nameable if confidential else str
        if (refusal := refusal or disk_error(error, shown=shown) or memory_error(error)) is None:
            raise
        print(terminal(f"harness: {refusal}"), file=sys.stderr)
        _drop_pending_output()
        return 1


def _drop_pending_output() -> None:
    """Drop output that cannot be written (`| head` has ended, the disk is full), or Python fails on it at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sweep() -> None:
    """Remove what a killed command left in the repository. Every command starts with this."""
    with contextlib.suppress(MissingInputError, OSError):
        sweep(repository())
        dvc_lock.repair(repository())


def _keep(options) -> None:
    """Close new files and the folders of restricted data to other users. `only_looks` leaves the folders alone."""
    with contextlib.suppress(MissingInputError):
        root = repository()
        if options.only_looks:
            os.umask(keeping.mask(root))
        else:
            keeping.close(root)


def _confidential(options) -> bool:
    """Whether this repository has restricted data, or this command adds restricted data."""
    if getattr(options, "kind", None) == restricted.KIND:
        return True
    try:
        return bool(restricted.names(repository()))
    except MissingInputError:
        return False


def _nameable(path: Path) -> str | None:
    """The name of a file as an error message may show it if data are restricted. None if the name may not be shown."""
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
