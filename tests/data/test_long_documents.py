"""Documents longer than usual: refused with the way to allow them, and read, to the character, where it is allowed."""

import json

import pytest

from harness.data import brat, conll, tagged, word_lists
from harness.errors import DataError

WORDS = ["Kari", *["ord"] * 60_000, "Nærbø."]
TEXT = " ".join(WORDS)


def as_conll(folder, **options):
    lines = [f"{word} {tag}" for word, tag in zip(WORDS, ["B-Name", *["O"] * 60_001], strict=True)]
    (folder / "a.conll").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return conll.conll("a.conll", labels=["Name"], unit="file", **options)


def as_brat(folder, **options):
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    (folder / "a.ann").write_text("T1\tName 0 4\tKari\n", encoding="utf-8")
    return brat.brat(labels=["Name"], **options)


def as_tags(folder, **options):
    (folder / "a.txt").write_text(TEXT.replace("Kari", "<Name>Kari</Name>"), encoding="utf-8")
    return tagged.tagged("a.txt", tagged.rules(["Name"]), **options)


def as_lists(folder, **options):
    row = {"tokens": WORDS, "ner_tags": ["B-Name", *["O"] * 60_001]}
    (folder / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return word_lists.word_lists("a.jsonl", labels=["Name"], **options)


@pytest.mark.parametrize("reader", [as_conll, as_brat, as_tags, as_lists])
def test_every_reader_of_documents_names_the_argument_that_allows_longer_ones(tmp_path, reader):
    with pytest.raises(DataError, match=r"characters \(at most 200,000\); set max_characters= in the task's reader"):
        reader(tmp_path)(tmp_path)
    (record,) = reader(tmp_path, max_characters=10_000_000)(tmp_path).records
    assert record["text"].split() == WORDS
    assert record["spans"] == [{"start": 0, "end": 4, "label": "Name"}]


def test_an_id_has_a_bound_of_its_own_and_no_argument_for_it(tmp_path):
    row = {"id": "k" * 200_001, "tokens": ["Kari"], "ner_tags": ["B-Name"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    reader = word_lists.word_lists("a.jsonl", labels=["Name"], identity="id", max_characters=10_000_000)
    with pytest.raises(DataError, match=r"more than 200,000 characters") as refused:
        reader(tmp_path)
    assert "max_characters" not in str(refused.value)
