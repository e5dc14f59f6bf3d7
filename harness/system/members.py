"""Find the objects that the files of a package declare, so that no list has to name them."""

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any


def of(package: str, path: Iterable[str], kind: type) -> list:
    """Every object of `kind` at the top of a file of `package`, which is at `path`: by file, then in order."""
    return [value for _, value in by_file(package, path, kind)]


def by_file(package: str, path: Iterable[str], kind: type) -> list[tuple[str, Any]]:
    """The objects of `of`, each with the name (without `.py`) of the first file that has it."""
    found: list[tuple[str, Any]] = []
    for name in sorted(module.name for module in pkgutil.iter_modules(path)):
        for value in vars(importlib.import_module(f"{package}.{name}")).values():
            if isinstance(value, kind) and all(value != other for _, other in found):
                found.append((name, value))
    return found
