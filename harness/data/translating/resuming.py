"""Translate many texts in batches, so that an interrupted translation can be continued and gives the same bytes.

The texts are cut into pieces (sentences). A batch of pieces is one line of the work file, and a line that was cut short
is made again. Batches are cut from the distinct pieces, sorted by length and text. So neither the order of items nor an
interruption changes which pieces share a batch.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from harness.data.translating import segments
from harness.errors import DiskError
from harness.system.disks import writing
from harness.system.files import canonical_json, sha256_value


def pieces(texts: Iterable[str]) -> list[str]:
    """The distinct pieces (sentences) of the texts that need translation, short pieces first."""
    found = {piece for text in texts for piece, _ in segments.cut(text) if segments.asked(piece)}
    return sorted(found, key=lambda piece: (len(piece), piece))


def batches(ordered: Sequence[str], size: int) -> list[list[str]]:
    return [list(ordered[at : at + size]) for at in range(0, len(ordered), size)]


def translated(
    folder: Path,
    identity: dict,
    texts: Sequence[str],
    size: int,
    load: Callable[[], Callable[[Sequence[str]], list[str]]],
    done: Callable[[int], None] = lambda n: None,
) -> dict[str, str]:
    """Translate the texts. Returns {text: translation}.

    `identity` is all that decides a translation (model, language, search). `load()` returns the function that
    translates a batch of at most `size` pieces (texts to texts). `load` is called only if a batch is missing. `done(n)`
    is called after each batch of n pieces. Finished batches stay in a file in `folder`. The file's name is a hash of
    the identity, the size and the pieces.
    """
    ordered = pieces(texts)
    plan = batches(ordered, size)
    whole = identity | {"batch": size, "pieces": sha256_value(ordered)}
    said: dict[str, str] = {}
    with _work_file(folder, whole) as (handle, ready):
        for batch, line in zip(plan, ready, strict=False):
            said |= dict(zip(batch, line, strict=True))
            done(len(batch))
        translate = load() if len(ready) < len(plan) else None
        for batch in plan[len(ready) :]:
            assert translate is not None
            answers = translate(batch)
            handle.write(canonical_json(answers).encode() + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
            said |= dict(zip(batch, answers, strict=True))
            done(len(batch))
    return {text: segments.joined(text, said.__getitem__) for text in texts}


@contextlib.contextmanager
def _work_file(folder: Path, identity: dict) -> Iterator[tuple[BinaryIO, list[list[str]]]]:
    """The work file, locked and open after its last whole batch, and its batches. Raises DiskError if it is in use."""
    path = Path(folder) / f"{sha256_value(identity)[:16]}.jsonl"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a+b") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DiskError(
                    f"Another command is working on this translation ({path}).", remedy="Wait until it has ended."
                ) from None
            handle.seek(0)
            ready, end = [], 0
            for line in handle:
                batch = _batch(line)
                if batch is None:
                    break
                ready.append(batch)
                end += len(line)
            handle.truncate(end)
            yield handle, ready


def _batch(line: bytes) -> list[str] | None:
    """The translations of one batch, from a line of the work file. Returns None if the line was cut short."""
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(text, str) for text in found) else None
