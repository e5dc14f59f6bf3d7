"""The manifest of a bundle: every file in a sentence, for the person who decides whether it goes."""

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from harness.privacy.suppression import MINIMUM
from harness.statistics.disclosure.releasing import Release
from harness.statistics.disclosure.twins import WIDTH

JSON, MARKDOWN = "MANIFEST.json", "MANIFEST.md"

# The first pattern that fits says what a file holds; a file that none fits does not leave.
Content = bytes
HOLDS = (
    (
        "results.csv",
        "Score of every task, encoder, arm and training seed on the whole test set, with the set's size; where the "
        "seed is empty, only the mean over seeds is released.",
    ),
    ("summary.csv", "Mean difference of the arms per encoder, over the tasks whose differences are released."),
    ("comparison.csv", "Difference of the arms per task and encoder, with interval, p-value, verdict and test size."),
    ("classic.csv", "Scores of a linear model and of constant answers on the whole test set, with the set's size."),
    ("readings.csv", "The same by kind of test row, of generated data alone; no row of restricted data."),
    ("metrics.json", "The same comparisons for programs; no counts."),
    ("tables.tex", "The two main tables, for a paper."),
    ("README.md", "The whole report as text: tables of scores and of row counts, settings, what not to conclude."),
    ("index.html", "The whole report as one page, with the figures."),
    ("provenance.json", "Hashes (SHA-256) of data, split, checkpoint, predictions, code and parameters of each row."),
    ("figures/thresholds-*.png", "Curves over all thresholds of a two-label task; no step is fewer than five rows."),
    ("figures/*.png", "A figure of the report: mean scores, differences or losses; marks are training runs, not rows."),
    ("plots/*.csv", "Mean validation score after so many updates; no counts."),
    ("model-index/*.yaml", "Mean scores of one encoder, as a hub's model card states them."),
    ("croissant/*.json", "What a data set is: column names, label names, licence, hashes of its files; no row of it."),
    ("cards/data/*.json", "How many rows a data set has, by label, and how many were dropped or mended, by reason."),
    ("cards/checkpoints/*.json", "How an encoder was made: recipe, corpora in numbers, losses; no weights."),
)
# Files that hold scores of the tasks, as numbers or as marks.
SCORED = (
    "results.csv", "summary.csv", "comparison.csv", "classic.csv", "metrics.json", "tables.tex", "README.md",
    "index.html", "figures/arms.png", "figures/forest.png", "figures/thresholds-*.png", "model-index/*.yaml",
)  # fmt: skip
LEFT_OUT = (
    ("artifacts/predictions", "one line per row: its pseudonym, gold and predicted label, scores"),
    ("reports/splits", "pseudonyms of all rows, and which part each is in"),
    ("artifacts/splits", "groups and findings by pseudonym"),
    ("artifacts/validated", "the texts"),
    ("data", "the original files"),
    ("artifacts/corpus, artifacts/shards", "texts for pre-training"),
    (
        "artifacts/checkpoints",
        "weights, and vocabularies made from texts: an encoder may have learnt its texts by heart",
    ),
    ("artifacts/scores", "scores before anything is hidden or rounded"),
    ("mlflow.db, mlartifacts", "a mirror of all runs, with paths of this machine"),
    (".harness-key", "the key of the pseudonyms"),
    (".harness-releases.json", "what earlier bundles have released, with pseudonyms of the rows"),
)
RULE = (
    f"Of restricted data no count of 1 to {MINIMUM - 1} is shown, nor another count or score of a class from which one "
    "would follow; hidden places show a dash (in the cards: null). Scores are ratios of counts, so all figures of a "
    "task are checked together: other gold labels and answers that would release the very same figures must leave "
    f"every count that can be under {MINIMUM} at least {WIDTH} values, one of them {MINIMUM} or more. How much is "
    "released goes by the number of rows of the test part alone: from 1,000 on the difference and its interval to 2 "
    "points, from 400 on without a verdict of equivalence, from 20 on to 5 points, of fewer the verdict; every run "
    f"only where no count is under {MINIMUM}; and nothing where the check fails. Rows are counted, which may be "
    "several of one person."
)
LIMITS = (
    "The check takes whoever attacks to know every rule and figure, and nothing else of the rows. Who knows how common "
    "a label is, or some of the rows, can narrow counts further. That a split brings every label into every part is "
    "known, too; of a part with fewer rows than there are labels and four, where this alone would confine how many "
    "have a label, it is not done, nothing is released, and no size is told.",
    "What was taken for what (a single cell of the matrix of a run) is checked cell by cell where every run is "
    "released, and not where less is: there the counts of its row and column, which each have the declared width, "
    "bound it. `benchmarks/disclosure.md` says how many cells were tried, and what was found.",
    "Every file was searched for counts in its tables, for ids (the site's own and their pseudonyms; not ids of under "
    "five characters, nor numbers of under eight digits) and for six words in a row of any text. Names of labels, "
    "columns and document types, and what was written into the source record, are shown as they are: read them.",
    "Pictures cannot be searched; they are drawn from the numbers of the report and hold no text besides titles.",
    "Only this bundle was checked. Two bundles about the same rows, from other training seeds or other encoders, "
    "can tell together what neither tells alone: `harness export` refuses the second one of a repository where its "
    "figures differ, and cannot know of another repository, another name for the same data, or earlier reports in the "
    "history of a repository that is published.",
)
# Each rule as its source says it, read where the address leads.
DECIDE = (
    "You decide, or whoever your site has named for it. The programs decide nothing: they refuse what they can find.",
    f"Is {MINIMUM} enough for your site? Here whoever combines all figures cannot tell a count under {MINIMUM}, "
    "nought included. Statistics Norway hides cells of, for example, fewer than 3 observations "
    "(ssb.no/omssb/personvern/personopplysninger-i-statistikken). Others ask for 10: the Australian Bureau of "
    "Statistics for every cell, for both numbers of a percentage, and for what follows when tables are combined "
    "(DataLab, Input and output clearance, 2021); UK LLC for every count, nought included (Guidebook, Statistical "
    "Disclosure Control, 2025). Where your rule asks for 10, this check does not show that it is kept. Rules of "
    "dominance are about sums of amounts; here each row counts once.",
    "Did an earlier bundle about the same rows leave? Lay both side by side. Where their figures differ, let only "
    "one go.",
    "Do you know something from elsewhere that a reader may know too, such as how many patients had the condition? "
    "Then read the column *can be told at best* with it in mind.",
    "If it may go, send the whole folder; whoever gets it can compare the hashes below. If not, say which file and "
    "which task, and ask for a report without that task (`run.tasks` in `params.yaml`), or with more rows.",
)


