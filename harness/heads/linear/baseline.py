"""The interface of a linear baseline: its name, the values of its setting to try, and its answers for each value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Answers = dict[str, list[dict]]


@dataclass(frozen=True)
class Baseline:
    """A linear model that is fitted once for each of the `candidates`, the values of its `setting`. `answers` fits the
    model with one value and returns its answers: for each part one dict per record, with the fields of a prediction
    line besides id, group, part and gold. `fitted` is recorded with the setting."""

    name: str
    setting: str
    candidates: tuple[float, ...]
    answers: Callable[[float], Answers]
    fitted: Mapping[str, int] = field(default_factory=dict)
