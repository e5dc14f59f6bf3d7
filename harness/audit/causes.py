"""Find which findings of an audit are causes, and which findings follow from another finding.

A check has the paths of the checked files (`about`), and the paths of the files that these were made from (`rests_on`).
A finding follows from another finding if it was made from a file that the other finding is about.
"""

from collections.abc import Iterable
from dataclasses import replace

from harness.audit.checks import HOLDS, Check

# In the order of the pipeline, from the parameters to the reports.
_ORDER = (
    "params.yaml", "dvc.yaml", "constraints.txt", ".dvcignore", "tasks", "harness", "data.dvc", "artifacts/generated",
    "data", "artifacts/validated", "reports/splits", "artifacts/splits", "artifacts/corpus", "artifacts/checkpoints",
    "artifacts/predictions", "artifacts/linear", "artifacts/scores", "artifacts/report.json", "reports",
    "artifacts/tracking.json", "dvc.lock", ".dvc", "mlflow.db",
)  # fmt: skip


def traced(checks: Iterable[Check]) -> list[Check]:
    """The same checks in the same order. In a finding that follows from another finding, `follows` names the other
    one."""
    checks = list(checks)
    found = [(place, check) for place, check in enumerate(checks) if check.state != HOLDS]
    first: list[Check] = []
    for place, check in sorted(found, key=lambda pair: (_rank(pair[1]), pair[0])):
        cause = next((one for one in first if _rests(check, one)), None)
        if cause is None:
            first.append(check)
        else:
            checks[place] = replace(check, follows=f"{cause.subject}: {cause.name}")
    return checks


def roots(checks: Iterable[Check]) -> list[Check]:
    """The findings that follow from no other finding, in the order of the pipeline."""
    return sorted((check for check in checks if check.state != HOLDS and not check.follows), key=_rank)


def _rank(check: Check) -> tuple[int, bool]:
    path = check.about[0] if check.about else ""
    places = [place for place, above in enumerate(_ORDER) if path == above or path.startswith(f"{above}/")]
    # `reports/splits` is also in `reports`, so the earliest place counts. The baseline comes before the other arms.
    return (min(places) if places else len(_ORDER), "/baseline" not in path)


def _rests(check: Check, cause: Check) -> bool:
    return any(_within(path, above) for path in cause.about for above in check.rests_on)


def _within(one: str, other: str) -> bool:
    """True if two paths are equal, or one is inside the other. A check names a folder if the file is not known."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
