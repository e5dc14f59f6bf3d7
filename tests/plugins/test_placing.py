"""A site's own files as the data of a task: flat, recorded, checked before anything is replaced."""

import os

import pytest
from processes import no_waiting

from harness.data import sources
from harness.data.pinning import replacing
from harness.errors import DataError, HarnessError
from harness.plugins import checking, creating, placing
from harness.system import files

SOURCE = {"kind": "restricted", "licence": "internal"}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tasks").mkdir()
    creating.create(tmp_path, "triage", "sequence", "csv")
    return tmp_path


def test_files_are_copied_recorded_and_pass_the_check(root, tmp_path):
    given = tmp_path / "sample.csv"
    rows = (root / "data" / "triage" / "sample.csv").read_text(encoding="utf-8").splitlines()
    given.write_text("\n".join(rows[:11]) + "\n", encoding="utf-8")
    folder, _ = placing.put(root, "triage", given, SOURCE)
    source = sources.read_source(folder)
    assert (source["kind"], source["licence"], source["address"]) == ("restricted", "internal", "")
    assert source["files"] == {"sample.csv": files.sha256(given)}
    assert checking.findings(root, "triage") == []


def test_what_is_wrong_leaves_the_data_that_were_there(root, tmp_path):
    before = {path.name: path.read_bytes() for path in (root / "data" / "triage").iterdir()}
    given = tmp_path / "sample.csv"
    given.write_text("id,group,text,label\n1,g,SECRET\n2,g,SECRET,maybe\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        placing.put(root, "triage", given, SOURCE)
    assert "triage: " in str(caught.value) and "line 2" in str(caught.value)
    # The data are restricted: the user knows which file was given, and nobody else has to.
    assert "sample.csv" not in str(caught.value)
    assert "SECRET" not in str(caught.value) and ".partial" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in (root / "data" / "triage").iterdir()} == before
    assert [path.name for path in (root / "data").iterdir()] == ["triage"]


def test_folders_below_come_flat_and_hidden_files_not(root, tmp_path):
    creating.create(root, "notes", "tokens", "tags")
    given = tmp_path / "given"
    for name in ("a/x.txt", "b/x.txt", "y.txt", ".git/z.txt", "source.json"):
        files.write_text(given / name, "<Name>Kari</Name> bor i <Place>Os</Place>.")
    folder, _ = placing.put(root, "notes", given, SOURCE)
    assert sorted(sources.read_source(folder)["files"]) == ["a-x.txt", "b-x.txt", "y.txt"]


def odd(given, fault):
    """Something that cannot be put in place, and what is said of it."""
    if fault == "nothing":
        return given, "is missing"
    if fault == "a loop":
        given.symlink_to(given.name)
        return given, "is a link to a file that does not exist"
    if fault in ("a pipe", "a link to a pipe"):
        os.mkfifo(pipe := given.with_name("pipe"))
        given.symlink_to(pipe)
        return pipe if fault == "a pipe" else given, "is not an ordinary file"
    if fault == "a device":
        return "/dev/zero", "is not an ordinary file"
    given.mkdir()
    if fault in ("a link in it", "a link far below"):
        (below := given if fault == "a link in it" else given / "a" / "b").mkdir(parents=True, exist_ok=True)
        files.write_text(given / "z.csv", "x")
        (below / "c").symlink_to("/etc")
        return given, "is a link"
    if fault == "a pipe in it":
        os.mkfifo(given / "calls.csv")
        return given, "is not an ordinary file"
    if fault == "a pipe for its record":
        os.mkfifo(given / "source.json")
        files.write_text(given / "sample.csv", "x")
        return given, "triage"
    if fault == "one name for two":
        files.write_text(given / "a-b.csv", "x")
        files.write_text(given / "a" / "b.csv", "x")
        return given, "would get the same name"
    if fault == "a name of other bytes":
        files.write_text(given / "\udcff.csv", "x")
        return given, "has a name that is not UTF-8"
    if fault == "more than the disk holds":
        with open(given / "sample.csv", "wb") as handle:
            handle.truncate(1 << 43)
        return given, "No space left while writing .*triage"
    if fault == "the repository":
        return given.parent, "contains this repository"
    return given, "has no files"


@pytest.mark.parametrize("fault", [
    "nothing", "a loop", "a pipe", "a link to a pipe", "a device", "a link in it", "a link far below", "a pipe in it",
    "a pipe for its record", "one name for two", "a name of other bytes", "more than the disk holds", "the repository",
    "no file",
])  # fmt: skip
def test_what_cannot_be_put_in_place(root, tmp_path, fault):
    (root / "data" / "triage" / "mine.txt").touch()
    given, said = odd(tmp_path / "given", fault)
    with pytest.raises(HarnessError, match=said) as caught, no_waiting():
        placing.put(root, "triage", given, SOURCE)
    assert "given/" not in str(caught.value) and (root / "data" / "triage" / "mine.txt").exists()
    assert not list(root.rglob("*.partial"))


