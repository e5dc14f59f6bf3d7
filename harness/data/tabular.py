"""Readers of tables as people have them: CSV and TSV, JSON lines, Parquet, folders of Hugging Face `datasets`.

One row is one record. What is an error, dropped or mended is as in `harness.data.readers`; here ids, groups and
labels may be whole numbers, a choice's options may be a list, an object or several columns, and columns that the
task does not name may be left aside. A data set's folder is read as Arrow and Parquet files: no code of it
is ever run.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from harness.data import raw
from harness.data.arguments import one_of
from harness.data.arrow import arrow_rows
from harness.data.delimited import Quotes, delimited, delimiter_fault
from harness.data.findings import Finding
from harness.data.folders import reads
from harness.data.mapping import Layout, carrying
from harness.data.options import choice, several
from harness.data.readers import exact_duplicates
from harness.data.rows import TOLD, Drop, Plan, Row, to_reading, unknown
from harness.errors import DataError
from harness.task import Reading
from harness.text.letters import composed

__all__ = ["arrow_rows", "choice", "dataset", "several", "table"]

ARROW = (".arrow", ".parquet")
LIBRARYS = ("dataset_info.json", "state.json", "dataset_dict.json")
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
REMEDY = (
    'Correct these rows, or say in the reader what to do with them (columns=, values=, others="ignore"); '
    "nothing was written."
)
Columns = Mapping[str, str | tuple[str, ...]]
Values = Mapping[str, Mapping[str, str]]
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
) -> Callable[[Path], Reading]:
    """A reader of `file`, by its ending .csv, .tsv, .jsonl or .parquet; "*" is the one table of the folder.

    `columns` maps record columns to the file's (several, for the options of a choice); what it does not name
    is refused or ignored as `others` says, but for the `optional` columns, which not every file has.
    `delimiter` is that of a .csv which is not separated by commas; `names` are the columns of one without a header,
    in order; `quotes` says whether those around a field are quoting or text, where a tab-separated file leaves it
    open; `encoding` is that of a text file.
    `values` maps words of the file to the task's, by record column: {"label": {"0": "no", "1": "yes"}}. Without an
    "id" the id is made from the row, and a row that stands there twice is dropped and counted; without a "group"
    every row is its own.
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
    plan = _plan(columns, shape, drop, id_prefix, max_characters, optional)

    def read(folder: Path) -> Reading:
        path = _only_table(Path(folder)) if file == "*" else Path(folder) / file
        ending = path.suffix.lower()
        findings: list[Finding] = []
        repaired: Counter[str] = Counter()
        if ending == ".jsonl":
            rows = list(raw.json_lines(raw.read_text(path, repaired, findings, encoding=encoding), findings))
        elif ending == ".parquet":
            rows = list(arrow_rows(path))
        elif ending in (".csv", ".tsv"):
            separator = delimiter or {".csv": ",", ".tsv": "\t"}[ending]
            text, ignoring = raw.read_text(path, repaired, findings, encoding=encoding), others == "ignore"
            rows = delimited(text, separator, names, quotes, findings, ignoring=ignoring)
        else:
            raise DataError(f"{path} is none of {', '.join(TABLES)}.", remedy="Rename or convert the file.")
        prepared = _prepared(rows, columns, values, others, plan, findings)
        return to_reading(path, prepared, findings, repaired, plan, REMEDY)

    one = (lambda folder: {path.name for path in _tables(folder)}) if file == "*" else reads(file)
    carried: Any = carrying(read, columns, values, reads=one)
    carried.layout = Layout(
        "table", file, columns, values, bool(shape), getattr(shape, "answer", None), delimiter, names, encoding
    )
    return carried


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLES) if folder.is_dir() else []


def _only_table(folder: Path) -> Path:
    found = _tables(folder)
    if len(found) != 1:
        raise DataError(
            f"{folder} holds {len(found) or 'no'} table{'s' * (len(found) != 1)} ({', '.join(TABLES)}).",
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
) -> Callable[[Path], Reading]:
    """A reader of a Hugging Face data set: every .arrow and .parquet file of the folder but its caches, by name.

    `parts` maps the beginning of a file's name to "pool" or "holdout" ({"test": "holdout"}); the rest is
    pool. Numbers of a `ClassLabel` column become its names; `values` and the rest are as in `table`.
    """
    values, given = _words(values, columns), columns
    columns = {**columns, "part": "part"}
    one_of("others", others, Others)
    plan = _plan(columns, shape, drop, id_prefix, max_characters)

    def read(folder: Path) -> Reading:
        folder = Path(folder)
        paths = [path for path in _of_data_set(folder) if path.suffix in ARROW and "cache-" not in path.name]
        if not paths:
            raise DataError(
                f"{folder} holds no .arrow or .parquet file.", remedy="Put the files of `save_to_disk` there."
            )
        findings: list[Finding] = []
        rows = []
        for path in paths:
            part = next((p for beginning, p in (parts or {}).items() if path.name.startswith(beginning)), "pool")
            rows += [(f"{path.name} {where}", {**(row or {}), "part": part}) for where, row in arrow_rows(path)]
        prepared = _prepared(rows, columns, values, others, plan, findings)
        return to_reading(folder, prepared, findings, Counter(), plan, REMEDY)

    carried: Any = carrying(read, given, values, reads=_names)
    carried.layout = Layout("table", "", given, values, bool(shape), getattr(shape, "answer", None))
    return carried


