"""Read, check and write the source record of a data folder (`source.json`), and fetch public data sets at pinned
hashes."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.data.folders import leads_out
from harness.errors import DataError
from harness.privacy import restricted
from harness.system import files
from harness.system.together import Together
from harness.task import KINDS, PublicFile, Task
from harness.text import printable

RECORD = "source.json"
KEYS = ("kind", "address", "revision", "files", "licence", "language", "citation", "note")
# `columns`, for a site's own file: the columns that the task reads from it (see `harness.data.reader`).
# `planted`, for generated data: by kind of row, the share of right answers without and with the clinical corpus.
# `translation`: its original (`of`), language (`to`), description in tables (`told`) and counts of findings (`checks`).
OPTIONAL = ("columns", "planted", "translation")
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class PublicCorpus:
    """A public corpus file that can be copied to `data/corpus`, under the name `name`.

    `mirrored` is the path of the file below a mirror folder, which has copies of public files. If the file is not
    there, the path is tried below the parent of the mirror folder.
    """

    name: str
    mirrored: str
    sha256: str
    licence: str
    language: str
    citation: str


CORPORA = {
    "norec": PublicCorpus(
        name="norec.jsonl.gz",
        mirrored="corpora/norec_train_12k.jsonl.gz",
        sha256="95a881b627d60b1d39e04919f21e31a290d052887a975f186c105e54b2037a47",
        licence="CC BY-NC 4.0",
        language="Norwegian (bokmål and nynorsk)",
        citation="Velldal et al. (2018), NoReC: The Norwegian Review Corpus",
    )
}


def read_source(folder: Path) -> dict:
    """The source record (`source.json`) of a data folder. Raises DataError, with file and key, if the record is missing
    or wrong."""
    path = Path(folder) / RECORD
    if not path.is_file():
        raise DataError(f"{path} is missing.", remedy=_put_there(Path(folder)))
    source = files.read_json(path)
    problem = _problem(source)
    if problem:
        raise DataError(
            f"{path}: {problem}",
            remedy=f"Give all of these keys: {', '.join(KEYS)}. files maps each file name to its SHA-256; all other "
            "values are texts of one line.",
        )
    return source


def _put_there(folder: Path) -> str:
    """The remedy for missing data of a task: to check out a frozen pin, otherwise to generate, fetch or translate."""
    try:
        frozen = "\nfrozen: true" in (folder.parent.parent / restricted.PIN).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        frozen = False
    if frozen:
        own = f"`harness data use {folder.name} PATH` puts other files there"
        return f"`dvc checkout {restricted.PIN}` restores the pinned files; {own}."
    return (
        "Run `dvc repro` for generated data, `harness data fetch` for public originals, or `harness translate` for a "
        "translation."
    )


def write_source(folder: Path, source: dict) -> None:
    """Write the source record of a data folder. Raises DataError if a key is missing, unknown or wrong."""
    problem = _problem(source)
    if problem:
        raise DataError(f"{Path(folder) / RECORD}: {problem}", remedy=f"Give all of {', '.join(KEYS)}.")
    files.write_json(Path(folder) / RECORD, source)


def _problem(source) -> str | None:
    if not isinstance(source, dict):
        return "not a JSON object."
    # If the data may be restricted, the message names neither an unknown key nor a file.
    told = source.get("kind") in restricted.OPEN
    for key in KEYS:
        if key not in source:
            return f"the key {key!r} is missing."
    for key, value in source.items():
        if key not in KEYS + OPTIONAL:
            return f"the key {key!r} is not known." if told else "a key is not known."
        if not isinstance(value, dict if key in ("files", *OPTIONAL) else str):
            return f"{key} must be {'an object' if key in ('files', *OPTIONAL) else 'a text'}."
    for key in KEYS:
        # A note may have paragraphs. All other values are shown in tables, on one line.
        text = source[key] if key != "note" else " ".join(str(source[key]).split())
        if isinstance(text, str) and (fault := printable.fault(text)) is not None:
            return f"{key} contains {fault}."
    if not all(isinstance(text, str) for pair in source.get("columns", {}).items() for text in pair):
        return "a key or value under columns is not a text."
    for shares in source.get("planted", {}).values():
        if not isinstance(shares, list) or [type(s) for s in shares] != [float, float]:
            return "planted does not have two shares for each kind of row."
    if "translation" in source and (fault := _translation_fault(source["translation"])):
        return f"translation {fault}."
    if source["kind"] not in KINDS:
        return f"kind is {source['kind']!r}, not one of {', '.join(KINDS)}."
    if not source["files"]:
        return "files is empty."
    for name, digest in source["files"].items():
        if Path(name).name != name:
            return (
                f"files names {name!r}, which is not a plain file name." if told else "the name of a file is not plain."
            )
        if not isinstance(digest, str) or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            return f"the hash of {name if told else 'a file'} is not a SHA-256."
    return None


def _translation_fault(said: dict) -> str | None:
    for key in ("of", "to", "told"):
        if not isinstance(said.get(key), str) or printable.fault(said[key]) is not None:
            return f"has no one-line text for {key!r}"
    counts = said.get("checks")
    if not isinstance(counts, dict) or not all(type(n) is int for n in counts.values()):
        return "does not have the counts of its checks"
    return None


def is_english(source: Mapping) -> bool:
    return str(source.get("language") or "").casefold().startswith("english")


def faults(folder: Path, source: dict) -> Iterator[tuple[str, str, str]]:
    """Yield (file name, fault, remedy) for each file of `folder` that is missing, changed, not listed in the source
    record `source`, no plain file, or outside `folder`."""
    listed = source["files"]
    others = {path.name for path in folder.iterdir() if not path.name.startswith(".")} - listed.keys() - {RECORD}
    for name in (*sorted(listed), *sorted(others)):
        path = folder / name
        if name in others:
            yield name, f"is not listed in {RECORD}.", "Move it away, or list it in source.json with its SHA-256."
        elif leads_out(path, folder):
            yield name, "leads out of its folder.", "Put the file itself there, not a link to it."
        elif path.is_dir():
            yield name, "is a folder, not a file.", "Put the data file itself there."
        elif not path.is_file():
            yield name, f"is missing, but {RECORD} lists it.", _put_there(folder)
        elif (actual := files.sha256(path)) != listed[name]:
            said = f"has changed: its SHA-256 is {actual[:12]}…, {RECORD} says {listed[name][:12]}…."
            yield name, said, "Restore the file, or give its new SHA-256 in source.json, as `harness data use` does."


def verify(folder: Path, source: dict) -> None:
    """Raise DataError for the first file of `folder` with a fault (see `faults`). `source` is the source record."""
    for name, what, remedy in faults(Path(folder), source):
        raise DataError(f"{Path(folder) / name} {what}", remedy=remedy)


def fetch(root: Path, tasks: Iterable[Task], mirror: Path | None = None, within: Together | None = None) -> list[Path]:
    """Put the public originals of `tasks` into `root/data`. Returns their folders, in the order of `tasks`.

    Files come from `mirror/<task>/<name>` or, without a mirror, from the pinned addresses. The files are verified
    before anything is replaced. Raises DataError if a file is missing or wrong. Then the data of that task stay
    unchanged. If `within` (the open block of `pinning.replacing`) is given, the data of all other tasks stay unchanged,
    too.
    """
    return [_fetch_task(Path(root), task, mirror, within) for task in tasks]


def _fetch_task(root: Path, task: Task, mirror: Path | None, within: Together | None) -> Path:
    if task.public is None:
        raise DataError(
            f"{task.name} has no public original.",
            remedy=f"If your site has the data, put them in place with `harness data use {task.name} PATH`.",
        )
    contents = {file.name: _content(task.name, file, mirror) for file in task.public.files}
    source = {
        "kind": "public",
        "address": task.public.address,
        "revision": task.public.revision,
        "files": {file.name: file.sha256 for file in task.public.files},
        "licence": task.public.licence,
        "language": task.public.language,
        "citation": task.citation,
        "note": "",
    }
    folder = root / "data" / task.name
    with files.atomic_folder(folder, within) as copy:
        for name, content in contents.items():
            files.write_bytes(copy / name, content)
        write_source(copy, source)
    return folder


def _content(task: str, file: PublicFile, mirror: Path | None) -> bytes:
    if mirror is None:
        content, origin = _download(task, file), file.url
    else:
        path = Path(mirror) / task / file.name
        if not path.is_file():
            raise DataError(
                f"{path} is missing.",
                remedy=f"Put {file.name} there (from {file.url}), or leave out --mirror if there is a network.",
            )
        content, origin = path.read_bytes(), str(path)
    _check_digest(content, file.sha256, origin)
    return content


def _check_digest(content: bytes, expected: str, origin: str) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise DataError(
            f"{origin}: the file's SHA-256 is {actual[:12]}…, but the pinned SHA-256 is {expected[:12]}….",
            remedy="The file is not the pinned original; get it again. Nothing was changed.",
        )


def _download(task: str, file: PublicFile) -> bytes:
    if os.environ.get("HARNESS_OFFLINE") == "1":
        raise DataError(
            f"{file.url} is not fetched: HARNESS_OFFLINE=1.",
            remedy=f"Put {file.name} into DIR/{task}/ and run `harness data fetch {task} --mirror DIR`.",
        )
    import urllib.request

    try:
        with urllib.request.urlopen(file.url, timeout=_TIMEOUT_SECONDS) as response:
            return response.read()
    except (OSError, ValueError) as error:
        raise DataError(
            f"{file.url} cannot be reached ({getattr(error, 'reason', error)}).",
            remedy=f"Put {file.name} into DIR/{task}/ and run `harness data fetch {task} --mirror DIR`.",
        ) from None


def fetch_corpus(root: Path, names: Iterable[str], mirror: Path | None, within: Together | None = None) -> None:
    """Add the public corpora `names`, from a mirror folder, to the files in `root/data/corpus`.

    The source record of the folder keeps its kind, which says how the folder was made first. The note in the source
    record names the added corpora. Raises DataError if a corpus is unknown, missing or wrong.
    """
    for name in names:
        _fetch_corpus(Path(root), name, mirror, within)


def _fetch_corpus(root: Path, name: str, mirror: Path | None, within: Together | None) -> None:
    if name not in CORPORA:
        raise DataError(f"There is no public corpus {name!r}.", remedy=f"Known: {', '.join(CORPORA)}.")
    corpus = CORPORA[name]
    places = [] if mirror is None else [Path(mirror) / corpus.mirrored, Path(mirror).parent / corpus.mirrored]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise DataError(
            f"The corpus {name} ({corpus.mirrored}) is not in a mirror folder, and this extract has no public address.",
            remedy=f"Put it at DIR/{corpus.mirrored} and give --mirror DIR.",
        )
    content = path.read_bytes()
    _check_digest(content, corpus.sha256, str(path))
    folder = root / "data" / "corpus"
    if folder.is_dir() and any(folder.iterdir()):
        source = read_source(folder)
    else:
        source = dict.fromkeys(KEYS, "") | {"kind": "public", "files": {}}
    entry = f"{corpus.name}: {corpus.citation}; {corpus.licence}; {corpus.language}."
    if entry not in source["note"]:
        source["note"] = f"{source['note']} {entry}".strip()
    source["files"] = {**source["files"], corpus.name: corpus.sha256}
    with files.atomic_folder(folder, within) as copy:
        if folder.is_dir():
            shutil.copytree(folder, copy, dirs_exist_ok=True)
        files.write_bytes(copy / corpus.name, content)
        write_source(copy, source)