def test_what_lies_where_one_stands_is_told_in_whole_sentences(root, tmp_path, monkeypatch):
    (tmp_path / "given").mkdir()
    monkeypatch.chdir(tmp_path / "given")
    (tmp_path / "given" / "calls.csv").symlink_to("/etc/hosts")
    with pytest.raises(DataError) as caught:
        placing.put(root, "triage", ".", SOURCE)
    told = "what was given for triage, its file is a link.\nPut the file itself there; links are not followed."
    assert str(caught.value) == told


def test_a_folder_that_is_not_whole_is_not_pinned(root):
    (root / "data.dvc").write_text("deps: []\n", encoding="utf-8")
    with replacing(root) as within:
        assert not placing.pin(root, within)
    assert (root / "data.dvc").read_text(encoding="utf-8") == "deps: []\n"


def test_columns_are_recorded_and_held(root, tmp_path):
    """A declaration that reads other columns of the same file is refused until the file is put in place anew."""
    from harness.stages import validate

    given = tmp_path / "sample.csv"
    given.write_bytes((root / "data" / "triage" / "sample.csv").read_bytes())
    folder, _ = placing.put(root, "triage", given, SOURCE | {"kind": "synthetic"})
    taken = {"id": "id", "group": "group", "text": "text", "label": "label"}
    assert sources.read_source(folder)["columns"] == taken
    assert validate.run(root, "triage").source["columns"] == taken
    path = root / "tasks" / "triage.py"
    path.write_text(path.read_text(encoding="utf-8").replace('"group": "group"', '"group": "id"'), encoding="utf-8")
    with pytest.raises(DataError, match="group is now read from id, but it was read from group when") as caught:
        validate.run(root, "triage")
    assert "harness data use triage" in caught.value.remedy
    assert any("group is now read from id" in finding for finding in checking.findings(root, "triage"))


def test_the_pin_repeats_the_columns_of_every_set(root, tmp_path):
    import json

    from ruamel.yaml import YAML

    from harness.privacy import restricted

    creating.create(root, "notes", "tokens", "tags")
    given = tmp_path / "sample.csv"
    given.write_bytes((root / "data" / "triage" / "sample.csv").read_bytes())
    placing.put(root, "triage", given, SOURCE)
    (root / "data.dvc").write_text("outs:\n- path: data\n  md5: abc.dir\nfrozen: true\n", encoding="utf-8")
    for _ in range(2):  # a second time it stands there once
        restricted.note(root)
        pin = YAML(typ="safe", pure=True).load((root / "data.dvc").read_text(encoding="utf-8"))
        assert pin["meta"] == {
            "restricted": ["triage"],
            "columns": {"triage": {"id": "id", "group": "group", "text": "text", "label": "label"}},
        }
        assert pin["outs"] == [{"path": "data", "md5": "abc.dir"}] and pin["frozen"] is True
    assert restricted.pinned(root) == ["triage"]
    source = root / "data" / "triage" / "source.json"
    source.write_text(json.dumps(json.loads(source.read_text()) | {"columns": {"text": 5}}), encoding="utf-8")
    with pytest.raises(DataError, match="a key or value under columns is not a text"):
        sources.read_source(source.parent)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_a_hospitals_table_is_taken_in_every_format_and_under_any_name(ending, tmp_path, repository, capsys):
    """As `harness data use aismec /secure/amk_2019.parquet` does it: the mapping is shown."""
    import pandas
    import samples

    from harness.data import reader
    from harness.plugins import registry

    root = tmp_path / "root"
    root.mkdir()
    (root / "tasks").symlink_to(repository / "tasks")
    calls = samples.calls()
    if ending == "tsv":  # where a line is a row, whatever stands in it
        calls = [call | {"transcript": call["transcript"].replace("\n", " ")} for call in calls]
    table, given = pandas.DataFrame(calls), tmp_path / f"amk_2019.{ending}"
    table["call_id"] = range(len(table))  # as a register numbers them
    if ending == "parquet":
        table.to_parquet(given)
    elif ending == "jsonl":
        table.to_json(given, orient="records", lines=True, force_ascii=False)
    else:
        table.to_csv(given, index=False, sep="\t" if ending == "tsv" else ",")
    folder, _ = placing.put(root, "aismec", given, SOURCE)
    task = registry.get(root, "aismec")
    records = task.reader(folder).records
    assert [record["text"] for record in records] == [call["transcript"] for call in calls]
    assert [record["id"] for record in records] == [str(i) for i in range(len(records))]
    assert "  text              ← transcript" in reader.column_lines(sources.read_source(folder)["columns"])


