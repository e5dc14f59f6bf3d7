"""The command `rehearse`: the time, memory and disk that the present params.yaml would take, and what would fail."""

from harness.commands.common import anywhere_here, declare, parameters, repository
from harness.commands.grid import declare_where
from harness.text.printable import terminal


def add(commands) -> None:
    text = (
        "try every stage of the present params.yaml with two updates, in a scratch copy: what would fail, and a "
        "forecast of hours, memory and disk"
    )
    new = declare(commands, "rehearse", _rehearse, text, "rehearse", connects=anywhere_here)
    new.add_argument("--check", action="store_true", help="only say what would fail; nothing is trained")
    new.add_argument(
        "--json", metavar="FILE", help="write everything as JSON to this file, for a program (-: standard output)"
    )
    text = "minutes for all measurements; a batch that would take longer is measured in part (default: 12)"
    new.add_argument("--minutes", type=float, default=12.0, metavar="M", help=text)
    text = "use random weights of the published shape if files of a pin are missing"
    new.add_argument("--random-weights", action="store_true", help=text)
    text = "number of tokens in the run's corpus, if it is not here; one epoch reads them once"
    new.add_argument("--corpus-tokens", type=float, metavar="N", help=text)
    there = new.add_argument_group("if the run is on another machine")
    text = "floating-point operations a second that training reaches on one device there, such as 1.2e14"
    there.add_argument("--device-flops", type=float, metavar="FIGURE", help=text)
    text = "or: seconds of one update there, such as pretrain/nb_bert=0.9; may be repeated"
    there.add_argument("--update-seconds", action="append", default=[], metavar="STAGE/FAMILY=S", help=text)
    text = "memory of one device there (of the machine, if engine.device is cpu)"
    there.add_argument("--device-memory-gb", type=float, metavar="GB", help=text)
    there.add_argument("--disk-gb", type=float, metavar="GB", help="free space there")
    new.add_argument("--gpus-per-node", type=int, default=4, help="of the batch script of `harness pretrain --slurm`")
    declare_where(new)


def _rehearse(options) -> int:
    import json
    import sys
    from pathlib import Path

    from harness.errors import ConfigError
    from harness.grid.rehearsal import printing
    from harness.grid.rehearsal.inputs import Stages
    from harness.grid.rehearsal.model import Asked
    from harness.grid.rehearsal.rehearsing import Rehearsing
    from harness.grid.rehearsal.sizes import GB
    from harness.stages import corpus, split, validate
    from harness.system.files import write_json
    from harness.system.scratch import scratch_folder

    for name in ("minutes", "corpus_tokens", "device_flops", "device_memory_gb", "disk_gb"):
        if (value := getattr(options, name)) is not None and not value > 0:
            flag = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{flag} must be above 0, not {value:g}.", remedy=f"Correct {flag}.")
    root, params = repository(), parameters()
    everything = params.everything()
    asked = Asked(
        grid=options,
        minutes=options.minutes,
        only_check=options.check,
        random_weights=options.random_weights,
        corpus_tokens=options.corpus_tokens,
        device_flops=options.device_flops,
        update_seconds=dict(_pace(text) for text in options.update_seconds),
        memory_gb=options.device_memory_gb,
        free=None if options.disk_gb is None else round(options.disk_gb * GB),
    )
    stages = Stages(validate=validate.run, split=split.run, corpus=corpus.run)
    only_json = options.json == "-"

    def say(line: str) -> None:
        print(terminal(line), file=sys.stderr if only_json else sys.stdout, flush=True)

    with scratch_folder(root / "artifacts" / "rehearsal") as scratch:
        # The scratch folder gets records with their texts.
        scratch.chmod(0o700)
        rehearsing = Rehearsing(root, scratch, params, asked, say)
        made = rehearsing.run(stages)
    if options.json and not only_json:
        write_json(Path(options.json), printing.values(made))
    if only_json:
        print(json.dumps(printing.values(made), indent=1, sort_keys=True))
    elif not options.check:
        say("")
        for line in printing.lines(made, everything.engine, rehearsing.machine.cores):
            say(line)
    elif not made.failed:
        say("Nothing was found that would fail.")
    return int(made.failed)


def _pace(text: str) -> tuple[str, float]:
    from harness.errors import ConfigError

    name, _, value = text.partition("=")
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if name.count("/") != 1 or not seconds > 0:
        raise ConfigError(
            f"--update-seconds {text!r} is not STAGE/FAMILY=SECONDS.", remedy="For example: pretrain/nb_bert=0.9"
        )
    return name, seconds
