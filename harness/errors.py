"""The types of errors that a user can cause. Each error says where, what, and which command or edit fixes it."""

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """Base of every error that is printed without a traceback (exit code 1).

    `message` names the file, row or key; `remedy` is the last line the user reads.
    """

    def __init__(self, message: str, *, remedy: str):
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self):
        # Workers send errors to their parent process, and a keyword-only argument does not survive pickling.
        return (_rebuild, (type(self), self.message, self.remedy))

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}"


def _rebuild(cls, message, remedy):
    return cls(message, remedy=remedy)


class ConfigError(HarnessError):
    """`params.yaml` (or a profile) has an unknown key, a wrong type or a value out of range."""


class RegistryError(HarnessError):
    """A task file cannot be loaded or lacks a field, or a name is unknown or used twice."""


class DataError(HarnessError):
    """A data file cannot be read or breaks its schema."""


class LeakageError(HarnessError):
    """A split shares groups, duplicates or shortcuts between its parts."""


class CheckpointError(HarnessError):
    """A checkpoint is missing, damaged, unpinned, or does not fit its family."""


class TrainingError(HarnessError):
    """Training diverged, or the two arms of a comparison would not be treated alike."""


class OfflineError(HarnessError):
    """A process that may not leave this machine tried to connect to another one."""


class DiskError(HarnessError):
    """A disk is full, read-only or busy, or belongs to another user."""


class OutOfMemoryError(HarnessError):
    """This machine or one of its devices has no memory left."""


class MissingInputError(HarnessError):
    """A stage's input has not been made yet."""


def nearest(word, known: Iterable) -> str:
    """The text ` Did you mean 'x'?` with the most similar name of `known`, or an empty text if none is similar."""
    close = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.4)
    return f" Did you mean {close[0]!r}?" if close else ""


def wrong(name: str, path: str, wanted: str, value, hint: str = "") -> ConfigError:
    return ConfigError(
        f"{name}: {path} must be {wanted}, not {value!r} ({type(value).__name__}).{hint}", remedy=f"Correct {path}."
    )
