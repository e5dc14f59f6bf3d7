"""Commands for data and configuration: tasks, data, pin, profile."""

from pathlib import Path

from harness.commands.common import anywhere_here, declare, declare_group, made, parameters, pinned, repository
from harness.pipeline import code_lists
from harness.privacy import restricted
from harness.task import KINDS
from harness.text.printable import terminal


def add(commands) -> None:
    declare(commands, "tasks", _tasks, "the registered tasks as a table", "tasks")

    data = declare_group(commands, "data", "generate or fetch the data sets", "data fetch")
    text = "the embedded data set, the same bytes everywhere"
    declare(data, "generate", _data_generate, text, "data generate /tmp/embedded", "folder")
    text = "the public originals, verified against their hashes, into data/"
    fetch = declare(data, "fetch", _data_fetch, text, "data fetch medmqp --mirror ../originals")
    fetch.add_argument("task", nargs="*", help="tasks; by default all public ones that params.yaml runs")
    fetch.add_argument("--mirror", type=Path, help="a folder with the files, instead of the network")

    text = "your own files as the data of a task or as a part of the corpus: checked, recorded, pinned"
    use = declare(data, "use", _data_use, text, "data use aismec /secure/calls.parquet")
    use.add_argument("task", help="the name of the task, or `corpus`")
    use.add_argument("path", type=Path, help="the file, or the folder that holds the files")
    use.add_argument(
        "--kind",
        choices=KINDS,
        default=restricted.KIND,
        help="the kind of data, which reports state (default: restricted)",
    )
    for key in ("licence", "language", "citation", "note"):
        use.add_argument(f"--{key}", default="", help=f"{key} for the source record")

    text = "the commit of a hub repository and the hashes of its files, as lines for params.yaml"
    pin = declare(commands, "pin", _pin, text, "pin ltg/norbert3-large", "repository", connects=anywhere_here)
    pin.epilog = f"{pin.epilog} (with HF_HUB_OFFLINE=0 before the command, because it asks the hub)"

    profile = declare_group(commands, "profile", "presets for params.yaml", "profile use lab")
    declare(profile, "list", _profile_list, "the presets and which one params.yaml equals", "profile list")
    declare(profile, "use", _profile_use, "write a preset over params.yaml", "profile use lab", "name")


def _pin(options) -> None:
    from harness.system.determinism import prepare_environment

    prepare_environment("fast")
    from harness.encoders import pins

    text = pins.as_yaml(pins.pin(options.repository))
    print(f"# {options.repository}: put this below the arm of a family in params.yaml.\n{text}", end="")


def _tasks(options) -> None:
    from harness.commands.listing import task_table
    from harness.plugins import packages, registry

    root = repository()
    tasks = registry.load_all(root)
    task_table(root, tasks)
    for name, distribution, version in packages.offered():
        if name not in tasks:
            said = f"`harness new-task {name} --from {distribution}` adds it"
            print(terminal(f"The package {distribution} {version} offers {name}: {said}."))


def _data_generate(options) -> None:
    from harness.data.synthetic.write import generate
    from harness.params.reading import load
    from harness.system.disks import writing
    from harness.system.files import for_its_target
    from harness.system.together import together

    root, target = repository(), Path(options.folder)
    seed = load(root / "params.yaml", ()).generate().seed
    # Files of other names stay in `target`. The undo journal is in `root`, because later commands clean up only there.
    with writing(target), together(root) as within:
        copy = within.scratch_folder(made(target, within) / "generated")
        with for_its_target(copy, target):
            for folder in generate(copy, seed).values():
                for path in sorted(folder.iterdir()):
                    within.put_in_place(path, within.folder(target / folder.name) / path.name)
    print(f"Wrote the embedded data set to {options.folder}.")


def _data_fetch(options) -> None:
    from harness.stages.fetch import run

    root = repository()
    run(root, parameters(()).everything(), options.task, options.mirror)


