"""Format numbers and names for the report, the same in every table."""

from collections.abc import Collection, Iterable, Sequence

from harness.metrics import METRICS
from harness.params.arms import ARMS
from harness.report.model.judging import SHARE, scope
from harness.report.model.results import Comparison, mean, spread
from harness.statistics.cross_validation import Resampled
from harness.statistics.paired import Estimate
from harness.statistics.verdicts import Judgement
from harness.text.escaping import plain

ABSENT = "–"
LOWER = " (lower is better)"
WHERE = {"test": "test split", "holdout": "shipped holdout"}
KINDS = {
    "synthetic": "synthetic data",
    "public": "public data",
    "restricted": "restricted data",
}


def metric_title(metric: str) -> str:
    """The display name of a metric, with a note if lower is better."""
    known = METRICS[metric]
    return known.title + ("" if known.higher_is_better else LOWER)


def score(metric: str, value: float) -> str:
    """A score as text: in points of 100 with one decimal if the metric is a share of 1 (such as F1), otherwise on the
    metric's own scale with three decimals (such as MCC)."""
    text = f"{100 * value:.1f}" if in_points(metric) else f"{value:.3f}"
    return _sign(text)


def in_points(metric: str) -> bool:
    """True if values of this metric are shown in points of 100. This is so for a metric that is a share of 1, and for
    `SHARE`, the name for such metrics in general."""
    return metric == SHARE or METRICS[metric].in_points


def unit(metric: str, value: str) -> str:
    """The formatted difference `value` with "points" after it, or without a unit if the metric is not shown in points
    of 100."""
    return f"{value} points" if in_points(metric) else value


def margin(value: float, metrics: Iterable[str]) -> str:
    """A difference that is declared in parameters (0 to 1) in the units of `metrics`, such as "2 points or 0.02"."""
    shown = (unit(metric, f"{100 * value:g}" if in_points(metric) else f"{value:g}") for metric in metrics)
    return " or ".join(unique(shown))


def score_or_dash(metric: str, value: float | None) -> str:
    """The formatted score, or a dash for None."""
    return ABSENT if value is None else score(metric, value)


def score_with_spread(metric: str, values: list[float]) -> str:
    """The mean ± the sample standard deviation of the scores `values` (one per seed) as text. There is no ± for a
    single score."""
    deviation = spread(values)
    shown = score(metric, mean(values))
    return shown if deviation is None else f"{shown} ± {score(metric, deviation)}"


def over_seeds(c: Comparison, arm: str, metric: str | None = None, part: str = "test") -> str:
    """The mean ± SD over seeds of an arm on a part as text, by a metric (default: the primary one). Returns a dash if
    the metric cannot be measured or the scores are not released."""
    if c.withheld(metric, part):
        return ABSENT
    return score_with_spread(metric or c.primary, c.over_seeds(arm, metric, part))


def gain(c: Comparison) -> str:
    """The mean score of the clinical arm minus the mean score of the baseline as text. Returns a dash if the metric
    cannot be measured or the difference is not released."""
    return ABSENT if c.unmeasured() else difference(c.delta(), c.primary)


# A no-break space keeps the sign and its word on one line, on a phone too.
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
    """A verdict as text: its sign and word, and in brackets what the verdict is about or why nothing can be said, such
    as "▲ better (these checkpoints)". If nothing could be measured, `reason` says why, and the text has only this
    reason."""
    if reason:
        return unmeasured(reason)
    if judgement.collapsed:
        about = COLLAPSED
    elif judgement.verdict == "inconclusive" and estimate.se is not None and estimate.mde is None:
        about = TOO_SMALL
    else:
        about = SCOPES[scope(estimate)]
    return f"{VERDICTS[judgement.verdict]} ({about})"


def p_value(value: float | None) -> str:
    """A p-value with three decimals, "< .001" if it is smaller, or a dash for None."""
    if value is None:
        return ABSENT
    return "< .001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"


def difference(value: float | None, metric: str) -> str:
    """A difference as text with its sign, such as "+1.2". A difference that rounds to 0 has no sign, and None is a
    dash."""
    if value is None:
        return ABSENT
    text = score(metric, value)
    if float(text.replace("−", "-")) == 0:
        return score(metric, 0.0)
    return text if text.startswith("−") else f"+{text}"


