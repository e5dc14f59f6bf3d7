"""Check who can read restricted data on this machine, and that `dvc push` sends none of them to a remote."""

from collections.abc import Iterator
from pathlib import Path

from harness.audit.checks import Check, Subject
from harness.privacy import keeping, restricted

SUBJECT = Subject("restricted data", "`harness check` says what is open")


def checks(root: Path) -> Iterator[Check]:
    if not restricted.names(root):
        return
    found = keeping.exposures(root)
    for one in found:
        yield SUBJECT.wrong(one.what, one.expected, one.found, one.remedy)
    if not found:
        yield SUBJECT.holds("closed to other users, and not pushed")
