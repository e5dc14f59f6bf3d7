"""Define a finding of a rehearsal: one fault that would make the run fail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One fault that would make a run fail.

    `where` is the stage, `message` says what is wrong, and `remedy` says what to do. If `stands_in` is true, the
    rehearsal replaced what is missing and went on.
    """

    where: str
    message: str
    remedy: str
    stands_in: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.message}\n  {self.remedy}"
