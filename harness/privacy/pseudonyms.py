"""Replace a site's own ids and groups by pseudonyms before anything is written.

A pseudonym is a keyed HMAC-SHA-256. With a plain hash, anybody could try out names or numbers until one fits. With a
key, only somebody who has the site's key can do this. The key is a file in the repository's folder, never in git. The
same key gives the same pseudonyms, and so the same split. Another key gives other pseudonyms, and a lost key cannot be
made again.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError, MissingInputError
from harness.system.scratch import held, scratch_of
from harness.text.visible import visible

KEY_FILE = ".harness-key"
SCHEME = "HMAC-SHA-256, 80 bits"
COLUMNS = ("id", "group")
_KEY_BYTES = 32
_DIGITS = 20  # hexadecimal: 80 bits, which a million rows share by chance once in two trillion


@dataclass(frozen=True)
class Key:
    """A site's secret. It never appears in a message or a representation."""

    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """A name for the key that does not reveal it."""
        return self._digest("fingerprint")

    def pseudonym(self, task: str, column: str, value: str) -> str:
        """The pseudonym of `value`, the same for the same task, column and value, and unrelated for any other.

        Tasks are kept apart. Otherwise two data sets would reveal which of their rows belong to one person.
        """
        return self._digest("value", task, column, value)

    def _digest(self, *parts: str) -> str:
        # Lengths come before the parts, so that no two lists of parts give the same bytes.
        message = b"".join(f"{len(part.encode())}:".encode() + part.encode() for part in parts)
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()[:_DIGITS]


def read_key(root: Path) -> Key:
    """Read the site's key from the repository at `root`.

    Raises MissingInputError if there is no key file, DataError if it has no valid key or other users may read it.
    """
    path = Path(root) / KEY_FILE
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise MissingInputError(
            f"{path} is missing, and the ids of restricted data are never written without it.",
            remedy="Put back this site's key. If there never was one, `harness data use TASK PATH` makes it (another "
            "key gives other ids and another split).",
        ) from None
    except UnicodeDecodeError:
        text = ""
    if path.stat().st_mode & 0o077:
        raise DataError(f"{path} can be read by others.", remedy=f"Run `chmod 600 {KEY_FILE}`.")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != _KEY_BYTES:
        raise DataError(
            f"{path} is not a key ({2 * _KEY_BYTES} hexadecimal digits, readable by you).",
            remedy="Put back this site's key.",
        )
    return Key(secret)


def ensure_key(root: Path) -> bool:
    """Make a key if the repository has none, and return whether a key was made. An existing key is never changed.

    If the process is killed, there is a whole key or none, because half a key would look like a lost one.
    """
    path = Path(root) / KEY_FILE
    if os.path.lexists(path):
        return False
    copy = scratch_of(path)
    with held(copy) as handle:
        os.fchmod(handle.fileno(), 0o600)  # before anything of it is written
        handle.write(secrets.token_hex(_KEY_BYTES).encode("ascii") + b"\n")
        handle.flush()
        os.fsync(handle.fileno())
        return _put_new(copy, path)


def _put_new(copy: Path, path: Path) -> bool:
    """Give the file its name; False if another process has made a file of that name meanwhile."""
    try:
        os.link(copy, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without a second name for a file
        if os.path.lexists(path):
            return False
        os.replace(copy, path)
    return True


def replaced(records: Iterable[Mapping], task: str, columns: Iterable[str | None], key: Key) -> list[dict]:
    """Copies of the `records` of `task`, with pseudonyms in the columns `id`, `group` and those named in `columns`."""
    named = {*COLUMNS, *columns} - {None}
    return [
        {
            name: key.pseudonym(task, name, _as_seen(name, value))
            if name in named and isinstance(value, str)
            else value
            for name, value in record.items()
        }
        for record in records
    ]


def _as_seen(column: str, value: str) -> str:
    """A group as grouping compares it: under pseudonyms, an unseen character would make two groups of one."""
    return value if column == "id" else visible(value).strip()
