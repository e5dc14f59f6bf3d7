"""How numbers and names are written for a reader: one place, so that every table says it alike."""

from harness.evaluation.verdicts import Judgement
from harness.reporting.results import METRIC_TITLES, Comparison, mean, spread

ABSENT = "–"
KINDS = {
    "synthetic": "synthetic data",
    "public": "public data",
    "restricted": "restricted data",
}


def metric_title(comparison: Comparison, metric: str) -> str:
    """The reader's name of a metric; `f1` is the task's primary one."""
    name = comparison.primary if metric == "f1" else metric
    return METRIC_TITLES.get(name, name.replace("_", " "))


def score(metric: str, value: float) -> str:
    """Points of 100 with one decimal; MCC, which is no share, on its own scale with three."""
    text = f"{value:.3f}" if metric == "mcc" else f"{100 * value:.1f}"
    return _sign(text)


def score_shown(metric: str, value: float | None) -> str:
    """The same, or a dash for what is not shown."""
    return ABSENT if value is None else score(metric, value)


def score_with_spread(metric: str, values: list[float]) -> str:
    """Mean ± sample standard deviation over seeds."""
    deviation = spread(values)
    shown = score(metric, mean(values))
    return shown if deviation is None else f"{shown} ± {score(metric, deviation)}"


# The sign stays with its word, on a phone too.
VERDICTS = {
    verdict: f"{sign}\u00a0{verdict}"
    for verdict, sign in (("better", "▲"), ("worse", "▼"), ("equivalent", "≈"), ("inconclusive", "?"))
}
COLLAPSED = "neither arm beats a constant answer"


def verdict(judgement: Judgement) -> str:
    """Sign and word, and why nothing could be compared where that is the reason."""
    return VERDICTS[judgement.verdict] + (f" ({COLLAPSED})" if judgement.collapsed else "")


def p_value(value: float | None) -> str:
    """Three decimals; what is smaller is only said to be."""
    if value is None:
        return ABSENT
    return "< .001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"


def difference(value: float, metric: str = "f1") -> str:
    """A difference with its sign; what rounds to nothing is 0."""
    text = score(metric, value)
    if float(text.replace("−", "-")) == 0:
        return score(metric, 0.0)
    return text if text.startswith("−") else f"+{text}"


def _sign(text: str) -> str:
    return text.replace("-", "−") if float(text) != 0 else text.lstrip("-")


def count(value: int | None) -> str:
    """Whole numbers with a thin space every three digits from five digits on."""
    if value is None:
        return ABSENT
    return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)


def kinds(values) -> str:
    """`synthetic data`, or `public and restricted data`, in a fixed order."""
    given = set(values)
    found = [kind for kind in KINDS if kind in given]
    return f"{' and '.join(found) or 'unknown'} data"


def codes(names) -> list[str]:
    """Names as code, each once, in the order given."""
    return [f"`{name}`" for name in unique(names)]


def listing(items) -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


ARM_TITLES = {
    "baseline": "Baseline",
    "clinical": "Clinical",
    "control": "Control",
    "logistic_regression": "Regression",
    "linear_tagger": "Tagger",
}


def arm_title(arm: str) -> str:
    return ARM_TITLES.get(arm, arm)


def unique(values) -> list:
    """Each value once, in the order given."""
    return list(dict.fromkeys(values))


def by_task(comparisons: list[Comparison]) -> list[list[Comparison]]:
    """The comparisons of each task, in the order given."""
    return [[c for c in comparisons if c.task == task] for task in unique(c.task for c in comparisons)]


def with_classic(group: list[Comparison]) -> list[Comparison]:
    """The comparisons of a task, and what its linear model scores as the last of them."""
    return [*group, *filter(None, [group[0].classic])]


def amount(n: int, one: str, many: str | None = None) -> str:
    """`1 seed`, `5 seeds`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def reading_nothing(reference: dict[str, dict[str, float]]) -> str:
    """What constant answers score, which any reader of the text has to beat."""
    parts = [f"majority {score('f1', reference['majority']['f1'])}"]
    if "always_positive" in reference:
        parts.append(f"always positive {score('f1', reference['always_positive']['f1'])}")
    return ", ".join(parts)
