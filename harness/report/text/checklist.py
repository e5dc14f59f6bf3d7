"""Fill in two reporting checklists for the appendix of the report, as far as the pipeline itself knows the answers.

REFORMS (Kapoor et al. 2024, Science Advances) is for science based on machine learning. TRIPOD-LLM (Gallifant et al.
2025, Nature Medicine) is for language models in health care. The names of items are short forms of our own. An answer
that only people can know is "not provided", never guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.params.config import Statistics
from harness.report.model.document import Details, Paragraph, Table
from harness.report.model.results import Comparison
from harness.report.text import formats
from harness.report.text.background import Background, dropped
from harness.report.text.checkpoints import BUILT, source_kind
from harness.text.escaping import plain

NOT_PROVIDED = "not provided"
INAPPLICABLE = "does not apply"


@dataclass(frozen=True)
class Facts:
    """Short texts about the run, one for each subject. The checklists use one text as the answer to one or several
    items."""

    data: str
    rows: str
    dropped: str
    split: str
    leakage: str
    models: str
    training: str
    metrics: str
    uncertainty: str
    tests: str
    holdout: str
    overlap: str
    environment: str


def blocks(comparisons: list[Comparison], known: Background, statistics: Statistics) -> tuple:
    """The section with both checklists. Each checklist is a table that is hidden until the reader opens it, under a
    line with the number of answered items."""
    facts = gather(comparisons, known, statistics)
    kinds = formats.data_of(comparisons)
    found: list = [
        Paragraph(
            "What a journal or a regulator would ask, answered from the run. The authors of a study must answer "
            f"the items that are “{NOT_PROVIDED}” here."
        )
    ]
    for name, items in (("REFORMS", reforms(facts)), ("TRIPOD-LLM", tripod_llm(facts))):
        open_items = sum(answer == NOT_PROVIDED for _, _, answer in items)
        table = Table(f"{name}, in short words ({kinds})", ("Part", "Item", "Answer"), tuple(items), names=3, grouped=1)
        found.append(Details(f"{name}: {len(items) - open_items} of {len(items)} items answered", (table,)))
    return tuple(found)


def gather(comparisons: list[Comparison], known: Background, statistics: Statistics) -> Facts:
    cards, leakages, checkpoints, corpus = known.cards, known.leakage, known.checkpoints, known.corpus
    compared = sum(len(c.others) for c in comparisons)
    first, tasks = comparisons[0], formats.unique(c.task for c in comparisons)
    warned = sum(check.get("level") != "ok" for task in tasks for check in leakages[task].get("checks", []))
    sources = formats.unique(source_kind(card) or "unknown" for card in checkpoints.values())
    counts = sorted({card["parameters"] for card in checkpoints.values() if card.get("parameters")})
    sizes = formats.unique(f"{n / 1e6:.1f}" for n in counts)
    metrics = formats.unique(f"{formats.metric_title(c.primary)} (`{c.task}`)" for c in comparisons)
    holdouts = formats.codes(c.task for c in comparisons if "holdout" in c.parts)
    return Facts(
        data="; ".join(f"`{task}`: {_source(cards[task])}" for task in tasks) + " (section Data and splits)",
        rows=", ".join(f"`{task}` {formats.count(cards[task]['rows'])}" for task in tasks) + " rows",
        dropped=_dropped(cards, tasks) + " dropped, by reason in section Data and splits",
        split="train, validation and test by group, frozen in `splits/`; a group is never divided",
        leakage="groups, exact and near duplicates, label shares checked across splits: "
        + ("nothing found" if not warned else f"{formats.amount(warned, 'warning')}, see section Data and splits"),
        models=f"{formats.listing(formats.unique(c.family_title for c in comparisons))}; "
        + (f"{formats.listing(sizes)} million parameters; " if sizes else "")
        + ("built here" if sources == [BUILT] else f"from {formats.listing(sources)}")
        + " (section Pre-training)",
        training=f"{_recipes(comparisons)}, the update with the best Matthews correlation on validation kept "
        "(section Fine-tuning)",
        metrics=formats.listing(metrics) + "; further ones in section All scores",
        uncertainty=f"{100 * statistics.level:g} % intervals over documents and {len(first.seeds)} seeds from one "
        "variance-component procedure",
        tests=f"two-sided t test of that procedure, Holm over all {compared} comparisons; equivalence "
        f"margin ± {100 * statistics.margin:g} points; smallest detectable difference given",
        holdout=f"a shipped holdout of {formats.listing(holdouts)}, scored apart" if holdouts else NOT_PROVIDED,
        overlap="n-gram overlap removed from the corpora, section Pre-training"
        if corpus.get("overlap")
        else NOT_PROVIDED,
        environment="library versions and engine settings in section Environment; one thread per training run",
    )


def _recipes(comparisons: Iterable[Comparison]) -> str:
    if any(c.searched for c in comparisons):
        return "one recipe per task, but every arm chose its own learning rate and steps"
    return "one recipe per task for every arm"


def _source(card: Mapping) -> str:
    address = (card.get("source") or {}).get("address")
    return f"{card['kind']}, {plain(address)}" if address else card["kind"]


def _dropped(cards: Mapping, tasks: Iterable[str]) -> str:
    counts = [dropped(cards[task]) for task in tasks]
    # A sum with one hidden part would disclose that part to a reader who knows the others.
    told = [n for n in counts if n is not None]
    return "rows" if len(told) < len(counts) else formats.amount(sum(told), "row")


def reforms(f: Facts) -> list[tuple[str, str, str]]:
    """The 32 items of the checklist REFORMS, each as (module of the checklist, item, answer). `f` has the answers that
    the run gives."""
    return _items({
        "Study goals": [
            ("population the claim is about", NOT_PROVIDED), ("why this population", NOT_PROVIDED),
            ("why machine learning", NOT_PROVIDED),
        ],
        "Computational reproducibility": [
            ("data set, identified", f.data), ("code version", "SHA-256 of the code in `provenance.json`"),
            ("computing environment", f.environment), ("read-me with instructions", "`README.md` of the repository"),
            ("script that makes every result", "`make repro`"),
        ],
        "Data quality": [
            ("sources, time of collection, annotation", NOT_PROVIDED), ("sampling frame", NOT_PROVIDED),
            ("why the data suit the task", NOT_PROVIDED),
            ("outcome and its distribution", "gold counts by class in section By class"),
            ("sample size", f.rows), ("missing data", "refused by the schema or counted as dropped"),
            ("data represent the population", NOT_PROVIDED),
        ],
        "Preprocessing": [
            ("what was left out", f.dropped), ("corrupt samples", "repaired or dropped, counted by reason"),
            ("transformations", "each encoder's own tokenizer; long documents in overlapping windows"),
        ],
        "Modelling": [
            ("models described", f.models), ("why these models", NOT_PROVIDED), ("split into train and test", f.split),
            ("model selection", f.training), ("hyperparameters", "section Fine-tuning and `params.yaml`"),
            ("baselines", "the same encoder before clinical pre-training, and constant answers"),
        ],
        "Leakage": [
            ("train and test kept apart", f.leakage), ("dependent samples", f.split),
            ("inputs legitimate for the task", NOT_PROVIDED),
        ],
        "Metrics and uncertainty": [
            ("metrics", f.metrics), ("uncertainty", f.uncertainty), ("statistical tests", f.tests),
        ],
        "Generalisability": [
            ("evidence of external validity", f.holdout),
            ("where it should not hold", "section What you must not conclude"),
        ],
    })  # fmt: skip


def tripod_llm(f: Facts) -> list[tuple[str, str, str]]:
    """The items of the checklist TRIPOD-LLM that concern an evaluation of encoders, each as (part of the checklist,
    item, answer). `f` has the answers that the run gives."""
    return _items({
        "Title and abstract": [("title names model and task", NOT_PROVIDED), ("structured abstract", NOT_PROVIDED)],
        "Introduction": [("health context and rationale", NOT_PROVIDED), ("intended use and users", NOT_PROVIDED),
                         ("objectives", "whether clinical pre-training helps each encoder on each task")],
        "Data": [("sources", f.data), ("dates of the data", NOT_PROVIDED), ("eligibility", NOT_PROVIDED),
                 ("pre-processing and quality checks", f.dropped), ("overlap of pre-training and test data",
                                                                       f.overlap), ("missing data", f.dropped)],
        "Model": [("name, version, size", f.models), ("training and fine-tuning", f.training),
                  ("prompts", INAPPLICABLE), ("inference settings", "argmax, fixed order and batch size"),
                  ("compute", f.environment)],
        "Outcome and annotation": [("outcome defined", f.metrics), ("annotators and their agreement", NOT_PROVIDED),
                                   ("sample size reasoned", "smallest detectable difference beside every comparison")],
        "Analysis": [("data partition", f.split), ("performance measures", f.metrics), ("uncertainty", f.uncertainty),
                     ("subgroups", "section Parts of the test sets"), ("fairness across people", NOT_PROVIDED)],
        "Ethics and openness": [("ethics approval and consent", NOT_PROVIDED), ("funding", NOT_PROVIDED),
                                ("conflicts of interest", NOT_PROVIDED), ("protocol and registration", NOT_PROVIDED),
                                ("data availability", f.data), ("code availability", "this repository"),
                                ("patient and public involvement", NOT_PROVIDED)],
        "Results": [("flow of the data", "section Data and splits"), ("performance with intervals",
                    "section Task by task"), ("errors shown", "section By class")],
        "Discussion": [("interpretation", NOT_PROVIDED), ("limitations", "section What you must not conclude"),
                       ("use in care, human oversight", NOT_PROVIDED)],
    })  # fmt: skip


def _items(parts: Mapping[str, Iterable[tuple[str, str]]]) -> list[tuple[str, str, str]]:
    return [(part, item, answer) for part, items in parts.items() for item, answer in items]
