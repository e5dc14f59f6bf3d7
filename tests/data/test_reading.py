"""What a task's folder holds, as a whole: no file that is recorded as the data's is left unread without a word."""

import dataclasses
import re
from pathlib import Path

import pytest

from harness.data import reading, sources
from harness.data.discretion import errors_without_data
from harness.errors import DataError, HarnessError
from harness.heads import HEADS
from harness.plugins import checking, creating, examples, placing
from harness.plugins.registry import get
from harness.stages import validate
from harness.system import files
from harness.task import Reading

ROOT = Path(__file__).resolve().parents[2]
CASES = [
    ("tokens", "tags", "zz.TXT", r"not read.*\(\.TXT is not the same ending as \.txt\) .*zz\.TXT"),
    ("tokens", "brat", "zz.ann", r"not read.*\(annotations without their text\) .*zz\.ann"),
    ("tokens", "brat", "row-00.ANN", r"not read.*\(\.ANN is not the same ending as \.ann\) .*row-00\.ANN"),
    ("tokens", "conll", "zz.CONLL", r"not read.*zz\.CONLL"),
    ("tokens", "jsonl", "zz.json", r"not read.*zz\.json"),
    ("tokens", "dataset", "zz.parquet", r"not read.*zz\.parquet"),
    ("sequence", "csv", "zz.csv", r"not read.*zz\.csv"),
    ("pair", "dataset", "notes.md", r"not read.*notes\.md"),
    ("choice", "jsonl", "sample.JSONL", r"not read.*sample\.JSONL"),
]


def placed(folder, head, format_, *more):
    given = folder / "given"
    for name, content in examples.files(HEADS[head], format_).items():
        files.write_bytes(given / name, content)
    for name in more:
        files.write_text(given / name, "T1\tName 0 4\tKari\n")
    return given


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "tasks").mkdir(parents=True)
    return root


@pytest.mark.parametrize(("head", "format_", "stray", "said"), CASES)
def test_a_file_that_nobody_reads_is_named(root, tmp_path, head, format_, stray, said):
    creating.create(root, "mine", head, format_)
    given = placed(tmp_path, head, format_, stray)
    with pytest.raises(DataError, match=rf"(?s){said}"):
        placing.put(root, "mine", given, {"kind": "public"})
    # Of restricted data a file is known by its number, in the order of the names.
    with pytest.raises(DataError) as caught:
        placing.put(root, "mine", given, {"kind": "restricted"})
    number = sorted(path.name for path in given.iterdir()).index(stray) + 1
    assert f"file {number}" in str(caught.value) and stray not in str(caught.value)
    # Put there by hand, and recorded.
    folder = root / "data" / "mine"
    files.write_bytes(folder / stray, (given / stray).read_bytes())
    source = sources.read_source(folder)
    record = source | {"files": source["files"] | {stray: files.sha256(folder / stray)}}
    sources.write_source(folder, record)
    with pytest.raises(DataError, match=rf"(?s){said}"):
        validate.run(root, "mine")
    assert any(re.search(said, found, re.DOTALL) for found in checking.findings(root, "mine"))


def test_what_a_format_keeps_beside_its_data_is_no_stray(root, tmp_path):
    creating.create(root, "mine", "tokens", "brat")
    given = placed(tmp_path, "tokens", "brat", "annotation.conf", "visual.conf")
    placing.put(root, "mine", given, {"kind": "public"})
    creating.create(root, "saved", "sequence", "dataset")
    given = placed(tmp_path / "b", "sequence", "dataset", "dataset_info.json", "train/state.json", "cache-1.arrow")
    placing.put(root, "saved", given, {"kind": "public"})
    for name, kept in (("mine", "annotation.conf"), ("saved", "dataset_info.json")):
        assert (root / "data" / name / kept).is_file() and (root / "data" / name / "source.json").is_file()


def test_a_stray_file_is_told_with_everything_else(root, tmp_path):
    creating.create(root, "mine", "tokens", "tags")
    given = placed(tmp_path, "tokens", "tags", "zz.TXT")
    files.write_text(given / "bad.txt", "<Unknown>Kari</Unknown> kom")
    with pytest.raises(DataError, match=r"(?s)not read.*zz\.TXT.*unknown tag.*bad\.txt"):
        placing.put(root, "mine", given, {"kind": "public"})
    # And where nothing else is there at all.
    for path in given.glob("*.txt"):
        path.unlink()
    with pytest.raises(DataError, match=r"(?s)\*\.txt is missing.*zz\.TXT: the task's reader does not read"):
        placing.put(root, "mine", given, {"kind": "public"})


