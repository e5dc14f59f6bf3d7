"""Clinical notes: a case in one field of medicine, told in the sentences of its document type."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from harness.data.synthetic import people
from harness.data.synthetic.language import say
from harness.data.synthetic.lexicon import BY_NAME, CLINICAL, DOMAIN_NAMES, MIMICS, STROKE, Term
from harness.data.synthetic.note_sentences import HEADINGS, NAMED, SENTENCES, TOLD

# Terms of a case come from its own field this often; the rest is what else a patient has.
IN_FIELD = 0.9
SIGNS = {
    "neuro": (STROKE, STROKE, STROKE, MIMICS["seizure"], MIMICS["migraine"]),
    "hormone": (MIMICS["low_sugar"],),
    "mind": (MIMICS["intoxication"],),
    "heart": (MIMICS["dizzy_or_chest"],),
}
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


def pronouns(rng: random.Random, sex: str, standard: str) -> dict[str, str]:
    if sex == "woman":
        he, him, his = ("ho", "henne", "hennar") if standard == "nynorsk" else ("hun", "henne", "hennes")
    else:
        he, him, his = "han", "han" if standard == "nynorsk" else "ham", "hans"
    person = {"woman": "kvinne", "man": "mann"}[sex]
    return {"han": he, "Han": he.capitalize(), "ham": him, "hans": his, "person": person}


def case(
    rng: random.Random, kind: str, standard: str, known: people.Names, asked: Callable[[str], str], day: date
) -> Case:
    """A new patient for a note of `kind`; `asked` makes a sentence of what the patient asked about the disease."""
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
        **pronouns(rng, sex, standard),
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
    slots["told"] = lambda: _told(rng, domain, standard, slots)
    slots["asked"] = lambda: asked(main.said(standard, lay=rng.random() < 0.5))
    # Where a sentence explains a word, both must be of the same disease.
    slots["dis_main"] = main.said(standard)
    return Case(domain, slots)


def note(rng: random.Random, kind: str, standard: str, case: Case) -> str:
    """A note of 30 to 90 words about the case."""
    opening, middle, closing = SENTENCES[kind]
    chosen = [rng.choice(opening), *rng.sample(middle, rng.randint(3, 5)), *rng.sample(closing, rng.randint(1, 2))]
    chosen.insert(rng.randrange(1, len(chosen) + 1), "{named}")
    sentences = [rng.choice(HEADINGS[kind]), *chosen]
    return " ".join(say(_pinned(sentence), rng, standard, case.slots) for sentence in sentences)


def _pinned(template: str) -> str:
    return template.replace("{dis}", "{dis_main}") if "{lay}" in template else template


def _told(rng: random.Random, domain: str, standard: str, slots: dict) -> str:
    """What relatives saw, where callers' patients end up in this field; elsewhere one of its usual sentences."""
    if domain not in SIGNS:
        return slots["cue"]()
    kind = rng.choice(SIGNS[domain])
    sign = kind.draw(rng).said(standard).replace("{han}", slots["han"])
    names = {"seizure": "epilepsi", "migraine": "migrene", "stroke": "hjerneinfarkt"}
    diagnosis = names.get(kind.name) or slots["dis_main"]
    return say(rng.choice(TOLD), rng, standard, {**slots, "sign": sign, "dis": diagnosis})
