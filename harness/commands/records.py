"""Commands over what was recorded: track, ui."""

from harness.commands.common import declare, parameters, repository


def add(commands) -> None:
    track = declare(commands, "track", _track, "(re)build the MLflow store from the recorded runs", "track")
    track.add_argument("--rebuild", action="store_true", help="delete the local store first")
    ui = declare(commands, "ui", _ui, "the MLflow UI over the recorded runs, on 127.0.0.1", "ui --port 5000")
    ui.add_argument("--port", type=int, default=5000)


def _track(options) -> None:
    from harness import registry
    from harness.stages.track import run

    root, settings = repository(), parameters().report()
    run(root, settings, {name: registry.get(root, name) for name in settings.run.tasks}, rebuild=options.rebuild)


def _ui(options) -> int:
    parameters()
    from harness.tracking import serve

    return serve(repository(), options.port)
