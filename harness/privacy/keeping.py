"""Keep restricted data readable for their owner alone, and out of DVC remotes.

All restricted data are below a few folders. A user who may not enter these folders can read nothing in them, whatever
the modes of the files inside. DVC's cache, for example, makes its files readable for all.
"""

import contextlib
import io
import os
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.errors import DataError, HarnessError
from harness.privacy import restricted
from harness.system.files import write_bytes

PLACES = ("data", "artifacts", ".dvc/cache", ".dvc/tmp")
_NAMES = "site_cache_dir"
_WRITTEN = ("outs", "metrics", "plots")
_OURS = (restricted.PIN, "dvc.yaml")
# DVC's levels of settings, and the option of its commands that selects each level.
_LEVELS = {"system": "--system ", "global": "--global ", "repo": "", "local": "--local "}


@dataclass(frozen=True)
class Exposure:
    """A way in which restricted data could be read by others or sent away. `what` names the file or setting, `found`
    its present state, `expected` the state that it should have, and `remedy` what to do."""

    what: str
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.found} → {self.remedy}"


def mask(root: Path) -> int:
    """The permission bits that no file may have: all bits of other users, and those of the group. Group bits are
    allowed if DVC's setting `cache.shared` is `group`."""
    return 0o007 if _config(root).get("cache", {}).get("shared") == "group" else 0o077


def close(root: Path) -> None:
    """Make the folders of data at `root`, and all new files of this process, unreadable for users who must not read
    them (see `mask`)."""
    with contextlib.suppress(HarnessError):  # `exposures` finds what stays as it is
        keep_names_inside(root)
    bits = mask(root)
    os.umask(bits)
    for place in PLACES:
        path = Path(root) / place
        if path.is_dir() and path.stat().st_uid == os.geteuid() and path.stat().st_mode & bits:
            with contextlib.suppress(OSError):  # a disk that takes no mode; `exposures` finds what stays open
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~bits)


def keep_names_inside(root: Path) -> None:
    """Make DVC record file names in the repository. By default DVC writes the names to a folder of the machine that all
    users can read. DVC's own command for this can only write English letters, and leaves half a file if it is
    killed."""
    from configobj import ConfigObj, ConfigObjError

    file, inside = root / ".dvc" / "config.local", _inside(root)
    if not file.parent.is_dir():
        return  # DVC itself says so, and records no names
    try:
        settings = ConfigObj(str(file), encoding="utf-8", interpolation=False)
    except (ConfigObjError, UnicodeDecodeError):
        raise DataError(f"{file} cannot be read.", remedy="Fix that file, then run the same command again.") from None
    if settings.get("core", {}).get(_NAMES) != inside:
        settings.setdefault("core", {})[_NAMES] = inside
        written = io.BytesIO()
        settings.write(written)
        write_bytes(file, written.getvalue())


def _inside(root: Path) -> str:
    return str((Path(root) / ".dvc" / "cache" / "site").resolve())


def exposures(root: Path) -> list[Exposure]:
    """The ways in which restricted data at `root` could be read by others or sent away. The list is empty if no data
    are restricted."""
    root = Path(root)
    return [*_open(root), *_named(root), *_pushed(root)] if restricted.names(root) else []


def remotes(root: Path) -> list[str]:
    """A sentence for each remote to which DVC could push data of `root`, with what would be sent. The list is empty if
    no data are restricted."""
    root = Path(root)
    if not restricted.names(root):
        return []
    kept = ["what `harness check` names" if any(_pushed(root)) else "nothing of data/ or artifacts/"]
    what = ", and ".join([*kept, *_beside(root)])
    earlier = len(_pinned_to_push(root)) if any(settings.get("remote") for _, settings in _levels(root)) else 0
    history = (
        f"`dvc push --all-commits` also sends the data of {earlier} earlier version{'s' * (earlier > 1)} of "
        f"{restricted.PIN} in git's history: restricted data without `push: false`. "
        if earlier
        else ""
    )
    return [
        f"DVC has the remote {name} ({_address(given.get('url', ''))}): `dvc push` sends {what} there. {history}"
        f"HARNESS_OFFLINE does not stop DVC; `dvc remote remove {flag}{name}` does."
        for flag, settings in _levels(root)
        for name, given in sorted(settings.get("remote", {}).items())
    ]


