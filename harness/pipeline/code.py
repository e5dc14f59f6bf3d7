"""Hash the code that decides what a module computes. Comments, docstrings and line breaks do not count.

An output that must have the same bytes everywhere cannot name a git commit, because many commits have the same code. So
the output names a hash of the code itself: of the module, and of everything that the module imports from this package.
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
    """One SHA-256 over the names and contents of all files that the module `module` uses (see `Source.closure`).

    `objectives` are the pre-training objectives whose files count (None: all).
    """
    digest = hashlib.sha256()
    for name, content in code_files(module, package, objectives=objectives).items():
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def code_files(module: str, package: Path = PACKAGE, *, objectives: Sequence[str] | None = None) -> dict[str, str]:
    """The SHA-256 of every file that the module `module` uses (see `Source.closure`), by the file's path in the
    package.

    For Python files, the syntax tree is hashed. For TOML files, the values are hashed, and for other files the bytes.
    `objectives` are the pre-training objectives whose files count (None: all).
    """
    return Source(package).contents([module], objectives)


class Source:
    """The present files of a package.

    They are read once, and then used to find the files that each of several modules uses.
    """

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
        """The SHA-256 of every file that `closure` finds for these modules, by the file's path in the package."""
        found, called = self.closure(modules, objectives)
        return {path.relative_to(self.package).as_posix(): self._content(path, called.get(path)) for path in found}

    def closure(
        self, modules: Sequence[str], objectives: Sequence[str] | None = None
    ) -> tuple[list[Path], dict[Path, frozenset[str]]]:
        """Find the files of `modules` (such as "harness.stages.pretrain") and of everything that they import from the
        package.

        Returns the sorted files, and a dict. Its keys are those files in which a method counts only if some code calls
        it. Each value is the set of names that are called anywhere.

        The source is read and not executed, so imports inside functions count. A module also counts if it is only named
        in a string, because architectures are looked up by name. A data file counts if a module in its folder names the
        file. An `__init__` without code does not count. `PAGES` count only if they are among `modules`.

        Some packages find their own files by `harness.system.members`. All files of such a package count. But of the
        classes in these files, only methods count that some code calls by name. For example, a head's methods for the
        report do not affect a stage that only uses the head's texts. The same rule applies to the methods that check
        the settings of `params.yaml`.

        A training uses one of the objectives in `harness.objectives`. So only the files of `objectives` count (None:
        all).
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
    """The pieces of a module with this source text, in order. A class comes before its members."""
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
    """A syntax tree as text, with one line for each top-level statement.

    Positions and docstrings are left out. Empty fields are left out, because they differ between versions of Python.
    The further arguments of `Annotated`, such as the range of a setting, are left out, because they decide only whether
    something is computed.
    """
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
    """Whether a statement is a docstring, or another string on its own."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_for_types(node: ast.AST) -> bool:
    """Whether a statement is `if TYPE_CHECKING:`. Imports below it are only for a type checker and affect no result."""
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
