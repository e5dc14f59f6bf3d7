"""Define the commands that run one stage of the pipeline each. `dvc.yaml` calls these commands.

The code of a stage is imported only when the stage runs.
"""

import contextlib
import functools
import os
import sys

from harness.commands.common import (
    by_present_code,
    declare,
    hold_languages,
    known_name,
    parameters,
    repository,
    to_a_server,
)
from harness.errors import MissingInputError
from harness.grid.launching import on_devices
from harness.grid.slurm import slurm_script
from harness.params.arms import BASELINE
from harness.params.config import Build
from harness.system import durations
from harness.text.printable import terminal

LIVE = (
    "write loss, speed and held-out scores to MLflow during the training (the default if MLFLOW_TRACKING_URI "
    "names a store); the trained weights do not depend on it"
)


def add(commands) -> None:
    def stage(name: str, run, text: str, example: str, *positional: str, **more):
        checked = by_present_code(name, _timed(name, run))
        return declare(commands, name, checked, f"stage: {text}", example, *positional, **more)

    stage("generate", _generate, "write the embedded data set to artifacts/generated", "generate")
    stage("validate", _validate, "read and check a task's raw data", "validate medmqp", "task")
    stage("split", _split, "split a task's records and check for leakage", "split medmqp", "task")
    stage("corpus", _corpus, "clean the pre-training corpora of held-out text", "corpus")
    text = "make or import the baseline of a family"
    checkpoint = stage("checkpoint", _checkpoint, text, "checkpoint nb_bert", "family", connects=_trains_together)
    _training_options(checkpoint)
    text = "make or import the clinical arm of a family"
    pretrain = stage("pretrain", _pretrain, text, "pretrain nb_bert", "family", connects=_trains_together)
    _training_options(pretrain)
    pretrain.add_argument("--slurm", action="store_true", help="only print a Slurm batch script for this training")
    pretrain.add_argument("--gpus-per-node", type=int, default=4)
    pretrain.add_argument(
        "--hours", type=int, default=24, help="the job's time limit; a job that reaches it is requeued and continues"
    )
    text = "fine-tune all arms and seeds of a comparison"
    stage("finetune", _finetune, text, "finetune nor_deid nb_bert", "task", "family")
    stage("linear", _linear, "fit a linear model of counted words on a task, for comparison", "linear nor_deid", "task")
    text = "fine-tune all arms of a comparison on every fold of its data (exploratory, for small sets)"
    stage("crossvalidate", _crossvalidate, text, "crossvalidate aismec nb_bert", "task", "family")
    score = stage("score", _score, "turn stored predictions into scores", "score nor_deid", "task")
    score.add_argument("family", nargs="?", help="by default all families of params.yaml")
    text = "turn a cross-validation's stored predictions into scores"
    stage("score-folds", _score_folds, text, "score-folds aismec", "task")
    stage("report", _report, "write reports/", "report")


def _timed(name: str, run):
    """A version of the command `run` that also records how long the stage `name` took (`harness.system.durations`)."""

    @functools.wraps(run)
    def timed(options):
        about = [value for key in ("task", "family") if (value := getattr(options, key, None))]
        with contextlib.ExitStack() as stack:
            # Of several processes of one training, the one that started them records the time. If there is no
            # repository, the stage itself raises the error.
            with contextlib.suppress(MissingInputError):
                if "WORLD_SIZE" not in os.environ:
                    stack.enter_context(durations.timed(repository(), name, *about))
            return run(options)

    return timed


def _training_options(command) -> None:
    command.add_argument("--live", action="store_true", help=LIVE)
    text = "for an interrupted training whose inputs have changed: the next run {}. This command trains nothing"
    which = command.add_mutually_exclusive_group()
    resumed = text.format("resumes it (the checkpoint's card records this)")
    which.add_argument("--resume", dest="choice", action="store_const", const="resume", help=resumed)
    which.add_argument("--anew", dest="choice", action="store_const", const="anew", help=text.format("starts anew"))


def _chosen(options, family: str, arms: list[str]) -> bool:
    """Record the choice of --resume or --anew. Returns whether one was given, for then nothing is trained."""
    if options.choice is None:
        return False
    from harness.training.pretrain.interrupted import choose

    done = choose(repository(), family, arms, options.choice)
    print(*(done or [f"{family}: there is no interrupted training of {' or '.join(arms)}."]), sep="\n")
    return True


def _generate(options) -> None:
    from harness.stages.generate import run

    run(repository(), parameters(()).generate())


def _validate(options) -> None:
    from harness.stages.validate import run

    everything = parameters(()).everything()
    hold_languages(repository(), everything, everything.run.families, [options.task])
    run(repository(), options.task)