CONLL = "# newdoc id = {}\nKari\tB-Name\nkom\t{}\n"
ROW = '{{"id": "{}", "tokens": ["Kari", "kom"], "ner_tags": ["B-Name", {}]}}\n'
TAGGED = '{{"id": "{}", "text": "<Name>Kari</Name> kom{}"}}\n'
TOGETHER = [
    ("conll", "{}.conll", CONLL, ("O", "Nmae"), "no tag"),
    ("conll", "{}.conll", CONLL, ("O", "B-Nmae"), "label not declared"),
    ("jsonl", "{}.jsonl", ROW, ('"O"', '"Nmae"'), "no tag"),
    ("jsonl", "{}.jsonl", ROW, ('"O"', "7"), "no tag"),
    ("tags", "{}.jsonl", TAGGED, ("", "<Nmae>"), "unknown tag"),
]


def several(root, tmp_path, format_, contents):
    """A task that reads all files of its format's ending, and those files."""
    creating.create(root, "mine", "tokens", format_)
    path = root / "tasks" / "mine.py"
    ending = Path(next(iter(contents))).suffix
    text = path.read_text(encoding="utf-8").replace("sample.conll", "*.conll").replace("sample.jsonl", "*.jsonl")
    path.write_text(text.replace("*.txt", f"*{ending}"), encoding="utf-8")
    for name, content in contents.items():
        files.write_bytes(tmp_path / "given" / name, content if isinstance(content, bytes) else content.encode())
    return tmp_path / "given"


@pytest.mark.parametrize(("format_", "name", "row", "ends", "said"), TOGETHER)
def test_what_a_reader_refuses_is_told_together_with_what_the_schema_finds(
    root, tmp_path, format_, name, row, ends, said
):
    good, bad = ends
    contents = {name.format("a"): row.format("1", good) + row.format("2", bad), name.format("b"): row.format("1", good)}
    given = several(root, tmp_path, format_, contents)
    with pytest.raises(DataError) as caught:
        placing.put(root, "mine", given, {"kind": "public"})
    told = str(caught.value)
    assert re.search(rf"{said}.* 1 +{name.format('a')} line \d", told), told
    assert re.search(rf"unique +id +2 +1 \({name.format('a')} line \d\), 1 \({name.format('b')} line \d\)", told), told
    # Each fault once: what the reader has told of, the schema does not repeat.
    assert len(told[told.index("check ") : told.index("Correct these")].splitlines()) == 1 + 2, told


@pytest.mark.parametrize(("format_", "name", "row", "ends", "_"), [TOGETHER[0], TOGETHER[2], TOGETHER[4]])
def test_a_file_in_utf_16_is_one_finding_among_the_others(root, tmp_path, format_, name, row, ends, _):
    good, bad = ends
    encoded = row.format("3", good).encode("utf-16")
    given = several(root, tmp_path, format_, {name.format("a"): encoded, name.format("b"): row.format("1", bad)})
    with pytest.raises(DataError) as caught:
        placing.put(root, "mine", given, {"kind": "public"})
    told = str(caught.value)
    assert re.search(rf"not UTF-8 but UTF-16, which must be converted.* {name.format('a')} line 1", told), told
    assert f"{name.format('b')} line" in told and "Kari" not in told


@pytest.mark.parametrize(("format_", "name", "row", "ends", "_"), [TOGETHER[0], TOGETHER[2], TOGETHER[4]])
@pytest.mark.parametrize("nothing", ["", " \n\n", "\ufeff"])
def test_an_empty_file_among_others_is_dropped_and_counted(root, tmp_path, format_, name, row, ends, _, nothing):
    contents = {name.format("a"): nothing, name.format("b"): row.format("1", ends[0]), name.format("c"): nothing}
    given = several(root, tmp_path, format_, contents)
    task = get(root, "mine")
    found = reading.checked(task, given, "public", "mine")
    assert (len(found.records), found.rows_in, found.dropped) == (1, 3, {"empty file": 2})
    (given / name.format("b")).unlink()
    with pytest.raises(DataError, match="no records are left"):
        reading.checked(task, given, "public", "mine")
    (given / name.format("c")).unlink()
    with pytest.raises(DataError, match=rf"{name.format('a')} is empty"):
        reading.checked(task, given, "public", "mine")


def test_a_table_in_utf_16_is_refused_with_what_to_do(root, tmp_path):
    for head, format_ in (("sequence", "csv"), ("sequence", "tsv"), ("sequence", "jsonl")):
        creating.create(root, f"as_{format_}", head, format_)
        given = placed(tmp_path / format_, head, format_) / f"sample.{format_}"
        given.write_bytes(given.read_text(encoding="utf-8").encode("utf-16"))
        with pytest.raises(DataError, match=r"1 of 1 rows cannot be used(?s:.*)not UTF-8 but UTF-16.* line 1"):
            placing.put(root, f"as_{format_}", given, {"kind": "public"})


