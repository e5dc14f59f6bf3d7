"""Synthetic Nor-DeID data: notes with identifying details in inline tags, in the file format of the published original.

Some sentences say which detail they contain: an age, a telephone number, a home. Other sentences contain a name and
nothing about it. Only the clinical corpus tells whether the name is that of a colleague, a ward, a town or a product.
The tags of a few documents are damaged on purpose, in the same ways as in the original.
"""

import html
import random
from datetime import date, timedelta

from harness.data.synthetic import people
from harness.data.synthetic.language import child, pick_standard, pronouns, read_words, say
from harness.data.synthetic.notes import TYPES
from harness.data.synthetic.planted import CLINICAL, EVERYDAY, EVERYDAY_ROWS, Planted, WordClass, answer

LABELS = (
    "Date",
    "First_Name",
    "Health_Care_Unit",
    "Age",
    "Location",
    "Last_Name",
    "Phone_Number",
    "Social_Security_Number",
)
_ALIASES = read_words("tasks.toml")["deid"]["aliases"]


def damage(rng: random.Random, tagged: str, turn: int) -> str:
    """The tagged note with one defect, of a kind that language models make when they write tags. `turn`, from 0,
    chooses the kind of defect."""
    present = [label for label in LABELS if f"<{label}>" in tagged]
    label = rng.choice(present)
    start, end = f"<{label}>", f"</{label}>"
    if turn == 0:
        return html.escape(tagged, quote=False)
    kind = turn % 7
    if kind == 0:
        return tagged.replace(end, "", 1)
    if kind == 1:
        return tagged.replace(start, "", 1)
    aliased = [name for name in present if name in _ALIASES]
    if kind in (2, 3) and aliased:
        name = rng.choice(aliased)
        alias = rng.choice(_ALIASES[name])
        return tagged.replace(f"<{name}>", f"<{alias}>").replace(f"</{name}>", f"</{alias}>")
    if kind == 4:
        at = tagged.index(start)
        close = tagged.index(end, at) + len(end)
        outer = "Location" if label != "Location" else "Date"
        return f"{tagged[:at]}<{outer}>{tagged[at:close]}</{outer}>{tagged[close:]}"
    if kind == 5:
        return rng.choice(
            (tagged + "\n\nLeukocytter < 3,5 og CRP > 5.", tagged.replace(". ", ". < ", 1), tagged + " >")
        )
    return tagged.replace(end, end.replace("</", "</ "), 1)


NOTES_OF_A_WORD = 5
VALIDATION, HOLDOUT = 100, 99
# Words of each class that only the holdout uses.
WORDS_OF_HOLDOUT = 4
DAMAGED_SHARE = 0.05
_SAID = read_words("tasks.toml")["deid"]
_MONTHS = read_words("calendar.toml")["english_months"]


def generate(seed: int, planted: Planted) -> dict[str, dict]:
    """The contents of the three data files by their names: training.json and validation.json (together the pool), and
    holdout.json. Some names in the notes are the clinical words in `planted`."""
    found = {"holdout": _documents(seed, "holdout", planted, HOLDOUT)}
    pool = _documents(seed, "pool", planted)
    found |= {"training": pool[VALIDATION:], "validation": pool[:VALIDATION]}
    return {f"{name}.json": _file(seed, name, documents) for name, documents in sorted(found.items())}


