"""The MLflow run of a comparison, as plain values: names, numbers and hashes.

No text of any document is among them. The fingerprint depends on inputs and results alone, so that
the same comparison made twice is known to be the same.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.runs import read as read_runs
from harness.params.config import ReportSettings
from harness.params.replicates import named
from harness.pipeline import code_lists
from harness.report.disclosure import loading
from harness.report.export import provenance
from harness.report.model import course, judging, results
from harness.report.model.results import AGAINST, Comparison
from harness.report.text import formats
from harness.statistics.verdicts import Judgement
from harness.system import durations, files
from harness.task import Task
from harness.text.escaping import markdown, plain
from harness.tracking import reproductions
from harness.tracking.status import NOTE

RECORDER = {"recorded_by": "harness track"}
SECONDS = "training_seconds"


@dataclass(frozen=True)
class Recording:
    """What is to be mirrored of one comparison; `judgements` by the arm that the clinical one is compared with,
    `reproduced` what came of training it again, `seconds` how long its training took, where it was made here."""

    comparison: Comparison
    judgements: Mapping[str, Judgement]
    runs: tuple[dict, ...]
    profile: str
    fingerprint: str
    origin: Mapping[str, str]
    reproduced: str | None = None
    seconds: float | None = None

    @property
    def name(self) -> str:
        return f"{self.comparison.task}/{self.comparison.family}"

    @property
    def experiment(self) -> str:
        return experiment(self.profile, self.comparison.data_kind)


def experiment(profile: str, kind: str) -> str:
    """Where the comparisons of a profile on one kind of data are."""
    return f"{profile} / {kind}"


def collect(root: Path, settings: ReportSettings, tasks: Mapping[str, Task]) -> list[Recording]:
    """What the stages wrote, with a fingerprint that depends on inputs and results alone."""
    run, origin, found = settings.run, git(root), []
    comparisons = loading.load(root, run, tasks)
    judged, lists = judging.judged(comparisons, settings.statistics), code_lists.hashes(root)
    for comparison in comparisons:
        task, family = comparison.task, comparison.family
        recorded = read_runs(root, task, family)
        runs = tuple(entry.plain() for entry in recorded.runs if entry.seed in run.seeds)
        told = [course.hashed(comparison, entry) for entry in runs]
        scores = sorted([*key, value] for key, value in comparison.values.items())
        judgements = {arm: judged[task, family, arm] for arm in comparison.others}
        # Adjusted p-values and verdicts depend on the other comparisons, too: they are results of their own.
        evidence = [[arm, *_evidence(comparison, judgements, arm).items()] for arm in comparison.others]
        verdicts = [judgements[arm].verdict for arm in comparison.others]
        fingerprint = files.sha256_value(
            [run.profile, comparison.data_kind, task, family, scores, told, comparison.inputs, comparison.provenance,
             evidence, verdicts]
        )  # fmt: skip
        code = {"code": provenance.code_hash(task, lists)}
        again = reproductions.outcome(root, task, family, runs)
        took = durations.seconds(root, "finetune", task, family)
        found.append(Recording(comparison, judgements, runs, run.profile, fingerprint, origin | code, again, took))
    return found


def training(recording: Recording, entry: Mapping) -> str:
    """The fingerprint of one run: what went into it, its predictions and their scores.

    Nothing that is said of it beside others is part of it: a further task, seed or arm moves adjusted p-values and
    means, and leaves the run what it was.
    """
    c = recording.comparison
    made = {key: c.provenance.get(key) for key in ("recipe", "engine", "libraries")}
    if tuned := c.provenance.get("tuned"):
        made["tuned"] = tuned[entry["arm"]]
    scores = sorted([*key[2:], value] for key, value in c.values.items() if key[:2] == (entry["arm"], entry["seed"]))
    about = [recording.profile, c.data_kind, c.task, c.family, c.inputs["records"], c.inputs["manifest"]]
    return files.sha256_value([about, made, hashes(c, entry), course.hashed(c, entry), scores])


def git(root: Path) -> dict[str, str]:
    """Commit and dirty flag of the checkout; `none` outside git."""

    def ask(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return {"git_commit": ask("rev-parse", "HEAD"), "git_dirty": str(bool(ask("status", "--porcelain"))).lower()}
    except (OSError, subprocess.CalledProcessError):
        return {"git_commit": "none", "git_dirty": "unknown"}


def tags(recording: Recording, level: str) -> dict[str, str]:
    c = recording.comparison
    return {
        **RECORDER,
        **recording.origin,
        "level": level,
        "task": c.task,
        "family": c.family,
        "profile": recording.profile,
        "data_kind": c.data_kind,
        "primary_metric": c.primary,
        "data": c.inputs["records"],
        "split_manifest": c.inputs["manifest"],
    }


def parent_tags(recording: Recording, links: Mapping[str, "Made"]) -> dict[str, str]:
    """All tags of a comparison's run; `links` are the runs that made the checkpoints of its arms."""
    return {
        **tags(recording, "comparison"),
        "fingerprint": recording.fingerprint,
        "trainings": files.sha256_value([training(recording, entry) for entry in recording.runs]),
        **verdicts(recording),
        **list_tags(recording),
        **{f"pretraining_{arm}": made.run for arm, made in links.items()},
        **_reproduced(recording),
        NOTE: markdown(description(recording)) + _checkpoints(links),
    }


