"""Define the command `pipeline`, which writes the hashes of code and tasks that DVC depends on, and
params.schema.json."""

from harness.commands.common import declare, repository
from harness.pipeline import code_lists


def add(commands) -> None:
    text = "write pipeline/, from which DVC knows whether code or a task has changed (`harness repro` does it, too)"
    pipeline = declare(commands, "pipeline", _pipeline, text, "pipeline")
    pipeline.add_argument("--check", action="store_true", help="only say which lists are out of date")


def _pipeline(options) -> int:
    from harness.params import schema

    root = repository()
    changed = code_lists.outdated(root) if options.check else code_lists.write_lists(root)
    if schema.outdated(root):
        changed.append(schema.NAME)
        if not options.check:
            schema.write(root)
    for path in changed:
        print(f"{path} {'is out of date; run `harness pipeline`' if options.check else 'written'}")
    if not changed:
        print("pipeline/ is up to date with the code and the tasks.")
    return int(options.check and bool(changed))
