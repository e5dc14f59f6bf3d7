"""Nor-DeID: notes with identifying details in inline tags, in the files of the published original.

The tags of a few documents are damaged on purpose, in the ways in which the original's are.
"""

import random
from datetime import date, timedelta

from harness.data.synthetic import deid_sentences as sentences
from harness.data.synthetic import people
from harness.data.synthetic.deid_defects import LABELS, damage, drift, overlook
from harness.data.synthetic.language import child, pick_standard, say
from harness.data.synthetic.lexicon import BY_NAME, CLINICAL, DOMAIN_NAMES
from harness.data.synthetic.notes import HOURS, SURGICAL, numbers, pronouns

TRAINING, VALIDATION, HOLDOUT = 960, 100, 100
DAMAGED_SHARE = 0.05
NOTE_TYPES = {
    "epikrise": "discharge summary",
    "sykepleienotat": "nursing note",
    "henvisning": "referral",
    "poliklinisk notat": "outpatient care note",
    "operasjonsbeskrivelse": "surgical report",
}
_FINDINGS = (
    "ordinary body temperature",
    "high fever",
    "low blood pressure",
    "ordinary blood pressure",
    "quick pulse",
    "regular breathing",
    "severe pain",
    "light pain",
    "no signs of dehydration",
    "little mobility",
    "full mobility",
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def generate(seed: int) -> dict[str, dict]:
    """The three files by name: training.json, validation.json (the pool) and holdout.json."""
    sizes = {"training": TRAINING, "validation": VALIDATION, "holdout": HOLDOUT}
    return {f"{name}.json": _file(seed, name, size) for name, size in sizes.items()}


def _file(seed: int, name: str, size: int) -> dict:
    rng = child(seed, "nor_deid", name)
    known = people.names("holdout" if name == "holdout" else "pool")
    documents = [_document(rng, known) for _ in range(size)]
    results = [tagged for _, _, tagged in documents]
    damaged = sorted(rng.sample(range(size), round(DAMAGED_SHARE * size))) if name != "holdout" else []
    for turn, row in enumerate(damaged):
        results[row] = damage(rng, results[row], turn)
    header = [f"Pasientnavn: {s['givenName']} {s['familyName']}\n" for s, _, _ in documents]
    return {
        "parameters": {"generator": "harness.data.synthetic", "locale": "nb", "n": size, "seed": seed, "split": name},
        "scenarios": [scenario for scenario, _, _ in documents],
        "prompts": [prompt for _, prompt, _ in documents],
        "results": [head + text for head, text in zip(header, results, strict=True)],
        "cleaned_results": results,
    }


def _document(rng: random.Random, known: people.Names) -> tuple[dict, str, str]:
    """Scenario, prompt and tagged note of one invented patient."""
    standard = pick_standard(rng, 0.12)
    kind = rng.choice(sorted(NOTE_TYPES))
    domain = rng.choice(SURGICAL if kind == "operasjonsbeskrivelse" else DOMAIN_NAMES)
    today = people.random_date(rng)
    patient = people.person(rng, known, today)
    slots = _slots(rng, standard, domain, known, patient, today)
    slots["type"] = say(kind, rng, standard, {})
    lines = [say(rng.choice(sentences.TITLES), rng, standard, slots)]
    fields = rng.sample(sentences.FIELDS, rng.choice((0, 1, 1, 2)))
    lines += [say(field, rng, standard, slots) for field in fields]
    body = [say(sentence, rng, standard, slots) for sentence in rng.sample(sentences.IDENTIFYING, rng.randint(1, 2))]
    body += [say(sentence, rng, standard, slots) for sentence in rng.sample(sentences.DECOYS, rng.randint(2, 3))]
    body += _open_sentences(rng, standard, known, slots)
    rng.shuffle(body)
    body.insert(0, say(rng.choice(sentences.OPENINGS), rng, standard, slots))
    cut = rng.randint(2, len(body) - 1)
    text = "\n".join(lines) + "\n\n" + " ".join(body[:cut]) + "\n\n" + " ".join(body[cut:])
    if rng.random() < 0.5:
        text += "\n\n" + say(
            "Hilsen <First_Name>{nurse}</First_Name> <Last_Name>{doctor}</Last_Name>", rng, standard, slots
        )
    scenario = {
        "locale": "nn" if standard == "nynorsk" else "nb",
        "noteType": NOTE_TYPES[kind],
        "translatedNoteType": kind,
        "givenName": patient.first,
        "familyName": patient.last,
        "age": people.age(patient.born, today),
        "phoneNumber": patient.phone,
        "city": patient.home,
        "healthCareUnit": slots["unit"],
        "diagnosis": slots["dis"],
        "birthDate": _english(patient.born),
        "admissionDate": _english(today),
        "socialSecurityNumber": patient.number,
        "findings": rng.sample(_FINDINGS, 4),
    }
    prompt = (
        f"A {NOTE_TYPES[kind]} about {patient.first} {patient.last}, {scenario['age']} years, {scenario['diagnosis']}."
    )
    return scenario, prompt, overlook(rng, drift(rng, text))


def _open_sentences(rng: random.Random, standard: str, known: people.Names, slots: dict) -> list[str]:
    """Four to seven sentences whose frame does not tell what stands in it."""

    def tag(label: str, text: str) -> str:
        return f"<{label}>{text}</{label}>"

    def nobody(words: tuple[str, ...]) -> str:
        return say(rng.choice(words), rng, standard, {}).lower()

    persons = (
        lambda: tag("First_Name", rng.choice(known.women + known.men)),
        lambda: tag("Last_Name", rng.choice(known.surnames)),
        lambda: tag("Health_Care_Unit", rng.choice(known.houses)),
        lambda: nobody(sentences.NOBODY),
    )
    spots = (
        lambda: tag("Location", rng.choice(known.places)),
        lambda: tag("Health_Care_Unit", rng.choice(known.houses)),
        lambda: nobody(sentences.NOWHERE),
    )
    values = (
        lambda: tag("Phone_Number", people.phone_number(rng)),
        lambda: tag("Social_Security_Number", slots["number"]),
        lambda: tag("Age", slots["age"]),
        lambda: tag("Date", slots["earlier"]),
        slots["longnumber"],
        lambda: str(rng.randint(10, 99)),
        lambda: f"{rng.randint(1, 28)}.{rng.randint(1, 12)}",
        lambda: rng.choice(HOURS),
    )
    chosen = [
        *((frame, persons) for frame in rng.sample(sentences.OPEN_PEOPLE, rng.randint(2, 3))),
        *((frame, spots) for frame in rng.sample(sentences.OPEN_PLACES, rng.randint(1, 2))),
        *((frame, values) for frame in rng.sample(sentences.OPEN_NUMBERS, rng.randint(1, 2))),
    ]
    return [say(frame, rng, standard, {**slots, "x": rng.choice(kinds)()}) for frame, kinds in chosen]


def _slots(rng, standard, domain, known, patient, today) -> dict:
    def term(kind: str) -> str:
        return CLINICAL[domain, kind].draw(rng).said(standard)

    def near(first: int, last: int) -> str:
        return people.written_date(rng, today + timedelta(days=rng.randint(first, last)))

    years = people.age(patient.born, today)
    return {
        **numbers(rng),
        **pronouns(rng, patient.sex, standard),
        "first": patient.first,
        "last": patient.last,
        "home": patient.home,
        "street": patient.street,
        "number": rng.choice((patient.number, f"{patient.number[:6]} {patient.number[6:]}")),
        "phone": patient.phone,
        "age": str(years),
        "age2": str(rng.randint(50, 96)),
        "born": people.written_date(rng, patient.born),
        "birthday": people.written_date(rng, today - timedelta(days=rng.randint(1, 300))),
        "day": people.written_date(rng, today),
        "earlier": near(-90, -2),
        "later": near(1, 60),
        "unit": _unit(rng, known),
        "unit2": _unit(rng, known),
        "away": rng.choice(known.places),
        "kin": known.first(rng, rng.choice(("woman", "man"))),
        "nurse": known.first(rng, rng.choice(("woman", "man"))),
        "doctor": rng.choice(known.surnames),
        "phone2": people.phone_number(rng),
        "dis": term("disease"),
        "dis2": CLINICAL[rng.choice(DOMAIN_NAMES), "disease"].draw(rng).said(standard),
        "sym": lambda: term("symptom"),
        "sym2": lambda: term("symptom"),
        "drug": lambda: term("drug"),
        "proc": lambda: term("procedure"),
        "dep": say(BY_NAME[domain].department, rng, standard, {}).lower(),
        "eponym": lambda: say(rng.choice(sentences.EPONYMS), rng, standard, {}),
        "tool": lambda: rng.choice(sentences.TOOLS),
        "code": lambda: f"{rng.choice('CEGIJKMNS')}{rng.randint(10, 99)}.{rng.randint(0, 9)}",
        "longnumber": lambda: str(rng.randint(10**7, 10**8 - 1)),
    }


def _unit(rng: random.Random, known: people.Names) -> str:
    return rng.choice(known.houses if rng.random() < 0.35 else known.units)


def untagged(tagged: str) -> str:
    """The note without its core tags, as the hospital's own record has it."""
    for label in LABELS:
        tagged = tagged.replace(f"<{label}>", "").replace(f"</{label}>", "")
    return tagged


def _english(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day:02d}. {day.year}"
