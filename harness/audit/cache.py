"""Check that files in DVC's cache have the hashes by which `dvc.lock` and `data.dvc` name them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from harness.audit.checks import Check, Subject
from harness.pipeline.hashes import Hashes

SUBJECT = Subject("DVC's cache", "remove the damaged file, then `dvc commit` (or `dvc repro`) if its output is right")
_ABOVE = Path(".dvc") / "cache" / "files" / "md5"


def checks(root: Path, recorded: Iterable[Mapping], hashes: Hashes) -> Iterator[Check]:
    """Check that cached files have the content that their names state, because DVC names a file in its cache by its
    MD5.

    `recorded` are entries of `dvc.lock` or `data.dvc`, with `path` and `md5`. A file that is not in the cache is no
    finding.
    """
    outputs: dict[str, list[str]] = {}
    for entry in recorded:
        if "md5" in entry:
            outputs.setdefault(entry["md5"], []).append(entry["path"])
    for md5, paths in sorted(outputs.items(), key=lambda item: item[1]):
        listed = root / _ABOVE / md5[:2] / md5[2:]
        what = "the list of files of " if md5.endswith(".dir") else ""
        damaged = list(_file(root, md5, what + _named(paths), hashes))
        yield from damaged
        if md5.endswith(".dir") and listed.is_file() and not damaged:
            yield from SUBJECT.follow(_named(paths), partial(_below, root, listed, paths[0], hashes))
    if (root / _ABOVE).is_dir():
        yield SUBJECT.holds("the cache can be checked")


def _named(paths: list[str]) -> str:
    return paths[0] + (f" and of {len(paths) - 1} more" if len(paths) > 1 else "")


def _below(root: Path, listed: Path, output: str, hashes: Hashes) -> Iterator[Check]:
    for entry in json.loads(listed.read_text(encoding="utf-8")):
        yield from _file(root, entry["md5"], f"{output}/{entry['relpath']}", hashes)


def _file(root: Path, md5: str, output: str, hashes: Hashes) -> Iterator[Check]:
    path = _ABOVE / md5[:2] / md5[2:]
    found = hashes.dvc(root / path) if (root / path).is_file() else None
    if found and found["md5"] != md5.removesuffix(".dir"):
        remedy = f"remove {path}, then `dvc commit` (or `dvc repro`) if the output itself is right"
        expected, damaged = f"md5 {md5}", f"{path} with md5 {found['md5']}"
        yield SUBJECT.of(path.as_posix()).wrong(f"DVC's copy of {output}", expected, damaged, remedy)