@dataclass(frozen=True)
class Entry:
    """A file: `smallest` is the least count of restricted rows that its tables show, None where they show none;
    `inferred` says by task what can be inferred of restricted rows from its scores at best, `rule` how they were
    coarsened."""

    path: str
    sha256: str
    bytes: int
    holds: str
    smallest: int | None
    inferred: Mapping[str, str]
    rule: Mapping[str, str]

    @classmethod
    def of(cls, path: str, content: Content, smallest: int | None, releases: Mapping[str, Release]) -> "Entry":
        told = releases if any(fnmatch.fnmatchcase(path, pattern) for pattern in SCORED) else {}
        return cls(
            path, hashlib.sha256(content).hexdigest(), len(content), holds(path) or "", smallest,
            {task: release.at_best for task, release in told.items()},
            {task: release.rung.said for task, release in told.items()},
        )  # fmt: skip


def _by_task(said: Mapping[str, str]) -> str:
    return "; ".join(f"`{task}`: {words}" for task, words in said.items()) or "–"


def _told(releases: Mapping[str, Release]) -> list[str]:
    lines = []
    for task, release in releases.items():
        lines += [f"- `{task}`: released is {release.rung.said}; told is {release.at_best}."]
        lines += [f"  The range of every small count stays on the site, in `artifacts/scores/{task}/released.json`."]
    return lines or ["Nothing here is of restricted data."]


def holds(path: str) -> str | None:
    return next((said for pattern, said in HOLDS if fnmatch.fnmatchcase(path, pattern)), None)


def as_json(entries: Iterable[Entry], kinds: Mapping[str, str], releases: Mapping[str, Release]) -> dict:
    return {
        "files": [asdict(entry) for entry in entries],
        "told": {
            task: {"released": release.rung.said, "inferred": [release.at_best]} for task, release in releases.items()
        },
        "data": dict(kinds),
        "rule": RULE,
        "minimum": MINIMUM,
        "width": WIDTH,
        "limits": list(LIMITS),
        "decide": list(DECIDE),
        "left_out": [{"path": path, "why": why} for path, why in LEFT_OUT],
    }


def as_markdown(entries: Iterable[Entry], kinds: Mapping[str, str], releases: Mapping[str, Release]) -> str:
    listed = "; ".join(f"`{task}` {kind}" for task, kind in kinds.items())
    rows = [
        f"| `{e.path}` | {e.holds} | {'–' if e.smallest is None else e.smallest} | {_by_task(e.inferred)} "
        f"| {_by_task(e.rule)} | {e.bytes} | `{e.sha256}` |"
        for e in entries
    ]
    left = [f"| `{path}` | {why} |" for path, why in LEFT_OUT]
    return "\n".join([
        "# What is in this folder", "",
        f"Data behind it: {listed}.", "",
        RULE, "",
        "## How to decide", "", *(f"{i}. {said}" for i, said in enumerate(DECIDE, start=1)), "",
        "## The files", "",
        "*Smallest count* is the least number of restricted rows, groups or documents that a table of the file shows.",
        "*Can be told at best* is what follows from its scores for whoever holds all files and knows all rules.",
        "", "| file | holds | smallest count | can be told at best | released | bytes | SHA-256 |",
        "|---|---|---|---|---|---|---|", *rows, "",
        "## What can be told of each restricted task at best", "", *_told(releases), "",
        "## What is not in it, and why", "", "| left out | it holds |", "|---|---|", *left, "",
        "## What to know before it goes", "", *(f"- {limit}" for limit in LIMITS), "",
    ])  # fmt: skip
