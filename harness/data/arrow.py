"""Read the rows of Parquet and Arrow files as dicts from column names to values. No code of a data set is ever run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.data.findings import Finding, refuse
from harness.data.folders import is_bomb, unpacked_size
from harness.data.rows import Row, shown_name
from harness.errors import DataError
from harness.text.letters import composed

ROWS = 20_000_000
UNPACKED = 1 << 28  # bytes; see `is_bomb`


def arrow_rows(path: Path) -> Iterator[Row]:
    """Yield ("row N", {column: value}) for each row of a Parquet file, an Arrow file or an Arrow stream. N counts from
    1.

    Column names are in NFC. If the `datasets` library stored class names in the file, the numbers of classes become
    class names. Raises DataError if the file is missing or damaged, if a column name occurs twice, or if a Parquet file
    unpacks to far more than its size.
    """
    import pyarrow
    import pyarrow.parquet

    if not path.is_file():
        raise DataError(f"{path} is missing.", remedy="Put the file there.")
    try:
        if path.suffix == ".parquet":
            with pyarrow.parquet.ParquetFile(path) as file:
                _refuse_bomb(path, file.metadata)
                _refuse_twice(path, list(map(composed, file.schema_arrow.names)))
            rows = pyarrow.parquet.read_table(path)
        else:
            with pyarrow.OSFile(str(path)) as file:
                rows = _arrow_table(pyarrow, file)
            _refuse_twice(path, list(map(composed, rows.schema.names)))
        # Finds offsets that point outside a damaged buffer before anything is read at them.
        rows.validate(full=True)
        names = _class_names(rows.schema.metadata or {})
        values = rows.rename_columns(list(map(composed, rows.schema.names))).to_pylist()
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
        # The library's message may quote a value, or the name of a column.
        raise DataError(
            f"{path}: not a whole {path.suffix} file, or damaged.", remedy="Write or copy the file again."
        ) from None
    except (ValueError, OverflowError):
        # The library's message may quote a value.
        raise DataError(
            f"{path}: it has a value that Python cannot represent, or a column with two fields of the same name.",
            remedy="Write the file again with texts and whole numbers.",
        ) from None
    for number, row in enumerate(values, start=1):
        for column, labels in names.items():
            row[column] = _named(row.get(column), labels)
        yield f"row {number}", row


def _refuse_bomb(path: Path, metadata) -> None:
    """Raise DataError if the footer of a Parquet file declares more rows or bytes than any task's table has."""
    unpacked = unpacked_size(metadata)
    if metadata.num_rows > ROWS or is_bomb(unpacked, path.stat().st_size, UNPACKED):
        raise DataError(
            f"{path} unpacks to {metadata.num_rows:,} rows and {unpacked >> 20:,} MB, many times its size.",
            remedy="Do not use this file unless you know where it comes from.",
        )


def _refuse_twice(path: Path, names: list[str]) -> None:
    """Raise DataError if two columns have the same name, because the task's declaration could mean either column."""
    twice = [
        Finding("a column name occurs twice", shown_name(name, number), "schema", number=number)
        for number, name in enumerate(names, start=1)
        if name in names[: number - 1]
    ]
    refuse(str(path), twice, len(names), unit="columns", remedy="Remove one of them, or rename it.")


def _arrow_table(pyarrow, file):
    try:
        return pyarrow.ipc.open_stream(file).read_all()
    except pyarrow.ArrowInvalid:
        file.seek(0)
        return pyarrow.ipc.open_file(file).read_all()


def _named(value, labels: list[str]):
    if isinstance(value, list):
        return [_named(item, labels) for item in value]
    return labels[value] if isinstance(value, int) and 0 <= value < len(labels) else value


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """The class names of each `ClassLabel` column (or column of lists of them), from the notes of `datasets` in the
    file."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        features = {name: f.get("feature", f) for name, f in features.items() if isinstance(f, dict)}
        return {composed(name): f["names"] for name, f in features.items() if isinstance(f, dict) and f.get("names")}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
