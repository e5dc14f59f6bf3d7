"""The linear tagger: words, shapes, and spans of documents it has not seen."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from harness.heads.linear.tagging import Tagger, encoding, shape, words

NAMES = ["Kari", "Ola", "Ingrid", "Per", "Liv", "Nils", "Åse", "Tor"]


def document(name: str, age: int) -> dict:
    text = f"Pasienten {name} Hansen, {age} år, ble innlagt."
    at, number = text.index(name), text.index(str(age))
    spans = [(at, at + len(name) + len(" Hansen"), "Name"), (number, number + len(str(age)), "Age")]
    return {"text": text, "spans": [{"start": a, "end": b, "label": label} for a, b, label in spans]}


def test_entities_of_unseen_documents_are_found_as_spans():
    training = [document(name, 31 + 7 * i) for i, name in enumerate(NAMES)]
    new = [document("Sigurd", 58), {"text": "Ingen funn.", "spans": []}]
    found = Tagger(("Name", "Age"), 1e-6).fit(encoding(training), training).answers(encoding(new), new)
    gold = [[s["start"], s["end"], s["label"]] for s in new[0]["spans"]]
    assert found[0] == {"prediction": gold, "length": len(new[0]["text"])}
    assert found[1] == {"prediction": [], "length": 11}


def test_without_a_single_entity_nothing_is_found():
    training = [{"text": "Ingen funn.", "spans": []}]
    found = Tagger(("Name",), 1e-6).fit(encoding(training), training).answers(encoding(training), training)
    assert found == [{"prediction": [], "length": 11}]


def test_shapes_say_what_kind_of_word_it_is():
    assert [shape(word) for word in ("Hansen", "17", "01018012345", "NAV", "æ", "x2")] == [
        "Aaa", "00", "00", "AA", "a", "a0",
    ]  # fmt: skip


@given(st.text(max_size=60))
@example("\u0e33")
def test_words_cover_every_visible_character_once_and_in_order(text):
    found = words(text)
    covered = [i for start, end in found for i in range(start, end)]
    assert covered == sorted(set(covered))
    # What NFKC makes a mark of belongs to the letter before it, as marks do.
    read = [unicodedata.normalize("NFKC", c)[0] for c in text]
    shown = {
        i
        for i, c in enumerate(text)
        if not c.isspace() and {unicodedata.category(c)[0], unicodedata.category(read[i])[0]}.isdisjoint("CM")
    }
    assert shown <= set(covered) <= {i for i, c in enumerate(text) if not c.isspace()}
    assert all(start < end for start, end in found)
