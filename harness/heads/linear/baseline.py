"""The interface of a linear baseline: its name, the settings to try, and its answers for each setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Answers = dict[str, list[dict]]


@dataclass(frozen=True)
class Baseline:
    """`answers` fits the model with one of the `candidates` for `setting`, and answers every part: by part a dict a
    record, with what a prediction line holds beside id, group and gold. `fitted` is recorded beside the setting."""

    name: str
    setting: str
    candidates: tuple[float, ...]
    answers: Callable[[float], Answers]
    fitted: Mapping[str, int] = field(default_factory=dict)
