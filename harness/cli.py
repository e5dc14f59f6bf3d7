"""The command line: its parser and its exit codes; the subcommands stand in `harness.commands`.

Exit codes: 0 success, 1 a finding or an error in data, parameters or files, 2 wrong usage.
"""

import argparse
import os
import sys

from harness import __version__
from harness.commands import data, grid, plugins, records, stages
from harness.errors import HarnessError


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.run(options) or 0
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (`| head`) has gone; nothing is left to say, and Python must not say it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("harness: interrupted; `dvc repro` starts this stage again.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harness",
        description="Benchmark of clinical encoders: is continued pre-training worth it, and by how much?",
        epilog="`dvc repro` runs the stages in order. `harness COMMAND --help` has an example of each.",
    )
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for subject in (data, plugins, stages, grid, records):
        subject.add(commands)
    return parser