def _of_data_set(folder: Path) -> list[Path]:
    """The files of a data set, its caches and what the library notes about it."""
    return sorted(path for path in folder.iterdir() if path.suffix in ARROW or path.name.endswith(LIBRARYS))


def _names(folder: Path) -> set[str]:
    return {path.name for path in _of_data_set(folder)}


def _plan(
    columns: Columns,
    shape,
    drop: Iterable[Drop],
    id_prefix: str,
    max_characters: int,
    optional: Mapping[str, str] | None = None,
) -> Plan:
    more = dict(optional or {})
    plain = {column: _key(raw_column) for column, raw_column in columns.items()}
    drop = tuple(drop) if "id" in columns else (exact_duplicates(lambda record: record["id"]), *drop)
    known = frozenset([*plain.values(), *more.values()])
    return Plan(plain, known, shape, drop, id_prefix, max_characters, listed=True, optional=more)


def _key(raw_column: str | tuple[str, ...]) -> str:
    return raw_column if isinstance(raw_column, str) else "+".join(raw_column)


def _words(values: Values | None, columns: Columns) -> dict[str, dict[str, str]]:
    """`values` with every key as `_word` has it. Raises ValueError for one that maps no column or no words."""
    words = {}
    for column, mapped in (values or {}).items():
        if not isinstance(columns.get(column), str):
            raise ValueError(f"values= maps {column!r}, which columns= does not name.")
        if not isinstance(mapped, Mapping) or not all(isinstance(word, str) for word in mapped.values()):
            raise ValueError(f'values= has no words for {column!r}; write {{"{column}": {{"theirs": "ours"}}}}.')
        words[column] = {_word(theirs): ours for theirs, ours in mapped.items()}
    return words


def _word(value) -> str:
    """A value as `values` names it: composed, numbers and truth values as in JSON, whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else composed(str(value).strip())


def _prepared(
    rows: Iterable[Row], columns: Columns, values: Values, others: str, plan: Plan, findings: list[Finding]
) -> list[Row]:
    """The rows with texts for whole numbers, the task's words, options in a list, and without what is ignored."""
    several = [raw_column for raw_column in columns.values() if not isinstance(raw_column, str)]
    flat = frozenset(plan.optional.values())
    flat = flat.union(*([raw] if isinstance(raw, str) else raw for raw in columns.values()))
    texts = {plan.columns.get(column) for column in ("text", "text_pair", "question", "options")}
    words = {plan.columns[column]: mapped for column, mapped in values.items()}
    prepared = []
    for where, row in rows:
        if row is not None:
            if others == "refuse" and several:
                # Counted before columns become one.
                strange = unknown(row, flat)
                findings += [Finding(fault, name, where, number=number) for fault, name, number in strange]
            if others == "ignore" or (several and strange):
                row = {name: value for name, value in row.items() if name in flat}
            # A number may name a row, a group or a label; where a text belongs it is the wrong column.
            row = {name: value if name in texts else _plain(value) for name, value in row.items()}
            for raw_columns in several:
                if all(name in row for name in raw_columns):
                    row[_key(raw_columns)] = [row.pop(name) for name in raw_columns]
            for name, mapped in words.items():
                if row.get(name) is not None:
                    row[name] = mapped.get(_word(row[name]), row[name])
            label = plan.columns.get("label", "")
            if fault := _label_fault(row.get(label)):
                findings.append(Finding(fault, label, where))
                row[label] = TOLD
        prepared.append((where, row))
    return prepared


def _plain(value):
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _label_fault(label) -> str | None:
    if isinstance(label, float):
        whole = " (values= maps 0.0 and 1.0 to labels)" if label.is_integer() else ""
        return "a decimal number as label: regression is not supported" + whole
    if isinstance(label, list | dict):
        return "several labels: they are the column labels of the head multilabel"
    return None
