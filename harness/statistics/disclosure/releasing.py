"""Make and read `released.json`, the result of a disclosure check: the figures of restricted data that may be shown."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness import heads
from harness.privacy.suppression import MINIMUM
from harness.statistics.disclosure import coarsening
from harness.statistics.disclosure.coarsening import CLASSES, NAMED, SEEDS, WITHHELD, Rung
from harness.statistics.disclosure.counted import ALL, NAMES
from harness.statistics.disclosure.hidden import Hidden
from harness.statistics.disclosure.twins import WIDTH, Checked
from harness.statistics.paired import Settings
from harness.task import Task


def place(task: str) -> str:
    return f"artifacts/scores/{task}/released.json"


@dataclass(frozen=True)
class Figures:
    """The released figures of one system on one part. `against` maps each arm that is compared with the clinical arm to
    its figures by name: `delta`, the interval (`low`, `high`), `p`, `sign`, `same` and `collapsed` (see
    `coarsening.measured`). A figure that is missing was not released."""

    against: Mapping[str, Mapping[str, float | int | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Release:
    """The figures of a task with restricted data that may be shown. `rung` is the kind of release (see `coarsening`).

    `figures` maps a part to {system: figures}. `bound` maps a system to the hash of its scores file. `runs` maps a
    system to {arm: number of runs}. `inferred` has sentences on the most that an attacker could infer. They depend on
    the true counts, because they name only small ones. They are for the site and never leave it.
    """

    rung: Rung
    bound: Mapping[str, str]
    figures: Mapping[str, Mapping[str, Figures]]
    inferred: tuple[str, ...]
    runs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def as_json(self) -> dict[str, Any]:
        """The release as plain values for JSON: the kind of release, the numbers of runs, and the figures. If every run
        is released, the hashes of the scores files are in place of the figures."""
        # `means` is empty, because no score of an arm is released. The ledgers of earlier bundles contain this key.
        figures = {
            part: {system: {"means": {}, **asdict(of)} for system, of in found.items()}
            for part, found in self.figures.items()
        }
        shown = self.bound if self.rung.name == SEEDS else figures
        runs = {system: dict(of) for system, of in self.runs.items()}
        return {"rung": self.rung.name, "step": self.rung.step, "figures": dict(shown), "runs": runs}

    @property
    def at_best(self) -> str:
        return at_best(self.rung)


def at_best(rung: Rung) -> str:
    """A phrase on the most that an attacker can infer about the counts. The phrase depends only on the kind of release,
    not on the data, so it may leave the site."""
    if rung.name == SEEDS:
        return f"perhaps every count of a label; none of them is under {MINIMUM}"
    if rung.name == WITHHELD:
        return "nothing, since no figure is released"
    return (
        f"no count under {MINIMUM}: a count of 0 to {MINIMUM - 1} could also be {MINIMUM} or more and has at least "
        f"{WIDTH} possible values; a count of {MINIMUM} or more may be inferred exactly"
    )


def withheld(task: Task, bound: Mapping[str, str]) -> dict[str, Any]:
    return record(task, bound, {"test": Checked(Rung(WITHHELD), {})}, {}, Settings())


def record(
    task: Task, bound: Mapping[str, str], checked: Mapping[str, Checked], parts: Mapping[str, Hidden], known: Settings
) -> dict[str, Any]:
    """Make the content of `released.json`, as plain values. `bound` maps a system to the hash of the scores file that
    belongs to its figures. `checked` has the results of `twins.check` and `parts` the gold labels and answers, both by
    part."""
    rung = checked["test"].rung
    return {
        "task": task.name,
        "rung": rung.name,
        "step": rung.step,
        "minimum": MINIMUM,
        "width": WIDTH,
        "scores": dict(sorted(bound.items())),
        "figures": {
            part: {system: _figures(hidden, system, rung, known) for system in sorted(hidden.answers)}
            for part, hidden in parts.items()
            if rung.name not in (SEEDS, WITHHELD)
        },
        "runs": {system: dict(Counter(arms)) for system, arms in (parts["test"].arms if parts else {}).items()},
        "inferred": [said for part in checked for said in _inferred(part, checked[part], _names(task))],
    }


def read(stored: Mapping[str, Any]) -> Release:
    return Release(
        NAMED[stored["rung"], stored["step"]],
        stored["scores"],
        {
            part: {system: Figures(**found) for system, found in of.items()}
            for part, of in stored["figures"].items()
        },
        tuple(stored["inferred"]),
        stored["runs"],
    )  # fmt: skip


def _figures(hidden: Hidden, system: str, rung: Rung, known: Settings) -> dict[str, Any]:
    figures = coarsening.measured(hidden, system, hidden.answers[system], known)

    def rounded(value: Any) -> float:
        return round(int(value) * rung.step, 6)

    def class_of(value: Any) -> float:
        return CLASSES[value]

    shown: Mapping[str, Callable[[Any], float]] = {"p": class_of, "same": class_of, "collapsed": bool, "sign": int}
    against: dict[str, dict[str, Any]] = {}
    for (what, arm), value in coarsening.released(rung, figures).items():
        against.setdefault(arm, {})[what] = shown.get(what, rounded)(value)
    return {"against": against}


def _names(task: Task) -> tuple[str, ...]:
    """The names of what is counted, by position. All metrics of spans pool the labels, except the mean over labels."""
    if not heads.of(task).nothing or task.metrics[0] == "macro_f1":
        return task.labels
    return ("", "leaking") if task.metrics[0] == "document_leak_rate" else ("span",)


def _inferred(part: str, checked: Checked, names: Sequence[str]) -> list[str]:
    """For each kind of count, the narrowest range that is left to an attacker, in words. All other ranges are wider."""
    narrowest: dict[tuple[str, int], tuple[int, ...]] = {}
    for (*_, name, label), values in checked.open.items():
        key = (name, label)
        if key not in narrowest or values[-1] - values[0] < narrowest[key][-1] - narrowest[key][0]:
            narrowest[key] = values
    return [
        f"{part} part, {'all labels' if label == ALL else names[label]}: {NAMES[name]} can only be narrowed to "
        f"{values[0]}–{values[-1]}"
        for (name, label), values in sorted(narrowest.items())
    ]
