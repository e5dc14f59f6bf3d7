"""Handle an interrupted pre-training whose inputs have changed: the user chooses to resume it or to start anew.

Starting anew loses the work in the saved states, and resuming gives a result of mixed origin. So neither happens
without a choice: `--anew` removes the states, and `--resume` continues from the states if their rows and tensors still
fit. After `--resume`, the card of the checkpoint records the mixed origin.
"""

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.artifacts.checkpoint import stage_of
from harness.errors import HarnessError, TrainingError
from harness.system.files import read_json, sha256, write_json

CHOICE = "choice.json"
SHOWN = 6
# If one of these changes, a state's position in the corpus or its tensors no longer fit.
FIXED = ("corpus", "train_on", "steps", "settings.recipe", "settings.effective_batch", "settings.device_batch",
         "settings.length", "settings.seed", "planned.encoder", "planned.parent", "planned.architecture",
         "planned.replay", "planned.branched")  # fmt: skip

# These parts of the card only repeat the settings, engine, corpus and code files.
_TWICE = ("planned.recipe", "planned.engine", "planned.batch", "planned.corpus", "planned.code", "planned.trained_on")


@dataclass(frozen=True)
class Interrupted:
    """An interrupted training with its saved states in `folder`.

    `step` is the update of the newest undamaged state (None: all states are damaged). `steps` is the number of updates
    of the whole training (None: not recorded). `differs` maps the name of each value that has changed to (value of the
    interrupted training, present value) (None: the old values are not recorded).
    """

    folder: Path
    step: int | None
    steps: int | None
    differs: dict[str, tuple] | None


def states_of(root: Path, family: str, encoder: str) -> Path:
    """The folder with the saved training states of an encoder, such as the encoder "clinical" of a family."""
    return root / "artifacts" / "states" / family / encoder


def pieces(values: Mapping, code: Mapping[str, str]) -> dict:
    """Everything that a training depends on, as one flat dict from names to plain values, such as "settings.clip",
    "corpus.general" and "code.training/loop.py". `values` is a nested dict, and `code` maps code files to hashes."""
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
    """Make `states`/`key` the folder of this training's saved states. If a training with other inputs was interrupted,
    follow the user's choice to resume it or to start anew.

    `key` is the hash of everything that this training depends on, and `made_of` are these values, as `pieces` returns
    them. Only the leading process (`leads` is True) writes. Raises TrainingError if the user has not chosen, if the
    interrupted training cannot be resumed, or if all saved states are damaged.
    """
    own = states / key[:16]
    torn = own.is_dir() and newest_whole(own) is None and any(own.glob("*.safetensors"))
    found = _others(states, own, made_of) if torn or not own.is_dir() else []
    if torn and not any(one.step for one in found):
        raise TrainingError(
            " ".join([_torn(own), *map(_description, found)]),
            remedy="Restore the saved states from a copy, or start anew: "
            f"`harness {_command(states)} --anew`, then `dvc repro`.",
        )
    if found:
        other = max(found, key=lambda one: one.step or 0)
        if _read(states / CHOICE, {}).get("choice") != "resume":
            raise TrainingError(
                f"{_torn(own)} {_description(other)}" if torn else _description(other), remedy=_remedy(states)
            )
        unfit = [name for name in other.differs or () if name.startswith(FIXED)]
        if other.step is None or other.differs is None or unfit:
            unknown = "its inputs are not recorded" if other.step else "all of its saved states are damaged"
            why = f"these changed: {', '.join(unfit[:SHOWN])}" if unfit else unknown
            undo = "Undo the change" if other.step else "Restore the saved states from a copy"
            raise TrainingError(
                f"{_description(other)} It cannot be resumed, because {why}.",
                remedy=f"{undo}, or start anew: `harness {_command(states)} --anew`, then `dvc repro`.",
            )
        if leads:
            origin = {"update": other.step, "differs": {name: list(pair) for name, pair in other.differs.items()}}
            write_json(mixed_of(own), [*_read(mixed_of(other.folder), []), origin])
            shutil.rmtree(own, ignore_errors=True)
            other.folder.rename(own)
    if leads:
        write_json(origin_of(own), dict(made_of))
        (states / CHOICE).unlink(missing_ok=True)


