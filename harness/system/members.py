"""Find the objects that the files of a package declare, so that no list has to name them."""

import importlib
import pkgutil
from collections.abc import Iterable


def of(package: str, path: Iterable[str], kind: type) -> list:
    """Every object of `kind` at the top of a file of `package`, which lies at `path`: by file, then as they stand."""
    found = []
    for name in sorted(module.name for module in pkgutil.iter_modules(path)):
        module = importlib.import_module(f"{package}.{name}")
        found += [value for value in vars(module).values() if isinstance(value, kind) and value not in found]
    return found
