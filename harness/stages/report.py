"""Stage `report`: write `reports/` from scores and cards. The stage needs no torch and writes no text of a document."""

import shutil
from pathlib import Path

from harness.artifacts import checkpoint, corpus, reported, split, validated
from harness.params.config import ReportSettings
from harness.pipeline import code_lists
from harness.report.disclosure import disclosed_cards, loading
from harness.report.export import provenance
from harness.report.model import judging, results
from harness.report.model.document import Table
from harness.report.render import tables
from harness.report.text import checkpoints, content, exploratory
from harness.report.text.background import Background
from harness.system import files
from harness.system.scratch import is_scratch
from harness.system.together import together
from harness.task import Task

# The files and folders that this stage writes below reports/.
WRITTEN = (
    "figures", "plots", "model-index", "croissant", "summary.csv", "results.csv", "simple_baselines.csv",
    "comparison.csv", "readings.csv", "robustness.csv", "tables.tex", "README.md", "appendix.md", "index.html",
    "metrics.json", "provenance.json",
)  # fmt: skip


def run(root: Path, settings: ReportSettings, tasks: dict[str, Task]) -> None:
    """Write every file of `reports/` except the split manifests.

    The comparisons are those of `run.tasks` × `run.families` × `run.seeds` in `params.yaml`. Scores that remain from
    earlier runs are ignored. If a comparison is missing, this raises a MissingInputError that names the stage to run.
    """
    from harness.report.render import figures

    root = Path(root)
    comparisons = loading.load(root, settings.run, tasks)
    summaries = judging.summaries(comparisons, settings.statistics)
    judgements = judging.judged(comparisons, settings.statistics)
    read = judging.judged_readings(comparisons, settings.statistics)
    known = read_background(root, settings)
    shown = disclosed_cards.disclosed(known)
    validated = exploratory.load(root, settings, tasks)
    report = content.report(
        comparisons, shown, settings.run.profile, summaries, judgements, read, settings.statistics, validated,
        settings.robustness,
    )  # fmt: skip
    pictures = figures.draw(comparisons, judgements, shown.checkpoints, settings.statistics)
    with together(root, reported.exact_place(root)) as within:
        with files.atomic_folder(root / "reports", within) as folder:
            _keep_others(root / "reports", folder)
            _write(folder, comparisons, summaries, judgements, read, report, pictures)
            write_for_machines(root, folder, comparisons, judgements, shown, tasks)
            files.write_json(folder / "provenance.json", trace(root, settings, comparisons, validated, shown))
        reported.write_exact(root, exact(comparisons, validated))


def _keep_others(before: Path, folder: Path) -> None:
    """Copy what this stage does not write: the files of other stages, and those that somebody has added."""
    for path in sorted(before.glob("*")):
        if path.name in WRITTEN or is_scratch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, folder / path.name, symlinks=True)
        else:
            shutil.copy2(path, folder / path.name, follow_symlinks=False)


def _write(folder: Path, comparisons, summaries, judgements, read, report, pictures: dict[str, bytes]) -> None:
    from harness.report.render import page

    files.fill(folder / "figures", pictures)
    files.write_text(folder / "summary.csv", tables.summary_csv(summaries))
    files.write_text(folder / "results.csv", tables.results_csv(comparisons))
    files.write_text(folder / "simple_baselines.csv", tables.simple_baselines_csv(comparisons))
    files.write_text(folder / "comparison.csv", tables.comparison_csv(comparisons, judgements))
    files.write_text(folder / "readings.csv", tables.readings_csv(comparisons, read))
    files.write_text(folder / "robustness.csv", tables.robustness_csv(comparisons))
    files.write_text(folder / "tables.tex", tables.latex(paper_tables(report)))
    files.write_text(folder / "README.md", tables.markdown(report))
    files.write_text(folder / "appendix.md", tables.markdown_appendix(report))
    files.write_text(folder / "index.html", page.page(report, pictures))


def write_for_machines(
    root: Path,
    folder: Path,
    comparisons: list[results.Comparison],
    judgements: results.Judgements,
    known: Background,
    tasks: dict[str, Task],
) -> None:
    """Write the files for programs below `folder`: `metrics.json`, `plots/`, `model-index/` and `croissant/`."""
    from harness.report.export import croissant, machine, model_index

    files.write_json(folder / "metrics.json", machine.metrics(comparisons, judgements))
    # DVC wants the folder even if no curve is shown, as for restricted data.
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    files.fill(folder / "plots", {name: text.encode() for name, text in machine.curves(comparisons).items()})
    files.fill(folder / "model-index", {name: text.encode() for name, text in model_index.files(comparisons).items()})
    described = {}
    for task, manifest in {c.task: c.inputs["manifest"] for c in comparisons}.items():
        records = validated.records(root, task)
        about = croissant.metadata(tasks[task], known.cards[task], manifest, records)
        described[f"{task}.json"] = files.json_bytes(about)
    files.fill(folder / "croissant", described)


def read_background(root: Path, settings: ReportSettings) -> Background:
    """Read the cards (descriptions) of data, splits, corpora and checkpoints that the report shows, before anything of
    restricted data is removed from them."""
    run_ = settings.run
    cards = {(family, arm): checkpoint.card(folder) for family, arm, folder in checkpoints.folders(root, run_.families)}
    return Background(
        cards={task: validated.card(root, task).plain() for task in run_.tasks},
        leakage={task: split.leakage(root, task) for task in run_.tasks},
        # With checkpoints from elsewhere there may be no corpus.
        corpus=corpus.card(root) if corpus.card_place(root).is_file() else {},
        # The folder of an arm that is switched off has a card without a source.
        checkpoints={key: card for key, card in cards.items() if card.get("source")},
    )


def paper_tables(report) -> list[Table]:
    """The tables that a paper would print: the comparison and all scores."""
    sections = [section for section in (*report.sections, *report.appendix) if section.title in content.MAIN]
    return [block for section in sections for block in section.blocks if isinstance(block, Table)]


def exact(comparisons: list[results.Comparison], validated: list[exploratory.CrossValidated]) -> dict:
    """The content of `artifacts/report.json`: the hashes of the exact files behind the reported numbers, by
    comparison."""
    folds = {f"cross-validation/{name}": entry for name, entry in provenance.exact(validated).items()}
    return provenance.exact(comparisons) | {"linear": provenance.exact_linear(comparisons)} | folds


def trace(
    root: Path,
    settings: ReportSettings,
    comparisons: list[results.Comparison],
    validated: list[exploratory.CrossValidated],
    known: Background,
) -> dict:
    tokenizers = {key: provenance.tokenizer_hash(checkpoint.place(root, *key)) for key in known.checkpoints}
    lineages = provenance.lineages(known.checkpoints, tokenizers)
    lists = code_lists.hashes(root)
    code = {task: provenance.code_hash(task, lists) for task in settings.run.tasks}
    found = provenance.rows(comparisons, lineages, tokenizers, code)
    folds = exploratory.traced(validated, {"checkpoints": lineages, "tokenizers": tokenizers}, code)
    return found | {"cross_validation": folds}
