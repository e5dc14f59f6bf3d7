"""CoNLL columns: schemes, separators, documents, and errors with file and line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data import conll
from harness.errors import DataError

LABELS = ("Name", "Place")
CASES = Path(__file__).parent / "cases"


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


def test_what_holds_no_token_is_dropped_and_counted(tmp_path):
    """One empty note among many refuses no set, and leaves it with a word."""
    (tmp_path / "b.conll").write_text("# exported by a program\n\n", encoding="utf-8")
    marked = f"# newdoc id = a\n{IOB2}\n# newdoc id = b\n\n# newdoc id = c\n{IOB2}"
    reading = read(tmp_path, marked, unit="document")
    assert [record["id"] for record in reading.records] == ["a", "c"]
    assert reading.dropped == {"empty document": 1, "empty file": 1} and reading.rows_in == 4


@pytest.mark.parametrize("content", [IOB2, IOBES])
def test_lines_that_end_in_a_carriage_return_alone_are_lines(tmp_path, content):
    reading = read(tmp_path, content.replace("\n", "\r"))
    assert reading.records == read(tmp_path, content).records
    assert reading.repaired == {"lines that end in \\r alone": 6}


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
        ("Kari B-Name\nOs\n", {}, "1 column instead of 2 .* a.conll line 2"),
        ("Kari B-Name\nOs Place\n", {}, "no tag .* a.conll line 2"),
        ("Kari B-Name\nOs I-Place\nx B-Name\n", {"scheme": "iob2"}, "I- tag that continues no entity.* a.conll line 2"),
        ("Kari B-Name\nbor O\nOs S-Place\n", {}, "an entity without its end .* a.conll line 1"),
        ("Os S-Place\nKari E-Name\n", {}, "E- tag that continues no entity.* a.conll line 2"),
        ("Kari B-Nmae\n", {}, "label not declared .* a.conll line 1"),
        ("Kari B-Name\n", {"unit": "document"}, "no line starts a document"),
        ("Kari,B-Name\n", {}, "only one column, so there is no tag: .* a.conll line 1"),
        ("Kari B-Name\n", {"tag": 4}, "the reader needs number .* a.conll line 1"),
        (b"Kari B-Name\n\xff O\n", {}, "not UTF-8 .* a.conll line 2"),
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


def case(name, **options):
    return conll.conll(name, labels=("NAVN", "PER", "DATE"), **options)(CASES)


def test_a_comment_is_no_token_and_moves_no_scheme():
    reading = case("comments_that_look_like_tags.conll")
    assert [r["id"] for r in reading.records] == ["d1", "d2"]
    assert entities(reading) == [[("Kari Moen", "NAVN")], []]
    assert reading.records[1]["text"] == "B-12 ble målt , blodtype O #hjem"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("# text = Kari\tS-Name", "Os"),
        ("#sent_id=3", "Os"),
        ("# newpar", "Os"),
        ("#", "Os"),
        ("# B-12", "Os"),
        ("# text = blodtype O", "Os"),
        ("# a comment of some words", "Os"),
        ("#\tO", "# Os"),
        ("# O", "# Os"),
        ("#os\tB-Place", "#os Os"),
    ],
)
def test_what_a_comment_is(tmp_path, line, text):
    assert read(tmp_path, f"{line}\nOs\tB-Place\n").records[0]["text"] == text


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("#covid\tB_DATE\nOs\tB-Place\n", {}, "no tag .* a.conll line 1"),
        ("# NN O\nOs NP B-Place\n", {}, 'a comment or a token: write comments="hash".* a.conll line 1'),
        ("#hjem\nOs\tB-Place\n", {}, "1 column instead of 2 .* a.conll line 1"),
        ("# x\tO\nOs\tB-Place\n", {"comments": "none"}, None),
        ("#hjem\tO\nOs\tB-Place\n", {"comments": "hash"}, None),
    ],
)
def test_a_line_with_a_hash_is_never_dropped_without_a_word(tmp_path, content, options, said):
    if said is None:
        kept = {"none": "# x Os", "hash": "Os"}[options["comments"]]
        assert read(tmp_path, content, **options).records[0]["text"] == kept
    else:
        with pytest.raises(DataError, match=said):
            read(tmp_path, content, **options)


def test_columns_are_split_at_blanks_and_tabs_only():
    with pytest.raises(DataError, match=r"3 columns instead of 2 +- +1 +spaces_inside_tokens.conll line 4"):
        case("spaces_inside_tokens.conll", unit="file")


@pytest.mark.parametrize("inside", ["\u00a0", "\u2003", "\u202f", "\u3000"])
def test_other_white_space_is_part_of_a_token(tmp_path, inside):
    reading = read(tmp_path, f"12.{inside}mai B-Name\n2020 I-Name\n")
    assert entities(reading) == [[(f"12.{inside}mai 2020", "Name")]]


def test_a_lonely_tag_begins_an_entity_where_that_is_declared(tmp_path):
    content = "Os B-Place\nKari I-Name\nLi I-Name\nbor O\n\nOla I-Name\nLi B-Name\nLi B-Name\n"
    with pytest.raises(DataError, match=r'I- tag that continues no entity.*lonely="begin".* 3 +a.conll line 2, '):
        read(tmp_path, content)
    reading = read(tmp_path, content, lonely="begin")
    names = [("Kari Li", "Name"), ("Ola", "Name"), ("Li", "Name"), ("Li", "Name")]
    assert entities(reading) == [[("Os", "Place"), *names]]
    assert reading.repaired == {"an entity without its beginning": 2}


def test_bare_labels_are_read_where_that_is_declared(tmp_path):
    content = "Kari Name\nLi Name\nbor O\ni O\nOs Place\n\nOs Place\n"
    with pytest.raises(DataError, match=r'no tag .*scheme="bare"'):
        read(tmp_path, content)
    assert entities(read(tmp_path, content, scheme="bare")) == [[("Kari Li", "Name"), ("Os", "Place"), ("Os", "Place")]]


def test_a_file_of_windows_is_read_where_that_is_declared(tmp_path):
    content = "Bjørn B-Name\n".encode("windows-1252")
    with pytest.raises(DataError, match=r'not UTF-8 .*encoding="windows-1252".* a.conll line 1'):
        read(tmp_path, content)
    assert entities(read(tmp_path, content, encoding="windows-1252")) == [[("Bjørn", "Name")]]
    with pytest.raises(DataError, match="not WINDOWS-1252"):
        read(tmp_path, b"Bj\x81rn B-Name\n", encoding="windows-1252")
