"""List what the audit does not check, so that nobody takes it for checked."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness.audit import lock, mirror, reports
from harness.audit.checks import Check, Subject
from harness.audit.commits import Commits
from harness.errors import HarnessError
from harness.privacy import keeping
from harness.tracking.read import read

SUBJECT = Subject("benchmarks", "`git checkout -- benchmarks`, or commit it with the script's new output")
_NAMED = 6


def sentences(root: Path, profile: str) -> Iterator[str]:
    """A sentence for each kind of thing that an audit of the whole run does not check."""
    if left := list(lock.undeclared(root)):
        named = ", ".join(left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
        yield (
            f"{len(left)} stages in dvc.lock that params.yaml does not declare ({named}); their outputs are kept for "
            "a run that declares them"
        )
    yield from keeping.remotes(root)
    # If the store cannot be read, the audit has reported that.
    with contextlib.suppress(HarnessError):
        yield from mirror.outside(profile, read(root))
    if any((root / "benchmarks").glob("*.md")):
        yield (
            "the measurements in benchmarks/*.md, docs/*.md and README.md: nothing is measured again, and "
            "benchmarks/*.md are compared only with the commit"
        )


def benchmarks(root: Path) -> Iterator[Check]:
    """Check that the pages `benchmarks/*.md` are those of the git commit. They are not made again, which would take
    hours."""
    pages = sorted((root / "benchmarks").glob("*.md"))
    if not Commits(root).is_checkout():
        return
    for path in pages:
        name = f"benchmarks/{path.name}"
        done = subprocess.run(["git", "-C", str(root), "show", f"HEAD:./{name}"], capture_output=True)
        subject = SUBJECT.of(name)
        if done.returncode != 0:
            yield subject.wrong(name, "a page of the commit", "a page that is not committed", "`git add` and commit it")
        else:
            yield from reports.page(name, done.stdout, path.read_bytes(), subject)