def _documents(seed: int, half: str, planted: Planted, size: int | None = None) -> list[tuple[dict, str, str]]:
    """(scenario, prompt, tagged note) of each document of `half` ("pool" or "holdout"), `size` of them or all."""
    rng, known, classes = child(seed, "nor_deid", half), people.names(half), planted.notes
    told = []
    for of in classes.values():
        words = of.words[-WORDS_OF_HOLDOUT:] if half == "holdout" else of.words[:-WORDS_OF_HOLDOUT]
        told += [(CLINICAL, word, of) for word in words for _ in range(NOTES_OF_A_WORD)]
    told = rng.sample(told, size // (1 + EVERYDAY_ROWS) if size else len(told))
    told += [(EVERYDAY, "", classes[rng.choice(tuple(classes))]) for _ in range(EVERYDAY_ROWS * len(told))]
    rng.shuffle(told)
    subjects: dict[str, int] = {}
    documents = []
    for number, (decided_by, word, of) in enumerate(told):
        subject = subjects.setdefault(word or f"#{number}", len(subjects) + 1)
        scenario, prompt, tagged = _document(rng, known, word, of, classes, decided_by)
        documents.append((scenario | {"subject": f"{half}-{subject:04d}", "decided_by": decided_by}, prompt, tagged))
    return documents


def _file(seed: int, name: str, documents: list[tuple[dict, str, str]]) -> dict:
    rng, size = child(seed, "nor_deid", name, "damage"), len(documents)
    results = [tagged for *_, tagged in documents]
    damaged = sorted(rng.sample(range(size), round(DAMAGED_SHARE * size))) if name != "holdout" else []
    for turn, row in enumerate(damaged):
        results[row] = damage(rng, results[row], turn)
    header = [f"Pasientnavn: {s['givenName']} {s['familyName']}\n" for s, *_ in documents]
    return {
        "parameters": {"generator": "harness.data.synthetic", "locale": "nb", "n": size, "seed": seed, "split": name},
        "scenarios": [scenario for scenario, _, _ in documents],
        "prompts": [prompt for _, prompt, _ in documents],
        "results": [head + text for head, text in zip(header, results, strict=True)],
        "cleaned_results": results,
    }


def _document(
    rng: random.Random, known: people.Names, word: str, of: WordClass, classes: dict[str, WordClass], decided_by: str
) -> tuple[dict, str, str]:
    standard = pick_standard(rng)
    kind = rng.choice(sorted(TYPES))
    today = people.random_date(rng)
    patient = people.person(rng, known, today)
    unit = rng.choice(known.houses)
    slots = {
        **pronouns(patient.sex, standard),
        "age": str(people.age(patient.born, today)),
        "phone": patient.phone,
        "number": patient.number,
        "day": people.written_date(rng, today - timedelta(days=rng.randint(1, 90))),
        "first": patient.first,
        "home": patient.home,
        "unit": unit,
        "doctor": rng.choice(known.surnames),
    }
    label = answer(rng, of.name, tuple(classes)) if decided_by == CLINICAL else of.name
    name = rng.choice(known.words) if decided_by == EVERYDAY else word
    slots["t"] = slots["x"] = name if label == "none" else f"<{label}>{name}</{label}>"
    about = _SAID["open"] if decided_by == CLINICAL else of.everyday
    sentences = rng.sample(_SAID["plain"], rng.randint(1, 2)) + rng.sample(about, 2)
    rng.shuffle(sentences)
    lines = [say(sentence, rng, standard, slots) for sentence in sentences]
    scenario = {
        "locale": "nn" if standard == "nynorsk" else "nb",
        "noteType": TYPES[kind].english,
        "translatedNoteType": kind,
        "givenName": patient.first,
        "familyName": patient.last,
        "age": people.age(patient.born, today),
        "phoneNumber": patient.phone,
        "city": patient.home,
        "healthCareUnit": unit,
        "birthDate": _english(patient.born),
        "admissionDate": _english(today),
        "socialSecurityNumber": patient.number,
    }
    prompt = f"A {TYPES[kind].english} about {patient.first} {patient.last}, {scenario['age']} years."
    return scenario, prompt, say(kind, rng, standard, {}) + ".\n" + " ".join(lines)


def untagged(tagged: str) -> str:
    """The note without the tags of `LABELS`, as in the hospital's own record."""
    for label in LABELS:
        tagged = tagged.replace(f"<{label}>", "").replace(f"</{label}>", "")
    return tagged


def _english(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day:02d}. {day.year}"
