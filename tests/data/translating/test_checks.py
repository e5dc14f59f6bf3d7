"""The checks of translations: what they must find, and what they must let pass."""

import random
import re

import pytest

from harness import heads
from harness.data import sources
from harness.data.translating import checks, fields
from harness.data.translating.dropping import EMPTY, EQUAL
from harness.data.translating.vocabulary import WORDS
from harness.plugins import registry
from harness.stages import validate

GOOD = [
    ("Take 0.5 mg twice a day", "Ta 0,5 mg to ganger om dagen"),
    ("I have two kids and walk 1,000 steps", "Jeg har to barn og går 1 000 skritt"),
    ("WBC 12,500/mm3, Hb 9.5", "Hvite 12 500/mm3, Hb 9,5"),
    ("1,234.5 g", "1 234,5 g"),
    ("3 days ago", "for tre dager siden"),
    ("Three days ago", "for 3 dager siden"),
    ("Type II diabetes", "Diabetes type 2"),
    ("at 5 pm", "kl. 17"),
    ("between 10-20 years", "mellom 10 og 20 år"),
    ("5% of 120/80 mmHg", "5 prosent av 120/80 mmHg"),
    ("500 mcg or 10 units", "500 mikrogram eller 10 IE"),
    ("5 \N{MICRO SIGN}g daily", "5 \N{MICRO SIGN}g daglig"),
    ("5 \N{MICRO SIGN}g daily", "5 \N{GREEK SMALL LETTER MU}g daglig"),
    ("5 \N{GREEK SMALL LETTER MU}g daily", "5 mikrogram daglig"),
    ("Can I take amoxicillin, hydrochlorothiazide and acetaminophen?", "Kan jeg ta amoksicillin, hydroklortiazid og "
     "paracetamol?"),
    ("ketoconazole shampoo", "ketokonazolsjampo"),
    ("All of the following are true EXCEPT", "Alle er sanne, unntatt"),
    ("Which of these is not seen?", "Hvilken av disse ser man ikkje?"),
    ("Why isn't it healing without treatment?", "Hvorfor gror det ikke uten behandling?"),
    ("Staphylococcus aureus", "Staphylococcus aureus"),
    ("Vitamin B12", "Vitamin B12"),
    ("10^6 cells", "10⁶ celler"),
    ("a temperature of -5 or (-2.5)", "en temperatur på −5 eller minus 2,5"),
    ("for 10 -20 years", "i 10–20 år"),
    ("A two-year-old and three others", "En toåring på 2 år og tre andre"),
    ("Ten of the first four", "Ti av de 4 første"),
    ("2nd degree burn, 3rd degree AV block", "andregradsforbrenning, tredjegrads AV-blokk"),
    ("oestradiol and penicillin", "østradiol og penicillinet"),
    ("A", "A"),
]  # fmt: skip
BAD = [
    ("Take 1.5 mg", "Ta 15 mg", "numbers changed"),
    ("Take 0.5 mg", "Ta 0,05 mg", "numbers changed"),
    ("3 days ago", "for 4 dager siden", "numbers changed"),
    ("1,000 steps", "100 skritt", "numbers changed"),
    ("for 12 weeks", "i mange uker", "numbers changed"),
    ("a knee", "et 3-kne", "numbers changed"),
    ("I took 2 tablets", "Jeg tok en tablett", "numbers changed"),
    ("1,000 ml", "1,0 ml", "numbers changed"),
    ("1.125 mg", "1125 mg", "numbers changed"),
    ("A two-year-old boy", "En tre år gammel gutt", "numbers changed"),
    ("four of them", "fem av dem", "numbers changed"),
    ("a base excess of -5", "et baseoverskudd på 5", "numbers changed"),
    ("a base excess of 5", "et baseoverskudd på −5", "numbers changed"),
    ("500 mg", "500 g", "unit lost"),
    ("5 \N{MICRO SIGN}g", "5 mg", "unit lost"),
    ("10% of all", "10 av alle", "unit lost"),
    ("Can I take amoxicillin?", "Kan jeg ta medisinen?", "drug name lost"),
    ("Can I take amoxicillin?", "Kan jeg ta ampicillin?", "drug name lost"),
    ("azithromycin", "erytromycin", "drug name lost"),
    ("prednisolone daily", "prednison daglig", "drug name lost"),
    ("prednisone daily", "prednisolon daglig", "drug name lost"),
    ("Is Advil safe?", "Er det trygt?", "drug name lost"),
    ("All are true EXCEPT", "Alle er sanne", "negation lost"),
    ("Which is not a sign?", "Hva er et tegn?", "negation lost"),
    ("Why can’t I sleep?", "Hvorfor kan jeg sove?", "negation lost"),
    ("What is the cause of this pain in my knee?", "What is the cause of this pain in my knee?", "left in English"),
    ("What is the cause of this pain?", "Hva er the cause of smerten?", "left in English"),
    ("What is the cause of this pain that I have had for so long in my knee?", "Hva?", "length"),
    ("Why?", "Hvorfor er det slik at jeg alltid har så vondt i kneet mitt om natten", "length"),
]


