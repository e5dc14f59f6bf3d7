"""Stage validate: records and card from raw files, the same bytes again, and nothing on failure."""

import json
import shutil

import pytest
import samples

from harness.errors import DataError, MissingInputError, RegistryError
from harness.privacy import pseudonyms
from harness.stages import validate
from harness.system import files


@pytest.fixture
def root(tmp_path, repository):
    shutil.copytree(repository / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def outputs(root):
    folder = root / "artifacts"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_writes_records_and_card(root):
    samples.put(root, "aismec")
    card = validate.run(root, "aismec")
    folder = root / "artifacts" / "validated" / "aismec"
    records = files.read_jsonl(folder / "records.jsonl")
    key = pseudonyms.read_key(root)
    assert [record["id"] for record in records] == [key.pseudonym("aismec", "id", f"call-{i}") for i in range(4)]
    assert records[1] == {
        "id": key.pseudonym("aismec", "id", "call-1"),
        "group": key.pseudonym("aismec", "group", "caller-0"),
        "part": "pool",
        "label": "stroke",
        "written_standard": "bokmål",
        "text": "Operatør: Hva har skjedd?\nInnringer: Han snakker utydelig, nummer 1.",
    }
    assert card.plain() == files.read_json(folder / "card.json")
    assert set(card.plain()) == {
        "format",
        "head",
        "task",
        "version",
        "kind",
        "source",
        "rows_in",
        "rows",
        "dropped",
        "repaired",
        "labels",
        "parts",
        "sha256",
        "ids",
    }
    assert card.ids.plain() == {"scheme": pseudonyms.SCHEME, "key": key.fingerprint}
    assert card.kind == "restricted" and card.labels == {"other": 2, "stroke": 2}
    assert card.sha256 == files.sha256(folder / "records.jsonl")
    assert sorted(p.name for p in folder.iterdir()) == ["card.json", "records.jsonl"]


def test_parts_and_span_counts_of_documents(root):
    samples.put(root, "nor_deid")
    card = validate.run(root, "nor_deid")
    assert card.parts == {"pool": 4, "holdout": 2}
    assert card.labels["Location"] == 6 and card.labels["Phone_Number"] == 0
    records = files.read_jsonl(root / "artifacts" / "validated" / "nor_deid" / "records.jsonl")
    assert {record["id"] for record in records if record["part"] == "holdout"} == {"holdout-0", "holdout-1"}
    # Of the scenario only the document type goes on: the rest is what the tags hide.
    assert set(records[0]) == {"id", "group", "part", "text", "spans", "document_type"}


def test_same_bytes_again(root):
    samples.put(root, "medmqp")
    validate.run(root, "medmqp")
    first = outputs(root)
    validate.run(root, "medmqp")
    assert outputs(root) == first
    assert str(root) not in first["validated/medmqp/card.json"].decode()


def test_a_failure_writes_nothing_and_keeps_what_was_there(root):
    folder = samples.put(root, "synergi")
    validate.run(root, "synergi")
    before = outputs(root)
    bad = samples.incidents()
    bad[3]["category"] = "weather"
    samples.put(root, "synergi", {"incidents.jsonl": samples.to_jsonl(bad)})
    with pytest.raises(DataError, match=r"(?s)incidents\.jsonl.*report-3 \(line 4\)"):
        validate.run(root, "synergi")
    assert outputs(root) == before
    shutil.rmtree(folder)
    with pytest.raises(DataError, match=r"source\.json is missing"):
        validate.run(root, "synergi")


def test_unknown_task(root):
    with pytest.raises(RegistryError, match="Did you mean 'medmqp'"):
        validate.run(root, "medmpq")


def test_restricted_text_never_reaches_a_message(root):
    calls = samples.calls()
    calls[0]["outcome"] = "SECRET"
    calls[1]["transcript"] = "SECRET\u0007"
    for broken in (calls[:1] + calls[2:], calls[1:]):
        samples.put(root, "aismec", {"calls.jsonl": samples.to_jsonl(broken)})
        with pytest.raises(DataError) as caught:
            validate.run(root, "aismec")
        assert "SECRET" not in str(caught.value)
        assert "SECRET" not in json.dumps(caught.value.message)


def test_a_site_s_own_ids_are_written_nowhere(root):
    samples.put(root, "aismec")
    validate.run(root, "aismec")
    written = b"".join(outputs(root).values())
    for row in samples.calls():
        assert row["call_id"].encode() not in written and row["caller_id"].encode() not in written
    records = files.read_jsonl(root / "artifacts" / "validated" / "aismec" / "records.jsonl")
    assert len({record["group"] for record in records}) == 2, "one caller stays one group"


def test_ids_that_are_not_restricted_stay_as_they_are(root):
    samples.put(root, "aismec", kind="synthetic")
    assert validate.run(root, "aismec").ids is None
    records = files.read_jsonl(root / "artifacts" / "validated" / "aismec" / "records.jsonl")
    assert records[0]["id"] == "call-0"


def test_restricted_data_are_not_validated_without_the_key(root):
    samples.put(root, "aismec")
    (root / pseudonyms.KEY_FILE).unlink()
    with pytest.raises(MissingInputError, match=r"\.harness-key is missing") as caught:
        validate.run(root, "aismec")
    assert "harness data use" in caught.value.remedy and not (root / "artifacts").exists()


def test_a_message_names_rows_of_restricted_data_by_their_place(root):
    calls = samples.calls()
    calls[2]["outcome"] = "neither"
    samples.put(root, "aismec", {"calls.jsonl": samples.to_jsonl(calls)})
    with pytest.raises(DataError, match="line 3") as caught:
        validate.run(root, "aismec")
    assert "call-2" not in str(caught.value)
