"""The command line: subcommands and exit codes. A stage is imported when it is asked for.

Exit codes: 0 success, 1 a finding or an error in data, parameters or files, 2 wrong usage.
"""

import argparse
import os
import sys
from pathlib import Path

from harness import __version__
from harness.errors import HarnessError, MissingInputError
from harness.launching import on_devices, slurm_script

EPILOG = "Example: harness {example}"


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

    def command(name: str, run, text: str, example: str, *positional: str, group=commands):
        new = group.add_parser(name, help=text, description=text, epilog=EPILOG.format(example=example))
        for argument in positional:
            new.add_argument(argument)
        new.set_defaults(run=run)
        return new

    command("tasks", _tasks, "the registered tasks as a table", "tasks")

    data = commands.add_parser(
        "data", help="generate or fetch the data sets", epilog=EPILOG.format(example="data fetch")
    )
    of_data = data.add_subparsers(metavar="ACTION", required=True)
    command(
        "generate",
        _data_generate,
        "the embedded data set, the same bytes everywhere",
        "data generate /tmp/embedded",
        "folder",
        group=of_data,
    )
    fetch = command(
        "fetch",
        _data_fetch,
        "the public originals, verified against their hashes, into data/",
        "data fetch medmqp --mirror ../originals",
        group=of_data,
    )
    fetch.add_argument("task", nargs="*", help="tasks; by default all public ones that params.yaml runs")
    fetch.add_argument("--mirror", type=Path, help="a folder with the files, instead of the network")

    profile = commands.add_parser(
        "profile", help="presets for params.yaml", epilog=EPILOG.format(example="profile use lab")
    )
    of_profile = profile.add_subparsers(metavar="ACTION", required=True)
    command("list", _profile_list, "the presets and which one params.yaml equals", "profile list", group=of_profile)
    command("use", _profile_use, "write a preset over params.yaml", "profile use lab", "name", group=of_profile)

    stage = "stage: "
    command("generate", _stage_generate, stage + "write the embedded data set to artifacts/generated", "generate")
    command("validate", _stage_validate, stage + "read and check a task's raw data", "validate medmqp", "task")
    command("split", _stage_split, stage + "split a task's records and check for leakage", "split medmqp", "task")
    command("corpus", _stage_corpus, stage + "clean the pre-training corpora of held-out text", "corpus")
    checkpoint = command(
        "checkpoint",
        _stage_checkpoint,
        stage + "make or import the baseline of a family; `checkpoint pin REPOSITORY` prints a pin",
        "checkpoint nb_bert",
        "family",
    )
    checkpoint.add_argument("repository", nargs="?", help="with `pin`: owner/name or owner/name@branch on the hub")
    pretrain = command(
        "pretrain", _stage_pretrain, stage + "make or import the clinical arm of a family", "pretrain nb_bert", "family"
    )
    pretrain.add_argument("--slurm", action="store_true", help="only print a Slurm batch script for this training")
    pretrain.add_argument("--gpus-per-node", type=int, default=4)
    pretrain.add_argument("--hours", type=int, default=24, help="the job's time limit; it is requeued and goes on")
    command(
        "finetune",
        _stage_finetune,
        stage + "fine-tune all arms and seeds of a comparison",
        "finetune nor_deid nb_bert",
        "task",
        "family",
    )
    score = command("score", _stage_score, stage + "turn stored predictions into scores", "score nor_deid", "task")
    score.add_argument("family", nargs="?", help="by default all families of params.yaml")
    command("report", _stage_report, stage + "write reports/", "report")
    track = command("track", _stage_track, "(re)build the MLflow store from the recorded runs", "track")
    track.add_argument("--rebuild", action="store_true", help="delete the local store first")
    ui = command("ui", _ui, "the MLflow UI over the recorded runs, on 127.0.0.1", "ui --port 5000")
    ui.add_argument("--port", type=int, default=5000)
    return parser