@pytest.mark.parametrize(("source", "said"), GOOD)
def test_what_norwegian_writes_otherwise_passes(source, said):
    assert checks.item({"text": source}, {"text": said}) == []


@pytest.mark.parametrize(("source", "said", "reason"), BAD)
def test_what_was_lost_is_found_by_its_reason(source, said, reason):
    assert reason in [one.reason for one in checks.item({"text": source}, {"text": said})]


def test_an_item_that_cannot_be_asked_has_one_reason():
    source = {"question": "Which is not one?", "options.A": "Red", "options.B": "Crimson"}
    (one,) = checks.item(source, {"question": "", "options.A": "Rød", "options.B": "Rød"})
    assert (one.reason, one.field) == (EMPTY, "question")
    (one,) = checks.item(source, {"question": "Hva er ikke en?", "options.A": "Rød", "options.B": "rød "})
    assert one.reason == EQUAL
    assert checks.item(source, {"question": "Hva er ikke en?", "options.A": "Rød", "options.B": "Blodrød"}) == []


def by_rule(text: str) -> str:
    """A text with its numbers, units, medicines and negations as Norwegian has them, its other words as they are."""
    words = ("", "", "to", "tre", "fire", "fem", "seks", "sju", "åtte", "ni")
    text = re.sub(r"(?<![\d,.])(\d{1,3}),(\d{3})(?![\d,])", "\\1\u00a0\\2", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", ",", text)
    norwegian = {value: spelled for value, spelled, *_ in WORDS["numbers"]["norwegian"]}
    for value, *spelled in WORDS["numbers"]["english"][2:]:
        text = re.sub(rf"\b(?:{'|'.join(spelled)})\b", norwegian[value], text, flags=re.I)
    text = re.sub(r"(?<![\w.,/-])([2-9])(?= [a-z])", lambda found: words[int(found[1])], text)
    text = re.sub(r"(?<=\d)%", " prosent", text)
    verbs = "do|does|is|are|was|were|did|wo|have|has|had|could|should|would|ca"
    negated = f"not|cannot|except|never|without|none|neither|nor|excluding|(?:{verbs})n?[’']?t"
    text = re.sub(rf"\b(?:{negated})\b", "ikke", text, flags=re.I)
    return re.sub(r"azole\b", "azol", re.sub(r"ine\b", "in", text)).replace("ph", "f").replace("th", "t")


@pytest.fixture(scope="module")
def real(repository, mirror, tmp_path_factory):
    """The fields of every item of both English sets, as they are published."""
    root = tmp_path_factory.mktemp("real")
    found = []
    for name in ("medmqp", "medmcqa"):
        task = registry.get(repository, name)
        (folder,) = sources.fetch(root, [task], mirror)
        records, *_ = validate.check(task, folder, root)
        found += [dict(fields.of(record, heads.of(task).texts, task.labels)) for record in records]
    return found


def test_few_of_the_real_items_raise_a_false_alarm(real):
    """Of a text whose words stayed English all is kept that is looked for, but for the language."""
    alarms = [
        (one.reason, one.about, source[one.field])
        for source in real
        for one in checks.item(source, {name: by_rule(text) for name, text in source.items()})
        if one.reason != "left in English"
    ]
    assert len(alarms) <= len(real) / 1000, alarms[:10]


def test_a_changed_digit_of_the_real_items_is_found(real):
    draw, found = random.Random(0), []
    for source in real:
        said = {name: by_rule(text) for name, text in source.items()}
        name = draw.choice(sorted(said))
        if digits := [match.start() for match in re.finditer(r"\d", said[name])]:
            at = draw.choice(digits)
            other = draw.choice([digit for digit in "123456789" if digit != said[name][at]])
            changed = said | {name: said[name][:at] + other + said[name][at + 1 :]}
            found.append(bool({"numbers changed", EQUAL} & {one.reason for one in checks.item(source, changed)}))
    assert len(found) > 500 and sum(found) / len(found) > 0.98
