"""Pin `data/` with DVC and freeze the pin, in one step.

The pin of the generated data depends on the stage that makes them: it would put them back over a user's
files, and without that stage's output it cannot even be verified. So a new pin takes its place. What it pins DVC
pushes to no remote.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError
from harness.privacy import restricted
from harness.privacy.keeping import keep_names_inside
from harness.system.disks import writing
from harness.system.files import write_text
from harness.system.together import Together, together

_PIN = "outs:\n- path: data\n  hash: md5\n  push: false\nfrozen: true\n"


@contextlib.contextmanager
def replacing(root: Path) -> Iterator[Together]:
    """The block that puts data into `data/` and pins them: both are done, or neither, whenever it is killed."""
    data = Path(root) / "data"
    with contextlib.ExitStack() as stack:
        with writing(data):
            within = stack.enter_context(together(data, Path(root) / restricted.PIN))
        yield within


def pin_data(root: Path, within: Together | None = None) -> None:
    """A frozen `data.dvc` over what lies in `data/` now; raises DataError with DVC's own words where that fails.

    Where data are restricted the pin says so, and DVC keeps what it notes of them inside the repository. Where the
    new pin cannot be made, the old one is put back, and with it all that was done `within` the same block.
    """
    if within is None:
        with replacing(root) as within:
            return pin_data(root, within)
    confidential = restricted.names(root)
    if confidential:
        keep_names_inside(root)
    write_text(root / restricted.PIN, _PIN)
    restricted.note(root)
    command = [sys.executable, "-m", "dvc", "add", "data"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, pass_fds=[within.lock])
    if result.returncode != 0:
        reason = (result.stderr.strip() or result.stdout.strip()).splitlines()
        # DVC's words name files.
        said = "it failed" if confidential or not reason else reason[-1]
        raise DataError(
            f"data/ could not be pinned, and is as it was: dvc add: {said}",
            remedy="Fix that, then run the same command again.",
        )
    return None