def mixed(states: Path, key: str) -> list[dict]:
    """The updates after which the training with the hash `key` resumed a training of other inputs: [{"update",
    "differs": {name: [old value, new value]}}, …]."""
    return _read(mixed_of(states / key[:16]), [])


def origin_of(folder: Path) -> Path:
    """The file that records everything that the states in `folder` depend on."""
    return folder.with_name(f"{folder.name}.made_of.json")


def mixed_of(folder: Path) -> Path:
    """The file that records which trainings of other inputs the states in `folder` resumed."""
    return folder.with_name(f"{folder.name}.mixed.json")


def intact(record: Path) -> dict:
    """The content of the file `record`, which describes a saved state. Raises ValueError if `record` or the file of the
    state is damaged."""
    try:
        described = read_json(record)
        whole = sha256(record.with_suffix(".safetensors")) == described["sha256"]
    except (OSError, KeyError, TypeError, UnicodeDecodeError, HarnessError) as error:
        raise ValueError(error.message if isinstance(error, HarnessError) else str(error)) from None
    if not whole:
        raise ValueError("its bytes are not those that were written")
    return described


def newest_whole(folder: Path) -> int | None:
    """The update of the newest state in `folder` that is not damaged, or None if there is no such state."""
    for record in sorted(folder.glob("[0-9]*.json"), reverse=True):
        with contextlib.suppress(ValueError):
            intact(record)
            return int(record.stem)
    return None


def _torn(folder: Path) -> str:
    return f"{folder}: all saved states of this training are damaged."


def _read(path: Path, otherwise):
    return read_json(path) if path.is_file() else otherwise


def choose(root: Path, family: str, arms: list[str], choice: str) -> list[str]:
    """Carry out the user's `choice` for the interrupted trainings of these arms: "anew" removes the saved states, and
    "resume" is stored for the next run. Returns one message per interrupted training."""
    done = []
    for arm in arms:
        states = states_of(root, family, arm)
        if not states.is_dir():
            continue
        if choice == "anew":
            shutil.rmtree(states)
            done.append(f"{family} {arm}: the states of the interrupted training are removed.")
        else:
            write_json(states / CHOICE, {"choice": choice})
            done.append(f"{family} {arm}: the next run resumes the interrupted training.")
    return done


def _others(states: Path, own: Path, made_of: Mapping) -> list[Interrupted]:
    found = []
    for folder in sorted(states.glob("*")) if states.is_dir() else ():
        if folder == own or not any(folder.glob("[0-9]*.safetensors")):
            continue
        then = _read(origin_of(folder), None)
        differs = None if then is None else _difference(then, made_of)
        found.append(Interrupted(folder, newest_whole(folder), (then or {}).get("steps"), differs))
    return found


def _difference(then: Mapping, now: Mapping) -> dict[str, tuple]:
    names = sorted(then.keys() | now.keys())
    return {name: (then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name)}


def _description(other: Interrupted) -> str:
    of = f" of {other.steps:,}" if other.steps else ""
    at = f"saved after update {other.step:,}{of}" if other.step else "and all of its saved states are damaged"
    start = (
        f"{other.folder}: this folder has an interrupted training, {at}. Its inputs or settings differ from the "
        "present ones"
    )
    if other.differs is None:
        return f"{start}. The harness has no record of which ones."
    said = [_one(name, *pair) for name, pair in other.differs.items()]
    more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return f"{start}: {'; '.join(said[:SHOWN])}{more}."


def _one(name: str, then, now) -> str:
    if name.startswith("code."):
        return f"code of {name.removeprefix('code.')}"
    if name.startswith(("corpus.", "planned.parent.")):
        return name.removeprefix("planned.")
    return f"{name} was {_said(then)} and is {_said(now)}"


def _said(value) -> str:
    return "not set" if value is None else str(value)


def _remedy(states: Path) -> str:
    command = f"harness {_command(states)}"
    resumed = f"`{command} --resume` continues it (its card will record this)"
    return f"Choose one: {resumed}, or `{command} --anew` removes it. Then run `dvc repro`."


def _command(states: Path) -> str:
    return f"{stage_of(states.name)} {states.parent.name}"