def _root() -> Path:
    """The repository: this folder or the nearest one above it that has a params.yaml."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() or (folder / "dvc.yaml").is_file():
            return folder
    raise MissingInputError(
        "No params.yaml in this folder or above it.", remedy="Change to the root of the harness's repository."
    )


def _params():
    """params.yaml, checked, with the environment prepared before any numeric library is loaded."""
    from harness import determinism
    from harness.params import load

    params = load(_root() / "params.yaml")
    determinism.prepare_environment(params.everything().engine.reproducible)
    return params


def _known(kind: str, name: str, known) -> str:
    import difflib

    if name in known:
        return name
    from harness.errors import ConfigError

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(f"params.yaml has no {kind} {name!r}.{hint}", remedy=f"It has: {', '.join(known)}.")


def _tasks(options) -> None:
    from harness import registry
    from harness.listing import task_table

    root = _root()
    task_table(root, registry.load_all(root))


def _data_generate(options) -> None:
    from harness.data.synthetic import generate
    from harness.params import load

    seed = load(_root() / "params.yaml").generate().seed
    generate(Path(options.folder), seed)
    print(f"Wrote the embedded data set to {options.folder}.")


def _data_fetch(options) -> None:
    from harness.stages.fetch import run

    root = _root()
    run(root, _params().everything(), options.task, options.mirror)


def _profile_list(options) -> None:
    from harness.listing import profile_table

    profile_table(_root())


def _profile_use(options) -> None:
    from harness import profiles

    root = Path.cwd() if not (Path.cwd() / "dvc.yaml").exists() else _root()
    profiles.use(root, options.name)
    print(f"params.yaml is now the profile {options.name}. {profiles.NEXT_STEP[options.name]}")


def _stage_generate(options) -> None:
    from harness.stages.generate import run

    run(_root(), _params().generate())


def _stage_validate(options) -> None:
    from harness.stages.validate import run

    _params()
    run(_root(), options.task)


def _stage_split(options) -> None:
    from harness.stages.split import run

    run(_root(), options.task, _params().split())


def _stage_corpus(options) -> None:
    from harness.stages.corpus import run

    run(_root(), _params().corpus())


def _stage_checkpoint(options) -> int:
    if options.family == "pin":
        _pin(options.repository)
        return 0
    params = _params()
    family = _known("family", options.family, params.everything().families)
    settings = params.checkpoint(family)
    if (code := on_devices(settings.engine.devices, ["checkpoint", family])) is not None:
        return code
    from harness.stages.checkpoint import run

    run(_root(), family, settings)
    return 0


def _pin(repository: str | None) -> None:
    from harness.determinism import prepare_environment
    from harness.errors import ConfigError

    if not repository:
        raise ConfigError("pin needs a repository.", remedy="For example: harness checkpoint pin ltg/norbert3-large")
    prepare_environment("fast")
    from harness.models import pins

    text = pins.as_yaml(pins.pin(repository))
    print(f"# {repository}: put this below the arm (baseline, clinical) of a family in params.yaml.\n{text}", end="")


def _stage_pretrain(options) -> int:
    params = _params()
    family = _known("family", options.family, params.everything().families)
    settings = params.pretrain(family)
    if options.slurm:
        print(slurm_script(family, settings, options.gpus_per_node, options.hours), end="")
        return 0
    if (code := on_devices(settings.engine.devices, ["pretrain", family])) is not None:
        return code
    from harness.stages.pretrain import run

    run(_root(), family, settings)
    return 0


def _stage_finetune(options) -> None:
    from harness import registry

    root, params = _root(), _params()
    everything = params.everything()
    task = registry.get(root, _known("task", options.task, everything.tasks))
    family = _known("family", options.family, everything.families)
    from harness.stages.finetune import run

    run(root, task, family, params.finetune(task.name, family))


def _stage_score(options) -> None:
    from harness import registry
    from harness.stages.score import run

    root, params = _root(), _params()
    task, settings = registry.get(root, options.task), params.score()
    for family in [options.family] if options.family else settings.families:
        run(root, task, family, settings)


def _stage_report(options) -> None:
    from harness import registry
    from harness.stages.report import run

    root, settings = _root(), _params().report()
    run(root, settings, {name: registry.get(root, name) for name in settings.run.tasks})


def _stage_track(options) -> None:
    from harness import registry
    from harness.stages.track import run

    root, settings = _root(), _params().report()
    run(root, settings, {name: registry.get(root, name) for name in settings.run.tasks}, rebuild=options.rebuild)


def _ui(options) -> int:
    _params()
    from harness.tracking import serve

    return serve(_root(), options.port)
