"""Compare the recorded versions of libraries with the versions that this repository pins."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.audit.checks import Check, Subject


def checks(root: Path, recorded: Mapping[str, str], subject: Subject, of: str = "") -> Iterator[Check]:
    """Compare each recorded version of a library with the version in `constraints.txt`. `recorded` maps the name of a
    library to its version, as runs and cards record it. `of` is put before the name of each check."""
    path = root / "constraints.txt"
    if not path.is_file():
        yield subject.missing("constraints.txt, which pins the libraries", "`git checkout -- constraints.txt`")
        return
    lines = (line.split("#")[0].strip().partition("==") for line in path.read_text(encoding="utf-8").splitlines())
    subject = subject.of(path.name, rests_on=(path.name,))
    pinned = {name.lower(): version for name, _, version in lines}
    for name, version in sorted(recorded.items()):
        remedy = "the old constraints.txt, or `dvc repro` with the libraries that it pins"
        yield subject.same(f"{of}version of {name}, as constraints.txt pins it", pinned.get(name), version, remedy)
