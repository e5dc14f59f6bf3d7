"""Make the contents of the MLflow runs of a comparison as plain values: names, numbers and hashes.

A comparison is one task with one family. It has one run, and a child run for each arm and seed. No text of a document
is recorded. The fingerprint of a run is a hash of inputs and results only. So if the same comparison is made twice, the
fingerprints are the same.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.runs import read as read_runs
from harness.params.arms import BASELINE
from harness.params.config import ReportSettings
from harness.params.replicates import named
from harness.pipeline import code_lists
from harness.report.disclosure import loading
from harness.report.export import provenance
from harness.report.model import course, judging, results
from harness.report.model.results import Comparison, column
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
    """One comparison with everything that is recorded of it in MLflow.

    `judgements` has the verdict on the clinical arm by the arm that it is compared with. `runs` are the entries of
    `runs.json`, one per arm and seed. `origin` has the git state and the hash of the code. `reproduced` is the outcome
    of training again ("yes: …" or "no: …"), or None. `seconds` is how long fine-tuning took, or None if it was not done
    on this machine.
    """

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
    """The name of the MLflow experiment with a profile's comparisons on one `kind` of data (such as "synthetic")."""
    return f"{profile} / {kind}"


def collect(root: Path, settings: ReportSettings, tasks: Mapping[str, Task]) -> list[Recording]:
    """The recordings of all comparisons of the run, from the files of the stages. `tasks` has each task by name."""
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
        # Adjusted p-values and verdicts also depend on the other comparisons, so the fingerprint includes them.
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
    """The fingerprint of the fine-tuning run `entry`: a hash of its inputs, predictions and scores.

    `entry` is an entry of `runs.json`. Adjusted p-values and means are left out of the hash, because they change with
    other tasks, seeds and arms, although the run itself stays the same.
    """
    c = recording.comparison
    made = {key: c.provenance.get(key) for key in ("recipe", "engine", "libraries")}
    if tuned := c.provenance.get("tuned"):
        made["tuned"] = tuned[entry["arm"]]
    scores = sorted([*key[2:], value] for key, value in c.values.items() if key[:2] == (entry["arm"], entry["seed"]))
    about = [recording.profile, c.data_kind, c.task, c.family, c.inputs["records"], c.inputs["manifest"]]
    return files.sha256_value([about, made, hashes(c, entry), course.hashed(c, entry), scores])


