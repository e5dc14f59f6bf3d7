"""Write sample rows to files: as tables (CSV, TSV, JSON lines, Parquet, Arrow), or as annotated documents."""

import csv
import io
import json
import re

from harness.data.reader import Layout

# The layouts that `harness new-task` writes, by format.
USUAL = {
    "conll": Layout("conll", "sample.conll", {"tokens": 0, "tags": -1}),
    "brat": Layout("brat", "*.txt", {}),
    "tags": Layout("tags", "*.txt", {"text": "text", "id": "id"}),
    "jsonl": Layout("lists", "sample.jsonl", {"id": "id", "tokens": "tokens", "tags": "ner_tags"}),
    "dataset": Layout("lists", "sample.arrow", {"id": "id", "tokens": "tokens", "tags": "ner_tags"}),
}
_PREFIXES = {"iob1": "I-", "iobes": "S-", "bare": ""}


def files(rows: list[dict], layout: Layout) -> dict[str, bytes]:
    """The sample rows as files in the format that a reader with this `layout` reads: bytes by file name.

    The patterns for file names in the layout share out the rows. A name without a pattern is one file.
    """
    patterns = [layout.file] if isinstance(layout.file, str) else list(layout.file)
    made: dict[str, bytes] = {}
    for number, pattern in enumerate(patterns):
        mine = rows[number :: len(patterns)]
        whole = _named(pattern, "sample")
        if layout.format in ("brat", "tags") and not whole.endswith(".jsonl"):
            apart = {_named(pattern, row["id"]): row["words"] for row in mine}
            if len(apart) == 1:
                apart = {whole: [word for row in mine for word in row["words"]]}
            for name, words in apart.items():
                made |= _document(name, words, layout)
        else:
            made[whole] = _collection(mine, whole.rpartition(".")[2], layout)
    return made


def _named(pattern: str, word: str) -> str:
    """A name that `pattern` takes. [!x] stands for any character except x, so also for !."""
    return re.sub(r"\[(.)[^]]*\]", r"\1", pattern.replace("**/", "").replace("*", word).replace("?", "x"))


def _collection(rows: list[dict], ending: str, layout: Layout) -> bytes:
    if layout.format == "conll":
        return _conll(rows, layout).encode(layout.encoding, "replace")
    if layout.format == "tags":
        texts = [{layout.columns["id"]: row["id"], layout.columns["text"]: _tagged(row["words"])} for row in rows]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in texts)
        return lines.encode(layout.encoding, "replace")
    return table([_lists(row, layout) for row in rows], ending if ending in ("jsonl", "parquet") else "arrow")


def _document(name: str, words: list[tuple[str, str]], layout: Layout) -> dict[str, bytes]:
    if layout.format == "tags":
        return {name: (_tagged(words) + "\n").encode(layout.encoding, "replace")}
    text = ""
    notes: list[str] = []
    for word, label in words:
        text += " " if text else ""
        if label:
            notes.append(f"T{len(notes) + 1}\t{label} {len(text)} {len(text) + len(word)}\t{word}\n")
        text += word
    contents = {name: f"{text}\n", f"{name.rpartition('.')[0] or name}.ann": "".join(notes)}
    return {file: content.encode(layout.encoding, "replace") for file, content in contents.items()}


def _tag(label: str, scheme: str) -> str:
    return f"{_PREFIXES.get(scheme, 'B-')}{label}" if label else "O"


def _conll(rows: list[dict], layout: Layout) -> str:
    token, tag = (place for name in ("tokens", "tags") if isinstance(place := layout.columns[name], int))
    width = max(2, *(place + 1 if place >= 0 else -place for place in (token, tag)))
    width += token % width == tag % width
    lines = []
    for row in rows:
        lines.append(f"# newdoc id = {row['id']}")
        for word, label in row["words"]:
            cells = ["_"] * width
            cells[token], cells[tag] = word, _tag(label, layout.scheme)
            lines.append("\t".join(cells))
            lines += [""] if word == "." else []
    return "\n".join(lines)


def _lists(row: dict, layout: Layout) -> dict:
    # The id comes last: if the file has one column for both, rows still differ.
    keys = {layout.columns[key]: row[key] for key in ("group", "id") if key in layout.columns}
    words, tags = layout.columns["tokens"], layout.columns["tags"]
    return keys | {
        words: [word for word, _ in row["words"]],
        tags: [_tag(label, layout.scheme) for _, label in row["words"]],
    }


def _tagged(words: list[tuple[str, str]]) -> str:
    return " ".join(f"<{label}>{word}</{label}>" if label else word for word, label in words)


def table(
    made: list[dict], ending: str, delimiter: str = "", names: tuple[str, ...] = (), encoding: str = "utf-8"
) -> bytes:
    """Rows as the bytes of a file with this `ending` ("csv", "tsv", "jsonl", "parquet", or "arrow" for any other).

    `delimiter` and `names` are for delimited files. If `names` is given, the file has these columns and no header.
    """
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
