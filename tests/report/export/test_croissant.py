"""The Croissant files, as mlcroissant reads them."""

import json

import fakes
import mlcroissant
import pytest

from harness.report.export import croissant
from harness.system import files


def validated(path, **options) -> mlcroissant.Dataset:
    found = mlcroissant.Dataset(jsonld=path, **options)
    # A date of publication would be a clock's.
    assert {warning.split('"')[1] for warning in found.metadata.issues.warnings} <= {"https://schema.org/datePublished"}
    return found


@pytest.mark.parametrize("task", ["aismec", "medmcqa", "medmqp", "nor_deid", "synergi"])
def test_what_is_committed_is_valid(repository, task):
    found = validated(repository / "reports" / "croissant" / f"{task}.json")
    assert found.metadata.name == task and {one.id for one in found.metadata.record_sets} == {"records", "labels"}


def plain(value, of=""):
    """A value as it was written: theirs are bytes, under the full name of their field."""
    if isinstance(value, dict):
        return {key.removeprefix(of): plain(inner, f"{key}/") for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, of) for inner in value]
    return value.decode() if isinstance(value, bytes) else value


# Its pandas takes labels of digits for numbers, and cannot join those with the list of labels.
DIGITS = pytest.param("medmqp", marks=pytest.mark.xfail(raises=mlcroissant.GenerationError, strict=True))


@pytest.mark.parametrize("task", ["nor_deid", "medmcqa", "aismec", DIGITS])
def test_records_are_those_that_were_written(tmp_path, task):
    root = fakes.build(tmp_path, (task,), ("nb_bert",))
    path = root / "artifacts" / "validated" / task / "records.jsonl"
    records = files.read_jsonl(path)
    described = croissant.metadata(fakes.TASKS[task], files.read_json(path.parent / "card.json"), "0" * 64, records)
    page = tmp_path / f"{task}.json"
    page.write_text(json.dumps(described), encoding="utf-8")
    read = validated(page, mapping={"validated": path}).records("records")
    assert [plain(row, "records/") for row in read] == records
