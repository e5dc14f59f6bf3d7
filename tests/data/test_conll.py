"""CoNLL columns: schemes, separators, documents, and errors with file and line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data import conll
from harness.errors import DataError

LABELS = ("Name", "Place")


def read(folder, content, **options):
    (folder / "a.conll").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return conll.conll("*.conll", labels=LABELS, **{"unit": "file", **options})(folder)


def entities(reading):
    return [[(r["text"][s["start"] : s["end"]], s["label"]) for s in r["spans"]] for r in reading.records]


IOB2 = "Kari\tB-Name\nLi\tI-Name\nOla\tB-Name\nbor\tO\ni\tO\nOs\tB-Place\n"
IOB1 = "Kari\tI-Name\nLi\tI-Name\nOla\tB-Name\nbor\tO\ni\tO\nOs\tI-Place\n"
IOBES = "Kari\tB-Name\nLi\tE-Name\nOla\tS-Name\nbor\tO\ni\tO\nOs\tS-Place\n"
BILOU = IOBES.replace("E-", "L-").replace("S-", "U-")


@pytest.mark.parametrize("content", [IOB2, IOB1, IOBES, BILOU], ids=["iob2", "iob1", "iobes", "bilou"])
def test_every_scheme_gives_the_same_spans(tmp_path, content):
    reading = read(tmp_path, content)
    assert reading.records[0]["text"] == "Kari Li Ola bor i Os"
    assert entities(reading) == [[("Kari Li", "Name"), ("Ola", "Name"), ("Os", "Place")]]


def test_a_mark_of_byte_order_spaces_and_windows_lines_change_nothing(tmp_path):
    plain = read(tmp_path, IOB2).records
    odd = read(tmp_path, b"\xef\xbb\xbf" + IOB2.replace("\t", "  NN ").replace("\n", "\r\n").encode())
    assert odd.records == plain and odd.repaired == {"byte-order mark": 1}


@pytest.mark.parametrize(("before", "after"), [("B", "I"), ("B", "E")])
def test_an_entity_goes_on_over_a_sentence_break(tmp_path, before, after):
    content = f"Kari O\nElvebakken {before}-Place\n\nlegesenter {after}-Place\nringte O\n"
    reading = read(tmp_path, content)
    assert entities(reading) == [[("Elvebakken\nlegesenter", "Place")]]
    assert reading.repaired == {"sentence break inside an entity": 1}


def test_in_iob1_a_sentence_break_ends_an_entity(tmp_path):
    assert entities(read(tmp_path, "Os I-Place\n\nBergen I-Place\n")) == [[("Os", "Place"), ("Bergen", "Place")]]


def test_documents_begin_where_the_file_says_so(tmp_path):
    content = "# newdoc id = note 7\n# sent_id = 1\nKari B-Name\n\n# newdoc\nOs B-Place\n-DOCSTART- O\n\nHei O\n"
    reading = read(tmp_path, content, unit="document")
    assert [r["id"] for r in reading.records] == ["note 7", "a-1", "a-2"]
    assert [r["text"] for r in reading.records] == ["Kari", "Os", "Hei"]
    assert reading.where == {"note 7": "a.conll line 3", "a-1": "a.conll line 6", "a-2": "a.conll line 9"}


def test_sentences_of_a_document_are_one_group_and_never_cut_an_entity(tmp_path):
    content = "-DOCSTART- O\nHei O\n\nElvebakken B-Place\n\nlegesenter I-Place\n-DOCSTART- O\nOla B-Name\n"
    records = read(tmp_path, content, unit="sentence").records
    assert [r["text"] for r in records] == ["Hei", "Elvebakken\nlegesenter", "Ola"]
    assert [r["id"] for r in records] == ["a-0", "a-1", "a-2"]
    assert [r["group"] for r in records] == ["a-0", "a-0", "a-1"]
    assert read(tmp_path, "Hei O\n\nDu O\n", unit="sentence").records[1]["group"] == "a-1"


def test_parts_come_from_the_file(tmp_path):
    (tmp_path / "test.conll").write_text("Os B-Place\n", encoding="utf-8")
    (tmp_path / "train.conll").write_text("Os B-Place\n", encoding="utf-8")
    reader = conll.conll({"train*": "pool", "test*": "holdout"}, labels=LABELS, unit="file")
    assert {r["id"]: r["part"] for r in reader(tmp_path).records} == {"train": "pool", "test": "holdout"}


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("Kari B-Name\nOs\n", {}, "no column .* a.conll line 2"),
        ("Kari B-Name\nOs Place\n", {}, "no tag .* a.conll line 2"),
        ("Kari B-Name\nOs I-Place\nx B-Name\n", {"scheme": "iob2"}, "I- that continues nothing .* a.conll line 2"),
        ("Kari B-Name\nbor O\nOs S-Place\n", {}, "an entity without its end .* a.conll line 1"),
        ("Os S-Place\nKari E-Name\n", {}, "E- that continues nothing .* a.conll line 2"),
        ("Kari B-Nmae\n", {}, "label not declared .* a.conll line 1"),
        ("Kari B-Name\n", {"unit": "document"}, "no line begins a document"),
        ("Kari B-Name\n", {"tag": 4}, "no column .* a.conll line 1"),
        (b"Kari B-Name\n\xff O\n", {}, "a.conll, line 2: not UTF-8"),
        ("\n", {}, "a.conll is empty"),
    ],
)
def test_errors_name_file_and_line_and_quote_nothing(tmp_path, content, options, said):
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, content, **options)
    assert "Kari" not in str(caught.value) and "Nmae" not in str(caught.value)


def test_all_faults_at_once_and_ignored_labels_are_none(tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, "Kari\nOs B-Age\n\nLi B-Role\n")
    assert all(f"line {n}" in str(caught.value) for n in (1, 2, 4))
    assert entities(read(tmp_path, "Os B-Age\nLi B-Name\n", ignore=("Age",))) == [[("Li", "Name")]]


def test_a_pattern_that_matches_nothing(tmp_path):
    with pytest.raises(DataError, match=r"\*\.conll is missing"):
        conll.conll("*.conll", labels=LABELS)(tmp_path)


TOKENS = st.lists(st.tuples(st.sampled_from(["a", "bø", "c."]), st.sampled_from(["", *LABELS]), st.integers(1, 3)))


def written(pieces, scheme: str) -> str:
    """Pieces (word, label, length) as lines; without a label a piece is that many tokens outside."""
    lines, before = [], ""
    for word, label, length in pieces:
        for i in range(length):
            if not label:
                place = "O"
            elif scheme == "iobes":
                place = "S" if length == 1 else "B" if i == 0 else "E" if i == length - 1 else "I"
            elif scheme == "iob2":
                place = "B" if i == 0 else "I"
            else:
                place = "B" if i == 0 and before == label else "I"
            lines.append(f"{word} {place}-{label}" if label else f"{word} O")
            before = label
    return "\n".join(lines) + "\n"


@given(TOKENS.filter(bool), st.sampled_from(["iob1", "iob2", "iobes"]))
def test_what_is_written_in_any_scheme_is_read_again(tmp_path_factory, pieces, scheme):
    reading = read(tmp_path_factory.mktemp("conll"), written(pieces, scheme), scheme=scheme)
    assert entities(reading) == [[(" ".join([w] * n), label) for w, label, n in pieces if label]]
