"""DVC's cache: what `dvc checkout` would put back is what `dvc.lock` and `data.dvc` name."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.auditing.hashes import Hashes
from harness.auditing.links import Chain, Link

CHAIN = Chain("DVC's cache", "remove that file, and `dvc commit` (or `dvc repro`) where its output is right")


def links(root: Path, recorded: Iterable[Mapping], hashes: Hashes) -> Iterator[Link]:
    """`recorded` are entries with an md5; those that the cache does not have are no finding."""
    above = root / ".dvc" / "cache" / "files" / "md5"
    names = {entry["md5"] for entry in recorded if "md5" in entry}
    for name in sorted(names):
        listed = above / name[:2] / name[2:]
        yield from _file(root, listed, name, hashes)
        if name.endswith(".dir") and listed.is_file():
            yield from CHAIN.follow(name, lambda listed=listed: _below(root, above, listed, hashes))
    if above.is_dir():
        yield CHAIN.holds("every file that is named can be looked up")


def _below(root: Path, above: Path, listed: Path, hashes: Hashes) -> Iterator[Link]:
    for entry in json.loads(listed.read_text(encoding="utf-8")):
        yield from _file(root, above / entry["md5"][:2] / entry["md5"][2:], entry["md5"], hashes)


def _file(root: Path, path: Path, name: str, hashes: Hashes) -> Iterator[Link]:
    if (found := hashes.dvc(path) if path.is_file() else None) and found["md5"] != name.removesuffix(".dir"):
        yield CHAIN.wrong(f"{path.relative_to(root)}", f"md5 {name}", f"md5 {found['md5']}")
