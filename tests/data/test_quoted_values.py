"""Files of a restricted set that are wrong in every way a library may tell of: what is said quotes no value of them.

pyarrow, pandas, pandera, csv, json and re put the value they fail on into messages, warnings and log lines. Each reader
reads files whose every cell, name and id is a canary, damaged at random; a reader that is new has no entry here, and
its test fails until it has one.
"""

import copy
import datetime
import decimal
import gzip
import inspect
import io
import json
import logging
import os
import pkgutil
import random
import re
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest
import restricted_site

import harness.data
import harness.data.annotated as annotated_readers
from harness.artifacts.validated import Card
from harness.data.reader import Reader
from harness.errors import HarnessError
from harness.heads import HEADS
from harness.params import profiles
from harness.params.reading import parse
from harness.plugins import examples, placing, registry, written
from harness.privacy import pseudonyms
from harness.stages import corpus, validate

CANARY, NUMBER = "Qzxcan", 774109338
SUNG = re.compile(rf"{CANARY}|{NUMBER}", re.IGNORECASE)
DRAWN = 400 if os.environ.get("HARNESS_TEST_ALL") else 4
TASK = """
from harness.data import brat, conll, readers, schema, tabular, tagged, word_lists
from harness.task import Groups, Task

LABELS = {labels!r}
TASK = Task(
    name="mine", version="1", title="Mine", head="{head}", reader={reader}, schema=lambda: schema.{head}(LABELS),
    labels=LABELS, groups=Groups(column="group"), metrics=("{metric}",), licence="none", citation="none",
)
"""


@dataclass(frozen=True)
class Site:
    """How a task declares its reader, and how files that it reads are written: by its layout, or by `write`."""

    head: str
    reader: str
    write: Callable[[list[dict]], dict[str, bytes]] | None = None
    ending: str = ""
    labels: tuple[str, ...] = field(default=())

    def declaration(self) -> str:
        metric = "strict_f1" if self.head == "tokens" else "macro_f1"
        labels = self.labels or HEADS[self.head].template.labels
        return TASK.format(head=self.head, reader=self.reader, labels=labels, metric=metric)


COLUMNS = ("id", "group", "text", "label")
NAMED = 'columns=dict(id="id", group="group", text="text", label="label")'


def table(file: str, more: str = "") -> str:
    return f'tabular.table("{file}", {NAMED}{more})'


