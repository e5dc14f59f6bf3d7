"""Forecast the number of bytes that each stage of a run writes to the disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.params.config import Build, Pretraining, PretrainSettings

WEIGHT = 4  # bytes of a parameter, stored
STATE = 3 * WEIGHT  # bytes of a parameter in a saved state: the weight and two moments
STATES = 3  # two states are kept while the next is written
BESIDE = 8 << 20  # tokenizer, configuration and card of an encoder
TOKEN, TOKEN_BYTES = 5, 4  # bytes of a token in a tokenised corpus, and in a text
ANSWER = 250  # bytes of an answered row
# DVC keeps a copy of every output, unless the file system lets two files share their bytes.
CACHED = 2


@dataclass(frozen=True)
class Writes:
    """The bytes that a stage writes.

    `stays` are the outputs, without DVC's copy. `passes` are files that exist only during training.
    """

    stays: int
    passes: int

    @property
    def most(self) -> int:
        return CACHED * self.stays + self.passes


def folder_bytes(folder: Path) -> int:
    """The bytes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _saves(recipe: Pretraining | None) -> bool:
    return recipe is not None and bool(recipe.save_steps or recipe.save_minutes)


def encoder_bytes(parameters: int) -> int:
    return WEIGHT * parameters + BESIDE


def checkpoint(parameters: int, recipe: Pretraining | None, *, builds: bool) -> Writes:
    return Writes(encoder_bytes(parameters), STATES * STATE * parameters if builds and _saves(recipe) else 0)


def pretrain(parameters: int, settings: PretrainSettings, at_once: int) -> Writes:
    """The bytes of all encoders, of the states of simultaneous trainings, and of the saved states from which trainings
    branch.

    `parameters` is the number of parameters of one encoder, and `at_once` is the number of trainings at the same time.
    """
    encoders = settings.replicates * len(settings.trained)
    given = 0 if isinstance(settings.source, Build) else 1
    states = STATES * min(at_once, encoders) if _saves(settings.pretraining) else 0
    trunks = len(settings.trained) if settings.branched is not None else 0
    stays = (encoders + given) * encoder_bytes(parameters)
    return Writes(stays, (states + trunks) * STATE * parameters)


def corpus(text: int, families: int) -> Writes:
    """The `text` bytes of the cleaned corpus, and its tokens for every family, which DVC does not keep."""
    return Writes(text, families * text // TOKEN_BYTES * TOKEN)


def finetune(answers: float) -> Writes:
    return Writes(round(answers * ANSWER), 0)


def total(writes: Mapping[str, Writes]) -> int:
    """The bytes on the disk at the fullest moment.

    Stages run one after the other, so only the largest `passes` counts.
    """
    passing = max((one.passes for one in writes.values()), default=0)
    return CACHED * sum(one.stays for one in writes.values()) + passing
