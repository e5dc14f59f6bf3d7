"""What a reader sees, and every gate that compares it: an invisible character must not hide a repeated text."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overlaps import overlap

from harness.data import corpus_files, grouping, inspecting, leakage, readers, words
from harness.data.held_out import Coverage, HeldOutIndex
from harness.export import searching
from harness.heads import HEADS
from harness.privacy import identifiers
from harness.task import Groups, Reading, Task
from harness.text.visible import folded, visible

TEXT = "Pasienten på åttifire år ble lagt inn med brystsmerter, fikk førstehjelp av naboen og ble fulgt opp siden"


def _within(text: str, sign: str) -> str:
    return " ".join(word[:2] + sign + word[2:] if len(word) > 3 else word for word in text.split())


# The same to a reader, other characters to a program.
DISGUISES = {
    "soft hyphens": _within(TEXT, "\u00ad"),
    "zero-width spaces": _within(TEXT, "\u200b"),
    "zero-width joiners": _within(TEXT, "\u200d"),
    "word joiners": _within(TEXT, "\u2060"),
    "byte-order marks": _within(TEXT, "\ufeff"),
    "direction marks": f"\u202a{_within(TEXT, chr(0x200E))}\u202c",
    "variation selectors": _within(TEXT, "\ufe0f"),
    "tag characters": _within(TEXT, "\U000e0061"),
    "control characters": _within(TEXT, "\x02"),
    "decomposed letters": unicodedata.normalize("NFD", TEXT),
    "decomposed, a joiner before the accent": unicodedata.normalize("NFD", TEXT).replace("\u030a", "\u034f\u030a"),
    "full-width letters": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in TEXT),
    "no-break spaces": TEXT.replace(" ", "\u00a0"),
    "narrow no-break spaces": TEXT.replace(" ", "\u202f"),
    "ideographic spaces": TEXT.replace(" ", "\u3000"),
    "form feeds": TEXT.replace(" ", "\x0c"),
    "Cyrillic letters": TEXT.translate(str.maketrans("aeopcyxi", "аеорсухі")),
    "a Cyrillic letter under a ring": unicodedata.normalize("NFD", TEXT).replace("a\u030a", "а\u030a"),
    "Cyrillic and Greek letters": TEXT.replace("opp", "орр").replace("o", "ο").replace("a", "а"),
    "Greek letters": TEXT.replace("o", "ο").replace("P", "Ρ"),
    "mathematical letters": TEXT.replace("a", "\U0001d5ba"),
}
disguised = pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)


@disguised
def test_disguises_are_the_same_to_a_reader(text):
    assert text != TEXT and folded(text) == folded(TEXT) and visible(text).split() == TEXT.split()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("p<0.05", "p>0.05"),
        ("p＜0.05", "p＞0.05"),
        ("10²", "102"),
        ("H₂O", "H2O"),
        ("½ tablett", "1/2 tablett"),
        ("①", "1"),
        ("ikke-kardial", "ikke kardial"),
        ("for å", "for a"),
        ("brok", "brøk"),
        ("5´", "5 "),
        ("ja!", "ja?"),
        ("TNFα", "TNFa"),
        ("µg", "mg"),
        ("каr", "kar"),
        ("сор", "cop"),
        ("он сказал сор i Oslo", "он сказал cop i Oslo"),
        ("Ο γιατρός ΤΟΝ i Oslo", "O γιατρός TON i Oslo"),
    ],
)
def test_what_looks_different_stays_different(one, other):
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("linje 1\n\tlinje 2\r\n", "linje 1\n\tlinje 2\r\n"),
        ("A\u030a\u200b", "Å"),
        ("\ufb01nt, 5 µg … №\u20092", "fint, 5 μg ... No 2"),
        ("blod\u2011prøve, ｐ＜０．０５", "blod-prøve, p<0.05"),
        ("«Å» – “’”, 10² ½ ´ €", "«Å» – “’”, 10² ½ ´ €"),
        ("\u0600\ud800.", "\u0600."),
    ],
)
def test_what_is_seen(text, seen):
    assert visible(text) == seen and visible(seen) == seen


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_seen_is_seen_again_and_never_depends_on_the_form_of_the_letters(text):
    assert visible(visible(text)) == visible(text)
    assert visible(unicodedata.normalize("NFD", text)) == visible(unicodedata.normalize("NFC", text))


# Format characters that are drawn: signs around numbers, abbreviations and hieroglyphs.
DRAWN = {*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}


def test_no_format_character_and_no_width_is_seen():
    for code in set(range(0x110000)) - DRAWN:
        character = chr(code)
        if unicodedata.category(character) == "Cf":
            assert visible(f"a{character}b") == "ab", hex(code)
        elif unicodedata.decomposition(character).startswith(("<wide>", "<narrow>", "<noBreak>")):
            assert character not in visible(f"a{character}b"), hex(code)


# Every gate


def group_of(one: dict, other: dict, groups: Groups, head: str = "sequence") -> dict[str, str]:
    records = [{"id": "a", **one}, {"id": "b", **other}]
    return grouping.components(grouping.find_links(records, groups, HEADS[head]), ["a", "b"])


@disguised
def test_a_group_holds_a_text_together_with_its_disguise(text):
    assert group_of({"text": TEXT}, {"text": text}, Groups(near_duplicate=1.0)) == {"a": "a", "b": "a"}
    by_column = Groups(link_equal=("question",), near_duplicate=1.0)
    items = ({"question": q, "options": [f"{q} {i}", "nei"]} for i, q in enumerate((TEXT, text)))
    assert group_of(*items, by_column, "choice") == {"a": "a", "b": "a"}
    patients = ({"text": t, "patient": p} for t, p in (("feber", TEXT[:9]), ("hoste", _within(TEXT[:9], "\u200b"))))
    assert group_of(*patients, Groups(column="patient", near_duplicate=1.0)) == {"a": "a", "b": "a"}


@disguised
def test_the_leakage_gate_sees_through_disguises(text):
    task = Task(
        "toy", "1", "Toy", "sequence", lambda folder: Reading([], 0), lambda: None, ("0", "1"),
        Groups(near_duplicate=0.9), ("macro_f1",), "-", "-",
    )  # fmt: skip
    records = [{"id": i, "text": t, "label": "0"} for i, t in (("a", TEXT), ("b", text), ("c", f"{text} og videre"))]
    splits = {"a": "train", "b": "test", "c": "validation"}
    shares = {"train": 0.75, "validation": 0.1, "test": 0.15}
    found = {f.check: f for f in leakage.examine(task, records, splits, {i: i for i in splits}, shares)}
    assert found["exact duplicates across splits"].ids == ("a", "b")
    assert found["near duplicates across splits"].ids == ("a", "b", "c")


@disguised
def test_no_disguise_hides_a_held_out_text_in_a_corpus(text):
    for held_out, document in ((TEXT, text), (text, TEXT)):
        index = HeldOutIndex([("task", held_out)], 8, 0.5)
        assert index.unscannable == {}
        assert overlap(index, words.words_of(words.clean(f"Innledning. {document} Slutt."))).tasks == ("task",)


def inspected(*texts: str) -> inspecting.Inspected:
    index = HeldOutIndex([("task", TEXT)], 8, 0.5)
    documents = tuple(
        {"id": str(i), "document_type": "note", "written_standard": "", "date": "", "text": text}
        for i, text in enumerate(texts)
    )
    return inspecting.Inspector(index, Coverage(index.words), 0.8)(corpus_files.given(documents))


@disguised
def test_a_disguised_document_is_a_duplicate_and_overlaps(text):
    found = inspected(TEXT, text)
    assert found.table["task"].tolist() == [1, 1] and found.exact[0] == found.exact[1]
    assert (found.signatures[0] == found.signatures[1]).all()


def test_the_corpus_keeps_its_own_characters():
    text = "Ring over\u00adlegen, 10\u00a0µg."
    assert json.loads(inspected(text).lines)["text"] == text


@pytest.mark.parametrize(
    "written", ["2212\u200b3456", "22\u00ad12\u00ad34\u00ad56", "２２１２３４５６", "22\u200212\u200234\u200256"]
)
def test_identifying_details_are_found_behind_disguises(written):
    table = inspected(f"Ring {written} i dag", "Skriv til kari\u200b@\ufeffnav.no").table
    assert table["telephone_number"].tolist() == [1, 0] and table["email_address"].tolist() == [0, 1]
    assert identifiers.KINDS == ("identity_number", "telephone_number", "email_address")


@disguised
def test_options_and_questions_repeat_each_other_in_disguise(text):
    assert readers.fold(text) == readers.fold(TEXT)


@disguised
def test_no_disguise_carries_a_text_out_in_a_bundle(text):
    task = Task(
        "toy", "1", "Toy", "sequence", lambda folder: Reading([], 0), lambda: None, ("0", "1"), Groups(),
        ("macro_f1",), "-", "-",
    )  # fmt: skip
    for record, page in ((TEXT, text), (text, TEXT)):
        assert searching.texts(searching.shingles(f"<p>{page}</p>"), [{"text": record}], task) == 1
