"""Every table again, encoder families side by side: repro."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from harness.commands.common import declare, repository

# What all families need, and what one needs for itself; DVC runs one stage after another.
SHARED = ("split", "corpus")


def add(commands) -> None:
    text = "every table again, as `dvc repro`; on a CPU the stages of encoder families run side by side"
    declare(commands, "repro", _repro, text, "repro")


def _repro(options) -> int:
    from harness import params
    from harness.determinism import available_cpus

    root = repository()
    everything = params.load(root / "params.yaml").everything()
    tasks, families = everything.run.tasks, everything.run.families
    # A GPU is full with one family.
    if everything.engine.device == "cpu" and len(families) > 1 and available_cpus() > 1:
        with _started(root, [["repro", *SHARED]]) as alone:
            failed = _ended(alone)
        if not failed:
            with _started(
                root, [["--wait-for-lock", "repro", "-s", *own(tasks, family)] for family in families]
            ) as all_:
                failed = _ended(all_)
        if failed:
            return 1
    with _started(root, [["repro"]]) as last:
        return int(_ended(last))


def own(tasks: Sequence[str], family: str) -> list[str]:
    """The stages that a family shares with no other, in the order of the pipeline."""
    return [f"checkpoint@{family}", f"pretrain@{family}", *(f"finetune@{task}-{family}" for task in tasks)]


@contextmanager
def _started(root: Path, calls: Sequence[Sequence[str]]) -> Iterator[list[subprocess.Popen]]:
    """One `dvc` per call, whose lines are passed on as they come; an interruption ends them with their stages."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dvc", *call],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        for call in calls
    ]
    readers = [Thread(target=_pass_on, args=(one,), daemon=True) for one in started]
    for reader in readers:
        reader.start()
    try:
        yield started
        for reader in readers:
            reader.join()
    except BaseException:
        for one in started:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGTERM)
        for one in started:
            one.wait()
        raise


def _pass_on(process: subprocess.Popen) -> None:
    for line in process.stdout:
        print(line, end="", flush=True)


def _ended(processes: list[subprocess.Popen]) -> bool:
    """Wait for all of them; did one fail? Its message has been passed on, and what the others make is kept."""
    return any([one.wait() for one in processes])
