"""Pin `data/` with DVC and freeze the pin, in one step.

The pin of the generated data depends on the stage that makes them: it would put them back over a user's
files, and without that stage's output it cannot even be verified. So a new pin takes its place.
"""

import subprocess
import sys
from pathlib import Path

from harness import restricted
from harness.errors import DataError
from harness.files import write_bytes


def pin_data(root: Path) -> None:
    """`dvc add data` and `dvc freeze data.dvc`; raises DataError with DVC's own words when one fails.

    Where data are restricted the pin says so, and DVC keeps what it notes of them inside the repository. The old
    pin is put back when the new one cannot be made.
    """
    pin = root / "data.dvc"
    before = pin.read_bytes() if pin.is_file() else None
    confidential = restricted.names(root)
    steps = [["add", "data"], ["freeze", "data.dvc"]]
    if confidential:
        # DVC notes the names of all files, for all users to read, in a folder of the machine's.
        aside = str((root / ".dvc" / "cache" / "site").resolve())
        steps.insert(0, ["config", "--local", "core.site_cache_dir", aside])
    pin.unlink(missing_ok=True)
    for arguments in steps:
        command = [sys.executable, "-m", "dvc", *arguments]
        result = subprocess.run(command, cwd=root, capture_output=True, text=True)
        if result.returncode != 0:
            if before is not None:
                write_bytes(pin, before)
            reason = (result.stderr.strip() or result.stdout.strip()).splitlines()
            # DVC's words name files.
            said = "it failed" if confidential or not reason else reason[-1]
            raise DataError(
                f"data/ is in place but could not be pinned: dvc {arguments[0]}: {said}",
                remedy="Mend that, then run `dvc add data && dvc freeze data.dvc`.",
            )
    restricted.note(root)
