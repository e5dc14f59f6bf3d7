"""Hash the code that decides what a module computes. Comments, docstrings and line breaks do not count.

An output that must have the same bytes everywhere cannot name a git commit, because many commits have the same code. So
it names the code itself: the module and everything that it imports from this package.
"""

import ast
import functools
import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.system.files import sha256

PACKAGE = Path(__file__).parents[1]
# Written for readers only. No stage reads its output, so it affects no result.
PAGES = ("harness.encoders.readme",)


def code_hash(module: str, package: Path = PACKAGE, *, objectives: Sequence[str] | None = None) -> str:
    """SHA-256 over the names and contents of `Source.closure`, with the files of these `objectives` (None: of all)."""
    digest = hashlib.sha256()
    for name, content in code_files(module, package, objectives=objectives).items():
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def code_files(module: str, package: Path = PACKAGE, *, objectives: Sequence[str] | None = None) -> dict[str, str]:
    """The SHA-256 of every file of `Source.closure`, by its path in the package: of the syntax tree for Python, of the
    values for TOML, of the bytes for other files."""
    return Source(package).contents([module], objectives)


class Source:
    """The files of a package as they are now, read once for the closures of several modules."""

    def __init__(self, package: Path = PACKAGE):
        self.package = package
        self._modules: dict[str, Path] = {}
        self._beside: dict[Path, list[Path]] = defaultdict(list)
        self._members: dict[Path, list[str]] = defaultdict(list)
        for path in sorted(package.rglob("*.*")):
            name = _dotted(path, package)
            if path.suffix != ".py":
                self._beside[path.parent].append(path)
            # The package's own `__init__` has the version, which affects no result.
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
        """The SHA-256 of every file of the closure, by its path in the package."""
        found, called = self.closure(modules, objectives)
        return {path.relative_to(self.package).as_posix(): self._content(path, called.get(path)) for path in found}

    def closure(
        self, modules: Sequence[str], objectives: Sequence[str] | None = None
    ) -> tuple[list[Path], dict[Path, frozenset[str]]]:
        """The sorted files of `modules` ("harness.stages.pretrain") and of all that they import from the package. The
        second value maps each file in which only called methods count to the names that are called anywhere.

        The source is read, so imports inside functions count. A module that is only named in a string counts, because
        architectures are looked up by name. A data file counts if a module in its folder names it. A package's
        `__init__` without code does not count, and `PAGES` count only if they are asked for themselves.

        A package that finds its own files (`harness.system.members`) counts with all of them. In their classes, only
        methods that some code calls by name count: what a head shows in a report does not affect a stage that only uses
        the head's texts. The same applies to the methods that check the settings of `params.yaml`.

        A training uses one of `harness.objectives`, and cards and lists name only its files (`objectives`; None: all).
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
            # The files found call more methods, and these may import more files.
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


@dataclass(frozen=True)
class _Piece:
    """A statement of a module or of one of its classes: its syntax tree as text, the names that it imports or quotes,
    and those that it calls. `method` is its name if it counts only if it is called."""

    text: str
    named: frozenset[str]
    calls: frozenset[str]
    method: str | None = None


@functools.lru_cache(maxsize=1024)
def _pieces(source: str) -> tuple[_Piece, ...]:
    """The pieces of a module, in order. A class comes before its members."""
    found = []
    for statement in ast.parse(source).body:
        if is_for_types(statement):
            continue
        members = statement.body if isinstance(statement, ast.ClassDef) else []
        if isinstance(statement, ast.ClassDef):
            statement.body = []
        found += [_piece(statement), *map(_member, members)]
    return tuple(piece for piece in found if piece.text)


def _member(node: ast.stmt) -> _Piece:
    method = node.name if isinstance(node, ast.FunctionDef) and not node.name.startswith("__") else None
    return _piece(node, method, indent="  ")


def _piece(node: ast.stmt, method: str | None = None, indent: str = "") -> _Piece:
    nodes = list(ast.walk(node))
    calls = frozenset(one.attr for one in nodes if isinstance(one, ast.Attribute))
    text = "" if _is_remark(node) else indent + as_text(node)
    return _Piece(text, frozenset(_named(nodes)), calls, method)


@functools.lru_cache(maxsize=4096)
def _read(source: str, called: frozenset[str] | None = None) -> tuple[str, frozenset[str], frozenset[str]]:
    """A module's syntax tree as text, the names that it imports or quotes, and those that it calls. If `called` is
    given, methods that are not in it are left out."""
    pieces = [piece for piece in _pieces(source) if called is None or piece.method is None or piece.method in called]
    named, calls = (frozenset().union(*sets) for sets in ([p.named for p in pieces], [p.calls for p in pieces]))
    return "\n".join(piece.text for piece in pieces), named, calls


def as_text(node) -> str:
    """A syntax tree as text, one line for each top-level statement. It has no positions and docstrings, and no empty
    fields, which differ between versions of Python. The further arguments of `Annotated`, such as the range of a
    setting, are left out: they decide whether something is computed, not what."""
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
    """True for a docstring, or another string that is a statement of its own."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_for_types(node: ast.AST) -> bool:
    """True for imports that only a type checker does. They affect no result."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _named(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Every dotted name that a module imports, or has as a string. `nodes` are those of its syntax tree."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
