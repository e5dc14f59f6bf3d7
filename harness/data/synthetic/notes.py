"""Generate synthetic clinical notes. A note describes a case in one field of medicine, in sentences of its document
type."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from harness.data.synthetic import people
from harness.data.synthetic.language import Slots, pronouns, read_words, say
from harness.data.synthetic.lexicon import DOMAINS, Term

# The share of a case's terms that come from its own field. A patient has other diseases, too.
IN_FIELD = 0.9
SURGICAL = tuple(domain for domain in DOMAINS if domain.surgical)
DOSES = (2, 5, 10, 20, 25, 40, 50, 75, 100, 150, 200, 250, 400, 500)
HOURS = tuple(f"{hour:02d}.{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45))


@dataclass(frozen=True)
class NoteType:
    """A document type, such as a discharge summary. It has an English name, and templates (see `language`) for
    headings, opening sentences and other sentences."""

    english: str
    headings: tuple[str, ...]
    openings: tuple[str, ...]
    sentences: tuple[str, ...]


NAMED = read_words("notes.toml")["named"]
TYPES = {name: NoteType(**given) for name, given in read_words("notes.toml")["types"].items()}


def numbers(rng: random.Random) -> dict[str, Callable[[], str]]:
    """The slots for numbers in clinical sentences, such as doses, pressures and times, by name. Each is a function that
    draws a text."""
    return {
        "mg": lambda: str(rng.choice(DOSES)),
        "bt": lambda: f"{rng.randrange(95, 190, 5)}/{rng.randrange(55, 105, 5)}",
        "puls": lambda: str(rng.randrange(48, 130, 4)),
        "temp": lambda: f"{rng.randint(36, 39)},{rng.randint(0, 9)}",
        "tid": lambda: rng.choice(HOURS),
        "small": lambda: str(rng.randint(2, 12)),
        "crp": lambda: str(rng.randrange(15, 300, 15)),
        "pct": lambda: str(rng.randrange(40, 99, 2)),
        "liter": lambda: str(rng.randint(1, 15)),
    }


def case(rng: random.Random, kind: str, standard: str, known: people.Names, day: date) -> Slots:
    """The slots that fill all sentences of one note, about a new patient in one field of medicine.

    `kind` is the document type of the note, and `standard` its written standard. `known` are the names that may occur,
    and `day` is the date of the note.
    """
    domain = rng.choice(SURGICAL if kind == "operasjonsbeskrivelse" else DOMAINS)
    sex = rng.choice(("woman", "man"))
    main = domain.terms["disease"].draw(rng)

    def term(kind: str) -> str:
        field = domain if rng.random() < IN_FIELD else rng.choice(DOMAINS)
        return field.terms[kind].draw(rng).written(standard)

    def disease() -> Term:
        return main if rng.random() < 0.7 else domain.terms["disease"].draw(rng)

    slots: dict = {
        **numbers(rng),
        **pronouns(sex, standard),
        "alder": lambda: str(rng.randint(19, 91)),
        "dis": lambda: disease().written(standard),
        "dis2": lambda: rng.choice(DOMAINS).terms["disease"].draw(rng).written(standard),
        "lay": main.written(standard, lay=True),
        "sym": lambda: term("symptom"),
        "sym2": lambda: term("symptom"),
        "drug": lambda: term("drug"),
        "drug2": lambda: term("drug"),
        "proc": lambda: term("procedure"),
        "dev": lambda: term("device"),
        "dep": say(domain.department, rng, standard, {}).lower(),
        "first": lambda: known.first(rng, sex),
        "last": lambda: rng.choice(known.surnames),
        "last2": lambda: rng.choice(known.surnames),
        "place": lambda: rng.choice(known.places),
        "unit": lambda: rng.choice(known.units),
        "house": lambda: rng.choice(known.houses),
        "named": lambda: say(rng.choice(NAMED), rng, standard, slots),
        "phone": lambda: people.phone_number(rng),
        "dato": lambda: people.written_date(rng, day),
    }
    slots["cue"] = lambda: say(rng.choice(domain.cues), rng, standard, slots)
    # In a sentence that explains a term, the term and the lay word must be of the same disease.
    slots["dis_main"] = main.written(standard)
    return slots


def note(rng: random.Random, kind: str, standard: str, case: Slots) -> str:
    """The text of a note of the document type `kind`: a heading and two sentences about a case. `case` has the slots
    that the function `case` gives."""
    of = TYPES[kind]
    sentences = [rng.choice(of.headings), rng.choice((*of.openings, "{named}")), rng.choice(of.sentences)]
    return " ".join(say(_pinned(sentence), rng, standard, case) for sentence in sentences)


def _pinned(template: str) -> str:
    return template.replace("{dis}", "{dis_main}") if "{lay}" in template else template