def child_tags(recording: Recording, entry: Mapping, links: Mapping[str, "Made"]) -> dict[str, str]:
    """All tags of the run of one arm and seed, but the one that names its parent."""
    arm, c = entry["arm"], recording.comparison
    entry = course.released(c, entry)
    encoder = _encoder(entry)
    made = {encoder: links[encoder]} if encoder in links else {}
    if reason := c.unmeasured():
        best = formats.unmeasured(reason)
    elif c.rung:
        best = "not released by run"
    else:
        best = formats.score(c.primary, c.values[arm, entry["seed"], "test", c.primary])
    when = f"after {entry['best_step']}, " if "best_step" in entry else ""
    text = (
        f"{plain(c.title)}, {c.family_title}: the {arm} arm fine-tuned with seed {entry['seed']} for {entry['steps']} "
        f"updates, scored as it was {when}where it told the classes of the validation part best "
        "apart (Matthews correlation). "
        f"{formats.capital(formats.metric_title(c.primary))} on the test split: {best} ({formats.data_of([c])})."
    )
    return {
        **tags(recording, "run"),
        "fingerprint": training(recording, entry),
        **hashes(c, entry),
        "arm": arm,
        "seed": str(entry["seed"]),
        **({"pretraining": links[encoder].run} if made else {}),
        **_reproduced(recording),
        NOTE: markdown(text) + _checkpoints(made),
    }


def _encoder(entry: Mapping) -> str:
    return named(entry["arm"], entry.get("replicate", 1))


def child_name(recording: Recording, entry: Mapping) -> str:
    return f"{recording.name} {entry['arm']} seed {entry['seed']}"


@dataclass(frozen=True)
class Made:
    """Where the run stands that made a checkpoint: ids of its experiment and of itself."""

    experiment: str
    run: str


def _checkpoints(links: Mapping[str, Made]) -> str:
    """Links that MLflow's pages follow, to the pre-training of each arm."""
    found = [f"[{arm}](#/experiments/{made.experiment}/runs/{made.run})" for arm, made in links.items()]
    return f"\n\nPre-training of the checkpoint: {formats.listing(found)}" if found else ""


def _reproduced(recording: Recording) -> dict[str, str]:
    return {"reproduced": recording.reproduced} if recording.reproduced else {}


def verdicts(recording: Recording) -> dict[str, str]:
    """The verdict against the baseline, and `verdict_<arm>` for every other arm."""
    return {_against("verdict", arm): judgement.verdict for arm, judgement in recording.judgements.items()}


def list_tags(recording: Recording) -> dict[str, str]:
    """What the list of comparisons shows of one, rounded as in the report: MLflow cuts a metric off at the column's
    edge. The clinical arm against the control, or against the baseline where a family has none."""
    c = recording.comparison
    if reason := c.unmeasured():
        return {"answer": formats.unmeasured(reason)}
    arm = "control" if "control" in recording.judgements else AGAINST
    estimate, judgement = c.estimates["test", arm], recording.judgements[arm]
    ends = [formats.difference(end, c.primary) for end in (estimate.ci_low, estimate.ci_high)]
    means = [] if c.withheld() else [f"{name} {formats.score(c.primary, c.mean(name))}" for name in c.arms]
    return {
        "answer": f"{judgement.verdict}, {formats.difference(estimate.delta, c.primary)}",
        "compared_with": arm,
        "interval": " to ".join(ends),
        "means": ", ".join(means),
        "p_adjusted": formats.p_value(judgement.p_holm),
    }


def description(recording: Recording) -> str:
    """What was compared and what came of it, in two sentences."""
    c = recording.comparison
    if reason := c.unmeasured():
        return (
            f"{plain(c.title)}, {c.family_title}: {formats.metric_title(c.primary)} before and after clinical "
            f"pre-training {formats.unmeasured(reason)} ({len(c.seeds)} seeds, {formats.data_of([c])})."
        )
    baseline, clinical = (formats.over_seeds(c, arm) for arm in (AGAINST, "clinical"))
    estimate, judgement = c.estimates["test", AGAINST], recording.judgements[AGAINST]
    interval = "no interval"
    if estimate.ci_low is not None:
        interval = " to ".join(formats.difference(end, c.primary) for end in (estimate.ci_low, estimate.ci_high))
        interval = f"interval {interval}"
    difference = formats.unit(c.primary, formats.difference(c.delta(), c.primary))
    text = (
        f"{plain(c.title)}, {c.family_title}: {formats.metric_title(c.primary)} {baseline} before and {clinical} after "
        f"clinical pre-training, {difference} over {len(c.seeds)} seeds and {formats.count(c.n['test'])} test rows "
        f"({formats.data_of([c])}). Over documents and seeds: {interval}, {judgement.verdict}."
    )
    return text


