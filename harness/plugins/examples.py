"""Invented rows for every head, and how they look in every format that `harness new-task` writes."""

import csv
import io
import itertools
import json

LABELS = {"sequence": ("no", "yes"), "pair": ("no", "yes"), "tokens": ("Name", "Place"), "choice": ("A", "B", "C", "D")}
FORMATS = {
    "sequence": ("csv", "tsv", "jsonl", "parquet", "dataset"),
    "pair": ("csv", "tsv", "jsonl", "parquet", "dataset"),
    "choice": ("jsonl", "csv", "tsv", "parquet", "dataset"),
    "tokens": ("conll", "brat", "tags", "jsonl", "dataset"),
}
FILES = {"conll": "sample.conll", "dataset": "sample.arrow"}
ROWS = 24

# fmt: off
_NAMES = ("Kari", "Ola", "Ingrid", "Per", "Sunniva", "Torbjørn", "Åse", "Mikkel", "Randi", "Leif", "Hedda", "Jonas")
_PLACES = ("Bergen", "Voss", "Haugesund", "Odda", "Førde", "Stord", "Florø", "Lærdal", "Askøy", "Sogndal", "Os",
           "Leirvik")
_FINDINGS = ("hoste", "svimmelhet", "et brudd i håndleddet", "feber", "utslett", "kvalme", "brystsmerter", "hodepine",
             "hevelse i kneet", "tungpust", "søvnvansker", "ryggsmerter")
_ACTS = ("ble undersøkt på poliklinikken", "fikk time hos fastlegen", "ble lagt inn til observasjon",
         "reiste hjem samme kveld", "venter på svar fra laboratoriet", "skal til kontroll om tre uker",
         "fikk resept på nye tabletter",
         "ble henvist til fysioterapeut", "tok røntgenbilde i dag", "snakket med sykepleieren", "byttet bandasje",
         "fikk råd om å drikke mer")
# fmt: on


def _drawn(i: int) -> tuple[str, str, str, str]:
    """Name, place, complaint and act of row `i`: no two rows have more than two of them in common."""
    round_, n = divmod(i, 12)
    return _NAMES[n], _PLACES[(n * 5 + round_) % 12], _FINDINGS[(n * 7 + 3 * round_) % 12], _ACTS[(n + 5 * round_) % 12]


def rows(head: str, labels: tuple[str, ...] = ()) -> list[dict]:
    """The sample as plain rows: "id", "group", the head's texts, and "label" (for "tokens" the "words").

    `labels` are those of a task that has others than the sample's own.
    """
    made, labels = [], labels or LABELS[head]
    for i in range(ROWS):
        name, place, complaint, act = _drawn(i)
        row = {"id": f"row-{i:02d}", "group": f"person-{i:02d}"}
        number = i % len(labels)
        label = labels[number]
        if head == "sequence":
            row |= {"text": f"{name} fra {place} hadde {complaint} og {act}.", "label": label}
        elif head == "pair":
            other = f"Hva hjelper mot {complaint}?" if number else f"Hvor lenge kan en være i {place}?"
            row |= {
                "text": f"{name} lurer på hva en gjør ved {complaint}.",
                "text_pair": f"{other} ({act})",
                "label": label,
            }
        elif head == "choice":
            apart = (2, 5, 9, 1, 3, 4, 6, 7, 8, 10, 11)[: len(labels) - 1]
            others = [_FINDINGS[(_FINDINGS.index(complaint) + k) % 12] for k in apart]
            options = [*others[:number], complaint, *others[number:]]
            row |= {"question": f"{name} i {place} {act} på grunn av {complaint}. Hva plager?", "options": options}
            row["label"] = label
        else:
            plain = [(word, "") for word in f"hadde {complaint} . Pasienten {act} .".split()]
            first, second = labels[2 * i % len(labels)], labels[(2 * i + 1) % len(labels)]
            row["words"] = [(name, first), ("fra", ""), (place, second), *plain]
            del row["group"]
        made.append(row)
    return made


def files(head: str, format_: str, labels: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The sample in `format_`: bytes by file name."""
    made = rows(head, labels)
    if format_ == "brat":
        return dict(itertools.chain.from_iterable(_brat(row) for row in made))
    if format_ == "tags":
        return {f"{row['id']}.txt": _tagged(row["words"]).encode() for row in made}
    if head == "tokens" and format_ != "conll":
        made = [_lists(row) for row in made]
    if format_ in ("csv", "tsv"):
        apart = ("option_a", "option_b", "option_c", "option_d")
        made = [
            {k: v for k, v in row.items() if k != "options"} | dict(zip(apart, row.get("options", ()), strict=False))
            for row in made
        ]
    content = _conll(made) if format_ == "conll" else table(made, "arrow" if format_ == "dataset" else format_)
    return {FILES.get(format_, f"sample.{format_}"): content}


def table(made: list[dict], ending: str, delimiter: str = "", names: tuple[str, ...] = ()) -> bytes:
    """Rows as a file with this ending; `names` are the columns of a delimited file without a header."""
    if ending in ("csv", "tsv"):
        return _separated(made, delimiter or {"csv": ",", "tsv": "\t"}[ending], names)
    if ending == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made).encode()
    return _parquet(made) if ending == "parquet" else _arrow(made)


def _separated(made: list[dict], delimiter: str, names: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    columns = names or tuple(made[0])
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\n", extrasaction="ignore")
    if not names:
        writer.writeheader()
    writer.writerows(made)
    return out.getvalue().encode()


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


def _conll(made: list[dict]) -> bytes:
    lines = []
    for row in made:
        lines.append(f"# newdoc id = {row['id']}")
        for word, label in row["words"]:
            lines.append(f"{word}\t{f'B-{label}' if label else 'O'}")
            lines += [""] if word == "." else []
    return "\n".join(lines).encode()


def _lists(row: dict) -> dict:
    tags = [f"B-{label}" if label else "O" for _, label in row["words"]]
    return {"id": row["id"], "tokens": [word for word, _ in row["words"]], "ner_tags": tags}


def _brat(row: dict):
    text, notes = "", []
    for word, label in row["words"]:
        text += " " if text else ""
        if label:
            notes.append(f"T{len(notes) + 1}\t{label} {len(text)} {len(text) + len(word)}\t{word}\n")
        text += word
    yield f"{row['id']}.txt", f"{text}\n".encode()
    yield f"{row['id']}.ann", "".join(notes).encode()


def _tagged(words: list[tuple[str, str]]) -> str:
    return " ".join(f"<{label}>{word}</{label}>" if label else word for word, label in words) + "\n"