def test_two_tables_in_a_folder_are_too_many(tmp_path, repository):
    import samples

    given = tmp_path / "given"
    for name in ("a.jsonl", "b.jsonl"):
        files.write_jsonl(given / name, samples.calls())
    root = tmp_path / "root"
    root.mkdir()
    (root / "tasks").symlink_to(repository / "tasks")
    with pytest.raises(DataError, match="has 2 tables"):
        placing.put(root, "aismec", given, SOURCE)


FAULTS = (
    '{"call_id": "1", "caller_id": "a", "transcript": " ", "outcome": "stroke", "written_standard": "bokmål"}',
    '{"call_id": "2", "caller_id": "b", "transcript": "SECRET", "outcome": "SECRET2", "written_standard": "nynorsk"}',
    '{"call_id": "3", "caller_id": "c", "transcript": "hei der", "outcome": "other", "written_standard": "SECRET3"}',
    '{"call_id": "4", "caller_id": "d", "transcript": "hei du", "outcome": "other", "written_standard": "bokmål"}',
    '{"call_id": "4", "caller_id": "e", "transcript": "hei vi", "outcome": "other", "written_standard": "bokmål"}',
    '{"call_id": "6", "caller_id": "f", "transcript": "", "outcome": "1", "written_standard": "bokmål"}',
    '{"call_id": "7", "caller_id": "g", "transcript": null, "outcome": "0", "written_standard": "bokmål", "x": "y"}',
)
# What is wrong, in which column, how often, where.
EVERYTHING = (
    r"empty text +text +2 +line 1, line 6",
    r"null value +transcript +1 +line 7",
    r"unknown column +number 6 +1 +line 7",
    r"label allowed: other, stroke \(3 other values\) +label +3 +line 2, line 6, line 7",
    r"value allowed: bokmål, nynorsk \(1 other value\) +written_standard +1 +line 3",
    r"unique +id +2 +line 4, line 5",
)


@pytest.fixture
def aismec(tmp_path, repository):
    root = tmp_path / "root"
    root.mkdir()
    (root / "tasks").symlink_to(repository / "tasks")
    return root


def test_everything_that_is_wrong_with_the_rows_is_told_at_once(aismec, tmp_path):
    import re

    given = tmp_path / "calls.jsonl"
    given.write_text("\n".join(FAULTS), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        placing.put(aismec, "aismec", given, SOURCE)
    told = str(caught.value)
    for part in EVERYTHING:
        assert re.search(part, told), (part, told)
    assert "SECRET" not in told and "6 of 7 rows" not in told and "7 of 7 rows" in told
    # `harness check` would look at other data; and what maps a file's own labels is named.
    assert "harness data use aismec" in caught.value.remedy and "harness check" not in told
    assert 'values={"label": {' in told
    with pytest.raises(DataError) as caught:
        placing.put(aismec, "aismec", given, SOURCE | {"kind": "public"})
    told = str(caught.value)
    assert re.search(r"label allowed: other, stroke +label +3 .*'SECRET2' × 1, '1' × 1, '0' × 1", told), told
    assert re.search(r"unknown column +x +1", told) and "4 (line 4), 4 (line 5)" in told


def test_everything_at_once_in_a_csv_with_lines_that_are_not_utf_8(aismec, tmp_path):
    import re

    lines = [
        b"call_id,caller_id,transcript,outcome,written_standard",
        "1,a,r\u00f8d,other,bokm\u00e5l".encode("cp1252"),
        "2,b,,stroke,bokm\u00e5l".encode(),
        "3,c,hei,1,bokm\u00e5l".encode(),
        b"4,d,hei",
        "5,e,hei hei,other,bokm\u00e5l".encode(),
    ]
    given = tmp_path / "calls.csv"
    given.write_bytes(b"\r\n".join(lines))
    with pytest.raises(DataError) as caught:
        placing.put(aismec, "aismec", given, SOURCE)
    for part in (
        r"not UTF-8 .* - +1 +line 2",
        r"empty text +text +1 +line 3",
        r"label allowed.* label +1 +line 4",
        r"3 cells instead of 5 +- +1 +line 5",
    ):
        assert re.search(part, str(caught.value)), (part, str(caught.value))
    assert "4 of 5 rows" in str(caught.value)
