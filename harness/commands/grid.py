"""Define the command `grid`, which fine-tunes all comparisons (a task with a family) as one job array."""

from harness.commands.common import anywhere_here, declare, parameters, repository
from harness.pipeline import code_lists


def add(commands) -> None:
    text = (
        "fine-tune all comparisons as one job array, on Slurm or on this machine; `dvc repro` then does not run them "
        "again"
    )
    grid = declare(commands, "grid", _grid, text, "grid --dry-run", connects=anywhere_here)
    grid.add_argument("comparison", nargs="*", metavar="TASK/FAMILY", help="by default every task with every family")
    grid.add_argument("--dry-run", action="store_true", help="only say what would run, and where")
    declare_where(grid)


def declare_where(command) -> None:
    """Add the options that say where jobs run, and which resources each job gets."""
    where = "where the jobs run (default: Slurm, if sbatch is installed)"
    command.add_argument("--on", choices=("local", "slurm"), help=where)
    text = "jobs at the same time (default: as many as there are cores or GPUs; on Slurm, all)"
    command.add_argument("--at-once", type=int, metavar="N", help=text)
    text = "processors of a job (default: this machine's, divided; on Slurm 8)"
    command.add_argument("--cpus", type=int, metavar="N", help=text)
    text = "GPUs of a job, each trains one run at a time (default: 1 if engine.device is cuda)"
    command.add_argument("--gpus", type=int, metavar="N", help=text)
    slurm = command.add_argument_group("on Slurm")
    slurm.add_argument("--partition")
    slurm.add_argument("--hours", type=int, default=24, help="time limit of a job (default: 24)")
    slurm.add_argument("--memory-gb", type=int, default=32, help="memory of a job (default: 32)")
    text = "any further option of sbatch, for example --sbatch account=p123; may be repeated"
    slurm.add_argument("--sbatch", action="append", default=[], metavar="KEY=VALUE", help=text)


def _grid(options) -> int:
    from harness.grid import comparisons, ledger, planning, running

    root, everything = repository(), parameters(()).everything()
    code_lists.write_lists(root)
    wanted = comparisons.chosen(everything.run.tasks, everything.run.families, options.comparison)
    params = parameters({comparison.family for comparison in wanted})
    for comparison in wanted:
        params.finetune(comparison.task, comparison.family)
    stale = ledger.stale(root, wanted)
    plan = planning.plan(options, everything.engine.device, len(stale))
    if options.dry_run:
        print(*planning.described(root, plan, wanted, stale), sep="\n")
        return 0
    kept = running.finished_before(root, stale)
    for comparison in kept:
        print(f"{comparison.name}: made by an earlier grid, entered in dvc.lock")
    todo = [comparison for comparison in stale if comparison not in kept]
    if not todo:
        print(f"All {len(wanted)} comparisons are up to date. `dvc repro` continues from here.")
        return 0
    _heed_signals()
    try:
        running.run(root, todo, plan.executor(root), lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        return 130
    print(f"{len(todo)} comparisons made, {len(wanted) - len(todo)} were up to date. `dvc repro` continues from here.")
    return 0


def _heed_signals() -> None:
    """Make SIGTERM and a closed terminal (SIGHUP) end a grid as Ctrl-C does. Under nohup, SIGHUP stays ignored.

    SIGINT is set, too, because a shell starts background commands with SIGINT ignored.
    """
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
