"""Hash the code that decides what a module computes; comments, docstrings and line breaks do not count.

An output that has to be the same bytes everywhere cannot name a git commit: the same code stands in
many of them. So it names the code itself: the module and everything of this package it imports.
"""

import ast
import functools
import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.system.files import sha256

PACKAGE = Path(__file__).parents[1]
# What is written for a reader and read by no stage: it decides nothing of what is computed.
PAGES = ("harness.encoders.readme",)


def code_hash(module: str, package: Path = PACKAGE, *, objectives: Sequence[str] | None = None) -> str:
    """SHA-256 over the names and contents of `Source.closure`, with the files of those `objectives` (None: of all)."""
    digest = hashlib.sha256()
    for name, content in code_files(module, package, objectives=objectives).items():
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def code_files(module: str, package: Path = PACKAGE, *, objectives: Sequence[str] | None = None) -> dict[str, str]:
    """The SHA-256 of the content of every file of `Source.closure`, by its path in the package: of its syntax tree
    where it is Python, of what it holds where it is TOML, of its bytes otherwise."""
    return Source(package).contents([module], objectives)


class Source:
    """The files of a package as they are now: whoever asks for the closures of several modules reads them once."""

    def __init__(self, package: Path = PACKAGE):
        self.package = package
        self._modules: dict[str, Path] = {}
        self._beside: dict[Path, list[Path]] = defaultdict(list)
        self._members: dict[Path, list[str]] = defaultdict(list)
        for path in sorted(package.rglob("*.*")):
            name = _dotted(path, package)
            if path.suffix != ".py":
                self._beside[path.parent].append(path)
            # The package itself holds the version, which decides nothing.
            elif name != package.name:
                self._modules[name] = path
                self._members[path.parent].append(name)
        self._texts = {path: path.read_text(encoding="utf-8") for path in self._modules.values()}
        self._finding = {
            path.parent
            for path in self._modules.values()
            if path.name == "__init__.py" and f"{package.name}.system.members" in _read(self._texts[path])[1]
        }

    def contents(self, modules: Sequence[str], objectives: Sequence[str] | None = None) -> dict[str, str]:
        """SHA-256 of the content of every file of the closure, by its path in the package."""
        found, called = self.closure(modules, objectives)
        return {path.relative_to(self.package).as_posix(): self._content(path, called.get(path)) for path in found}

    def closure(
        self, modules: Sequence[str], objectives: Sequence[str] | None = None
    ) -> tuple[list[Path], dict[Path, frozenset[str]]]:
        """The files of `modules` ("harness.stages.pretrain") and of all they import from the package, sorted; and for
        those of which methods count that are called, the names that are called anywhere.

        Read from the source, so imports inside functions count, and so does a module that is only named in a string,
        which is how architectures are looked up; a file that stands beside a module and is named there counts, too. A
        package's `__init__` without code does not, and `PAGES` only where they are asked for themselves.

        A package that finds its own files (`harness.system.members`) counts with all of them. Of the classes in these
        a method counts that something here calls by its name: what a head shows in a report decides nothing where only
        its texts are asked for.

        The same holds of the methods by which the settings of `params.yaml` are checked.

        A training is by one of `harness.objectives`: of these a card and a list name only the files that it is made of
        (`objectives`; None: all).
        """
        by_call = self._finding | {self.package / "params"}
        called: frozenset[str] = frozenset()
        while True:
            found: dict[str, Path] = {}
            beside: set[Path] = set()
            calls: set[str] = set()
            waiting = list(modules)
            while waiting:
                name = waiting.pop()
                if name in found:
                    continue
                path = self._modules[name]
                tree, named, more = _read(self._texts[path], called if path.parent in by_call else None)
                if tree or path.name != "__init__.py":
                    found[name] = path
                calls |= more
                if path.name == "__init__.py" and path.parent in self._finding:
                    named |= set(self._members_of(path.parent, objectives))
                waiting += sorted(self._modules.keys() & named - found.keys() - {name, *PAGES})
                beside |= {other for other in self._beside.get(path.parent, ()) if other.name in named}
            if calls == called:
                files = {path: called for path in found.values() if path.parent in by_call}
                return sorted({*found.values(), *beside}), files
            # More is called by what was found, and more may be found by that.
            called = frozenset(calls)

    def _members_of(self, folder: Path, objectives: Sequence[str] | None) -> list[str]:
        members = self._members[folder]
        if objectives is None or folder.name != "objectives":
            return members
        return [name for name in members if self._modules[name].stem in objectives]

    def _content(self, path: Path, called: frozenset[str] | None) -> str:
        if path.suffix not in (".py", ".toml"):
            return sha256(path)
        text = self._texts.get(path) or path.read_text(encoding="utf-8")
        content = _read(text, called)[0] if path.suffix == ".py" else repr(tomllib.loads(text))
        return hashlib.sha256(content.encode()).hexdigest()


def _dotted(path: Path, package: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(source: str, called: frozenset[str] | None = None) -> tuple[str, frozenset[str], frozenset[str]]:
    """A module's syntax tree as text, what it names, and what it calls; given what is `called`, without the methods
    that are not."""
    methods = _methods(source)
    return _parsed(source, frozenset() if called is None else methods - called)


@functools.lru_cache(maxsize=1024)
def _methods(source: str) -> frozenset[str]:
    """The methods of a module's classes that something has to call by name."""
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    functions = (node.name for of in classes for node in of.body if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in functions if not name.startswith("__"))


@functools.lru_cache(maxsize=1024)
def _parsed(source: str, without: frozenset[str]) -> tuple[str, frozenset[str], frozenset[str]]:
    """Several stages' closures share most modules."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not is_for_types(node)]
    for node in tree.body if without else ():
        if isinstance(node, ast.ClassDef):
            node.body = [one for one in node.body if not (isinstance(one, ast.FunctionDef) and one.name in without)]
    calls = frozenset(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return as_text(tree), frozenset(_named(tree)), calls


def as_text(node) -> str:
    """A syntax tree, a line for each statement at its top: without places, docstrings and fields that hold nothing,
    which differ between versions of Python. What `Annotated` adds to a type, the range of a setting for one, decides
    whether something is computed and not what."""
    match node:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[first, *_])):
            return as_text(first)
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


def is_for_types(node: ast.AST) -> bool:
    """What only a type checker imports decides nothing."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


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
