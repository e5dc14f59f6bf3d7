"""Sentence splitting on Norwegian clinical text, by example and by what must hold for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.objectives.common.sentences import split_sentences

EXAMPLES = {
    "plain": ("Pasienten er våken. Hun har ingen smerter.", ["Pasienten er våken.", "Hun har ingen smerter."]),
    "nynorsk": ("Ho vart innlagd i går. Såret er reint.", ["Ho vart innlagd i går.", "Såret er reint."]),
    "lines": ("Status presens\nBT 120/80\n\n  Puls 72 \n", ["Status presens", "BT 120/80", "Puls 72"]),
    "windows lines": ("Aktuelt:\r\nFalt hjemme.", ["Aktuelt:", "Falt hjemme."]),
    "abbreviation": ("Innlagt av dr. Åsheim ved med. avd. Bergen.", ["Innlagt av dr. Åsheim ved med. avd. Bergen."]),
    "abbreviation in capitals": ("Ca. 2 liter. Tlf. 55 00 00.", ["Ca. 2 liter.", "Tlf. 55 00 00."]),
    "stops inside": ("Gis bl.a. Paracet og f.eks. Ibux p.o. ved behov.",
                     ["Gis bl.a. Paracet og f.eks. Ibux p.o. ved behov."]),
    "ordinal and date": ("Født 5. Mai, innlagt 12.03.2020. Hjem 14. mars.",
                         ["Født 5. Mai, innlagt 12.03.2020. Hjem 14. mars."]),
    "digits": ("BT 120/80. Puls 72. Den 17. Mai", ["BT 120/80. Puls 72. Den 17. Mai"]),
    "list number": ("1. Hvile. 2. Kontroll", ["1. Hvile.", "2. Kontroll"]),
    "initial": ("Overlege K. Ås så henne.", ["Overlege K. Ås så henne."]),
    "decimal": ("Hb 12.5 i dag. CRP <5.", ["Hb 12.5 i dag.", "CRP <5."]),
    "question": ("Smerter? Nei! Ingen feber.", ["Smerter?", "Nei!", "Ingen feber."]),
    "quotes and brackets": ("Sa «det går bra.» Deretter hjem (i drosje.) Rolig.",
                            ["Sa «det går bra.»", "Deretter hjem (i drosje.)", "Rolig."]),
    "lower case goes on": ("Temp. målt. og så sov han.", ["Temp. målt. og så sov han."]),
    "ellipsis": ("Han ventet … Så kom legen... Da sov han.", ["Han ventet …", "Så kom legen...", "Da sov han."]),
    "no stop": ("Rolig natt", ["Rolig natt"]),
    "nothing": (" \n\t\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name):
    text, expected = EXAMPLES[name]
    assert split_sentences(text) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("aÅ1 .!?…«»()\n\r\t\u2028\x85\xa0"), max_size=60) | st.text(max_size=60))
def test_no_character_is_lost_and_no_sentence_is_empty_or_padded(text):
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
    assert [part for sentence in sentences for part in split_sentences(sentence)] == sentences
