"""The command `harness data fetch`: replace generated data with the public originals, and pin them with DVC."""

from pathlib import Path

from harness.errors import DataError
from harness.params.whole import Params
from harness.plugins import registry
from harness.system.together import Together

# Files below data/corpus that are fetched, not generated: the name in params.yaml → the name of the source.
FETCHED_CORPORA = {"norec.jsonl.gz": "norec"}


def run(root: Path, params: Params, names: list[str], mirror: Path | None) -> None:
    """Fetch public originals into `data/`, verify their hashes, pin them with DVC and freeze the pin.

    The originals are those of the tasks `names` (if empty: of every public task of this run), and of the public corpus
    files that `params.yaml` names. `mirror` is a folder with copies of the originals. If `data/` lacks other files that
    this run needs (generated corpora, tasks without a public original), they are generated first, so that `data/` is
    complete when it is pinned. Raises DataError if a named task has no public original.
    """
    from harness.data import sources
    from harness.data.pinning import pin_data, replacing

    named = [registry.get(root, name) for name in (names or params.run.tasks)]
    # A translation is made from its original, so the original is fetched.
    origins = [registry.get(root, task.translation_of) if task.translation_of else task for task in named]
    wanted = list({task.name: task for task in origins}.values())
    public = [task for task in wanted if task.public is not None]
    for task in wanted:
        if names and task.public is None:
            raise DataError(
                f"{task.name} has no public original: its data exist only at their owner's site.",
                remedy=f"If your site has the data, put them in place with `harness data use {task.name} PATH`.",
            )
    corpora = sorted(
        {FETCHED_CORPORA[file] for file in (*params.corpus.general, *params.corpus.clinical) if file in FETCHED_CORPORA}
    )
    with replacing(root) as within:
        complete_with_generated(root, params, within)
        folders = sources.fetch(root, public, mirror, within)
        sources.fetch_corpus(root, corpora, mirror, within)
        pin_data(root, within)
    for task, folder in zip(public, folders, strict=True):
        print(f"{task.name}: {folder.relative_to(root)} (verified)")
    if corpora:
        print(f"corpus: {', '.join(corpora)} (verified)")
    print(
        "data.dvc now pins these files. Next: `dvc repro`. "
        "Back to generated data: `git checkout data.dvc && dvc repro`."
    )


def complete_with_generated(root: Path, params: Params, within: Together) -> None:
    """Generate the data of the folders of `data/` that do not exist yet. Existing folders are kept."""
    from harness.data.synthetic.write import CORPUS, TASKS, generate

    if all((Path(root) / "data" / name).exists() for name in (*TASKS, CORPUS)):
        return
    copy = within.scratch_folder(Path(root) / "data" / "generated")
    for name, folder in sorted(generate(copy, params.generate.seed).items()):
        target = root / "data" / name
        if not target.exists():
            within.put_in_place(folder, target)
