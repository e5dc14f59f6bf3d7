"""Change the `params.yaml` of a repository."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


@contextlib.contextmanager
def changing(root: Path, text: str = "") -> Iterator[Any]:
    """Yield the values of `root/params.yaml`, or of the YAML text `text` if it is given.

    At the end of the block, the changed values are written to `root/params.yaml`.
    """
    yaml, path = YAML(), root / "params.yaml"
    values = yaml.load(text or path.read_text(encoding="utf-8"))
    yield values
    with open(path, "w", encoding="utf-8") as handle:
        yaml.dump(values, handle)
