"""Which of this package's files decide what a module computes, as one hash.

An output that has to be the same bytes everywhere cannot name a git commit: the same code stands in
many of them. So it names the code itself: the module and everything of this package it imports.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

from harness.files import sha256

PACKAGE = Path(__file__).parent


def code_hash(module: str, package: Path = PACKAGE) -> str:
    """SHA-256 over the names and bytes of `closure(module)`."""
    digest = hashlib.sha256()
    for path in closure(module, package):
        digest.update(f"{path.relative_to(package).as_posix()}\0{sha256(path)}\n".encode())
    return digest.hexdigest()


def code_files(module: str, package: Path = PACKAGE) -> dict[str, str]:
    """The SHA-256 of every file of `closure(module)`, by its path in the package."""
    return {path.relative_to(package).as_posix(): sha256(path) for path in closure(module, package)}


def closure(module: str, package: Path = PACKAGE) -> list[Path]:
    """The file of `module` ("harness.stages.pretrain") and of all it imports from `package`, sorted.

    Read from the source, so imports inside functions count, and so does a module that is only named in
    a string, which is how architectures are looked up. A package's `__init__` without code does not.
    """
    known = {_dotted(path, package): path for path in sorted(package.rglob("*.py"))}
    # The package itself holds the version, which decides nothing.
    del known[package.name]
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        statements, named = _read(known[name].read_text(encoding="utf-8"))
        if statements > 1 or known[name].name != "__init__.py":
            found[name] = known[name]
        waiting += sorted(known.keys() & named - found.keys() - {name})
    return sorted(found.values())


def _dotted(path: Path, package: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.lru_cache(maxsize=1024)
def _read(source: str) -> tuple[int, frozenset[str]]:
    """How many statements a module has at its top, and what it names. Several stages' closures share most modules."""
    tree = ast.parse(source)
    return len(tree.body), frozenset(_named(tree))


def _named(tree: ast.AST) -> Iterator[str]:
    """Every dotted name that a module imports, or holds as a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
