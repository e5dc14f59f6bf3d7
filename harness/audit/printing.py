"""Print the findings of an audit for a person, or as JSON for a program."""

from collections.abc import Iterable, Iterator

from harness.audit.causes import roots
from harness.audit.checks import CHECKABLE, DIFFERS, HOLDS, MISSING, Check
from harness.system.files import canonical_json

SHOWN = 12  # findings of one subject that are printed without --all


def as_json(checks: Iterable[Check], outside: Iterable[str] = ()) -> str:
    """A JSON object: "checks" (each `Check` without its paths), their number by state ("holds", "differs", "missing"),
    "causes" (the names of findings that follow from no other, the earliest first), and "outside" (sentences)."""
    checks = list(checks)
    said = ("subject", "name", "state", "expected", "found", "remedy", "follows")
    listed = [{key: getattr(check, key) for key in said} for check in checks]
    counts = {state: sum(check["state"] == state for check in listed) for state in (HOLDS, DIFFERS, MISSING)}
    first = [f"{check.subject}: {check.name}" for check in roots(checks)]
    return canonical_json(counts | {"checks": listed, "causes": first, "outside": list(outside)}, indent=1)


def lines(checks: list[Check], every: bool, outside: Iterable[str] = ()) -> Iterable[str]:
    """The lines that a person reads. For each subject there is a line with its numbers of checks, then a line per
    finding.

    With `every`, all checks have a line. The subject of the earliest cause comes first. Findings that follow from
    another finding are only counted. At the end there are the sentences `outside` on what the audit does not check, and
    the numbers of all checks.
    """
    first = roots(checks)
    subjects = dict.fromkeys([] if every else [check.subject for check in first])
    for subject in subjects | dict.fromkeys(check.subject for check in checks):
        own = [check for check in checks if check.subject == subject]
        wrong = [check for check in first if check.subject == subject]
        follow = sum(bool(check.follows) for check in own)
        said = f", {follow} of which follow from others" if follow and not every else ""
        yield f"{'✗' if wrong or follow else '✓'} {subject}: {_counted(own)}{said}"
        yield from (f"    {line}" for line in (map(_line, own) if every else _findings(wrong, checks)))
    yield from (f"· not checked: {what}" for what in outside)
    if not first:
        yield f"{_counted(checks)}: every number can be traced to its bytes"
    else:
        yield f"{_counted(checks)}: fix this first: {first[0].name}"


def _findings(wrong: list[Check], checks: list[Check]) -> Iterator[str]:
    """A line for each finding in `wrong`, and a line with the number of findings that follow from it. A difference that
    occurs in many places (such as a hash in every row) is printed once."""
    alike: dict[tuple, list[Check]] = {}
    for check in wrong:
        key = (check.expected, check.found, check.remedy) if check.state == DIFFERS else (check.name,)
        alike.setdefault(key, []).append(check)
    for same in list(alike.values())[:SHOWN]:
        more = f" (and in {len(same) - 1} more places; --all lists them)" if len(same) > 1 else ""
        yield _line(same[0]) + more
        names = {f"{check.subject}: {check.name}" for check in same}
        if after := [check for check in checks if check.follows in names]:
            where = ", ".join(dict.fromkeys(check.subject for check in after))
            many = "a finding that follows" if len(after) == 1 else f"{len(after)} findings that follow"
            yield f"         and {many} from it, in {where}; --all lists them"
    if len(alike) > SHOWN:
        yield f"… and {len(alike) - SHOWN} more findings; --all lists them"


def _line(check: Check) -> str:
    if check.state == HOLDS:
        return f"holds    {check.name}"
    after = f" (follows from {check.follows})" if check.follows else ""
    if check.state == MISSING:
        return f"missing  {check.name} → {check.remedy}{after}"
    if check.expected == CHECKABLE:
        return f"differs  {check.name}: could not be checked: {check.found} → {check.remedy}{after}"
    return f"differs  {check.name}: expected {check.expected}, found {check.found} → {check.remedy}{after}"


def _counted(checks: list[Check]) -> str:
    counts = [(sum(check.state == state for check in checks), state) for state in (HOLDS, DIFFERS, MISSING)]
    return ", ".join(f"{n:,} {'hold' if state == HOLDS and n != 1 else state}" for n, state in counts if n)
