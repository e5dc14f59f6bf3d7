"""Malformed inputs: each is refused with file and row and nothing is written, or is a named tolerance.

A case changes the good raw files of one task (`samples`). Its expectation is the parts of the message
(the file and the place are always among them), or, for a tolerance, the repairs that the card counts.
"""

import json
import shutil

import pytest
import samples

from harness.errors import DataError
from harness.stages import validate
from harness.system import files

MILLION = 1_000_000
NAMES = {"medmqp": "mqp.csv", "medmcqa": "test.jsonl", "aismec": "calls.jsonl", "synergi": "incidents.jsonl"}


# Damage: functions from the good bytes of the task's (first) file to bad ones.


def replaced(old, new):
    def change(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return change


def row(number, **changes):
    """Set keys of one JSON line (from 1); the value DELETE takes the key away."""

    def change(content: bytes) -> bytes:
        lines = content.decode().splitlines()
        value = json.loads(lines[number - 1]) | changes
        lines[number - 1] = json.dumps({k: v for k, v in value.items() if v is not DELETE}, ensure_ascii=False)
        return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")

    return change


def cells(number, column, value):
    def change(content: bytes) -> bytes:
        rows = samples.mqp_rows()
        rows[number - 1][column] = value
        return samples.to_csv(rows)

    return change


def document(change):
    """Change the parsed JSON of training.json."""

    def apply(content: bytes) -> bytes:
        value = json.loads(content)
        return json.dumps(change(value) or value, ensure_ascii=False).encode()

    return apply


def tagged(text):
    return document(lambda value: value["cleaned_results"].__setitem__(1, text))


class DELETE:
    pass


LONG = "ord " * (MILLION // 4 + 1)
LINE_2 = ("line 2",)

MALFORMED = [
    # What can happen to any file: text, bytes, size.
    *[
        (f"{name}-{what}", name, damage, parts)
        for name in NAMES
        for what, damage, parts in [
            ("empty file", lambda _: b"", ("empty", "line 1")),
            ("blank file", lambda _: b"\n \n", ("empty", "line 1")),
            ("broken UTF-8", lambda content: content.replace(b"\n", b"\n\xff", 1), ("not UTF-8", *LINE_2)),
            ("UTF-16", lambda content: content.decode().encode("utf-16"), ("not UTF-8", "line 1")),
            ("only a BOM", lambda _: b"\xef\xbb\xbf", ("empty", "line 1")),
        ]
    ],
    # MedMQP, a CSV without a header.
    (
        "mqp header",
        "medmqp",
        lambda c: b"dr_id,question_1,question_2,label\r\n" + c,
        ("a header, although names= gives the columns", "line 1"),
    ),
    (
        "mqp three cells",
        "medmqp",
        replaced("Which wine goes with fish?,0", "Which wine goes with fish?"),
        ("3 cells instead of 4", *LINE_2),
    ),
    (
        "mqp five cells",
        "medmqp",
        replaced("Which wine goes with fish?", "Which wine, goes with fish?"),
        ("5 cells instead of 4", *LINE_2),
    ),
    ("mqp semicolons", "medmqp", lambda c: c.replace(b",", b";"), ("cells instead of 4", "line 1")),
    ("mqp open quote", "medmqp", lambda c: c + b'3,"unfinished,x,1', ("not separated values", "line 5")),
    (
        "mqp text after quote",
        "medmqp",
        replaced('antibiotics?",', 'antibiotics?"x,'),
        ("not separated values", "line 1"),
    ),
    ("mqp empty question", "medmqp", cells(2, 2, ""), ("empty text", "text_pair", *LINE_2)),
    ("mqp blank question", "medmqp", cells(2, 1, " \u00a0 "), ("empty text", *LINE_2)),
    ("mqp unknown label", "medmqp", cells(2, 3, "2"), ("label allowed", *LINE_2)),
    ("mqp word label", "medmqp", cells(2, 3, "yes"), ("label allowed", *LINE_2)),
    ("mqp empty label", "medmqp", cells(2, 3, ""), ("empty text", "label", *LINE_2)),
    ("mqp swapped columns", "medmqp", cells(2, 3, "Which wine?"), ("label allowed", *LINE_2)),
    ("mqp control character", "medmqp", cells(2, 1, "a\x07b"), ("control character", *LINE_2)),
    ("mqp NUL", "medmqp", cells(2, 1, "a\x00b"), ("control character", *LINE_2)),
    ("mqp million characters", "medmqp", cells(2, 1, LONG), ("characters (at most 200,000)", *LINE_2)),
    # MedMCQA, JSON lines with an object of options.
    ("mcqa truncated", "medmcqa", lambda c: c[:-40], ("not JSON", "line 3")),
    ("mcqa not an object", "medmcqa", lambda c: c + b'["a"]\n', ("not a JSON object", "line 4")),
    ("mcqa bare NaN", "medmcqa", lambda c: c + b'{"question": NaN}\n', ("NaN is not JSON", "line 4")),
    ("mcqa Infinity", "medmcqa", lambda c: c + b'{"question": -Infinity}\n', ("-Infinity is not JSON", "line 4")),
    (
        "mcqa repeated key",
        "medmcqa",
        lambda c: c + b'{"question": "a", "question": "b"}\n',
        ("a key occurs twice", "line 4"),
    ),
    ("mcqa endless nesting", "medmcqa", lambda c: c + b"[" * 200_000 + b"\n", ("not JSON", "line 4")),
    ("mcqa missing question", "medmcqa", row(2, question=DELETE), ("missing column", "question", *LINE_2)),
    ("mcqa null question", "medmcqa", row(2, question=None), ("null value", "question", *LINE_2)),
    ("mcqa number question", "medmcqa", row(2, question=7), ("a whole number where a text belongs", *LINE_2)),
    ("mcqa empty question", "medmcqa", row(2, question="  "), ("empty text", *LINE_2)),
    (
        "mcqa options list",
        "medmcqa",
        row(2, options=["a", "b", "c", "d"]),
        ("not the text of the right option", "answer", *LINE_2),
    ),
    (
        "mcqa three options",
        "medmcqa",
        row(2, options={"A": "Skin", "B": "b", "C": "c"}),
        ("keys that are neither A, B, C, D nor numbers", *LINE_2),
    ),
    (
        "mcqa five options",
        "medmcqa",
        row(2, options=dict(zip("ABCDE", "vwxyz", strict=True))),
        ("keys that are neither A, B, C, D nor numbers", *LINE_2),
    ),
    (
        "mcqa number option",
        "medmcqa",
        row(2, options={"A": "Skin", "B": 2.5, "C": "c", "D": "d"}),
        ("an option that is not text", *LINE_2),
    ),
    (
        "mcqa null option",
        "medmcqa",
        row(2, options={"A": "Skin", "B": None, "C": "c", "D": "d"}),
        ("keys that are neither A, B, C, D nor numbers", *LINE_2),
    ),
    (
        "mcqa empty option",
        "medmcqa",
        row(2, options={"A": "Skin", "B": " ", "C": "c", "D": "d"}),
        ("empty text", "options", *LINE_2),
    ),
    (
        "mcqa nested option",
        "medmcqa",
        row(2, options={"A": "Skin", "B": ["b"], "C": "c", "D": "d"}),
        ("an option that is not text", *LINE_2),
    ),
    ("mcqa answer_idx E", "medmcqa", row(2, answer_idx="E"), ("not the letter of an option", "label", *LINE_2)),
    ("mcqa answer_idx off by one", "medmcqa", row(2, answer_idx="B"), ("not the text of the right option", *LINE_2)),
    ("mcqa answer_idx number", "medmcqa", row(2, answer_idx=0), ("not the letter of an option", *LINE_2)),
    ("mcqa two right answers", "medmcqa", row(2, answer_idx="AB"), ("not the letter of an option", "label", *LINE_2)),
    ("mcqa other answer", "medmcqa", row(2, answer="Spleen"), ("not the text of the right option", "answer", *LINE_2)),
    ("mcqa duplicate id", "medmcqa", row(2, realidx="item-1"), ("unique", "mcqa-item-1")),
    ("mcqa empty id", "medmcqa", row(2, realidx=""), ("empty text", "id", *LINE_2)),
    ("mcqa unknown column", "medmcqa", row(2, explanation="x"), ("unknown column", "explanation", *LINE_2)),
    ("mcqa million characters", "medmcqa", row(2, question=LONG), ("characters (at most 200,000)", *LINE_2)),
    # AISMEC and Synergi, JSON lines.
    ("calls truncated", "aismec", lambda c: c[:-30], ("not JSON", "line 4")),
    ("calls missing column", "aismec", row(2, outcome=DELETE), ("missing column", "outcome", *LINE_2)),
    ("calls renamed column", "aismec", row(2, outcome=DELETE, result="stroke"), ("unknown column  number 5", *LINE_2)),
    ("calls unknown label", "aismec", row(2, outcome="TIA"), ("label allowed", *LINE_2)),
    ("calls label in capitals", "aismec", row(2, outcome="Stroke"), ("label allowed", *LINE_2)),
    ("calls boolean label", "aismec", row(2, outcome=True), ("true or false where a text belongs", *LINE_2)),
    ("calls empty text", "aismec", row(2, transcript=""), ("empty text", "text", *LINE_2)),
    ("calls text in a list", "aismec", row(2, transcript=["Operatør: Hei"]), ("a list where a text belongs", *LINE_2)),
    ("calls text in an object", "aismec", row(2, transcript={"text": "Hei"}), ("an object where a text", *LINE_2)),
    ("calls number text", "aismec", row(2, transcript=17), ("a whole number where a text belongs", *LINE_2)),
    ("calls duplicate id", "aismec", row(2, call_id="call-0"), ("unique", "line 1")),
    ("calls no caller", "aismec", row(2, caller_id=""), ("empty text", "group", *LINE_2)),
    ("calls null caller", "aismec", row(2, caller_id=None), ("null value", "caller_id", *LINE_2)),
    (
        "calls other language",
        "aismec",
        row(2, written_standard="svensk"),
        ("value allowed", "written_standard", *LINE_2),
    ),
    ("calls control character", "aismec", row(2, transcript="a\u001bb"), ("control character", *LINE_2)),
    ("calls lone surrogate", "aismec", replaced("utydelig, nummer 1", "\\ud800"), ("control character", *LINE_2)),
    ("calls million characters", "aismec", row(2, transcript=LONG), ("characters (at most 200,000)", *LINE_2)),
    ("calls one JSON list", "aismec", lambda _: json.dumps(samples.calls()).encode(), ("not a JSON object", "line 1")),
    ("incidents missing column", "synergi", row(2, unit_type=DELETE), ("missing column", "unit_type", *LINE_2)),
    (
        "incidents unknown label",
        "synergi",
        row(2, category="weather"),
        ("label allowed", "'weather'", "report-1 (line 2)"),
    ),
    ("incidents duplicate row", "synergi", lambda c: c + c.splitlines(True)[0], ("unique", "report-0")),
    ("incidents empty unit", "synergi", row(2, unit_type="\t"), ("empty text", "unit_type", *LINE_2)),
    (
        "incidents NaN text",
        "synergi",
        replaced('"Hendelse nummer 1 på avdelingen."', "NaN"),
        ("NaN is not JSON", *LINE_2),
    ),
    ("incidents CSV instead", "synergi", lambda _: b"report_id,text\nr,t\n", ("not JSON", "line 1")),
    # Nor-DeID, JSON documents of parallel lists.
    ("deid truncated", "nor_deid", lambda c: c[:-30], ("not JSON", "line 1")),
    ("deid empty file", "nor_deid", lambda _: b"", ("empty", "line 1")),
    ("deid broken UTF-8", "nor_deid", lambda c: c[:40] + b"\xff" + c[40:], ("not UTF-8", "line 1")),
    ("deid a list", "nor_deid", document(lambda v: v["results"]), ("not a JSON object",)),
    (
        "deid no texts",
        "nor_deid",
        document(lambda v: v.pop("cleaned_results") and None),
        ("cleaned_results is missing",),
    ),
    (
        "deid empty list",
        "nor_deid",
        document(lambda v: v["cleaned_results"].clear()),
        ("cleaned_results is missing, empty",),
    ),
    ("deid no scenarios", "nor_deid", document(lambda v: v.pop("scenarios") and None), ("scenarios is missing",)),
    (
        "deid unequal lists",
        "nor_deid",
        document(lambda v: v["scenarios"].pop() and None),
        ("differ in length (2 and 1)",),
    ),
    ("deid null text", "nor_deid", tagged(None), ("null where a text belongs", "training-1")),
    ("deid number text", "nor_deid", tagged(5), ("a whole number where a text belongs", "training-1")),
    ("deid list text", "nor_deid", tagged(["a"]), ("where a text belongs", "training-1")),
    ("deid empty text", "nor_deid", tagged(" "), ("empty text", "training-1")),
    ("deid control character", "nor_deid", tagged("a\u0000<Age>5</Age>"), ("control character", "training-1")),
    ("deid million characters", "nor_deid", tagged(LONG), ("characters (at most 200,000)", "training-1")),
    (
        "deid scenario a text",
        "nor_deid",
        document(lambda v: v["scenarios"].__setitem__(1, "x")),
        ("not a JSON object", "training-1"),
    ),
    (
        "deid no note type",
        "nor_deid",
        document(lambda v: v["scenarios"][1].pop("noteType") and None),
        ("noteType", "training-1"),
    ),
    (
        "deid number note type",
        "nor_deid",
        document(lambda v: v["scenarios"][1].update(noteType=3)),
        ("noteType", "training-1"),
    ),
    ("deid NaN", "nor_deid", replaced('"age": 61', '"age": NaN'), ("NaN is not JSON",)),
    ("deid repeated key", "nor_deid", replaced('"prompts"', '"results"'), ("a key occurs twice",)),
]

TOLERATED = [
    ("mqp BOM", "medmqp", lambda c: b"\xef\xbb\xbf" + c, {"byte-order mark": 1}, {}),
    ("mqp LF", "medmqp", lambda c: c.replace(b"\r\n", b"\n"), {}, {}),
    (
        "mqp edges",
        "medmqp",
        cells(2, 2, " Which wine goes with fish?\u00a0"),
        {"edge whitespace": 1, "no-break space": 1},
        {},
    ),
    ("mqp exact duplicate", "medmqp", lambda c: c + c.splitlines(True)[0], {}, {"exact duplicate": 1}),
    ("mcqa CRLF and blank lines", "medmcqa", lambda c: c.replace(b"\n", b"\r\n\r\n"), {}, {}),
    (
        "mcqa repeated option",
        "medmcqa",
        row(2, options={"A": "Skin", "B": "skin", "C": "c", "D": "d"}),
        {},
        {"repeated option": 1},
    ),
    ("mcqa no last line end", "medmcqa", lambda c: c.rstrip(b"\n"), {}, {}),
    ("calls BOM and CRLF", "aismec", lambda c: b"\xef\xbb\xbf" + c.replace(b"\n", b"\r\n"), {"byte-order mark": 1}, {}),
    ("calls line separator", "aismec", row(2, transcript="Operatør: Hei\u2028hå"), {}, {}),
    ("incidents edges", "synergi", row(2, text="  Fall på badet.\n"), {"edge whitespace": 1}, {}),
    ("deid BOM and CRLF", "nor_deid", lambda c: b"\xef\xbb\xbf" + c + b"\r\n", {"byte-order mark": 1}, {}),
    ("deid unknown tag", "nor_deid", tagged("<Navn>Kari</Navn> er <Age>5</Age>."), {}, {"unknown tag": 1}),
    ("deid no spans", "nor_deid", tagged("Pasienten er på beina."), {}, {"no spans": 1}),
    ("deid English", "nor_deid", tagged("The patient is <Age>5</Age> and was well."), {}, {"not Norwegian": 1}),
    ("deid variant", "nor_deid", tagged("Han er <Alder>5</Alder> år."), {"label variant": 1}, {}),
]


@pytest.fixture
def root(tmp_path, repository):
    shutil.copytree(repository / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def damaged(name, damage):
    contents = samples.raw_files(name)
    first = next(iter(contents))
    return first, contents | {first: damage(contents[first])}


def refused(root, name, *parts):
    with pytest.raises(DataError) as caught:
        validate.run(root, name)
    message = str(caught.value)
    for part in parts:
        assert part in message, message
    assert caught.value.remedy and len(message.splitlines()) <= 8
    assert max(map(len, message.splitlines())) < 400
    assert not (root / "artifacts").exists()
    return message


@pytest.mark.parametrize(
    ("name", "damage", "parts"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED]
)
def test_malformed_input_is_refused(root, name, damage, parts):
    file, contents = damaged(name, damage)
    samples.put(root, name, contents)
    # Of restricted data the set is named, and no file of it.
    confidential = samples.KIND[name] == "restricted"
    message = refused(root, name, name if confidential else file, *parts)
    assert not confidential or file not in message


@pytest.mark.parametrize(
    ("name", "damage", "repaired", "dropped"), [case[1:] for case in TOLERATED], ids=[case[0] for case in TOLERATED]
)
def test_tolerated_input_is_counted(root, name, damage, repaired, dropped):
    samples.put(root, name)
    good = validate.run(root, name)
    _, contents = damaged(name, damage)
    samples.put(root, name, contents)
    card = validate.run(root, name)
    assert (card.repaired, card.dropped) == (repaired, dropped)
    assert card.rows_in == card.rows + sum(dropped.values())
    assert card.rows >= good.rows - sum(dropped.values())


# Spans can only be wrong in records, since the parser makes them: the schema stands behind it.


@pytest.mark.parametrize(
    ("spans", "check"),
    [
        ([(0, 999, "Age")], "span inside its text"),
        ([(3, 3, "Age")], "span not empty"),
        ([(0, 4, "Age"), (2, 6, "Date")], "not overlapping"),
        ([(0, 4, "City")], "span label allowed"),
        ([(0, 5, "First_Name")], "edge whitespace"),
    ],
)
def test_wrong_spans_of_a_reader_are_refused(root, monkeypatch, spans, check):
    from harness.data import inline_tags

    samples.put(root, "nor_deid")
    parsed = inline_tags.Parsed("Kari er på beina.", tuple(spans), frozenset())
    monkeypatch.setattr(inline_tags, "parse", lambda *_: parsed)
    assert check in refused(root, "nor_deid", "training.json", "training-0")


# The folder and its source record.


def source(**changes):
    def change(folder):
        path = folder / "source.json"
        value = json.loads(path.read_text(encoding="utf-8")) | changes
        path.write_text(json.dumps({k: v for k, v in value.items() if v is not DELETE}), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda folder: (folder / "source.json").unlink(), ("source.json is missing",)),
        (
            lambda folder: (folder / "source.json").write_text("{", encoding="utf-8"),
            ("source.json, line 1", "not JSON"),
        ),
        (lambda folder: (folder / "source.json").write_bytes(b"\xff"), ("source.json", "not UTF-8")),
        (
            lambda folder: (folder / "source.json").write_text("[]", encoding="utf-8"),
            ("source.json", "not a JSON object"),
        ),
        (source(kind="secret"), ("source.json", "kind is 'secret'")),
        (source(kind=DELETE), ("source.json", "'kind' is missing")),
        (source(licence=3), ("source.json", "licence must be a text")),
        (source(owner="x"), ("source.json", "a key is not known")),
        (source(files={}), ("source.json", "files is empty")),
        (source(files={"calls.jsonl": "0" * 64}), ("its file has changed",)),
        (source(files={"calls.jsonl": "abc"}), ("source.json", "the hash of a file is not a SHA-256")),
        (source(files={"../calls.jsonl": "0" * 64}), ("source.json", "the name of a file is not plain")),
        (lambda folder: (folder / "calls.jsonl").unlink(), ("is missing, but source.json lists it",)),
        (lambda folder: (folder / "more.jsonl").write_text("x", encoding="utf-8"), ("file 2 is not listed",)),
        (
            lambda folder: (folder / "calls.jsonl").write_bytes(samples.to_jsonl(samples.calls()[:2])),
            ("its file has changed",),
        ),
        (lambda folder: shutil.rmtree(folder), ("source.json is missing",)),
    ],
)
def test_a_folder_that_does_not_fit_its_record_is_refused(root, change, parts):
    change(samples.put(root, "aismec"))
    message = refused(root, "aismec", "aismec")
    assert all(part in message for part in parts), message


def test_a_folder_in_place_of_a_file_is_refused(root):
    folder = samples.put(root, "aismec")
    (folder / "calls.jsonl").unlink()
    (folder / "calls.jsonl").mkdir()
    assert "aismec, its file is a folder" in refused(root, "aismec")


def test_a_file_of_another_name_is_refused(root):
    folder = samples.put(root, "medmqp", {"pairs.csv": samples.to_csv(samples.mqp_rows())})
    assert files.read_json(folder / "source.json")["files"].keys() == {"pairs.csv"}
    assert "mqp.csv is missing" in refused(root, "medmqp")