def hashes(comparison: Comparison, entry: Mapping) -> dict[str, str]:
    checkpoints = (comparison.provenance.get("inputs") or {}).get("checkpoints") or {}
    return {"checkpoint": str(checkpoints.get(_encoder(entry))), "predictions": entry["predictions"]}


def parameters(recording: Recording, entry: Mapping | None = None) -> dict[str, str]:
    """Recipe, engine and libraries as dotted names; values as text."""
    made = recording.comparison.provenance
    found = {
        f"{section}.{key}": value
        for section in ("recipe", "engine", "libraries")
        for key, value in sorted((made.get(section) or {}).items())
    }
    tuned = made.get("tuned") or {}
    if entry:
        found |= {f"recipe.{key}": value for key, value in tuned.get(entry["arm"], {}).items()}
        told = course.released(recording.comparison, entry)
        found |= {key: told[key] for key in ("arm", "seed", "steps", "best_step") if key in told}
    else:
        found |= {f"tuned.{arm}.{key}": value for arm, chosen in tuned.items() for key, value in chosen.items()}
    found |= {"task": recording.comparison.task, "family": recording.comparison.family, "profile": recording.profile}
    return {key: str(value) for key, value in found.items()}


def run_metrics(comparison: Comparison, entry: Mapping) -> list[tuple[str, float, int]]:
    """Scores of one run under the names of `results.csv`, and its learning curve by step: training loss, the primary
    score of the validation part, and `selection`, the score that chose the weights."""
    entry = course.released(comparison, entry)
    arm, seed, last = entry["arm"], entry["seed"], entry.get("best_step", entry["steps"])
    found = [
        (_metric(part, metric), value, last)
        for (a, s, part, metric), value in comparison.values.items()
        if (a, s) == (arm, seed) and part in comparison.parts and not comparison.unmeasured(metric, part)
    ]
    written = ((row.kind, row.values.get((arm, seed))) for row in comparison.robustness)
    found += [(f"{kind}_{comparison.primary}", value, last) for kind, value in written if value is not None]
    validation = f"validation_{comparison.primary}"
    best = ((f"best_{validation}", "best_validation"), ("best_selection", "best_selection"))
    found += [(name, entry[key], last) for name, key in best if key in entry]
    names = {"train_loss": "train_loss", "validation": validation, "selection": "selection"}
    for point in entry["curve"]:
        found += [(name, point[key], point["step"]) for key, name in names.items() if point.get(key) is not None]
    return found


def comparison_metrics(recording: Recording) -> list[tuple[str, float, int]]:
    """For every score: `<metric>_<arm>` is the mean over seeds, `<metric>_difference` clinical − baseline.

    The same of the primary score under names that all tasks share, for a page that lists them: `primary_<arm>`,
    `primary_difference`, and `primary_improvement`, which is above 0 where the clinical arm is better. Of it also
    `ci_low`, `ci_high`, `p_value`, `p_holm`, `mde` and `mde_holm` as in `comparison.csv`, where there are any; those
    against another arm than the baseline end with its name. `training_seconds` is how long fine-tuning took on this
    machine. What cannot be measured is left out. Four decimals: MLflow
    cuts off a number's end, and 9.2e-06 would be read as 9.2.
    """
    return [(name, results.four_decimals(value), step) for name, value, step in _unrounded(recording)]


def _unrounded(recording: Recording) -> list[tuple[str, float, int]]:
    comparison = recording.comparison
    found = [(SECONDS, recording.seconds, 0)] if recording.seconds is not None else []
    for arm in comparison.others:
        evidence = _evidence(comparison, recording.judgements, arm)
        found += [(_against(key, arm), value, 0) for key, value in evidence.items() if value is not None]
    for part in comparison.parts:
        for metric in comparison.metrics:
            if comparison.withheld(metric, part):
                continue
            name = _metric(part, metric)
            found += [(f"{name}_{arm}", comparison.mean(arm, metric, part), 0) for arm in comparison.arms]
            if (delta := comparison.delta(metric, part)) is not None:
                found.append((f"{name}_difference", delta, 0))
    if not comparison.withheld():
        found += [(f"primary_{arm}", comparison.mean(arm), 0) for arm in comparison.arms]
    if not comparison.unmeasured() and (delta := comparison.delta()) is not None:
        found.append(("primary_difference", delta, 0))
        found.append(("primary_improvement", comparison.metric.gain(delta), 0))
    return found


def _evidence(comparison: Comparison, judgements: Mapping[str, Judgement], arm: str) -> dict[str, float | None]:
    estimate, judgement = comparison.estimates["test", arm], judgements[arm]
    found = {key: getattr(estimate, key) for key in ("ci_low", "ci_high", "p_value", "mde")}
    return found | {"p_holm": judgement.p_holm, "mde_holm": judgement.mde_holm}


def _against(key: str, arm: str) -> str:
    return key if arm == AGAINST else f"{key}_{arm}"


def _metric(part: str, metric: str) -> str:
    return metric if part == "test" else f"{part}_{metric}"
