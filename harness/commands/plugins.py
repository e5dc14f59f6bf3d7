"""Commands for the author of a task: new-task, check."""

from harness.commands.common import declare, parameters, repository
from harness.heads import HEADS
from harness.pipeline import code_lists
from harness.text.printable import terminal


def add(commands) -> None:
    text = "write a new task to start from: its declaration, a sample of valid rows, a test"
    new = declare(commands, "new-task", _new_task, text, "new-task triage --head sequence --format csv", "name")
    kind = new.add_mutually_exclusive_group(required=True)
    kind.add_argument("--head", help=f"one of {', '.join(HEADS)}")
    kind.add_argument("--from", dest="package", metavar="PACKAGE", help="an installed package that offers the task")
    formats = "; ".join(f"{head.name}: {', '.join(head.template.formats)}" for head in HEADS.values())
    new.add_argument("--format", help=f"the format of your data ({formats})")
    text = "list everything that is wrong with a task's declaration and data"
    check = declare(commands, "check", _check, text, "check medmqp", only_looks=True)
    check.add_argument("task", nargs="?", help="by default all tasks")


def _new_task(options) -> None:
    from harness import heads
    from harness.data.pinning import replacing
    from harness.plugins import creating, placing, templates

    root = repository()
    running = parameters(()).everything().run.tasks
    if options.package:
        path, task = creating.adopt(root, options.name, options.package)
        code_lists.write_task(root, options.name)
        print(f"Wrote {path.relative_to(root)}, which pins that package by its version and files.")
        print(f"Next: `harness data use {options.name} PATH`. To run the task, write in params.yaml:\n")
        print(templates.parameters(options.name, heads.of(task), running), end="")
        return
    with replacing(root) as within:
        written = creating.create(root, options.name, options.head, options.format, within)
        whole = placing.pin(root, within)
    code_lists.write_task(root, options.name)
    shown = list(dict.fromkeys(_displayed(path.relative_to(root), options.name) for path in written))
    print("Wrote " + ", ".join(shown) + ".")
    if not whole and (root / "data.dvc").is_file():
        print(
            "data/ is incomplete, and the first `dvc repro` makes it anew. Afterwards, put the sample back with "
            f"`harness data use {options.name} tests/tasks/{options.name} --kind synthetic`."
        )
    print(f"Next: `harness check {options.name}`. To run the task, write in params.yaml:\n")
    print(templates.parameters(options.name, heads.HEADS[options.head], running), end="")


def _displayed(path, name: str) -> str:
    """The text that names a written file to the user. For a file of the data sample, the text is its folder."""
    return f"{path.parent.as_posix()}/" if path.parent.name == name else path.as_posix()


def _check(options) -> int:
    from harness.plugins import checking, packages, registry, unusual
    from harness.privacy import keeping, restricted
    from harness.system import sockets

    root = repository()
    params = parameters()
    running = params.everything().run.tasks
    if not options.task:
        for family in params.everything().run.families:
            params.checkpoint(family)
            params.pretrain(family)
    names = [options.task] if options.task else [path.stem for path in registry.task_files(root)]
    failed = 0
    if restricted.names(root):
        found = [str(one) for one in keeping.exposures(root)]
        failed += bool(found)
        print(
            f"protection of restricted data: {_counted(found)}",
            *map(terminal, [*found, *keeping.remotes(root), *filter(None, [sockets.not_held()])]),
            sep="\n  ",
        )
    for name in names:
        left_out = "" if name in running else " (not under run.tasks in params.yaml: `dvc repro` leaves it out)"
        if left_out and not options.task and not (root / "data" / name).is_dir():
            # Such as the Norwegian versions, which are declared before they are translated.
            found = checking.declared(root, name)[1]
            failed += bool(found)
            print(*map(terminal, [f"{name}: {_counted(found)}, no data{left_out}", *found]), sep="\n  ")
            continue
        checked = checking.checked(root, name)
        found = checked.findings
        failed += bool(found)
        lines = [f"{name}: {_counted(found)}{left_out}", *(found or checked.remarks)]
        print(*map(terminal, lines), sep="\n  ")
        for notice in unusual.notices(root, registry.get(root, name)) if not found else ():
            print(terminal(f"  note: {notice}"))
    if not options.task:
        adopted = {name: package for name in names if (package := registry.package_of(name))}
        for problem in packages.problems(set(names), adopted):
            failed += 1
            print(terminal(problem))
    return 1 if failed else 0


def _counted(found: list[str]) -> str:
    return f"{len(found)} finding{'s' * (len(found) > 1)}" if found else "no findings"
