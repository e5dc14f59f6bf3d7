"""The interface of a linear baseline: its name, the values of its setting to try, and its answers for each value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Answers = dict[str, list[dict]]


@dataclass(frozen=True)
class Baseline:
    """A linear model with one setting. Several values of the setting are tried.

    `name`: name of the model. `setting`: name of the setting. `candidates`: values to try.
    `answers(value)`: fits the model with this value of the setting, and returns for each part one dict per record, with
    the fields of a prediction line except id, group, part and gold.
    `fitted`: further facts about the fit that are recorded with the setting, such as the number of training rows if not
    all were used.
    """

    name: str
    setting: str
    candidates: tuple[float, ...]
    answers: Callable[[float], Answers]
    fitted: Mapping[str, int] = field(default_factory=dict)