def _pinned_to_push(root: Path) -> list[str]:
    """The git hashes of versions of `data.dvc` in git's history that record restricted data without `push: false`."""
    git = ["git", "-C", str(root)]
    told = subprocess.run([*git, "log", "--all", "--format=", "--raw", "--no-abbrev", "--", restricted.PIN],
                          capture_output=True, text=True)  # fmt: skip
    blobs = {line.split()[3] for line in told.stdout.splitlines() if line.startswith(":")} - {"0" * 40}
    shown = {blob: subprocess.run([*git, "cat-file", "-p", blob], capture_output=True).stdout for blob in sorted(blobs)}
    pins = {blob: restricted.parsed(content.decode("utf-8", "replace")) for blob, content in shown.items()}
    return [
        blob
        for blob, pin in pins.items()
        if (pin.get("meta") or {}).get(restricted.META) and any(given.get("push", True) for _, given in _outputs(pin))
    ]


def _beside(root: Path) -> Iterator[str]:
    """Yield the outputs that somebody has put into DVC outside the pipeline. Such outputs may contain anything."""
    for folder, folders, names in os.walk(root):
        inner = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and str(inner / name) not in PLACES)
        for file in sorted(inner / name for name in names if name.endswith(".dvc") or name == "dvc.yaml"):
            if str(file) in _OURS or not (root / file).is_file():
                continue
            for path, given in _outputs(_yaml(root / file)):
                if given.get("push", True) and given.get("cache", True):
                    yield f"{file.parent / path} ({file})"


def _open(root: Path) -> Iterator[Exposure]:
    bits, owners = mask(root), {os.geteuid(), root.stat().st_uid}
    letters, who = ("o", "its owner and group") if bits == 0o007 else ("go", "its owner")
    for name, path in _places(root).items():
        known = path.stat()
        if known.st_mode & bits:
            mode = f"mode {stat.S_IMODE(known.st_mode):o} gives access to others"
            yield Exposure(f"{name}/", mode, f"only for {who}", f"`chmod {letters}-rwx {name}`")
        elif known.st_uid not in owners:
            yield Exposure(
                f"{name}/",
                "it belongs to another user",
                "it belongs to you",
                f"`chown -R $(id -u) {name}`, as a user who may do this",
            )


def _places(root: Path) -> dict[str, Path]:
    """The folders to close, by the name that a user knows. A link leads to another folder, with its own mode."""
    found = {place: root / place for place in PLACES}
    if folder := _config(root).get("cache", {}).get("dir"):
        found[str(folder)] = Path(folder)
    for place in ("data", "artifacts"):
        for path in sorted((root / place).glob("*")):
            if path.is_symlink():
                found[f"{place}/{path.name}"] = path
    return {name: path for name, path in found.items() if path.is_dir()}


def _named(root: Path) -> Iterator[Exposure]:
    place = os.environ.get("DVC_SITE_CACHE_DIR") or _config(root).get("core", {}).get(_NAMES)
    if (root / ".dvc").is_dir() and not (place and Path(place).resolve().is_relative_to(root.resolve())):
        remedy = "unset DVC_SITE_CACHE_DIR, then run any command of the harness except `check` and `audit`"
        where = place or "a folder that all users of this machine can read"
        yield Exposure(f"DVC's core.{_NAMES}", f"DVC writes file names to {where}", _inside(root), remedy)


def _pushed(root: Path) -> Iterator[Exposure]:
    remedy = "write `push: false` below it"
    for file in _OURS:
        for path, given in _outputs(_yaml(root / file)):
            if given.get("push", True) and given.get("cache", True):
                yield Exposure(f"{file}: {path}", "`dvc push` sends it to a remote", "push: false", remedy)


def _outputs(declared: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Yield (path, settings) of every output in the content of a `.dvc` file or of a `dvc.yaml`."""
    for out in declared.get("outs", ()):
        yield out["path"], out
    for stage in declared.get("stages", {}).values():
        stage = stage.get("do", stage)
        for out in (out for key in _WRITTEN for out in stage.get(key, ())):
            yield from [(out, {})] if isinstance(out, str) else [(path, given or {}) for path, given in out.items()]


def _yaml(path: Path) -> Mapping:
    try:
        return restricted.parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def _config(root: Path) -> Any:
    """DVC's settings, merged from machine, user and repository. Returns an empty dict if DVC cannot read them."""
    from dvc.config import Config
    from dvc.exceptions import DvcException

    try:
        return Config(dvc_dir=str(Path(root).resolve() / ".dvc"), validate=False)
    except (DvcException, OSError):
        return {}


def _levels(root: Path) -> list[tuple[str, Mapping]]:
    """DVC's settings by level: the option of its commands that selects the level, and its settings."""
    settings = _config(root)
    return [(flag, settings.load_one(level)) for level, flag in _LEVELS.items()] if settings else []


def _address(url: str) -> str:
    """`url` without the name, password and signature that it may have."""
    url, parts = url.partition("?")[0], urlsplit(url)
    return url.replace(f"{parts.netloc.rpartition('@')[0]}@", "") if "@" in parts.netloc else url