def lines(rows: list[dict]) -> dict[str, bytes]:
    return {"rows.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()}


def by_letter(rows: list[dict]) -> dict[str, bytes]:
    return lines([row | {"options": dict(zip("ABCD", row["options"], strict=True))} for row in rows])


def documents(rows: list[dict]) -> dict[str, bytes]:
    texts = [written._tagged(row["words"]) for row in rows]
    return {"all.json": json.dumps({"scenarios": [{"kind": row["group"]} for row in rows], "texts": texts}).encode()}


CHOICE = 'tabular.table("rows.{}", columns=dict(id="id", question="question", options={}, label="label"), shape={})'
APART = '("a", "b", "c", "d")'
SITES = {
    "tabular.table": [
        Site("sequence", table("*"), ending="csv"),
        Site("sequence", table("*", ', others="ignore", quotes="quoting"'), ending="tsv"),
        Site("sequence", table("*", ', values={"label": {"0": "no", "1": "yes"}}'), ending="jsonl"),
        Site("sequence", table("*"), ending="parquet"),
        Site("sequence", table("rows.csv", ', delimiter=";", names=("id", "group", "text", "label")')),
        Site("sequence", table("rows.csv", ', encoding="windows-1252", others="ignore"')),
        Site("pair", 'tabular.table("rows.tsv", columns=dict(text="text", text_pair="text_pair", label="label"), '
             'optional=dict(decided_by="by"), others="ignore")'),
        Site("choice", CHOICE.format("jsonl", '"options"', 'tabular.choice(LABELS, answer="letter")')),
        Site("choice", CHOICE.format("parquet", '"options"', 'tabular.choice(LABELS, answer="letter")')),
        Site("choice", 'tabular.table("rows.jsonl", columns=dict(question="question", options="options", label='
             '"label", answer="answer"), others="ignore", shape=tabular.choice(LABELS, told="answer"))', by_letter),
        Site("choice", CHOICE.format("csv", APART, 'tabular.choice(LABELS, answer="number from 0")')),
    ],
    "tabular.dataset": [
        Site("sequence", f"tabular.dataset({NAMED})"),
    ],
    "conll.conll": [
        Site("tokens", 'conll.conll("*.conll", labels=LABELS)'),
        Site("tokens", 'conll.conll("*.txt", labels=LABELS, unit="sentence", scheme="iobes", comments="none")'),
        Site("tokens", 'conll.conll("*.txt", labels=LABELS, unit="file", scheme="bare", comments="hash", token=1)'),
    ],
    "brat.brat": [
        Site("tokens", 'brat.brat("*.txt", labels=LABELS)'),
        Site("tokens", 'brat.brat("*.txt", labels=LABELS, overlaps="keep longest", fragments="join")'),
    ],
    "tagged.tagged": [
        Site("tokens", 'tagged.tagged("*.txt", tagged.rules(LABELS))'),
        Site("tokens", 'tagged.tagged("*.jsonl", tagged.rules(LABELS))'),
    ],
    "word_lists.word_lists": [
        Site("tokens", 'word_lists.word_lists("*.jsonl", labels=LABELS, identity="id", group="group")'),
        Site("tokens", 'word_lists.word_lists("*.arrow", labels=LABELS, group="group")'),
        Site("tokens", 'word_lists.word_lists("*.parquet", labels=LABELS, scheme="iobes", lonely="begin")'),
    ],
    "tagged.tagged_json": [
        Site("tokens", 'readers.tagged_json({"all.json": "pool"}, text="texts", metadata={}, '
             'optional=dict(group="kind"), rules=tagged.rules(LABELS))', documents),
    ],
}  # fmt: skip


def found() -> list[str]:
    """The factories of readers in `harness.data`: functions that return one."""
    names = []
    for module in pkgutil.iter_modules(harness.data.__path__):
        loaded = __import__(f"harness.data.{module.name}", fromlist=["x"])
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            returned = inspect.get_annotations(function).get("return")
            if function.__module__ == loaded.__name__ and returned is Reader and loaded is not annotated_readers:
                names.append(f"{module.name}.{name}")
    return names


def rows_of(site: Site) -> list[dict]:
    """Plain rows whose every word is a canary, but for labels."""
    labels = site.labels or HEADS[site.head].template.labels
    rows = examples.rows(HEADS[site.head], labels)[:8]

    def sung(value, number):
        return f"{CANARY}{number} {NUMBER} {value}"

    made = []
    for number, row in enumerate(rows):
        row = {"id": f"{CANARY}id{number}", "group": f"{CANARY}group{number}"} | {
            key: value for key, value in row.items() if key not in ("id", "group")
        }
        for key in ("text", "text_pair", "question"):
            if key in row:
                row[key] = sung(row[key], number)
        if "options" in row:
            row["options"] = [sung(option, n) for n, option in enumerate(row["options"])]
            row |= dict(zip("abcd", row["options"], strict=True))
            row["answer"] = row["options"][labels.index(row["label"])]
        if "words" in row:
            row["words"] = [(f"{CANARY}{n}" if label else word, label) for n, (word, label) in enumerate(row["words"])]
        made.append(row)
    return made


def files_of(site: Site, reader) -> dict[str, bytes]:
    rows = rows_of(site)
    if site.write:
        return site.write(rows)
    layout = reader.layout
    if layout.format != "table":
        return written.files(rows, layout)
    columns = {column for names in layout.columns.values() for column in ([names] if isinstance(names, str) else names)}
    if layout.answer == "number from 0":
        rows = [row | {"label": HEADS["choice"].template.labels.index(row["label"])} for row in rows]
    rows = [{key: value for key, value in row.items() if key in columns} for row in rows]
    ending = site.ending or layout.file.rpartition(".")[2] or "arrow"
    name = layout.file if "." in layout.file else f"{CANARY}file.{ending}"
    return {name: written.table(rows, ending, layout.delimiter, layout.names, layout.encoding)}


HUGE = "a number of 5,000 digits"
WRONG = (
    NUMBER, -NUMBER, NUMBER * 10**30, HUGE, float(NUMBER), float("nan"), f"{CANARY}\x00", f"{CANARY}\ud800",
    f"{CANARY}\u202e", [f"{CANARY}list"], {CANARY: CANARY}, [[CANARY]], True, None, "", " ", CANARY * 40_000,
    f'"{CANARY}', f"={CANARY}", f"{CANARY}\n{CANARY}", f"{CANARY},{CANARY}", f"{CANARY}\t{CANARY}", f"\ufeff{CANARY}",
    f"{CANARY}\r{CANARY}", f"<{CANARY}>", f"<{CANARY} a='>", f"B-{CANARY}", f"I-{CANARY}",
    "32.13.2024", "2024-02-30T25:61", f"T1\t{CANARY} 0 {NUMBER}\t{CANARY}", f"-DOCSTART- {CANARY}",
    f"# newdoc id = {CANARY}",
)  # fmt: skip
ODD = (
    b'"', b"\x00", b"\xff", b"{", b"\r", b"\xed\xa0\x80", b"\\", f'"{CANARY}'.encode(), b"\x1f\x8b", b"\n", b"\t", b",",
)  # fmt: skip
PIECE = re.compile(rb"[\w-]+|[^\w\s]")


def damaged(chance: random.Random, name: str, content: bytes) -> bytes:
    ending = name.rpartition(".")[2]
    if chance.random() < 0.8:
        if ending in ("parquet", "arrow"):
            return columns_changed(chance, content, ending)
        if ending in ("json", "jsonl"):
            content = values_changed(chance, content, ending)
        else:
            content = pieces_changed(chance, content)
    return content if chance.random() < 0.5 else bytes_changed(chance, content)


def values_changed(chance: random.Random, content: bytes, ending: str) -> bytes:
    """JSON with other values, keys and types somewhere inside."""
    rows = [json.loads(line) for line in content.splitlines()] if ending == "jsonl" else json.loads(content)
    for _ in range(chance.randint(1, 3)):
        at = rows
        while True:
            keys = list(at if isinstance(at, dict) else range(len(at)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(at[key], list | dict) and (at is rows or chance.random() < 0.8):
                at = at[key]
                continue
            change = chance.random()
            if change < 0.15:
                del at[key]
            elif change < 0.3 and isinstance(at, dict):
                at[f"{CANARY}column"] = at.pop(key)
            elif change < 0.4 and isinstance(at, list):
                at.insert(key, at[key])
            else:
                at[key] = copy.deepcopy(chance.choice(WRONG))
            break
    written = "\n".join(map(dumped, rows)) if ending == "jsonl" else dumped(rows)
    return written.encode("utf-8", "surrogatepass")


def dumped(value) -> str:
    return json.dumps(value, ensure_ascii=False).replace(f'"{HUGE}"', f"{NUMBER}{'0' * 5000}")


def pieces_changed(chance: random.Random, content: bytes) -> bytes:
    """Text with other words in some places."""
    for _ in range(chance.randint(1, 3)):
        places = list(PIECE.finditer(content))
        if places:
            place, value = chance.choice(places), chance.choice(WRONG)
            piece = str(value) if isinstance(value, str) and value != HUGE else dumped(value)
            content = content[: place.start()] + piece.encode("utf-8", "surrogatepass") + content[place.end() :]
    return content


def bytes_changed(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content or b"x")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        change = chance.choice(("cut", "double", "replace", "insert", "end"))
        if change == "cut":
            del changed[at : at + chance.randint(1, 40)]
        elif change == "double":
            changed[at:at] = changed[at : at + chance.randint(1, 40)]
        elif change == "end" and chance.random() < 0.2:
            del changed[at:]
        else:
            changed[at : at + (change == "replace")] = chance.choice(ODD)
        changed = changed or bytearray(b"x")
    return bytes(changed)


def columns_of(rows: int) -> dict[str, pyarrow.Array]:
    """A column of each type that no task reads, or whose values Python or a task does not have."""
    return {
        "decimal": pyarrow.array([decimal.Decimal(f"{NUMBER}.5")] * rows),
        "date": pyarrow.array([NUMBER] * rows, pyarrow.int32()).cast(pyarrow.date32()),
        "moment": pyarrow.array([NUMBER * 10**9] * rows, pyarrow.int64()).cast(pyarrow.timestamp("us")),
        "nanoseconds": pyarrow.array([NUMBER] * rows, pyarrow.int64()).cast(pyarrow.timestamp("ns", "Europe/Oslo")),
        "far away": pyarrow.array([2**53] * rows, pyarrow.int64()).cast(pyarrow.timestamp("s")),
        "no zone": pyarrow.array([NUMBER] * rows, pyarrow.int64()).cast(pyarrow.timestamp("s", CANARY)),
        "duration": pyarrow.array([datetime.timedelta(seconds=NUMBER)] * rows),
        "bytes": pyarrow.array([CANARY.encode() + b"\xff"] * rows),
        "not UTF-8": pyarrow.array([CANARY.encode() + b"\xff"] * rows).view(pyarrow.string()),
        "list": pyarrow.array([[CANARY]] * rows),
        "lists": pyarrow.array([[[CANARY], [f"B-{CANARY}", None]]] * rows),
        "tags": pyarrow.array([[f"B-{CANARY}"] * 12] * rows),
        "numbers": pyarrow.array([[NUMBER]] * rows),
        "map": pyarrow.array([[(CANARY, NUMBER)]] * rows, pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        "twice": pyarrow.StructArray.from_arrays([pyarrow.array([CANARY] * rows)] * 2, names=[CANARY, CANARY]),
        "struct": pyarrow.array([{CANARY: NUMBER}] * rows),
        "dictionary": pyarrow.array([CANARY] * rows).dictionary_encode(),
        "number": pyarrow.array([float(NUMBER)] * rows),
        "whole": pyarrow.array([NUMBER] * rows),
        "nothing": pyarrow.nulls(rows),
        "some": pyarrow.array([CANARY, None] * (rows // 2)),
        "control": pyarrow.array([f"{CANARY}\x00"] * rows),
        "label": pyarrow.array([f"{CANARY}label"] * rows),
        "long": pyarrow.array([CANARY * 40_000] * rows),
    }  # fmt: skip


def columns_changed(chance: random.Random, content: bytes, ending: str) -> bytes:
    read = pyarrow.parquet.read_table if ending == "parquet" else lambda file: pyarrow.ipc.open_stream(file).read_all()
    rows = read(io.BytesIO(content))
    columns = {name: rows[name] for name in rows.schema.names}
    others = columns_of(rows.num_rows)
    for _ in range(chance.randint(0, 2)):
        columns[chance.choice([*columns, f"{CANARY}column"])] = others[chance.choice(list(others))]
    if chance.random() < 0.15:
        del columns[chance.choice(list(columns))]
    names = [*columns, *([chance.choice(list(columns))] if chance.random() < 0.1 else [])]
    rows = pyarrow.table([columns[name] for name in names], names=names)
    features = {"info": {"features": {"label": {"names": [f"{CANARY}name", NUMBER]}, CANARY: {"feature": CANARY}}}}
    told = {b"huggingface": json.dumps(features).encode(), b"pandas": f'{{"{CANARY}"'.encode()}
    rows, out = rows.replace_schema_metadata(told) if chance.random() < 0.3 else rows, io.BytesIO()
    if ending == "parquet":
        pyarrow.parquet.write_table(rows, out)
    else:
        with pyarrow.ipc.new_stream(out, rows.schema) as stream:
            stream.write_table(rows)
    changed = bytearray(out.getvalue())
    for _ in range(chance.choice((0, 0, 1, 3))):
        changed[chance.randrange(4, len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


def put(folder: Path, contents: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


VARIANTS = [(name, number) for name in found() for number in range(len(SITES.get(name, "x")))]


@pytest.mark.parametrize(("name", "number"), VARIANTS, ids=[f"{name}-{number}" for name, number in VARIANTS])
def test_no_message_warning_or_log_line_quotes_a_value(name, number, tmp_path, caplog, capfd):
    site = SITES[name][number]
    caplog.set_level(logging.DEBUG)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.py").write_text(site.declaration(), encoding="utf-8")
    pseudonyms.ensure_key(tmp_path)
    folder, given = tmp_path / "data" / "mine", tmp_path / f"{CANARY}given"
    whole = files_of(site, registry.get(tmp_path, "mine").reader)
    put(folder, whole)
    restricted_site.record(folder)
    card = validate.run(tmp_path, "mine")
    assert card.rows > 0 and SUNG.search(str(whole))
    chance, refused = random.Random(f"{name} {number}"), 0
    for _ in range(DRAWN):
        contents = dict(whole)
        for file in chance.sample(sorted(contents), min(2, len(contents))):
            contents[file] = damaged(chance, file, contents[file])
        if chance.random() < 0.1:
            contents[f"{CANARY}more.{chance.choice(('csv', 'ann', 'txt', 'arrow', 'x'))}"] = CANARY.encode()
        if chance.random() < 0.1:
            del contents[chance.choice(sorted(contents))]
        put(folder, contents)
        put(given, contents)
        if contents:
            restricted_site.record(folder)
        told = []
        steps = (
            lambda: said_of(validate.run(tmp_path, "mine")),
            lambda: placing.put(tmp_path, "mine", given, {"kind": "restricted"})[1],
        )
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for step in steps:
                try:
                    told.append(str(step()))
                except HarnessError as error:
                    told.append(str(error))
                    refused += 1
        assert_nothing_sung(told, warned, caplog, capfd)
    assert refused > DRAWN / 4


CORPORA = ("rows.jsonl", "rows.jsonl.gz", "rows.parquet", f"{CANARY}.txt")


def corpus_of(name: str) -> bytes:
    rows = [
        {"id": f"{CANARY}{i}", "document_type": f"{CANARY}type", "date": str(NUMBER), "language": "nb"}
        | {"text": "\n".join(f"{CANARY}{i}{k} {NUMBER} ord {k * i}" for k in range(6))}
        for i in range(8)
    ]
    if name.endswith(".txt"):
        return rows[0]["text"].encode()
    return written.table(rows, "parquet" if name.endswith("parquet") else "jsonl")


@pytest.mark.parametrize("name", CORPORA)
def test_no_message_of_a_corpus_quotes_a_value(name, tmp_path, caplog, capfd):
    settings = parse(profiles.text("embedded")).corpus()
    chosen = replace(settings.corpus, general=("general.jsonl",), clinical=("clinical",))
    folder = tmp_path / "data" / "corpus"
    whole, chance, refused = corpus_of(name), random.Random(name), 0
    for drawn in range(max(20, DRAWN)):
        content = damaged(chance, name.removesuffix(".gz"), whole) if drawn else whole
        if name.endswith(".gz"):
            content = gzip.compress(content)
            content = bytes_changed(chance, content) if drawn % 3 == 1 else content
        put(folder, {"general.jsonl": corpus_of("rows.jsonl")})
        put(folder / "clinical", {name: content})
        record = {"kind": "restricted", "files": {}}
        (folder / "source.json").write_text(json.dumps(record), encoding="utf-8")
        told = []
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                corpus.run(tmp_path, replace(settings, tasks=(), corpus=chosen))
            except HarnessError as error:
                told.append(str(error))
                refused += 1
                assert drawn, error
        assert_nothing_sung(told, warned, caplog, capfd)
    assert refused > 2


def assert_nothing_sung(told, warned, caplog, capfd) -> None:
    told = [*told, *(str(warning.message) for warning in warned), *map(caplog.handler.format, caplog.records)]
    caplog.clear()
    assert [line for line in "\n".join([*told, *capfd.readouterr()]).splitlines() if SUNG.search(line)] == []


def said_of(card: Card) -> str:
    """What later stages and reports tell of a card."""
    return str({key: value for key, value in card.plain().items() if key != "source"})
