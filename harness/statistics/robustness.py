"""Measure how much of its score each arm loses on perturbed test texts, and compare the losses of the arms.

A perturbation rewrites the texts, for example with typing errors (`harness.text.perturbing`). A run's loss is the drop
of its primary score from the test part to the same part with perturbed texts. The weights and the rows are the same for
both scores, so their common part cancels. The difference of two arms' losses goes through the procedure of
`statistics.paired` like a difference of scores, over groups and runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from harness import heads
from harness.artifacts.prediction_lines import perturbed_part
from harness.errors import DataError
from harness.metrics import Metric, named
from harness.metrics.decided import counts
from harness.params.arms import CLINICAL
from harness.statistics import paired, task_metrics, variance
from harness.statistics.comparisons import Seeds, strata_of
from harness.task import Task


class Robust:
    """Collects the answers of one comparison's runs to the perturbed test parts, and compares the losses of the arms.

    A way of writing is one kind of perturbation, such as `misspelled`. `written` maps each way of writing to the
    rewritten test records, in the order of the original `records`. `parts` maps the name of each perturbed part to its
    records by id. A way of writing that changes no text has no part.
    """

    def __init__(self, task: Task, records: Sequence[dict[str, Any]], written: Mapping[str, Sequence[dict[str, Any]]]):
        head = heads.of(task)
        self._task, self._n = task, len(records)
        self._changed = {kind: head.changed(records, others) for kind, others in written.items()}
        self.parts = {
            perturbed_part(kind): {record["id"]: record for record in others}
            for kind, others in written.items()
            if self._changed[kind]
        }
        self._counts: dict[str, dict[str, dict[int, counts.GroupCounts]]] = {part: {} for part in self.parts}

    def add(self, arm: str, seed: int, by_part: Mapping[str, list[dict[str, Any]]]) -> None:
        """Add the prediction lines of one run, with their groups. `by_part` maps the name of a part to its lines."""
        metric = named(self._task.metrics[0])
        for part, records in self.parts.items():
            decisions = task_metrics.decisions(self._task, by_part[part], records)
            counted = metric.count(decisions, {row["id"]: row["group"] for row in by_part[part]})
            self._counts[part].setdefault(arm, {})[seed] = counted

    def result(
        self,
        whole: Mapping[str, Seeds],
        strata: Mapping[str, str] | None,
        settings: paired.Settings,
        replicates: Mapping[int, int],
    ) -> list[dict[str, Any]]:
        """The results of each way of writing: one dict each, with the fields of `artifacts.scores.Robustness`.

        `whole` maps each arm to the counts of its runs on the unperturbed test part, by seed, for the seeds that are
        compared. `whole` is empty if the score cannot be measured. `strata` maps a group to its kind, or is None if the
        data have no kinds. `replicates` is as in `comparisons.compare_arms`.
        """
        found = []
        for kind, changed in self._changed.items():
            of = self._counts.get(perturbed_part(kind), {})
            here = {arm: {seed: of[arm][seed] for seed in seeds} for arm, seeds in whole.items()} if of else {}
            scores = [
                {"arm": arm, "seed": seed, "value": _score(counted), "loss": loss(whole[arm][seed], counted)}
                for arm, runs in sorted(here.items())
                for seed, counted in sorted(runs.items())
            ]
            compared = compare(whole, here, settings, replicates, strata)
            found.append({"kind": kind, "n": self._n, "changed": changed, "scores": scores, "comparisons": compared})
        return found


def loss(whole: counts.GroupCounts, perturbed: counts.GroupCounts) -> float:
    """The loss of a run, from its counts on the test part and on the perturbed part, in the metric's unit. A loss above
    0 means that the run is worse on the perturbed part."""
    return named(whole.metric).gain(_score(whole) - _score(perturbed))


def _score(counted: counts.GroupCounts) -> float:
    return float(named(counted.metric).score(counted.table.sum(axis=0)))


def compare(
    whole: Mapping[str, Seeds],
    perturbed: Mapping[str, Seeds],
    settings: paired.Settings,
    replicates: Mapping[int, int],
    kinds: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Compare the losses of the clinical arm with those of every other arm. Returns one dict per other arm.

    `whole` and `perturbed` map each arm to the counts of its runs by seed, on the test part and on the perturbed part.
    `replicates` is as in `comparisons.compare_arms`. `kinds` maps a group to its kind. A returned dict has the key
    `against` (the other arm) and the fields of `paired.Estimate`. Its fields `reference` and `clinical` are mean
    losses. There is no interval if the perturbation changes no count of either arm. Raises DataError if the arms have
    runs of other seeds.
    """
    found = []
    for against in sorted(set(perturbed) - {CLINICAL}) if CLINICAL in perturbed else ():
        seeds = sorted(perturbed[CLINICAL])
        if any(sorted(of[arm]) != seeds for of in (whole, perturbed) for arm in (against, CLINICAL)):
            raise DataError(
                f"On the perturbed test part, {CLINICAL} and {against} have runs with different seeds.",
                remedy="Fine-tune both arms with the seeds of params.yaml: run `dvc repro`.",
            )
        arms = [[[of[arm][seed] for seed in seeds] for of in (whole, perturbed)] for arm in (against, CLINICAL)]
        counts.stack([run for arm in arms for tables in arm for run in tables])  # refuses what does not belong together
        number = [replicates.get(seed, 1) for seed in seeds]
        estimate = _nothing(arms, number) if _unmoved(arms) else _estimate(arms, settings, number, kinds)
        found.append({"against": against, **asdict(estimate)})
    return found


def _unmoved(arms: Sequence[Sequence[Sequence[counts.GroupCounts]]]) -> bool:
    """True if the counts of every run are the same in every group on both parts. This happens if a tokenizer does not
    distinguish the texts. Then there is no sample to make an interval from."""
    pairs = (pair for whole, perturbed in arms for pair in zip(whole, perturbed, strict=True))
    return all((one.table != other.table).nnz == 0 for one, other in pairs)


def _nothing(arms: Sequence[Sequence[Sequence[counts.GroupCounts]]], replicates: Sequence[int]) -> paired.Estimate:
    """An estimate in which both arms have a loss of 0, without an interval. `arms` is as in `_unmoved`."""
    first = arms[0][0][0]
    number = len(set(replicates))
    nothing = paired.Estimate.of_nothing(len(first.groups), len(replicates), number)
    differences = (0.0,) * (number if number > 1 else len(replicates))
    return replace(nothing, reference=0.0, clinical=0.0, delta=0.0, differences=differences)


def _estimate(
    arms: Sequence[Sequence[Sequence[counts.GroupCounts]]],
    settings: paired.Settings,
    replicates: Sequence[int],
    kinds: Mapping[str, str] | None,
) -> paired.Estimate:
    first = arms[0][0][0]
    metric, strata = named(first.metric), strata_of(first.groups, kinds)
    losses = [_lost(metric, whole, perturbed, strata) for whole, perturbed in arms]
    # Each of the two losses is at most the range of the score.
    reach = 2 * (metric.highest - metric.lowest)
    return paired.of_arms(losses, [float(of.mean) for of in losses], replicates, reach, settings)


def _lost(
    metric: Metric,
    whole: Sequence[counts.GroupCounts],
    perturbed: Sequence[counts.GroupCounts],
    strata: np.ndarray | None,
) -> variance.Arm:
    """The losses of an arm's runs."""
    before, after = (variance.jackknife(counts.stack(of), metric.score, strata) for of in (whole, perturbed))
    return variance.differences(after, before) if metric.higher_is_better else variance.differences(before, after)
