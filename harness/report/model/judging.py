"""Give the verdicts of the report (better, worse, equivalent, inconclusive) from the differences between arms.

Each encoder family gets a verdict on its mean difference over tasks. Single tasks of the family get a verdict of their
own only if the verdict of the family is not inconclusive.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.params.arms import BASELINE
from harness.params.config import Statistics
from harness.report.model.results import Comparison, Judgements, family_title
from harness.statistics import families
from harness.statistics.families import Joint
from harness.statistics.paired import Estimate, Settings
from harness.statistics.verdicts import Judgement, collapsed, judge

SHARE = "share"  # the scale of any metric that is a share of 1
# The numbers of a difference, as columns.
NUMBERS = ("reference", "clinical", "delta", "ci_low", "ci_high", "p_value", "p_holm", "mde", "mde_holm")


@dataclass(frozen=True)
class Summary:
    """The mean difference, over the tasks of an encoder family, between the clinical arm and the arm `against`.

    `primary` is true if this difference answers the question that was declared in advance for the family. `tasks` are
    the tasks in the mean. `left_out` are the other tasks: their difference is unknown or on another scale. `data_kinds`
    are the kinds of data of the tasks, such as "public". `joint` has the mean difference with its interval. `unlearnt`
    are the tasks in the mean in which neither arm was shown to know more than a constant answer. `reversed` are the
    tasks in the mean whose score was reversed, because a lower score is better there.
    `translated` has a pair for each task: its name, and a note on the translation of its data ("" if the data are not
    translated).
    """

    family: str
    against: str
    primary: bool
    tasks: tuple[str, ...]
    left_out: tuple[str, ...]
    data_kinds: tuple[str, ...]
    joint: Joint
    judgement: Judgement
    translated: tuple[tuple[str, str], ...] = ()
    unlearnt: tuple[str, ...] = ()
    reversed: tuple[str, ...] = ()

    @property
    def estimate(self) -> Estimate:
        return self.joint.estimate

    @property
    def title(self) -> str:
        return family_title(self.family)

    @property
    def scale(self) -> str:
        """The name by which `formats` chooses the unit of the mean: SHARE (points of 100) if the tasks' metric is a
        share of 1, otherwise the name of the metric."""
        return SHARE if self.joint.metric.in_points else self.joint.metric.name

    @property
    def scope(self) -> str:
        return scope(self.estimate)


def scope(estimate: Estimate) -> str:
    """The subject of a verdict: "checkpoints" if it is only about these encoders, or "procedure" if each arm was
    pre-trained several times, so that the verdict is about this way of pre-training."""
    return "procedure" if estimate.n_replicates > 1 else "checkpoints"


def numbers(estimate: Estimate, judgement: Judgement) -> dict[str, float | None]:
    """The numbers of a difference by their names in NUMBERS, such as `delta` or `p_holm`. A number is None if it is
    unknown or not released."""
    return {name: getattr(judgement if name.endswith("_holm") else estimate, name) for name in NUMBERS}


def summaries(comparisons: Sequence[Comparison], statistics: Statistics) -> list[Summary]:
    """One summary for each encoder family and each arm that its clinical arm is compared with, in the order of
    `comparisons`.

    Holm's adjustment is made separately for the primary questions (one per encoder family) and for all other summaries.

    A verdict must also hold for the mean over the learnt tasks alone. Two arms with constant answers differ by a lot or
    by nothing, and a verdict must not come from there. To demand both can only make a false alarm rarer.
    """
    keys = list(dict.fromkeys((c.family, arm) for c in comparisons for arm in c.others))
    groups = {key: [c for c in comparisons if c.family == key[0] and key[1] in c.others] for key in keys}
    asked = {family: _primary([arm for of, arm in keys if of == family], statistics) for family, _ in keys}
    found: dict[tuple[str, str], Summary] = {}
    for primary in (True, False):
        own = [(family, arm) for family, arm in keys if (asked[family] == arm) is primary]
        joints = [_joint(groups[key], key[1], statistics) for key in own]
        learnt = [_joint(_learnt(groups[key], key[1]) or groups[key], key[1], statistics) for key in own]
        both = zip(_judge(joints, statistics), _judge(learnt, statistics), strict=True)
        for key, joint, (judgement, of_learnt) in zip(own, joints, both, strict=True):
            if judgement.verdict != of_learnt.verdict:
                judgement = replace(judgement, verdict="inconclusive")
            found[key] = _summary(groups[key], key, primary, joint, judgement)
    return [found[key] for key in keys]


def _judge(joints: Sequence[Joint], statistics: Statistics) -> list[Judgement]:
    return judge([joint.estimate for joint in joints], [joint.metric for joint in joints], 1 - statistics.level)


def _learnt(group: list[Comparison], arm: str) -> list[Comparison]:
    return [c for c in group if not collapsed(_evidence(c, arm))]


def _evidence(c: Comparison, arm: str) -> Estimate:
    """The estimate from which the verdict of a task follows. If the task's numbers are released in a coarse form only,
    this is not the estimate that is shown."""
    return c.evidence.get(arm, c.estimates["test", arm])


def _primary(arms: list[str], statistics: Statistics) -> str:
    return statistics.primary if statistics.primary in arms else BASELINE


def _joint(group: list[Comparison], arm: str, statistics: Statistics) -> Joint:
    estimates = [replace(c.estimates["test", arm], skill_low=_evidence(c, arm).skill_low) for c in group]
    return families.joint(estimates, [c.metric for c in group], Settings(statistics.level, statistics.margin))


def _summary(
    group: list[Comparison], key: tuple[str, str], primary: bool, joint: Joint, judgement: Judgement
) -> Summary:
    tasks = tuple(group[i].task for i in joint.at)
    kinds = {c.data_kind for c in group if c.task in tasks} or {c.data_kind for c in group}
    left_out = tuple(c.task for c in group if c.task not in tasks)
    translated = tuple((c.task, c.translated) for c in group)
    learnt = {c.task for c in _learnt(group, key[1])}
    unlearnt = tuple(task for task in tasks if task not in learnt)
    turned = tuple(c.task for c in group if c.task in tasks and not c.metric.higher_is_better)
    found = tuple(sorted(kinds))
    return Summary(*key, primary, tasks, left_out, found, joint, judgement, translated, unlearnt, turned)


def judged(comparisons: list[Comparison], statistics: Statistics) -> Judgements:
    """The judgement of every difference on a test split, by (task, encoder family, arm that the clinical arm is
    compared with).

    Holm's adjustment is made over all these differences together. Differences on a holdout get no judgement, because
    they repeat the same comparisons. If the mean difference of an encoder family is inconclusive, the verdicts on its
    tasks are inconclusive, too.
    """
    found = summaries(comparisons, statistics)
    answered = {(s.family, s.against): s.judgement.verdict != "inconclusive" for s in found}
    of = [(c, arm) for c in comparisons for arm in c.others]
    estimates = [_evidence(c, arm) for c, arm in of]
    return _judged(of, estimates, statistics, [answered[c.family, arm] for c, arm in of])


def judged_readings(comparisons: list[Comparison], statistics: Statistics) -> dict[tuple, Judgement]:
    """The judgement of every reading, by (task, encoder family, reading). A reading compares two arms on the test rows
    that one kind of word decides (`harness.report.model.stored.Reading`).

    Holm's adjustment is made over the readings of all comparisons together, separately from all other differences.
    """
    of = [(c, reading) for c in comparisons for reading in c.readings]
    return _judged(of, [reading.estimate for _, reading in of], statistics)


def _judged(
    of: list[tuple], estimates: list[Estimate], statistics: Statistics, tested: list[bool] | None = None
) -> dict[tuple, Judgement]:
    found = judge(estimates, [c.metric for c, _ in of], 1 - statistics.level, tested)
    return {(c.task, c.family, key): judgement for (c, key), judgement in zip(of, found, strict=True)}
