"""Format numbers and names for the report, the same in every table."""

from collections.abc import Collection, Iterable

from harness.metrics import METRICS
from harness.params.arms import ARMS
from harness.report.model.judging import SHARE, scope
from harness.report.model.results import Comparison, mean, spread
from harness.statistics.paired import Estimate
from harness.statistics.verdicts import Judgement
from harness.text.escaping import plain

ABSENT = "–"
LOWER = " (lower is better)"
KINDS = {
    "synthetic": "synthetic data",
    "public": "public data",
    "restricted": "restricted data",
}


def metric_title(metric: str) -> str:
    """The reader's name of a metric, and which way is better where that is down."""
    known = METRICS[metric]
    return known.title + ("" if known.higher_is_better else LOWER)


def score(metric: str, value: float) -> str:
    """Points of 100 with one decimal; what is no share, such as MCC, on its own scale with three."""
    text = f"{100 * value:.1f}" if in_points(metric) else f"{value:.3f}"
    return _sign(text)


def in_points(metric: str) -> bool:
    """`share`, and every metric that is one."""
    return metric == SHARE or METRICS[metric].in_points


def unit(metric: str, value: str) -> str:
    """A difference in words, with what it is counted in."""
    return f"{value} points" if in_points(metric) else value


def score_or_dash(metric: str, value: float | None) -> str:
    """The same, or a dash for what is not shown."""
    return ABSENT if value is None else score(metric, value)


def score_with_spread(metric: str, values: list[float]) -> str:
    """Mean ± sample standard deviation over seeds."""
    deviation = spread(values)
    shown = score(metric, mean(values))
    return shown if deviation is None else f"{shown} ± {score(metric, deviation)}"


def over_seeds(c: Comparison, arm: str, metric: str | None = None, part: str = "test") -> str:
    """An arm's mean ± SD by the primary metric or another, or a dash where that cannot be measured."""
    if c.withheld(metric, part):
        return ABSENT
    return score_with_spread(metric or c.primary, c.over_seeds(arm, metric, part))


def gain(c: Comparison) -> str:
    """Clinical − baseline of the means, or a dash."""
    return ABSENT if c.unmeasured() else difference(c.delta(), c.primary)


# The sign stays with its word, on a phone too.
VERDICTS = {
    verdict: f"{sign}\u00a0{verdict}"
    for verdict, sign in (("better", "▲"), ("worse", "▼"), ("equivalent", "≈"), ("inconclusive", "?"))
}
UNMEASURED = "cannot be measured"
COLLAPSED = "neither arm knows more than a constant answer"
TOO_SMALL = "too little data to tell any difference"


SCOPES = {"checkpoints": "these checkpoints", "procedure": "the procedure"}
WITHHELD = "withheld"


def unmeasured(reason: str) -> str:
    return reason if reason.startswith(WITHHELD) else f"{UNMEASURED}: {plain(reason)}"


def verdict(judgement: Judgement, estimate: Estimate, reason: str = "") -> str:
    """Sign and word, and what it is about, or why nothing can be said; `reason` is why nothing was measured."""
    if reason:
        return unmeasured(reason)
    if judgement.collapsed:
        about = COLLAPSED
    elif estimate.se is not None and estimate.mde is None:
        about = TOO_SMALL
    else:
        about = SCOPES[scope(estimate)]
    return f"{VERDICTS[judgement.verdict]} ({about})"


def p_value(value: float | None) -> str:
    """Three decimals; what is smaller is only said to be."""
    if value is None:
        return ABSENT
    return "< .001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"


def difference(value: float | None, metric: str) -> str:
    """A difference with its sign; what rounds to nothing is 0, and a dash for what cannot be known."""
    if value is None:
        return ABSENT
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


def data_of(comparisons: Iterable) -> str:
    """What the data of these comparisons are: `public data`, and of a translation who made it."""
    comparisons = list(comparisons)
    told = translations((c.task, c.translated) for c in comparisons)
    return kinds(c.data_kind for c in comparisons) + told


def translations(pairs: Iterable[tuple[str, str]]) -> str:
    """Which tasks are translated by whom, of (task, what its data say of it); nothing where none is. Of one task alone
    without its name."""
    given = unique(pairs)
    told = unique(said for _, said in given if said)
    if not told:
        return ""
    if len({task for task, _ in given}) == 1:
        return f", {plain(told[0])}"
    named = (f"{listing(codes(task for task, own in given if own == said))} {plain(said)}" for said in told)
    return f"; {'; '.join(named)}"


def codes(names) -> list[str]:
    """Names as code, each once, in the order given."""
    return [f"`{name}`" for name in unique(names)]


def listing(items) -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


ARM_TITLES = {arm: arm.capitalize() for arm in ARMS} | {"logistic_regression": "Regression", "linear_tagger": "Tagger"}
# What sets an arm apart from another one of the same run: two arms read clinical text where there is one for tasks.
APART = {"clinical": "notes only", "task": "with task texts"}


def arm_title(arm: str, among: Collection[str] = ()) -> str:
    """Of an arm, or of the encoder of one of its replicates, `among` the arms of a run."""
    first, _, number = arm.partition("-")
    if first not in ARM_TITLES:
        return arm
    apart = f" ({APART[first]})" if "task" in among and first in APART else ""
    return ARM_TITLES[first] + apart + (f", replicate {number}" if number else "")


def scales(comparisons: Iterable) -> str:
    """What primary scores are counted in."""
    own = unique(c.metric.title for c in comparisons if not c.metric.in_points)
    return "points of 100" + (f" ({listing(own)} on its own scale)" if own else "")


def downward(comparisons: list[Comparison]) -> str:
    """How to read the differences of tasks whose primary metric is better where it is lower; else nothing."""
    named = codes(c.task for c in comparisons if not c.metric.higher_is_better)
    if not named:
        return ""
    return (
        f" On {listing(named)} lower is better: a difference below 0 is an improvement there, and *better* means that "
        "the clinical arm is lower."
    )


def unique(values) -> list:
    """Each value once, in the order given."""
    return list(dict.fromkeys(values))


def by_task(comparisons: list[Comparison]) -> list[list[Comparison]]:
    """The comparisons of each task, in the order given."""
    return [[c for c in comparisons if c.task == task] for task in unique(c.task for c in comparisons)]


def with_linear(group: list[Comparison]) -> list[Comparison]:
    """The comparisons of a task, and what its linear model scores as the last of them."""
    return [*group, *filter(None, [group[0].linear])]


def amount(n: int, one: str, many: str | None = None) -> str:
    """`1 seed`, `5 seeds`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def constant_answers(reference: dict[str, dict[str, float]], metric: str) -> str:
    """What constant answers score by `metric`, which any reader of the text has to beat."""
    parts = [f"majority {score(metric, reference['majority'][metric])}"]
    if "always_positive" in reference:
        parts.append(f"always positive {score(metric, reference['always_positive'][metric])}")
    return ", ".join(parts)
