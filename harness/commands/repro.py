"""Define the command `repro`: make every table again, with DVC stages that do not depend on each other side by side."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from harness.commands.common import anywhere_here, declare, repository
from harness.grid.comparisons import Comparison
from harness.pipeline import code_lists
from harness.pipeline.declared import DVC
from harness.privacy import restricted
from harness.text.printable import terminal


def add(commands) -> None:
    text = "every table again, as `dvc repro`; on a CPU the stages of encoder families run side by side"
    declare(commands, "repro", _repro, text, "repro", connects=anywhere_here)


def _repro(options) -> int:
    from harness.params import reading
    from harness.system.determinism import available_cpus

    root = repository()
    code_lists.write_lists(root)
    if (root / "artifacts").is_dir() and _clean(root):
        print("Data and pipelines are up to date.")
        return 0
    everything = reading.load(root / "params.yaml").everything()
    tasks, families = everything.run.tasks, everything.run.families
    # One family fills a GPU.
    if everything.engine.device == "cpu" and len(families) > 1 and available_cpus() > 1:
        first, *others = tasks
        phases = [
            # The first split also generates and pins the data, if the profile uses generated data.
            [["repro", f"split@{first}"]],
            _beside([each(others[::2], "validate", "split"), each(others[1::2], "validate", "split")]),
            _beside([["corpus"], each(tasks, "linear")]),
            _beside([own(tasks, family) for family in families]),
            _beside([each(tasks[::2], "score"), each(tasks[1::2], "score")]),
        ]
        if not everything.cross_validation.tasks:
            phases.append(_beside([["report"], ["track"]]))
        if any(_failed(root, calls) for calls in phases):
            return 1
    return int(_failed(root, [["repro"]]))


def _beside(chains: Sequence[Sequence[str]]) -> list[list[str]]:
    """The arguments of one DVC call per chain of stages. Calls that run at the same time wait for DVC's lock."""
    return [["--wait-for-lock", "repro", "-s", *chain] for chain in chains if chain]


def _clean(root: Path) -> bool:
    """Whether every stage is up to date. If so, the DVC calls of `_repro` are not needed."""
    return not subprocess.run([*DVC, "status", "-q"], cwd=root, capture_output=True).returncode


def each(tasks: Sequence[str], *stages: str) -> list[str]:
    """The DVC names of the `stages` of every task. All stages of a task come before the next task."""
    return [f"{stage}@{task}" for task in tasks for stage in stages]


def own(tasks: Sequence[str], family: str) -> list[str]:
    """The DVC names of the stages that belong to one family alone, in the order of the pipeline."""
    return [f"checkpoint@{family}", f"pretrain@{family}", *(Comparison(task, family).stage for task in tasks)]


def _failed(root: Path, calls: Sequence[Sequence[str]]) -> bool:
    """Run one `dvc` per call, all at the same time, and pass on their output. Returns whether one failed.

    The results of the others are kept. An interruption ends all calls with their stages.
    """
    started = [
        subprocess.Popen(
            [*DVC, *call],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        for call in calls
    ]
    readers = [Thread(target=_pass_on, args=(one, root), daemon=True) for one in started]
    for reader in readers:
        reader.start()
    try:
        for reader in readers:
            reader.join()
        return any([one.wait() for one in started])
    except BaseException:
        for one in started:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGTERM)
        for one in started:
            one.wait()
        raise


def _pass_on(process: subprocess.Popen, root: Path) -> None:
    for line in process.stdout or ():
        print(terminal(restricted.without_files(line, root)), end="", flush=True)
