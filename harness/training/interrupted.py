"""An interrupted training that was made of something else: what differs is told, and the user chooses.

Its states are lost work if it is begun anew, and a result of mixed origin if it is gone on with. So neither happens
without a word: `--anew` removes the states, `--resume` goes on from them where their rows and tensors still fit, and
the card of the checkpoint says so.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import TrainingError
from harness.files import read_json, write_json

CHOICE = "choice.json"
SHOWN = 6
# With another of these a state's place in the corpus, or its tensors, mean something else.
FIXED = ("corpus", "train_on", "steps", "settings.recipe", "settings.effective_batch", "settings.device_batch",
         "settings.length", "settings.seed", "planned.encoder", "planned.parent", "planned.architecture",
         "planned.replay")  # fmt: skip

# The card says again what settings, engine, corpus and the files of the code say.
_TWICE = ("planned.recipe", "planned.engine", "planned.batch", "planned.corpus", "planned.code", "planned.trained_on")


@dataclass(frozen=True)
class Interrupted:
    """States below `folder`, the newest after update `step` of `steps`; `differs` is None where nobody knows."""

    folder: Path
    step: int
    steps: int | None
    differs: dict[str, tuple] | None


def pieces(values: Mapping, code: Mapping[str, str]) -> dict:
    """What a training is made of as one flat dict: "settings.clip", "corpus.general", "code.training/loop.py", …"""
    flat: dict = {}

    def add(name: str, value) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                add(f"{name}.{key}" if name else str(key), inner)
        else:
            flat[name] = list(value) if isinstance(value, tuple) else value

    add("", {**values, "code": dict(code)})
    return {name: value for name, value in flat.items() if not name.startswith(_TWICE)}


def settle(states: Path, key: str, made_of: Mapping, *, leads: bool) -> None:
    """Make `states`/`key` the folder of this training, by the choice that was made where another one was interrupted.

    Raises TrainingError where none was made, or where the other one cannot be gone on with.
    """
    own = states / key[:16]
    found = [] if own.is_dir() else _others(states, own, made_of)
    if found:
        other = max(found, key=lambda one: one.step)
        if _read(states / CHOICE, {}).get("choice") != "resume":
            raise TrainingError(_told(other), remedy=_remedy(states))
        unfit = [name for name in other.differs or () if name.startswith(FIXED)]
        if other.differs is None or unfit:
            what = ", ".join(unfit[:SHOWN]) or "what it was made of is not recorded"
            raise TrainingError(
                f"{_told(other)} It cannot be gone on with: {what}.",
                remedy=f"Restore that, or begin anew: `harness {_command(states)} --anew`, then `dvc repro`.",
            )
        if leads:
            origin = {"update": other.step, "differs": {name: list(pair) for name, pair in other.differs.items()}}
            write_json(mixed_of(own), [*_read(mixed_of(other.folder), []), origin])
            other.folder.rename(own)
    if leads:
        write_json(origin_of(own), dict(made_of))
        (states / CHOICE).unlink(missing_ok=True)


def mixed(states: Path, key: str) -> list[dict]:
    """Where this training went on from one that was made of something else: the update, and what differs."""
    return _read(mixed_of(states / key[:16]), [])


def origin_of(folder: Path) -> Path:
    """Where it stands what the states in `folder` are made of."""
    return folder.with_name(f"{folder.name}.made_of.json")


def mixed_of(folder: Path) -> Path:
    """Where it stands what other states those in `folder` went on from."""
    return folder.with_name(f"{folder.name}.mixed.json")


def _read(path: Path, otherwise):
    return read_json(path) if path.is_file() else otherwise


def choose(root: Path, family: str, arms: list[str], choice: str) -> list[str]:
    """Keep the user's `choice` ("resume", "anew") for the interrupted trainings of these arms; say what was done."""
    done = []
    for arm in arms:
        states = root / "artifacts" / "states" / family / arm
        if not states.is_dir():
            continue
        if choice == "anew":
            shutil.rmtree(states)
            done.append(f"{family} {arm}: the states of the interrupted training are removed.")
        else:
            write_json(states / CHOICE, {"choice": choice})
            done.append(f"{family} {arm}: the next run goes on from the interrupted training.")
    return done


def _others(states: Path, own: Path, made_of: Mapping) -> list[Interrupted]:
    found = []
    for folder in sorted(states.glob("*")) if states.is_dir() else ():
        saved = sorted(folder.glob("[0-9]*.safetensors"))
        if folder == own or not saved:
            continue
        then = _read(origin_of(folder), None)
        differs = None if then is None else _difference(then, made_of)
        found.append(Interrupted(folder, int(saved[-1].stem), (then or {}).get("steps"), differs))
    return found


def _difference(then: Mapping, now: Mapping) -> dict[str, tuple]:
    names = sorted(then.keys() | now.keys())
    return {name: (then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name)}


def _told(other: Interrupted) -> str:
    at = f"update {other.step:,}" + (f" of {other.steps:,}" if other.steps else "")
    start = f"{other.folder.parent}: an interrupted training lies here, saved after {at}. It was made of something else"
    if other.differs is None:
        return f"{start}, and of what is not recorded."
    said = [_one(name, *pair) for name, pair in other.differs.items()]
    more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return f"{start}: {'; '.join(said[:SHOWN])}{more}."


def _one(name: str, then, now) -> str:
    if name.startswith("code."):
        return f"code of {name.removeprefix('code.')}"
    if name.startswith(("corpus.", "planned.parent.")):
        return name.removeprefix("planned.")
    return f"{name} was {then} and is {now}"


def _remedy(states: Path) -> str:
    command = f"harness {_command(states)}"
    resumed = f"`{command} --resume` goes on from it, and the card says so"
    return f"Choose: {resumed}; `{command} --anew` removes it. Then `dvc repro`."


def _command(states: Path) -> str:
    stage = "checkpoint" if states.name == "baseline" else "pretrain"
    return f"{stage} {states.parent.name}"
