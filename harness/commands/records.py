"""Commands for recorded results: track, ui, audit, reproduce, export."""

from harness.commands.common import (
    anywhere_here,
    by_present_code,
    declare,
    parameters,
    repository,
    to_a_server,
)
from harness.privacy import restricted
from harness.text.printable import terminal


def add(commands) -> None:
    text = "(re)build the MLflow store from the recorded runs"
    track = declare(commands, "track", by_present_code("track", _track), text, "track", connects=to_a_server)
    track.add_argument("--rebuild", action="store_true", help="delete the local store first")
    text = "the MLflow UI over the recorded runs, on 127.0.0.1"
    ui = declare(commands, "ui", _ui, text, "ui --port 5000", connects=anywhere_here)
    ui.add_argument("--port", type=int, default=5000)
    text = "follow every reported number back to its bytes, make it again, and say what does not match"
    audit = declare(commands, "audit", _audit, text, "audit", only_looks=True, connects=to_a_server)
    audit.add_argument(
        "recorded", nargs="?", metavar="RUN", help="only this comparison: the id of an MLflow run, or TASK/FAMILY"
    )
    audit.add_argument("--all", action="store_true", help="a line for every check, not only for those that fail")
    audit.add_argument("--json", action="store_true", help="every check as JSON, for a program")
    text = "run one recorded comparison again in a scratch copy, and say whether bytes or predictions differ"
    reproduce = declare(commands, "reproduce", _reproduce, text, "reproduce medmqp/nb_bert", connects=to_a_server)
    reproduce.add_argument("recorded", metavar="RUN", help="the id of an MLflow run, or TASK/FAMILY")
    text = "the bundle that may leave a restricted site: reports, provenance, cards, and a manifest to read first"
    export = declare(commands, "export", _export, text, "export bundle", "folder")
    export.add_argument(
        "--instead",
        action="store_true",
        help="I confirm that no earlier bundle with other figures for the same rows has left this site",
    )


def _track(options) -> None:
    from harness.plugins import registry
    from harness.stages.track import run

    root, settings = repository(), parameters(()).report()
    run(root, settings, registry.chosen(root, settings.run.tasks), rebuild=options.rebuild)


def _ui(options) -> int:
    parameters(())
    from harness.tracking.serve import serve

    return serve(repository(), options.port)


def _audit(options) -> int:
    from functools import partial

    from harness.audit import all_checks, causes, outside, printing, recomputing
    from harness.audit.checks import HOLDS
    from harness.plugins import registry
    from harness.stages import report, score, score_folds, split, validate

    root, params = repository(), parameters()
    settings = params.report()
    tasks = registry.chosen(root, settings.run.tasks)
    stages = recomputing.Stages(
        validate=validate.run,
        split=lambda folder, task: split.run(folder, task, params.split()),
        score=lambda folder, task, family: score.run(folder, tasks[task], family, params.score()),
        score_folds=lambda folder, task, family: score_folds.run(folder, tasks[task], family, *params.score_folds()),
        score_linear=lambda folder, task: score.run_linear(folder, tasks[task]),
        disclose=lambda folder, task: score.run_disclosure(folder, tasks[task], params.score()),
        report=partial(report.run, settings=settings, tasks=tasks),
    )
    scope = all_checks.one_run(root, params, options.recorded) if options.recorded else all_checks.everything(params)
    checks = causes.traced(all_checks.audit(root, params, tasks, stages, scope))
    apart = list(outside.sentences(root, settings.run.profile)) if scope.whole else []
    lines = [printing.as_json(checks, apart)] if options.json else printing.lines(checks, options.all, apart)
    print(*map(terminal, lines), sep="\n")
    return 1 if any(check.state != HOLDS for check in checks) else 0


def _reproduce(options) -> int:
    from harness.audit import all_checks, recomputing, retraining, runs
    from harness.audit.checks import HOLDS
    from harness.pipeline.hashes import Hashes
    from harness.plugins import registry
    from harness.stages import finetune
    from harness.system.files import read_jsonl
    from harness.tracking import reproductions

    root = repository()
    (name, family), *_ = all_checks.one_run(root, parameters(()), options.recorded).comparisons
    params = parameters([family])
    task, settings = registry.get(root, name), params.finetune(name, family)
    for check in runs.checks(root, task, family, settings, Hashes()):
        if check.state != HOLDS:
            print(terminal(f"before: {check.name}: recorded {check.expected or 'it'}, now {check.found or 'missing'}"))
    predictions = f"artifacts/predictions/{name}/{family}"
    retraining.refuse_inconsistent(task, root / predictions)
    with recomputing.scratch(root) as target:
        recomputing.link_inputs(root, target, recomputing.TRAINING_INPUTS)
        finetune.run(target, task, family, settings)
        records = read_jsonl(root / "artifacts" / "validated" / name / "records.jsonl")
        by_id = {record["id"]: record for record in records}
        found = list(retraining.compare(task, root / predictions, target / predictions, by_id))
    reproductions.write(root, name, family, [run.record() for run in found])
    print(*map(terminal, retraining.lines(f"{name}/{family}", found)), sep="\n")
    _say_in_mlflow(root, params.report())
    return 1 if any(run.outcome == retraining.DIFFERENT for run in found) else 0


def _say_in_mlflow(root, settings) -> None:
    """Record in MLflow that a comparison was trained again. Print a warning if another one has no results yet."""
    from harness.errors import HarnessError
    from harness.plugins import registry
    from harness.tracking import backend, sync

    try:
        sync.record(root, settings, registry.chosen(root, settings.run.tasks))
    except HarnessError as error:
        then = "Run `harness track` when every comparison has results: it records what was found."
        backend.warn(error, then, always=True)


def _export(options) -> None:
    from functools import partial
    from pathlib import Path

    from harness.audit import recomputing
    from harness.export import bundle, manifest
    from harness.plugins import registry
    from harness.privacy import keeping
    from harness.report.disclosure import disclosed_cards, released
    from harness.stages import report
    from harness.statistics.disclosure import disclosing

    root, params = repository(), parameters(())
    settings = params.report()
    tasks = registry.chosen(root, settings.run.tasks)
    known = disclosed_cards.disclosed(report.read_background(root, settings))
    releases = {}
    for name in (name for name, card in known.cards.items() if card["kind"] == restricted.KIND):
        disclosing.verify(root, tasks[name], params.score())
        releases[name] = released.release(root, name)
    site = bundle.Site(root, tasks, known, partial(report.run, settings=settings, tasks=tasks), releases)
    target = Path(options.folder)
    with recomputing.scratch(root) as scratch:
        recomputing.link_inputs(root, scratch, ("harness", "tasks", *recomputing.REPORTED))
        entries = bundle.export(site, target.resolve(), scratch, options.instead)
    print(f"{target} has {len(entries)} files. Read {target / manifest.MARKDOWN} before you send the folder.")
    for said in keeping.remotes(root):
        print(terminal(said))