def interval(estimate: Estimate | Resampled, metric: str) -> str:
    """The interval of a difference as text, such as `−0.4 to +1.2`, or a dash if the estimate has no interval."""
    ends = (estimate.ci_low, estimate.ci_high)
    return ABSENT if None in ends else " to ".join(difference(end, metric) for end in ends)


def _sign(text: str) -> str:
    return text.replace("-", "−") if float(text) != 0 else text.lstrip("-")


def count(value: int | None) -> str:
    """A whole number, with a thin space every three digits from five digits on, or a dash for None."""
    if value is None:
        return ABSENT
    return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)


def kinds(values) -> str:
    """The kinds of data in a fixed order, such as `synthetic data` or `public and restricted data`."""
    given = set(values)
    found = [kind for kind in KINDS if kind in given]
    return f"{' and '.join(found) or 'unknown'} data"


def data_of(comparisons: Iterable) -> str:
    """The kinds of data of the comparisons, such as `public data`, followed by who translated them if data are
    translated."""
    comparisons = list(comparisons)
    told = translations((c.task, c.translated) for c in comparisons)
    return kinds(c.data_kind for c in comparisons) + told


def translations(pairs: Iterable[tuple[str, str]]) -> str:
    """A phrase on who translated the data of which tasks, to follow other words. `pairs` are (task, note on the
    translation or ""). The phrase does not name the task if `pairs` has only one task. Returns "" if no data are
    translated."""
    given = unique(pairs)
    told = unique(said for _, said in given if said)
    if not told:
        return ""
    if len({task for task, _ in given}) == 1:
        return f", {plain(told[0])}"
    named = (f"{listing(codes(task for task, own in given if own == said))} {plain(said)}" for said in told)
    return f"; {'; '.join(named)}"


def codes(names) -> list[str]:
    """The names as code, between backticks. Each name occurs once, in the order given."""
    return [f"`{name}`" for name in unique(names)]


def listing(items) -> str:
    """The items as `a`, `a and b`, or `a, b and c`, and `none` if there are no items."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


ARM_TITLES = {arm: arm.capitalize() for arm in ARMS} | {"logistic_regression": "Regression", "linear_tagger": "Tagger"}
# Notes that distinguish arms: in a run with the arm `task`, two arms read clinical text.
APART = {"clinical": "notes only", "task": "with task texts"}


def arm_title(arm: str, among: Collection[str] = ()) -> str:
    """The display name of an arm, or of the encoder of a later pre-training run: "clinical-2" becomes "Clinical,
    replicate 2".

    `among` are the arms of the run. If the arm "task" is among them, a note in brackets distinguishes the two arms that
    read clinical text. An unknown name stays as it is.
    """
    first, _, number = arm.partition("-")
    if first not in ARM_TITLES:
        return arm
    apart = f" ({APART[first]})" if "task" in among and first in APART else ""
    return ARM_TITLES[first] + apart + (f", replicate {number}" if number else "")


def scales(measured: Iterable) -> str:
    """The units of scores in words: "points of 100", and the names of metrics that have their own scale. `measured` are
    comparisons or mean differences, which have a `metric` each."""
    own = unique(of.metric.title for of in measured if not of.metric.in_points)
    return "points of 100" + (f" ({listing(own)} on its own scale)" if own else "")


def downward(comparisons: list[Comparison]) -> str:
    """A sentence on how to read the differences of tasks for which a lower score is better. Returns "" if there is no
    such task."""
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


def by_task(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """The comparisons as one list per task, with tasks and comparisons in the order given."""
    return [[c for c in comparisons if c.task == task] for task in unique(c.task for c in comparisons)]


def with_linear(group: list[Comparison]) -> list[Comparison]:
    """The comparisons of one task, followed by the scores of its linear model if the task has one."""
    return [*group, *filter(None, [group[0].linear])]


def amount(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun, such as `1 seed` or `5 seeds`."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def constant_answers(reference: dict[str, dict[str, float]], metric: str) -> str:
    """The scores of constant answers by `metric` as text, such as "majority 61.2". `reference` maps the name of a
    constant answer and a metric to a score. A model that reads the text has to beat these scores."""
    parts = [f"majority {score(metric, reference['majority'][metric])}"]
    if "always_positive" in reference:
        parts.append(f"always positive {score(metric, reference['always_positive'][metric])}")
    return ", ".join(parts)