def _split(options) -> None:
    from harness.stages.split import run

    for note in run(repository(), options.task, parameters(()).split()):
        print(terminal(f"{options.task}: {note}"))


def _corpus(options) -> None:
    from harness.stages.corpus import run

    run(repository(), parameters(()).corpus())


def _trains_together(options) -> bool:
    """Whether a training needs the network: for its processes on several devices, or for a live MLflow server."""
    if to_a_server(options) or "WORLD_SIZE" in os.environ:
        return True
    return parameters([options.family]).everything().engine.devices > 1


def _checkpoint(options) -> int:
    params = parameters([options.family])
    family = known_name("family", options.family, params.everything().families)
    if _chosen(options, family, [BASELINE]):
        return 0
    hold_languages(repository(), params.everything(), [family], params.everything().run.tasks)
    settings = params.checkpoint(family)
    again = ["checkpoint", family, *(["--live"] if options.live else [])]
    # One process is enough to import an existing checkpoint.
    devices = settings.engine.devices if isinstance(settings.source, Build) else 1
    if (code := on_devices(devices, again)) is not None:
        return code
    from harness.stages.checkpoint import run

    run(repository(), family, settings, _observer(options, params, family))
    return 0


def _observer(options, params, family: str):
    """The function that makes an arm's live observer, or None if neither --live nor MLFLOW_TRACKING_URI is given."""
    if not (options.live or os.environ.get("MLFLOW_TRACKING_URI")):
        return None
    from harness.tracking.live import Live

    return functools.partial(Live, repository(), params.everything().run.profile, family)


def _pretrain(options) -> int:
    params = parameters([options.family])
    family = known_name("family", options.family, params.everything().families)
    trained = [name for name in params.everything().families[family].encoders if name != BASELINE]
    if _chosen(options, family, trained):
        return 0
    hold_languages(repository(), params.everything(), [family], params.everything().run.tasks)
    settings = params.pretrain(family)
    if options.slurm:
        print(slurm_script(family, settings, options.gpus_per_node, options.hours), end="")
        return 0
    again = ["pretrain", family, *(["--live"] if options.live else [])]
    if (code := on_devices(settings.engine.devices if settings.trained else 1, again)) is not None:
        return code
    from harness.stages.pretrain import run

    run(repository(), family, settings, _observer(options, params, family))
    return 0


def _finetune(options) -> None:
    root, params, task, family = _comparison(options)
    from harness.stages.finetune import run

    run(root, task, family, params.finetune(task.name, family))


def _crossvalidate(options) -> None:
    root, params, task, family = _comparison(options)
    from harness.stages.crossvalidate import run

    run(root, task, family, *params.crossvalidate(task.name, family))


def _comparison(options):
    """The tuple (root of the repository, its parameters, the task, the name of the family) that `options` name."""
    from harness.plugins import registry

    root, params = repository(), parameters([options.family])
    everything = params.everything()
    task = registry.get(root, known_name("task", options.task, everything.tasks))
    family = known_name("family", options.family, everything.families)
    hold_languages(root, everything, [family], [task.name])
    return root, params, task, family


def _linear(options) -> None:
    from harness.plugins import registry

    root, params = repository(), parameters(())
    task = registry.get(root, known_name("task", options.task, params.everything().tasks))
    from harness.stages.linear import run

    run(root, task)


def _score(options) -> None:
    from harness.plugins import registry, unusual
    from harness.stages.score import run, run_disclosure, run_linear

    root, params = repository(), parameters(())
    task, settings = registry.get(root, options.task), params.score()
    for notice in unusual.notices(root, task):
        print(terminal(f"note: {notice}"), file=sys.stderr)
    families = [options.family] if options.family else settings.families
    _say_what_is_stale(root, params, {task.name: task}, families, scored=False)
    for family in families:
        run(root, task, family, settings)
    if not options.family:
        run_linear(root, task)
        run_disclosure(root, task, settings)


def _score_folds(options) -> None:
    from harness.plugins import registry
    from harness.stages.score_folds import run

    root, params = repository(), parameters(())
    task, (settings, folds) = registry.get(root, options.task), params.score_folds()
    for family in settings.families:
        run(root, task, family, settings, folds)


def _report(options) -> None:
    from harness.plugins import registry
    from harness.stages.report import run

    root, params = repository(), parameters(())
    settings = params.report()
    tasks = registry.chosen(root, settings.run.tasks)
    _say_what_is_stale(root, params, tasks, settings.run.families, scored=True)
    run(root, settings, tasks)


def _say_what_is_stale(root, params, tasks, families, *, scored: bool) -> None:
    from harness.audit import stale

    # An edited file may break the code that reads it in any way. The stage itself reports a file it cannot read.
    with contextlib.suppress(Exception):
        stale.warn(root, params, tasks, families, scored=scored)
