"""`harness data fetch`: put public originals in place of generated data, and pin them."""

from pathlib import Path

from harness.errors import DataError
from harness.params.whole import Params
from harness.plugins import registry
from harness.system.together import Together

# Files below data/corpus that are fetched, not generated, by the name params.yaml uses.
FETCHED_CORPORA = {"norec.jsonl.gz": "norec"}


def run(root: Path, params: Params, names: list[str], mirror: Path | None) -> None:
    """Fetch `names` (default: every public task of this run) into `data/`, verify, pin and freeze.

    Where `data/` lacks what this run also needs (generated corpora, tasks without a public original),
    the generated files are written first, so that `data/` is complete before it is pinned.
    """
    from harness.data import sources
    from harness.data.pinning import pin_data, replacing

    named = [registry.get(root, name) for name in (names or params.run.tasks)]
    # A translation is made here, of its original.
    origins = [registry.get(root, task.translation_of) if task.translation_of else task for task in named]
    wanted = list({task.name: task for task in origins}.values())
    public = [task for task in wanted if task.public is not None]
    for task in wanted:
        if names and task.public is None:
            raise DataError(f"{task.name} has no public original.", remedy="It exists only at its owner's site.")
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
    """Generate the parts of `data/` that are not there yet; what is there stays as it is."""
    from harness.data.synthetic.write import CORPUS, TASKS, generate

    if all((Path(root) / "data" / name).exists() for name in (*TASKS, CORPUS)):
        return
    copy = within.scratch_folder(Path(root) / "data" / "generated")
    for name, folder in sorted(generate(copy, params.generate.seed).items()):
        target = root / "data" / name
        if not target.exists():
            within.put_in_place(folder, target)
