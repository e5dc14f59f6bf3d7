"""Pin `data/` with DVC and freeze the pin, in one step, so that DVC does not overwrite these data.

The pin of the generated data depends on the stage that makes them. With this pin, DVC would write the generated data
over a user's files, and DVC cannot verify the pin without the stage's output. So a new pin, without a stage, replaces
the old pin. DVC pushes the data of the new pin to no remote.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError
from harness.pipeline.declared import DVC
from harness.privacy import restricted
from harness.privacy.keeping import keep_names_inside
from harness.system.disks import writing
from harness.system.files import write_text
from harness.system.together import Together, together

_PIN = "outs:\n- path: data\n  hash: md5\n  push: false\nfrozen: true\n"


@contextlib.contextmanager
def replacing(root: Path) -> Iterator[Together]:
    """A context for putting data into `data/` and pinning them: both happen or neither, even if the process is killed.

    The context gives a `Together` (see `harness.system.together`). Each function that writes data in the block needs it
    as `within`.
    """
    data = Path(root) / "data"
    with contextlib.ExitStack() as stack:
        with writing(data):
            within = stack.enter_context(together(data, Path(root) / restricted.PIN))
        yield within


def pin_data(root: Path, within: Together) -> None:
    """Write a frozen `data.dvc` that pins the present content of `data/`. `within` is the `Together` of the open
    `replacing`.

    If data are restricted, the pin names them as restricted, and DVC's records of file names stay inside the
    repository. Raises DataError if DVC fails. The error quotes the last line of DVC's output, unless data are
    restricted. After an error, `replacing` restores the old pin and everything else that was changed in its block.
    """
    confidential = restricted.names(root)
    if confidential:
        keep_names_inside(root)
    write_text(root / restricted.PIN, _PIN)
    restricted.note(root)
    result = subprocess.run([*DVC, "add", "data"], cwd=root, capture_output=True, text=True, pass_fds=[within.lock])
    if result.returncode != 0:
        reason = (result.stderr.strip() or result.stdout.strip()).splitlines()
        # DVC's output names files, which may not be shown for restricted data.
        said = "it failed" if confidential or not reason else reason[-1]
        raise DataError(
            f"data/ could not be pinned and was not changed. dvc add: {said}",
            remedy="Fix that, then run the same command again.",
        )