def git(root: Path) -> dict[str, str]:
    """The tags `git_commit` and `git_dirty` ("true" or "false") of a checkout.

    Outside git, they are "none" and "unknown".
    """

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
    """All tags of a comparison's run. `links` maps encoders to the runs that made their checkpoints."""
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
    """All tags of the MLflow run of one arm and seed, except the tag that names its parent run.

    `entry` is the entry of the run in `runs.json`. `links` has the MLflow run that made the checkpoint, by encoder.
    """
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
    kept = f"of update {entry['best_step']}, which" if "best_step" in entry else "that"
    text = (
        f"{plain(c.title)}, {c.family_title}: the {arm} arm fine-tuned with seed {entry['seed']} for {entry['steps']} "
        f"updates and scored with the weights {kept} had the best validation score (Matthews correlation). "
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
    """The MLflow run that made a checkpoint, as the id of its experiment and its own id."""

    experiment: str
    run: str


def _checkpoints(links: Mapping[str, Made]) -> str:
    """A line of Markdown links to the pre-training run of each encoder, for MLflow's pages, or ""."""
    found = [f"[{arm}](#/experiments/{made.experiment}/runs/{made.run})" for arm, made in links.items()]
    return f"\n\nPre-training of the checkpoint: {formats.listing(found)}" if found else ""


def _reproduced(recording: Recording) -> dict[str, str]:
    return {"reproduced": recording.reproduced} if recording.reproduced else {}


def verdicts(recording: Recording) -> dict[str, str]:
    """The tags with verdicts: `verdict` for the clinical arm against the baseline, and `verdict_<arm>` against another
    arm."""
    return {_against("verdict", arm): judgement.verdict for arm, judgement in recording.judgements.items()}


def list_tags(recording: Recording) -> dict[str, str]:
    """The tags that MLflow's list of comparisons shows, such as the answer, its interval and the arms' means.

    They compare the clinical arm with the control, or with the baseline if there is no control. Numbers are rounded as
    in the report, because MLflow cuts off a metric at the edge of its column.
    """
    c = recording.comparison
    if reason := c.unmeasured():
        return {"answer": formats.unmeasured(reason)}
    arm = "control" if "control" in recording.judgements else BASELINE
    estimate, judgement = c.estimates["test", arm], recording.judgements[arm]
    means = [] if c.withheld() else [f"{name} {formats.score(c.primary, c.mean(name))}" for name in c.arms]
    return {
        "answer": f"{judgement.verdict}, {formats.difference(estimate.delta, c.primary)}",
        "compared_with": arm,
        "interval": formats.interval(estimate, c.primary),
        "means": ", ".join(means),
        "p_adjusted": formats.p_value(judgement.p_holm),
    }


def description(recording: Recording) -> str:
    """One or two sentences on what was compared and with which result."""
    c = recording.comparison
    if reason := c.unmeasured():
        return (
            f"{plain(c.title)}, {c.family_title}: {formats.metric_title(c.primary)} before and after clinical "
            f"pre-training {formats.unmeasured(reason)} ({len(c.seeds)} seeds, {formats.data_of([c])})."
        )
    baseline, clinical = (formats.over_seeds(c, arm) for arm in (BASELINE, "clinical"))
    estimate, judgement = c.estimates["test", BASELINE], recording.judgements[BASELINE]
    ends = formats.interval(estimate, c.primary)
    interval = "no interval" if ends == formats.ABSENT else f"interval {ends}"
    difference = formats.unit(c.primary, formats.difference(c.delta(), c.primary))
    return (
        f"{plain(c.title)}, {c.family_title}: {formats.metric_title(c.primary)} {baseline} before and {clinical} after "
        f"clinical pre-training, {difference} over {len(c.seeds)} seeds and {formats.count(c.n['test'])} test rows "
        f"({formats.data_of([c])}). Over documents and seeds: {interval}, {judgement.verdict}."
    )


def hashes(comparison: Comparison, entry: Mapping) -> dict[str, str]:
    checkpoints = (comparison.provenance.get("inputs") or {}).get("checkpoints") or {}
    return {"checkpoint": str(checkpoints.get(_encoder(entry))), "predictions": entry["predictions"]}


def parameters(recording: Recording, entry: Mapping | None = None) -> dict[str, str]:
    """The settings of recipe, engine and libraries as text, by a dotted name such as "recipe.steps".

    With an `entry` of `runs.json`, the settings are those of this run, with its tuned values. Otherwise, they are those
    of the whole comparison.
    """
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
    """The scores and the learning curve of one run as (metric, value, update). `entry` is its entry in `runs.json`.

    Scores have the names of `results.csv`. The curve has the training loss, the primary validation score, and
    `selection`, the score that chose the kept weights.
    """
    entry = course.released(comparison, entry)
    arm, seed, last = entry["arm"], entry["seed"], entry.get("best_step", entry["steps"])
    found = [
        (column(part, metric), value, last)
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
    """The metrics of a comparison as (metric, value, 0). Metrics that cannot be measured are left out.

    `<metric>_<arm>` is the mean over seeds, and `<metric>_difference` is clinical − baseline. `primary_<arm>` and
    `primary_difference` repeat these two for the primary metric, so that a page can list all tasks.
    `primary_improvement` is above 0 if the clinical arm is better. `ci_low`, `ci_high`, `p_value`, `p_holm`, `mde` and
    `mde_holm` are as in `comparison.csv`. Their names end with the other arm, unless that is the baseline.
    `training_seconds` is how long fine-tuning took on this machine. Values have four decimals, because MLflow cuts off
    the end of a number, and 9.2e-06 would be read as 9.2.
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
            name = column(part, metric)
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
    found = judging.numbers(comparison.estimates["test", arm], judgements[arm])
    return {key: found[key] for key in ("ci_low", "ci_high", "p_value", "mde", "p_holm", "mde_holm")}


def _against(key: str, arm: str) -> str:
    return key if arm == BASELINE else f"{key}_{arm}"
