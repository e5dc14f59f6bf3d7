"""Hash files and folders as DVC (MD5) and as the stages (SHA-256), and read each file only once for both."""

import hashlib
import json
from pathlib import Path

from harness.system.files import sha256_tree

_IGNORED = ("__pycache__",)  # as in .dvcignore
_IGNORED_ENDS = (".pyc", ".partial")


# The patterns of .dvcignore, which DVC passes over.
PASSED_OVER = (*_IGNORED, *(f"*{end}" for end in _IGNORED_ENDS))


class Hashes:
    """A cache of hashes by path. During its life, no file may change. Usually, one audit makes and uses it."""

    def __init__(self):
        self._known: dict[Path, tuple[str, str, int]] = {}
        self._trees: dict[Path, str] = {}

    def _read(self, path: Path) -> tuple[str, str, int]:
        if path not in self._known:
            md5, sha, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
            with open(path, "rb") as handle:
                while chunk := handle.read(1 << 20):
                    md5.update(chunk)
                    sha.update(chunk)
                    size += len(chunk)
            self._known[path] = md5.hexdigest(), sha.hexdigest(), size
        return self._known[path]

    def sha256(self, path: Path) -> str | None:
        """The SHA-256 of a file. Returns None if there is no such file."""
        return self._read(path)[1] if path.is_file() else None

    def tree(self, folder: Path) -> str | None:
        """The hash of a folder by `files.sha256_tree`, as a run records its checkpoint.

        Returns None if there is no such folder.
        """
        if not folder.is_dir():
            return None
        if folder not in self._trees:
            self._trees[folder] = sha256_tree(folder)
        return self._trees[folder]

    def dvc(self, path: Path) -> dict | None:
        """What `dvc.lock` would record of a file or folder: "md5", "size" in bytes and, for a folder, "nfiles".

        Returns None if there is no such file or folder.
        """
        if path.is_file():
            md5, _, size = self._read(path)
            return {"md5": md5, "size": size}
        if not path.is_dir():
            return None
        entries, size = [], 0
        for name, file in self.listing(path):
            md5, _, one = self._read(file)
            entries.append({"md5": md5, "relpath": name})
            size += one
        text = json.dumps(entries, sort_keys=True).encode()
        return {
            "md5": hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir",
            "size": size,
            "nfiles": len(entries),
        }

    def listing(self, folder: Path) -> list[tuple[str, Path]]:
        """The pairs (relative path, file) of all files below a folder that DVC does not ignore, in DVC's order."""
        found = [
            path.relative_to(folder)
            for path in folder.rglob("*")
            if path.is_file() and not set(path.relative_to(folder).parts) & set(_IGNORED)
            and not any(part.endswith(_IGNORED_ENDS) for part in path.relative_to(folder).parts)
        ]  # fmt: skip
        return sorted((name.as_posix(), folder / name) for name in found)

    def changed_files(self, root: Path, folder: Path, recorded: str) -> list[str]:
        """The relative paths of the files in `folder` that differ from those of an earlier version of the folder.

        `recorded` is the hash "….dir" of that version in `dvc.lock`. Returns an empty list if DVC's cache no longer has
        its list of files.
        """
        listed = root / ".dvc" / "cache" / "files" / "md5" / recorded[:2] / recorded[2:]
        if not listed.is_file():
            return []
        before = {entry["relpath"]: entry["md5"] for entry in json.loads(listed.read_text(encoding="utf-8"))}
        now = {name: self._read(file)[0] for name, file in self.listing(folder)}
        return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
