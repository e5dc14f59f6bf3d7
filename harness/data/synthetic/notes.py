"""Clinical notes: a case in one field of medicine, told in the sentences of its document type."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from harness.data.synthetic import people
from harness.data.synthetic.language import pronouns, say
from harness.data.synthetic.lexicon import BY_NAME, CLINICAL, DOMAIN_NAMES, Term
from harness.data.synthetic.note_sentences import HEADINGS, NAMED, SENTENCES

# Terms of a case come from its own field this often; the rest is what else a patient has.
IN_FIELD = 0.9
SURGICAL = ("heart", "lung", "neuro", "gut", "kidney", "bone", "tumour")
DOSES = (2, 5, 10, 20, 25, 40, 50, 75, 100, 150, 200, 250, 400, 500)
HOURS = tuple(f"{hour:02d}.{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45))


@dataclass(frozen=True)
class Case:
    """One patient's field of medicine and the slots that every sentence of the note shares."""

    domain: str
    slots: dict[str, str | Callable[[], str]]


def numbers(rng: random.Random) -> dict[str, Callable[[], str]]:
    """Slots for the values that clinical sentences carry: doses, pressures, times."""
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


def case(rng: random.Random, kind: str, standard: str, known: people.Names, day: date) -> Case:
    """A new patient for a note of `kind`."""
    domain = rng.choice(SURGICAL if kind == "operasjonsbeskrivelse" else DOMAIN_NAMES)
    sex = rng.choice(("woman", "man"))
    main = CLINICAL[domain, "disease"].draw(rng)

    def term(kind: str) -> str:
        name = domain if rng.random() < IN_FIELD else rng.choice(DOMAIN_NAMES)
        return CLINICAL[name, kind].draw(rng).said(standard)

    def disease() -> Term:
        return main if rng.random() < 0.7 else CLINICAL[domain, "disease"].draw(rng)

    slots: dict = {
        **numbers(rng),
        **pronouns(sex, standard),
        "alder": lambda: str(rng.randint(19, 91)),
        "dis": lambda: disease().said(standard),
        "dis2": lambda: CLINICAL[rng.choice(DOMAIN_NAMES), "disease"].draw(rng).said(standard),
        "lay": main.said(standard, lay=True),
        "sym": lambda: term("symptom"),
        "sym2": lambda: term("symptom"),
        "drug": lambda: term("drug"),
        "drug2": lambda: term("drug"),
        "proc": lambda: term("procedure"),
        "dev": lambda: term("device"),
        "dep": say(BY_NAME[domain].department, rng, standard, {}).lower(),
        "akutt": "akuttmottaket",
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
    slots["cue"] = lambda: say(rng.choice(BY_NAME[domain].cues), rng, standard, slots)
    # Where a sentence explains a word, both must be of the same disease.
    slots["dis_main"] = main.said(standard)
    return Case(domain, slots)


def note(rng: random.Random, kind: str, standard: str, case: Case) -> str:
    """A heading and two or three sentences about the case."""
    opening, middle, closing = SENTENCES[kind]
    sentences = [rng.choice(HEADINGS[kind]), rng.choice((*opening, "{named}")), rng.choice((*middle, *closing))]
    return " ".join(say(_pinned(sentence), rng, standard, case.slots) for sentence in sentences)


def _pinned(template: str) -> str:
    return template.replace("{dis}", "{dis_main}") if "{lay}" in template else template
