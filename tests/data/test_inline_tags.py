"""Inline tags: every defect of the published originals, a slow reference, a round trip, and mangled text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import inline_tags
from harness.data.inline_tags import Unclear, parse
from harness.plugins import registry

NAME = r"[A-ZÆØÅ][^\W\d]*(?:[ /-][A-ZÆØÅ][^\W\d]*)*"
RULES = inline_tags.Rules(
    labels=("Date", "First_Name", "Last_Name", "Age", "Location", "Health_Care_Unit"),
    shapes={
        "Date": r"(?i)(?=.*\d)(?:[\d\s.,/-]|januar|mars|mai|oktober)+",
        "First_Name": NAME,
        "Last_Name": NAME,
        "Age": r"\d{1,3}",
        "Location": NAME,
        "Health_Care_Unit": r"[A-ZÆØÅ][^\n]{2,100}",
    },
    aliases={
        "Firt_Name": "First_Name",
        "Alder": "Age",
        "Dato": "Date",
        "Patient_Age": "Age",
        "Hospital": "Health_Care_Unit",
    },
    markup=("Title", "Year"),
    absorbs={"Date": ("Age",)},
    connectives=("den", "på", "i"),
    escaped=True,
)
RESIDUE = re.compile(r"<\s*/?\s*[^\W\d]|<>|&lt;|&gt;|[⟨⟩]")


def reference(tagged: str) -> tuple[str, tuple]:
    """The obvious parser of well-formed, flat tags.

    Shares no code with the reader, and reads what has one reading only. What is broken has none: there the
    evidence is the counts of the published Nor-DeID.
    """
    text, spans, rest = "", [], tagged
    while True:
        found = [(rest.find(f"<{label}>"), label) for label in RULES.labels if f"<{label}>" in rest]
        if not found:
            return text + rest, tuple(spans)
        at, label = min(found)
        inside, after = rest[at + len(label) + 2 :].split(f"</{label}>", 1)
        spans.append((len(text) + at, len(text) + at + len(inside), label))
        text, rest = text + rest[:at] + inside, after


def render(text: str, spans) -> str:
    out, at = "", 0
    for start, end, label in spans:
        out += f"{text[at:start]}<{label}>{text[start:end]}</{label}>"
        at = end
    return out + text[at:]


def marked(tagged: str) -> list[tuple[str, str]]:
    parsed = parse(tagged, RULES)
    return [(label, parsed.text[start:end]) for start, end, label in parsed.spans]


@pytest.mark.parametrize(
    ("tagged", "text", "spans"),
    [
        ("Alder: <Age>61</ Age> år", "Alder: 61 år", [("Age", "61")]),
        (
            "<Firt_Name>Ola</First_Name> <Last_Name>Nordmann</LastName>.",
            "Ola Nordmann.",
            [("First_Name", "Ola"), ("Last_Name", "Nordmann")],
        ),
        ("ved <health_Care_Unit>Klinikk A</health_Care_Unit>.", "ved Klinikk A.", [("Health_Care_Unit", "Klinikk A")]),
        ("ved <[Health_Care_Unit>Klinikk A</Health_Care_Unit>.", "ved Klinikk A.", [("Health_Care_Unit", "Klinikk A")]),
        ("<Dato>5. mai 2017</Date>, inn", "5. mai 2017, inn", [("Date", "5. mai 2017")]),
        ("ut den <Date__></Date__> da", "ut den  da", []),
        ("<Alder>: <Age>30</Age> år", "Alder: 30 år", [("Age", "30")]),
        ("<Alder>30</Alder> år", "30 år", [("Age", "30")]),
        ("&lt;Age&gt;30&lt;/Age&gt; år", "30 år", [("Age", "30")]),
        ("&amp;lt;Age&amp;gt;30&amp;lt;/Age&amp;gt; år", "30 år", [("Age", "30")]),
        ("Navn: <<First_Name>Ola</First_Name>> ja", "Navn: Ola ja", [("First_Name", "Ola")]),
        ("Alder: <<Age>44</Age>⟩ år", "Alder: 44 år", [("Age", "44")]),
        ("Navn: <Last_Name>Moe</Last_Name⟩.", "Navn: Moe.", [("Last_Name", "Moe")]),
        ("Født: <Date><Location>Moen</Location</Date> den", "Født: Moen den", [("Location", "Moen")]),
        (
            "Født: <Date><Location>Moen</Location>, 6. mai 1962</Date>",
            "Født: Moen, 6. mai 1962",
            [("Location", "Moen"), ("Date", "6. mai 1962")],
        ),
        (
            "<Date><Location>Moen</Location> den <Date>6. mai 1962</Date></Date>",
            "Moen den 6. mai 1962",
            [("Location", "Moen"), ("Date", "6. mai 1962")],
        ),
        ("Født: <Location><Date>6. mai 1962</Date></Location> i", "Født: 6. mai 1962 i", [("Date", "6. mai 1962")]),
        ("Født: <Date><Location>6. mai 1962</Location></Date> i", "Født: 6. mai 1962 i", [("Date", "6. mai 1962")]),
        (
            "Født: <Location><Date>6. mai 1962</Date> i Moen</Location>",
            "Født: 6. mai 1962 i Moen",
            [("Date", "6. mai 1962"), ("Location", "Moen")],
        ),
        ("<Date>01.02.<Age>1990</Age></Date>", "01.02.1990", [("Date", "01.02.1990")]),
        ("<Date>5. mai <Year>1990</Year></Date>", "5. mai 1990", [("Date", "5. mai 1990")]),
        (
            "<Date><Location>Moen</Location>, <Date>6. mai 1962</Date>\nmer",
            "Moen, 6. mai 1962\nmer",
            [("Location", "Moen"), ("Date", "6. mai 1962")],
        ),
        (
            "Pasient: <First_Name> Ola <Last_Name> Moe\nAlder: <Age> 17 </Age>",
            "Pasient:  Ola  Moe\nAlder:  17",
            [("First_Name", "Ola"), ("Last_Name", "Moe"), ("Age", "17")],
        ),
        ("Takk.\n</Health_Care_Unit>+018", "Takk.\n+018", []),
        ("<Utskrivningsnotat>\nHei <Age>3</Age>\n\n</Utskrivningsnotat>", "Hei 3", [("Age", "3")]),
        ("<h2>Puls</h2>\n<b>Ro</b><br/>\n<label for='x'>A</label> x <>", "Puls\nRo\nA x", []),
        (
            "p < 0.05, BT <90, alder >= 18, a < b og <Age>5</Age>",
            "p < 0.05, BT <90, alder >= 18, a  b og 5",
            [("Age", "5")],
        ),
        ("<Patienten er <Age>5</Age> år", "Patienten er 5 år", [("Age", "5")]),
        ("\n\n Hei\u00a0<Age> 5\u00a0</Age> ", "Hei  5", [("Age", "5")]),
    ],
)
def test_repairs_what_has_one_reading(tagged, text, spans):
    assert parse(tagged, RULES).text == text
    assert marked(tagged) == spans


@pytest.mark.parametrize(
    ("tagged", "reason"),
    [
        ("<Patient>Ola Moe</Patient> kom", "unknown tag"),
        ("<Ola> <Last_Name>Moe</Last_Name> kom", "unknown tag"),
        ("<Patient_Age>Ola Moe</Patient_Age> kom", "the words in a tag with an alias do not match"),
        ("<Date>6. mai</Location> kom", "close without an open"),
        ("Dato:22. mai 2016</Date> kom", "close without an open"),
        ("Hei <Age>han kom i går", "unclosed tag"),
        ("<Date><Location>6. mai 1950 i Moen</Location></Date>", "two labels on the same words"),
        ("<Date><Location>Moen</Location> (Byen) den 6. mai</Date>", "nested tags, unclear rest"),
        ("<Date>6.\n\nmai\n</Date>", "tag over too much text"),
        ("<Age>" * 60, "tags nested too deep"),
    ],
)
def test_refuses_what_has_several_readings(tagged, reason):
    with pytest.raises(Unclear, match=re.escape(reason)):
        parse(tagged, RULES)


def test_names_its_repairs():
    assert parse("<Age>5</Age> <Date>6. mai</Date>", RULES).repairs == frozenset()
    assert parse("<h2>A</h2> <Alder>5</Alder> >", RULES).repairs == {
        "section or formatting tag",
        "label variant",
        "stray bracket",
    }


WORD = st.text(st.sampled_from("abcæøåABÆ0159.,:-%+'?é"), min_size=1, max_size=6)
PIECE = st.tuples(WORD, st.sampled_from([*RULES.labels, None, None]), st.sampled_from([" ", "\n", "\n\n", "", " "]))


@given(st.lists(PIECE, max_size=12))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_rendered_spans_come_back(pieces):
    text, spans = "", []
    for word, label, gap in pieces:
        if label:
            spans.append((len(text), len(text) + len(word), label))
        text += word + gap
    text = text.rstrip()
    tagged = render(text, spans)
    assert reference(tagged) == (text, tuple(spans))
    parsed = parse(tagged, RULES)
    assert (parsed.text, parsed.spans) == (text, tuple(spans))
    assert parsed.repairs == frozenset()


# fmt: off
FRAGMENT = st.sampled_from([
    "<", ">", "</", "/>", " ", "\n", ":", "=", "5", "Moen", "6. mai 1950", "den", "<Date>", "</Date>", "<Age>",
    "</Age>", "<Location>", "</Location>", "<Alder>", "<Ola>", "<br>", "&lt;", "&gt;", "&amp;", "⟩", "Date", "Age>",
    "lt;", "<h2",
])
# fmt: on


@given(st.lists(FRAGMENT, max_size=25).map("".join))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_mangled_text_is_parsed_cleanly_or_refused(tagged):
    try:
        parsed = parse(tagged, RULES)
    except Unclear:
        return
    assert not RESIDUE.search(parsed.text)
    assert parsed.text == parsed.text.strip()
    end = 0
    for start, stop, label in parsed.spans:
        assert end <= start < stop <= len(parsed.text)
        assert label in RULES.labels
        assert parsed.text[start:stop] == parsed.text[start:stop].strip()
        end = stop
    # Clean text is its own parse.
    again = parse(parsed.text, RULES)
    assert (again.text, again.spans) == (parsed.text, ())


def test_long_text_is_parsed_in_linear_time():
    assert len(parse("<Age>5</Age> år, den " * 9_000, RULES).spans) == 9_000
    parse("den " * 50_000, RULES)


def test_the_named_documents_of_the_original(repository, mirror):
    task = registry.get(repository, "nor_deid")
    records = {record["id"]: record for record in task.reader(mirror / "nor_deid").records}

    def of(name, label):
        record = records[name]
        return [record["text"][s["start"] : s["end"]] for s in record["spans"] if s["label"] == label]

    assert of("training-511", "Location")[0] == "Fister"
    assert of("training-10", "Age") == ["30"] and "Alder: 30 år" in records["training-10"]["text"]
    assert of("training-638", "First_Name")[0] == "Edin" and of("training-638", "Last_Name")[0] == "Ekroll"
    assert of("training-133", "First_Name")[0] == "Holger"
    assert not {"training-21", "training-581", "training-588", "training-737"} & set(records)
    assert not [name for name, record in records.items() if re.search(r"[<>⟨⟩]|&\w+;", record["text"])]


PLAIN = inline_tags.Rules(labels=("Name", "Date"), shapes={})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<Name title="a>b">Kari</Name> bor', "attribute contains a bracket"),
        ("<Name title='a>b'>Kari</Name> bor", "attribute contains a bracket"),
        ("<!-- <Name>Kari</Name> --> bor", "XML comment or CDATA section"),
        ("Hei <Name><!-- x -->Kari</Name> bor", "XML comment or CDATA section"),
        ("<![CDATA[<Name>Kari</Name>]]> bor", "XML comment or CDATA section"),
        ("&#x3C;Name&#x3E;Kari&#x3C;/Name&#x3E; bor", "escaped tag"),
        ("&LT;Name&GT;Kari&LT;/Name&GT; bor", "escaped tag"),
    ],
)
def test_what_xml_has_beside_tags_is_unclear(text, why):
    with pytest.raises(Unclear, match=why):
        parse(text, PLAIN)


@pytest.mark.parametrize(
    ("written", "read"),
    [("Bj&oslash;rn", "Bjørn"), ("Bj&#248;rn", "Bjørn"), ("Bj&#xF8;rn", "Bjørn"), ("Kari &amp; Ola", "Kari & Ola"),
     ("R&D; A&notit;", "R&D; A&notit;")],
)  # fmt: skip
def test_every_escape_is_the_character_that_it_stands_for(written, read):
    parsed = parse(f"Her bor <Name>{written}</Name>.", PLAIN)
    assert parsed.text == f"Her bor {read}." and parsed.spans == ((8, 8 + len(read), "Name"),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"shapes": {"Nmae": "x"}}, "shapes= is about 'Nmae', which is not one of the labels"),
        ({"aliases": {"Navn": "Nmae"}}, "aliases= is about 'Nmae'"),
        ({"absorbs": {"Dtae": ("Name",)}}, "absorbs= is about 'Dtae'"),
        ({"shapes": {"Name": "("}}, "shapes= of 'Name' is not a regular expression"),
    ],
)
def test_a_rule_about_no_label_is_refused_where_it_is_declared(rule, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        inline_tags.Rules(labels=("Name", "Date"), **{"shapes": {}, **rule})
