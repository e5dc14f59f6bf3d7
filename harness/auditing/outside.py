"""What an audit does not follow, in words: nobody shall take its silence for more than it is."""

from collections.abc import Iterator
from pathlib import Path

from harness.auditing import lock

_NAMED = 6


def told(root: Path, whole: bool) -> list[str]:
    """One line for each kind of thing; `whole` says whether everything else of the run is followed."""
    return list(_told(root)) if whole else []


def _told(root: Path) -> Iterator[str]:
    if left := list(lock.undeclared(root)):
        named = ", ".join(left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
        yield (
            f"{len(left)} stages in dvc.lock that params.yaml does not declare ({named}); what they wrote stays for "
            "a run that declares them"
        )
