"""Define the errors that a user can cause. Each error names the place and the fault, and a command or an edit that
helps."""

import difflib
import json
from collections.abc import Iterable


class HarnessError(Exception):
    """Base class of all errors that are printed without a traceback. The exit code is 1.

    `message` says what is wrong in which file, row or key. `remedy` says what to do, and is the last line that is
    printed.
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
    """The parts of a split share groups, duplicates or shortcuts, so a model could know test answers from training."""


class CheckpointError(HarnessError):
    """A checkpoint is missing, damaged, unpinned, or does not fit its family."""


class TrainingError(HarnessError):
    """A training failed or diverged, or the arms of a comparison would not be treated alike."""


class OfflineError(HarnessError):
    """A process that may not connect to other machines tried to do so."""


class DiskError(HarnessError):
    """Files cannot be read or written, for example because a disk is full, read-only or busy, or belongs to another
    user."""


class OutOfMemoryError(HarnessError):
    """This machine, or one of its GPUs, has no memory left."""


class MissingInputError(HarnessError):
    """An input is missing, usually because an earlier stage has not made it yet."""


def nearest(word, known: Iterable) -> str:
    """The text ` Did you mean 'x'?` with the name in `known` that is most similar to `word`.

    Empty if no name is similar.
    """
    close = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.4)
    return f" Did you mean {close[0]!r}?" if close else ""


def shown(value) -> str:
    """A value of a YAML file as a message shows it: a text in quotes, anything else as in JSON."""
    if isinstance(value, str):
        return repr(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    except (ValueError, RecursionError):  # a value that contains itself
        return "this value"


def wrong(name: str, path: str, wanted: str, value, hint: str = "") -> ConfigError:
    return ConfigError(f"{name}: {path} must be {wanted}, not {shown(value)}.{hint}", remedy=f"Correct {path}.")
