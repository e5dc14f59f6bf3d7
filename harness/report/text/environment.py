"""Write the report sections on computation, from the cards of the stages: learning curves and recipes of fine-tuning,
engine settings and library versions."""

from collections.abc import Mapping

from harness.report.model import pictures
from harness.report.model.document import Details, Figure, Paragraph, Table
from harness.report.model.results import Comparison
from harness.report.text import formats
from harness.text.escaping import plain

KEPT = (
    "Weights are chosen by another score, the same for every task: the Matthews correlation of the validation answers, "
    "with one label per row or, for spans, per character. By this score, an answer that is always the same has 0. Of "
    "equal scores, the later is kept."
)


def training(comparisons: list[Comparison]) -> tuple:
    """The content of the section on fine-tuning: the figure of learning curves, and a table of recipes with one column
    per task. A part without content is left out."""
    kinds = formats.data_of(comparisons)
    found: list = []
    if any(run["points"] for c in comparisons for run in c.learning):
        found.append(
            Figure(
                pictures.LEARNING,
                "Validation score by number of fine-tuning updates, by task and family: a thin line is one seed, a "
                f"thick one the mean ({kinds}). {KEPT}",
                f"Learning curves of {len(comparisons)} comparisons, all arms, a line per seed and their mean. "
                "`plots/` has the means, one file per comparison.",
            )
        )
    recipes = {(c.task, c.family_title): c.provenance.get("recipe") or {} for c in comparisons}
    tasks = formats.unique(task for task, _ in recipes)
    names = sorted({name for recipe in recipes.values() for name in recipe})
    rows = [(name.replace("_", " "), *(_setting(recipes, task, name) for task in tasks)) for name in names]
    if rows:
        tuned = any(c.searched for c in comparisons)
        of_arms = "as declared; every arm chose its own learning rate and steps" if tuned else "the same for every arm"
        words = f"Fine-tuning recipe of each task, {of_arms} ({kinds})"
        found.append(Details("Fine-tuning recipes", (Table(words, ("Setting", *tasks), tuple(rows)),)))
    return tuple(found)


def _setting(recipes: Mapping[tuple[str, str], Mapping], task: str, name: str) -> str:
    """A setting of a task's recipe, such as "32", or of each family's if the families differ, such as "0.001 (NB-BERT),
    0.002 (NorBERT3)". `recipes` maps (task, title of a family) to a recipe."""
    families: dict[str, list[str]] = {}
    for (of, family), recipe in recipes.items():
        if of == task:
            value = recipe.get(name, formats.ABSENT)
            shown = f"{value:g}" if isinstance(value, float) else plain(value)
            families.setdefault(shown, []).append(family)
    if len(families) == 1:
        return next(iter(families))
    return ", ".join(f"{value} ({formats.listing(named)})" for value, named in families.items())


def blocks(comparisons: list[Comparison], checkpoints: Mapping[tuple[str, str], Mapping]) -> tuple:
    """Tables of engine settings and library versions in fine-tuning and pre-training. If a setting has several values,
    each value has its own row. `checkpoints` maps (family, name of an encoder) to the card of the checkpoint."""
    found = [
        *(("fine-tuning", c.provenance) for c in comparisons),
        *(("pre-training", card) for card in checkpoints.values()),
    ]
    kinds = formats.data_of(comparisons)
    return (
        Paragraph(
            "Seeds, evaluation order and batch sizes are fixed, and a training run uses one thread. `provenance.json` "
            "has the hash of the code that made each row, and `constraints.txt` all installed versions."
        ),
        *(
            Table(f"{title} ({kinds})", (name, "Value", "Used by"), rows, names=3)
            for title, name, rows in (
                ("Engine settings", "Setting", _values(found, "engine")),
                ("Library versions", "Library", _values(found, "libraries")),
            )
            if rows
        ),
    )


def _values(found: list[tuple[str, Mapping]], key: str) -> tuple[tuple[str, str, str], ...]:
    """Rows of (name, value, stages that used the value) from the `key` of their cards, sorted by name and value."""
    users: dict[tuple[str, str], list[str]] = {}
    for user, card in found:
        for name, value in (card.get(key) or {}).items():
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            users.setdefault((plain(name.replace("_", " ")), plain(shown)), []).append(user)
    return tuple((name, value, formats.listing(dict.fromkeys(of))) for (name, value), of in sorted(users.items()))