def test_a_reader_that_does_not_say_what_it_reads_is_not_asked(root):
    creating.create(root, "mine", "sequence", "csv")
    task = get(root, "mine")
    read = task.reader
    own = dataclasses.replace(task, reader=lambda folder: read(folder))
    folder = root / "data" / "mine"
    assert len(reading.checked(own, folder, "public", "mine", ["sample.csv", "x"]).records) == 24
    with pytest.raises(HarnessError, match="not read"), errors_without_data("public", "mine", folder):
        reading.checked(task, folder, "public", "mine", ["sample.csv", "x"])


def test_nothing_but_empty_notes_is_no_data_set(root, tmp_path):
    creating.create(root, "mine", "tokens", "tags")
    files.write_text(tmp_path / "given" / "a.txt", " \n")
    with pytest.raises(DataError, match="no records are left"):
        placing.put(root, "mine", tmp_path / "given", {"kind": "public"})


@pytest.mark.parametrize(
    ("head", "rows", "expected"),
    [
        ("sequence", [("Hei", "no"), ("hei ", "yes"), ("du", "no"), ("du", "no"), ("Hei", "no")], (3, 1)),
        ("pair", [("a", "no"), ("a", "yes"), ("b", "no")], (2, 1)),
        ("choice", [("a", "A"), ("a", "B"), ("b", "A"), ("b", "A")], (2, 1)),
    ],
)
def test_one_text_with_two_answers_is_counted(root, head, rows, expected):
    creating.create(root, "mine", head, None)
    task = get(root, "mine")
    options = {"options": ["1", "2", "3", "4"]}
    shapes = {"sequence": {}, "pair": {"text_pair": "x"}, "choice": options}
    column = "question" if head == "choice" else "text"
    records = [{column: text, "label": label, **shapes[head]} for text, label in rows]
    assert reading.differing_answers(task, records) == expected
    if head == "choice":
        # The same options in another order are the same item, and the same answer.
        turned = {column: "b", "label": "D", "options": ["4", "3", "2", "1"]}
        assert reading.differing_answers(task, [*records, turned]) == expected


def test_one_text_with_two_sets_of_entities_is_counted(root):
    creating.create(root, "mine", "tokens", None)
    kari = [{"start": 0, "end": 4, "label": "Name"}]
    records = [{"text": "Kari kom", "spans": spans} for spans in (kari, [], kari)]
    assert reading.differing_answers(get(root, "mine"), records) == (3, 1)


def test_what_was_dropped_or_mended_or_contradicts_is_said(root, tmp_path, capsys, monkeypatch):
    from harness import cli

    creating.create(root, "mine", "sequence", "csv")
    given = tmp_path / "sample.csv"
    rows = ["id,group,text,label", "1,a,Hei der,no", "2,b, Hei der ,yes", "3,c,Noe annet,yes"]
    given.write_bytes(b"\xef\xbb\xbf" + "\n".join(rows).encode())
    said = ["3 rows read, 3 kept.", "Fixed: 1 × byte-order mark, 1 × edge whitespace.", "1 text occurs in 2 rows"]
    # In this process torch may be there already, and "portable" comes before it.
    params = (ROOT / "params.yaml").read_text(encoding="utf-8").replace("portable", "fast")
    (root / "params.yaml").write_text(params, encoding="utf-8")
    monkeypatch.chdir(root)
    assert cli.main(["data", "use", "mine", str(given), "--kind", "restricted"]) == 0
    shown = capsys.readouterr().out
    assert all(part in shown for part in said) and "Hei der" not in shown
    assert cli.main(["check", "mine"]) == 0
    shown = capsys.readouterr().out
    assert all(part in shown for part in said) and "no findings" in shown
    validate.run(root, "mine")
    shown = capsys.readouterr().err
    assert all(part in shown for part in said)
    creating.create(root, "notes", "tokens", "tags")
    folder = placed(tmp_path, "tokens", "tags", "empty.txt")
    files.write_text(folder / "empty.txt", "\n")
    assert cli.main(["data", "use", "notes", str(folder)]) == 0
    assert "25 rows read, 24 kept.\nDropped: 1 × empty text." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"group": "NULL"}, "2 rows share a group whose name means"),
        ({"group": "NaN"}, "2 rows share a group whose name means"),
        ({"text": "sm\ufffdrte"}, "2 rows with a replacement character (U+FFFD)"),
        ({"group": "p1"}, None),
    ],
)
def test_what_is_odd_in_the_data_is_said_and_no_value_is_shown(root, values, said):
    creating.create(root, "mine", "sequence", "csv")
    task = get(root, "mine")
    rows = [{"id": str(i), "group": str(i), "text": "smerte", "label": task.labels[0], **values} for i in range(2)]
    known = [(label, i) for label in task.labels for i in range(3)]  # every label can stand in every part
    rows += [{"id": f"{x}{i}", "group": f"{x}{i}", "text": f"feber {x}", "label": x} for x, i in known]
    remarks = reading.remarks(task, Reading(rows, len(rows)))
    assert remarks[1:] == ([] if said is None else [remark for remark in remarks if remark.startswith(said)])
    assert len(remarks) == 1 + (said is not None)
