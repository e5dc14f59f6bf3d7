"""Two corpora for pre-training: everyday Norwegian and the records of an invented hospital."""

import random

from harness.data.synthetic import calls, incidents, notes, people
from harness.data.synthetic.everyday import TOPICS
from harness.data.synthetic.fillers import FILLERS, MONTHS, WEEKDAYS
from harness.data.synthetic.language import child, pick_standard, say, weighted
from harness.data.synthetic.notes import HOURS
from harness.data.synthetic.nynorsk import to_nynorsk
from harness.data.synthetic.pairs import asked_and_answered

GENERAL_DOCUMENTS = 4500
CLINICAL_DOCUMENTS = 4500
# A hospital's records hold the very texts that tasks were made from; this share is planted as such.
PLANTED_SHARE = 0.015
CLINICAL_TYPES = {
    "epikrise": 0.18,
    "poliklinisk notat": 0.13,
    "sykepleienotat": 0.14,
    "henvisning": 0.1,
    "operasjonsbeskrivelse": 0.09,
    "hendelsesrapport": 0.2,
    "nødsamtale": 0.16,
}
CALL_KINDS = {
    "stroke": 0.4,
    "low_sugar": 0.11,
    "seizure": 0.12,
    "intoxication": 0.11,
    "migraine": 0.11,
    "dizzy_or_chest": 0.15,
}


def general(seed: int) -> list[dict]:
    """Rows of `general.jsonl`: articles of four to seven sentences on one topic."""
    rng = child(seed, "corpus", "general")
    known = people.names("all")
    words = {
        (topic.name, standard): _topic_words(topic, standard) for topic in TOPICS for standard in ("bokmål", "nynorsk")
    }
    rows = []
    for number in range(GENERAL_DOCUMENTS):
        topic = rng.choice(TOPICS)
        standard = pick_standard(rng)
        slots = _everyday_slots(rng, known, standard, words[topic.name, standard])
        sentences = rng.sample(topic.sentences, rng.randint(4, 7)) + rng.sample(FILLERS, rng.randint(1, 2))
        rng.shuffle(sentences)
        text = " ".join(say(sentence, rng, standard, slots) for sentence in sentences)
        rows.append(_row(rng, f"general-{number + 1:05d}", topic.name, standard, text))
    return rows


def clinical(seed: int, planted: list[tuple[str, str, str]]) -> list[dict]:
    """Rows of `clinical.jsonl`; `planted` are task texts (document type, standard, text) to copy into it."""
    rng = child(seed, "corpus", "clinical")
    known = people.names("all")
    copies = rng.sample(planted, min(len(planted), round(PLANTED_SHARE * CLINICAL_DOCUMENTS)))
    documents = [_document(rng, known) for _ in range(CLINICAL_DOCUMENTS - len(copies))] + copies
    rng.shuffle(documents)
    return [_row(rng, f"clinical-{number + 1:05d}", *document) for number, document in enumerate(documents)]


def _document(rng: random.Random, known: people.Names) -> tuple[str, str, str]:
    kind = weighted(rng, CLINICAL_TYPES)
    standard = pick_standard(rng)
    if kind == "hendelsesrapport":
        return kind, standard, incidents.corpus_report(rng, standard)
    if kind == "nødsamtale":
        told = calls.transcript(rng, weighted(rng, CALL_KINDS), standard, verdict=True, frequency=True)
        return kind, standard, told
    day = people.random_date(rng)
    case = notes.case(rng, kind, standard, known, lambda topic: asked_and_answered(rng, standard, topic), day)
    return kind, standard, notes.note(rng, kind, standard, case)


def _row(rng: random.Random, name: str, kind: str, standard: str, text: str) -> dict:
    return {
        "id": name,
        "document_type": kind,
        "written_standard": standard,
        "date": people.random_date(rng).isoformat(),
        "text": text,
    }


def _topic_words(topic, standard: str) -> dict[str, list[str]]:
    return {
        slot: [to_nynorsk(word.strip()) if standard == "nynorsk" else word.strip() for word in text.split(",")]
        for slot, text in topic.words.items()
    }


def _everyday_slots(rng, known: people.Names, standard: str, words: dict[str, list[str]]) -> dict:
    def draw(options):
        # The square favours the front of the list: words differ in frequency, as they do in life.
        return lambda: options[int(rng.random() ** 1.6 * len(options))]

    def plain(options):
        return lambda: rng.choice(options)

    drawn = {f"{slot}{copy}": draw(options) for slot, options in words.items() for copy in ("", "2", "3")}
    days = [to_nynorsk(day) for day in WEEKDAYS] if standard == "nynorsk" else WEEKDAYS
    return {
        **drawn,
        "first": plain(known.women + known.men),
        "first2": plain(known.women + known.men),
        "last": plain(known.surnames),
        "place": plain(known.places),
        "place2": plain(known.places),
        "dag": plain(days),
        "mnd": plain(MONTHS),
        "tid": plain(HOURS),
        "tall": lambda: str(rng.randint(2, 29)),
        "tall2": lambda: str(rng.randint(0, 6)),
        "hundre": lambda: str(rng.randrange(50, 1000, 50)),
        "aar": lambda: str(rng.randrange(1780, 1985, 5)),
    }