def _data_use(options) -> None:
    if options.task == "corpus":
        _data_use_corpus(options)
        return
    from harness.data import reader
    from harness.data.pinning import replacing
    from harness.plugins import registry
    from harness.plugins.placing import pin, put
    from harness.privacy import keeping, pseudonyms

    root = repository()
    with replacing(root) as within:
        folder, remarks = put(root, options.task, options.path, _stated(options), within)
        made = options.kind == restricted.KIND and pseudonyms.ensure_key(root)
        whole = pin(root, within)
    code_lists.write_task(root, options.task)
    print(f"{folder.relative_to(root)} now has your data ({options.kind}). {pinned(whole)}.")
    print(*map(terminal, [*remarks, *keeping.remotes(root)]), sep="\n")
    if taken := reader.columns_of(registry.get(root, options.task)):
        print(f"Columns of a record, each with the column of your file from which tasks/{options.task}.py reads it:")
        print(*map(terminal, reader.column_lines(taken)), sep="\n")
    if made:
        print(
            f"{pseudonyms.KEY_FILE} was made. With this key, ids and groups are replaced by pseudonyms wherever they "
            "are written. The key is not in git. Keep it as you keep the data: without it, this split cannot be made "
            "again."
        )


def _data_use_corpus(options) -> None:
    from harness.data.pinning import pin_data, replacing
    from harness.plugins.placing import put_corpus
    from harness.privacy import keeping
    from harness.stages.fetch import complete_with_generated

    root = repository()
    with replacing(root) as within:
        complete_with_generated(root, parameters(()).everything(), within)
        names = put_corpus(root, options.path, _stated(options), within)
        pin_data(root, within)
    print(f"data/corpus now has your files ({options.kind}). {pinned(True)}.")
    print(f"Name them in params.yaml, below corpus, then run `dvc repro`:\n  clinical: [{terminal(', '.join(names))}]")
    print(*map(terminal, keeping.remotes(root)), sep="\n")


def _stated(options) -> dict[str, str]:
    """What the user states of the data: the keys of the source record that are options of the command."""
    return {key: getattr(options, key) for key in ("kind", "licence", "language", "citation", "note")}


def _profile_list(options) -> None:
    from harness.commands.listing import profile_table

    profile_table(repository())


def _profile_use(options) -> None:
    from harness.params import profiles

    root = Path.cwd() if not (Path.cwd() / "dvc.yaml").exists() else repository()
    profiles.use(root, options.name)
    if (root / code_lists.LISTS).is_dir():
        code_lists.write_families(root)
    print(f"params.yaml is now the profile {options.name}. {profiles.NEXT_STEP[options.name]}")
    if (root / "tasks").is_dir():
        for line in _in_place(root, generated=options.name == "embedded"):
            print(terminal(line))


def _in_place(root: Path, *, generated: bool) -> list[str]:
    """A line for each task whose data do not fit the profile (`generated` data or originals), with the command to type
    if originals are missing."""
    from harness.data import sources
    from harness.errors import HarnessError
    from harness.params import reading
    from harness.plugins import registry

    said = []
    for name in reading.load(root / "params.yaml").everything().run.tasks:
        folder = root / "data" / name
        try:
            task = registry.get(root, name)
            kind = sources.read_source(folder)["kind"] if (folder / sources.RECORD).is_file() else None
        except HarnessError as error:
            said.append(f"  {name}: {error.message}")
            continue
        originals = kind not in (None, "synthetic")
        if generated and originals:
            said.append(f"  {name}: its data are {kind}, not generated")
        elif not generated and not originals:
            found = "its data are generated" if kind else "it has no data"
            todo = f"`harness data fetch {name}`" if task.public else f"restricted: `harness data use {name} PATH`"
            if task.translation_of:
                todo = f"`harness translate {task.translation_of} --to {task.language} --model …` (or --from FILE)"
            said.append(f"  {name}: {found}; {todo}")
    return said
