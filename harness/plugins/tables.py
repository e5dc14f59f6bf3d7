"""Plain rows as one table: CSV, TSV, JSON lines, Parquet, Arrow."""

import csv
import io
import json


def table(
    made: list[dict], ending: str, delimiter: str = "", names: tuple[str, ...] = (), encoding: str = "utf-8"
) -> bytes:
    """Rows as a file with this ending; `names` are the columns of a delimited file without a header."""
    if ending in ("csv", "tsv"):
        return _separated(made, delimiter or {"csv": ",", "tsv": "\t"}[ending], names).encode(encoding, "replace")
    if ending == "jsonl":
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)
        return lines.encode(encoding, "replace")
    return _parquet(made) if ending == "parquet" else _arrow(made)


def _separated(made: list[dict], delimiter: str, names: tuple[str, ...]) -> str:
    out = io.StringIO()
    columns = names or tuple(made[0])
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\n", extrasaction="ignore")
    if not names:
        writer.writeheader()
    # Several labels are one text, as `tabular.several` takes them apart.
    writer.writerows({k: ";".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in made)
    return out.getvalue()


def _parquet(made: list[dict]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made), out)
    return out.getvalue()


def _arrow(made: list[dict]) -> bytes:
    import pyarrow

    table, out = pyarrow.Table.from_pylist(made), io.BytesIO()
    with pyarrow.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return out.getvalue()
