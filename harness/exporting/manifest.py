"""The manifest of a bundle: every file in a sentence, for the person who decides whether it goes."""

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from harness.evaluation.suppression import MINIMUM

JSON, MARKDOWN = "MANIFEST.json", "MANIFEST.md"

# The first pattern that fits says what a file holds; a file that none fits does not leave.
HOLDS = (
    ("results.csv", "Score of every task, encoder, arm and training seed on the whole test set, with the set's size."),
    ("comparison.csv", "Difference of the arms per task and encoder, with interval, p-value, verdict and test size."),
    ("classic.csv", "Scores of a linear model and of constant answers on the whole test set, with the set's size."),
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
    ("artifacts/scores", "scores before small counts are hidden"),
    ("mlflow.db, mlartifacts", "a mirror of all runs, with paths of this machine"),
    (".harness-key", "the key of the pseudonyms"),
)
RULE = (
    f"Of restricted data no count of 1 to {MINIMUM - 1} is shown, nor another count or score of a class from which one "
    "would follow; hidden places show a dash (in the cards: null). Zero is shown. Scores of whole test sets are shown "
    f"where the set has at least {MINIMUM} rows and groups. Rows are counted, which may be several of one person."
)
LIMITS = (
    "A score of a whole test set and the set's size narrow down how many answers were right: this cannot be avoided "
    "where a score is to be shown, and matters most for test sets of few rows.",
    "Every file was searched for counts in its tables, for ids (the site's own and their pseudonyms; not ids of under "
    "five characters, nor numbers of under eight digits) and for six words in a row of any text. Names of labels, "
    "columns and document types, and what was written into the source record, are shown as they are: read them.",
    "Pictures cannot be searched; they are drawn from the numbers of the report and hold no text besides titles.",
)


@dataclass(frozen=True)
class Entry:
    """A file: `smallest` is the least count of restricted rows that its tables show, None where they show none."""

    path: str
    sha256: str
    bytes: int
    holds: str
    smallest: int | None

    @classmethod
    def of(cls, path: str, content: bytes, smallest: int | None) -> "Entry":
        return cls(path, hashlib.sha256(content).hexdigest(), len(content), holds(path) or "", smallest)


def holds(path: str) -> str | None:
    return next((said for pattern, said in HOLDS if fnmatch.fnmatchcase(path, pattern)), None)


def as_json(entries: Iterable[Entry], kinds: Mapping[str, str]) -> dict:
    return {
        "files": [asdict(entry) for entry in entries],
        "data": dict(kinds),
        "rule": RULE,
        "limits": list(LIMITS),
        "left_out": [{"path": path, "why": why} for path, why in LEFT_OUT],
    }


def as_markdown(entries: Iterable[Entry], kinds: Mapping[str, str]) -> str:
    listed = "; ".join(f"`{task}` {kind}" for task, kind in kinds.items())
    rows = [
        f"| `{e.path}` | {e.holds} | {'–' if e.smallest is None else e.smallest} | {e.bytes} | `{e.sha256}` |"
        for e in entries
    ]
    left = [f"| `{path}` | {why} |" for path, why in LEFT_OUT]
    return "\n".join([
        "# What is in this folder", "",
        f"Data behind it: {listed}.", "",
        RULE, "",
        "*Smallest count* is the least number of restricted rows, groups or documents that a table of the file shows.",
        "", "| file | holds | smallest count | bytes | SHA-256 |", "|---|---|---|---|---|", *rows, "",
        "## What is not in it, and why", "", "| left out | it holds |", "|---|---|", *left, "",
        "## What to know before it goes", "", *(f"- {limit}" for limit in LIMITS), "",
    ])  # fmt: skip
