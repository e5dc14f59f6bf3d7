"""The type of a finding: one fault that would make a run fail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One fault. `where` is the stage, `message` says what is wrong, and `remedy` says what to do. With `stands_in`,
    the rehearsal uses a replacement and goes on."""

    where: str
    message: str
    remedy: str
    stands_in: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.message}\n  {self.remedy}"
