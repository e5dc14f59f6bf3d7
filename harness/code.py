"""Which code decides what a module computes, as hashes that no comment, docstring or line break changes.

An output that has to be the same bytes everywhere cannot name a git commit: the same code stands in
many of them. So it names the code itself: the module and everything of this package it imports.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.files import sha256

PACKAGE = Path(__file__).parent
# What is written for a reader and read by no stage: it decides nothing of what is computed.
PAGES = ("harness.models.readme",)


def code_hash(module: str, package: Path = PACKAGE) -> str:
    """SHA-256 over the names and contents of `closure(module)`."""
    digest = hashlib.sha256()
    for name, content in code_files(module, package).items():
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def code_files(module: str, package: Path = PACKAGE) -> dict[str, str]:
    """The SHA-256 of the content of every file of `closure(module)`, by its path in the package: of its syntax tree
    where it is Python, of its bytes otherwise."""
    return contents([module], package)


def contents(modules: Sequence[str], package: Path = PACKAGE) -> dict[str, str]:
    """The same of several modules together."""
    return {path.relative_to(package).as_posix(): _content(path) for path in closure(modules, package)}


def closure(modules: Sequence[str], package: Path = PACKAGE) -> list[Path]:
    """The files of `modules` ("harness.stages.pretrain") and of all they import from `package`, sorted.

    Read from the source, so imports inside functions count, and so does a module that is only named in
    a string, which is how architectures are looked up; a file that stands beside a module and is named there counts,
    too. A package's `__init__` without code does not, and `PAGES` only where they are asked for themselves.
    """
    known = {_dotted(path, package): path for path in sorted(package.rglob("*.py"))}
    # The package itself holds the version, which decides nothing.
    del known[package.name]
    found: dict[str, Path] = {}
    beside: set[Path] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = known[name]
        tree, named = _read(path.read_text(encoding="utf-8"))
        if tree or path.name != "__init__.py":
            found[name] = path
        waiting += sorted(known.keys() & named - found.keys() - {name, *PAGES})
        beside |= {other for other in path.parent.glob("*.*") if other.name in named and other.suffix != ".py"}
    return sorted({*found.values(), *beside})


def _content(path: Path) -> str:
    if path.suffix != ".py":
        return sha256(path)
    tree, _ = _read(path.read_text(encoding="utf-8"))
    return hashlib.sha256(tree.encode()).hexdigest()


def _dotted(path: Path, package: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.lru_cache(maxsize=1024)
def _read(source: str) -> tuple[str, frozenset[str]]:
    """A module's syntax tree as text, and what it names. Several stages' closures share most modules."""
    tree = ast.parse(source)
    return as_text(tree), frozenset(_named(tree))


def as_text(node) -> str:
    """A syntax tree, a line for each statement at its top: without places, docstrings and fields that hold nothing,
    which differ between versions of Python."""
    if isinstance(node, ast.Module):
        return "\n".join(as_text(statement) for statement in node.body if not _is_remark(statement))
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if value is not None and value != [])
        return f"{type(node).__name__}({','.join(f'{name}={as_text(value)}' for name, value in fields)})"
    if isinstance(node, list):
        return f"[{','.join(as_text(item) for item in node if not _is_remark(item))}]"
    return repr(node)


def _is_remark(node) -> bool:
    """A docstring, or another string that is a statement of its own."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


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
