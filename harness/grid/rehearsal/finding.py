"""What a rehearsal has found that would fail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`where` is the stage, `message` says what is wrong and `remedy` what to do. `stands_in` is true where the
    rehearsal puts something in its place and goes on."""

    where: str
    message: str
    remedy: str
    stands_in: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.message}\n  {self.remedy}"
