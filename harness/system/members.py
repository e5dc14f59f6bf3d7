"""Find the objects of one type that the files of a package define, so that no list of them has to be kept.

For example, every file in `harness/metrics` that defines a metric is found.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any


def of(package: str, path: Iterable[str], kind: type) -> list:
    """Every object of type `kind` that a module of `package` has at its top level. `path` is the package's `__path__`.

    The order is by module name, then by the order in the module. An object that several modules have is returned once.
    """
    return [value for _, value in by_file(package, path, kind)]


def by_file(package: str, path: Iterable[str], kind: type) -> list[tuple[str, Any]]:
    """The objects that `of` finds, as pairs (name of the first module with the object, the object)."""
    found: list[tuple[str, Any]] = []
    for name in sorted(module.name for module in pkgutil.iter_modules(path)):
        for value in vars(importlib.import_module(f"{package}.{name}")).values():
            if isinstance(value, kind) and all(value != other for _, other in found):
                found.append((name, value))
    return found
