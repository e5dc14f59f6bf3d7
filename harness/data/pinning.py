"""Pin `data/` with DVC and freeze the pin, in one step.

Without the freeze the next `dvc repro` would put the generated data back over a user's files.
"""

import subprocess
import sys
from pathlib import Path

from harness.errors import DataError


def pin_data(root: Path) -> None:
    """`dvc add data` and `dvc freeze data.dvc`; raises DataError with DVC's own words when one fails."""
    for arguments in (["add", "data"], ["freeze", "data.dvc"]):
        command = [sys.executable, "-m", "dvc", *arguments]
        result = subprocess.run(command, cwd=root, capture_output=True, text=True)
        if result.returncode != 0:
            reason = (result.stderr.strip() or result.stdout.strip()).splitlines()
            raise DataError(
                f"data/ is in place but could not be pinned: dvc {arguments[0]}: {reason[-1] if reason else '?'}",
                remedy="Mend that, then run `dvc add data && dvc freeze data.dvc`.",
            )
