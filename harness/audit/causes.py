"""Order the findings of an audit: the cause comes first, its consequences follow.

A check says what it is about and what that was made of, as paths of the repository. A finding that rests on what an
earlier finding is about follows from it.
"""

from collections.abc import Iterable
from dataclasses import replace

from harness.audit.checks import HOLDS, Check

# From where the numbers begin to where they are shown.
_ORDER = (
    "params.yaml", "dvc.yaml", "constraints.txt", ".dvcignore", "tasks", "harness", "data.dvc", "artifacts/generated",
    "data", "artifacts/validated", "reports/splits", "artifacts/splits", "artifacts/corpus", "artifacts/checkpoints",
    "artifacts/predictions", "artifacts/linear", "artifacts/scores", "artifacts/report.json", "reports",
    "artifacts/tracking.json", "dvc.lock", ".dvc", "mlflow.db",
)  # fmt: skip


def traced(checks: Iterable[Check]) -> list[Check]:
    """The same checks in the same order; what follows from another finding names it in `follows`."""
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
    """The findings that follow from no other, the earliest first."""
    return sorted((check for check in checks if check.state != HOLDS and not check.follows), key=_rank)


def _rank(check: Check) -> tuple[int, bool]:
    path = check.about[0] if check.about else ""
    places = [place for place, above in enumerate(_ORDER) if path == above or path.startswith(f"{above}/")]
    # `reports/splits` is more than `reports`; the arms of a family come after what they were trained on from.
    return (min(places) if places else len(_ORDER), "/baseline" not in path)


def _rests(check: Check, cause: Check) -> bool:
    return any(_within(path, above) for path in cause.about for above in check.rests_on)


def _within(one: str, other: str) -> bool:
    """Are they the same, or is one of them in the other? A folder is named where its changed file is not known."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
