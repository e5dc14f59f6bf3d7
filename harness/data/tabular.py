"""The readers of tables: CSV and TSV, JSON lines, Parquet, folders of Hugging Face `datasets`.

One row is one record. `harness.data.readers` says what is an error, what is dropped and what is fixed. Ids, groups and
labels may be whole numbers. The options of a choice may be a list, an object or several columns. A task can ignore the
columns that it does not name. Of a data set's folder only Arrow and Parquet files are read, and no code of the data set
is ever run.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

from harness.data import raw
from harness.data.arrow import arrow_rows
from harness.data.delimited import Quotes, delimited, delimiter_fault
from harness.data.findings import Finding
from harness.data.folders import reads
from harness.data.options import choice, several
from harness.data.reader import Layout, Reader, named, one_of
from harness.data.readers import exact_duplicates
from harness.data.rows import Columns, Drop, Plan, Row, Values, to_reading, word
from harness.errors import DataError
from harness.task import Reading

__all__ = ["choice", "dataset", "several", "table"]

ARROW = (".arrow", ".parquet")
LIBRARYS = ("dataset_info.json", "state.json", "dataset_dict.json")
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
Others = Literal["refuse", "ignore"]


def table(
    file: str,
    *,
    columns: Columns,
    optional: Mapping[str, str] | None = None,
    delimiter: str = "",
    names: Iterable[str] = (),
    quotes: Quotes = "detect",
    encoding: raw.Encoding = "utf-8",
    values: Values | None = None,
    others: Others = "refuse",
    shape: Callable[[dict], dict] | None = None,
    drop: Iterable[Drop] = (),
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Reader:
    """A Reader of one table: a .csv, .tsv, .jsonl or .parquet file with one record per row.

    `file` is the file's name, or "*" for the only table of the folder. `columns` maps columns of a record to columns of
    the file (the options of a choice to several columns). `optional` does so for columns that not every file has. All
    other columns are refused or ignored, as `others` says. `delimiter` is needed if a .csv file is not separated by
    commas, or a .tsv file not by tabs. `names` are the columns of a file without a header, in order. In such a file,
    all or none of the optional columns follow `names`. `quotes` says whether quotes around a field are quoting or text,
    for tab-separated files that leave this open. `encoding` is that of a text file. `values` maps words of the file to
    words of the task, by record column: {"label": {"0": "no", "1": "yes"}}. `shape` converts a record, and the
    functions in `drop` remove records. `id_prefix` is put before each id.

    If `columns` names no "id", the id is a hash of the row, and a repeated row is dropped and counted. If `columns`
    names no "group", each row is a group of its own.
    """
    one_of("others", others, Others)
    one_of("quotes", quotes, Quotes)
    one_of("encoding", encoding, raw.Encoding)
    if file != "*" and {"*", "?", "["} & set(file):
        raise ValueError(f'file={file!r} is a pattern: name the file, or write "*" for the one table of a folder')
    names, values = tuple(names), _words(values, columns)
    if fault := delimiter_fault(delimiter):
        raise ValueError(fault)
    if len(set(names)) < len(names):
        raise ValueError("names= has a column twice")
    drops, more = _drops(columns, drop), dict(optional or {})
    plan = Plan(columns, values, others == "ignore", shape, drops, id_prefix, max_characters, more)

    def read(folder: Path) -> Reading:
        path = _only_table(folder) if file == "*" else folder / file
        ending = path.suffix.lower()
        findings: list[Finding] = []
        repaired: Counter[str] = Counter()
        if ending == ".jsonl":
            rows = list(raw.json_lines(raw.read_text(path, repaired, findings, encoding=encoding), findings))
        elif ending == ".parquet":
            rows = list(arrow_rows(path))
        elif ending in (".csv", ".tsv"):
            separator = delimiter or {".csv": ",", ".tsv": "\t"}[ending]
            text, behind = raw.read_text(path, repaired, findings, encoding=encoding), tuple(more.values())
            rows = delimited(text, separator, names, quotes, findings, optional=behind, ignoring=plan.ignoring)
        else:
            raise DataError(f"{path} is not one of {', '.join(TABLES)}.", remedy="Rename or convert the file.")
        return to_reading(path, rows, findings, repaired, plan)

    one = (lambda folder: {path.name for path in _tables(folder)}) if file == "*" else reads(file)
    answer = getattr(shape, "answer", None)
    layout = Layout("table", file, columns, values, bool(shape), answer, delimiter, names, encoding)
    return Reader(read, one, named(columns, values), values, layout)


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLES) if folder.is_dir() else []


def _only_table(folder: Path) -> Path:
    found = _tables(folder)
    if len(found) != 1:
        raise DataError(
            f"{folder} has {len(found) or 'no'} table{'s' * (len(found) != 1)} ({', '.join(TABLES)}).",
            remedy="Put one file there, or name it in the task's reader.",
        )
    return found[0]


def dataset(
    *,
    columns: Columns,
    parts: Mapping[str, str] | None = None,
    values: Values | None = None,
    others: Others = "refuse",
    shape: Callable[[dict], dict] | None = None,
    drop: Iterable[Drop] = (),
    id_prefix: str = "",
    max_characters: int = raw.MAX_CHARACTERS,
) -> Reader:
    """A Reader of a Hugging Face data set: all .arrow and .parquet files of the folder except its caches, in the order
    of their names.

    `parts` maps the beginning of a file's name to "pool" or "holdout" ({"test": "holdout"}). The records of all other
    files are in the pool. Class numbers of a `ClassLabel` column become class names. The other arguments are those of
    `table`.
    """
    values, given = _words(values, columns), columns
    columns = {**columns, "part": "part"}
    one_of("others", others, Others)
    drops = _drops(columns, drop)
    plan = Plan(columns, values, others == "ignore", shape, drops, id_prefix, max_characters)

    def read(folder: Path) -> Reading:
        paths = [path for path in _of_data_set(folder) if path.suffix in ARROW and "cache-" not in path.name]
        if not paths:
            raise DataError(
                f"{folder} has no .arrow or .parquet file.", remedy="Put the files of `save_to_disk` there."
            )
        rows: list[Row] = []
        for path in paths:
            part = next((p for beginning, p in (parts or {}).items() if path.name.startswith(beginning)), "pool")
            rows += [(f"{path.name} {where}", {**(row or {}), "part": part}) for where, row in arrow_rows(path)]
        return to_reading(folder, rows, [], Counter(), plan)

    layout = Layout("table", "", given, values, bool(shape), getattr(shape, "answer", None))
    return Reader(read, _names, named(given, values), values, layout)


def _of_data_set(folder: Path) -> list[Path]:
    """The files of a data set, its caches, and the files in which the library describes it."""
    return sorted(path for path in folder.iterdir() if path.suffix in ARROW or path.name.endswith(LIBRARYS))


def _names(folder: Path) -> set[str]:
    return {path.name for path in _of_data_set(folder)}


def _drops(columns: Columns, drop: Iterable[Drop]) -> tuple[Drop, ...]:
    return tuple(drop) if "id" in columns else (exact_duplicates(lambda record: record["id"]), *drop)


def _words(values: Values | None, columns: Columns) -> dict[str, dict[str, str]]:
    """`values` with each key as `rows.word` gives it. Raises ValueError for an unknown column or one without words."""
    words = {}
    for column, mapped in (values or {}).items():
        if not isinstance(columns.get(column), str):
            raise ValueError(f"values= maps {column!r}, which columns= does not name.")
        if not isinstance(mapped, Mapping) or not all(isinstance(word, str) for word in mapped.values()):
            raise ValueError(f'values= has no words for {column!r}; write {{"{column}": {{"theirs": "ours"}}}}.')
        words[column] = {word(theirs): ours for theirs, ours in mapped.items()}
    return words
