"""Compute the hash of the code of a git commit, so that it can be compared with the hash that a run recorded."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

from harness.report.export import provenance


class Commits:
    """The code hashes of a repository's commits. Each commit is read once."""

    def __init__(self, root: Path):
        self._root = root
        self._known: dict[str, dict[str, str] | None] = {}

    def is_checkout(self) -> bool:
        done = subprocess.run(["git", "-C", str(self._root), "rev-parse", "HEAD"], capture_output=True)
        return done.returncode == 0

    def code(self, commit: str, task: str) -> str | None:
        """The hash of the code of `commit` on which the numbers of `task` depend (`provenance.code_hash`). Returns None
        if the repository does not have the commit."""
        if commit not in self._known:
            self._known[commit] = self._files(commit)
        files = self._known[commit]
        return None if files is None else provenance.code_hash(task, files)

    def _files(self, commit: str) -> dict[str, str] | None:
        """SHA-256 of every list in `pipeline/`, sorted."""
        if not commit or set(commit) - set("0123456789abcdef"):
            return None
        command = ["git", "-C", str(self._root), "archive", "--format=tar", commit, "pipeline"]
        done = subprocess.run(command, capture_output=True)
        if done.returncode != 0:
            return None
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            members = [member for member in archive if member.isfile() and member.name.endswith(".txt")]
            held = {m.name: content.read() for m in members if (content := archive.extractfile(m)) is not None}
            return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(held.items())}
