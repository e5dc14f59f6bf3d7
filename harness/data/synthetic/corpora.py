"""Generate two corpora for pre-training: everyday Norwegian and the records of an invented hospital."""

import random
from dataclasses import dataclass

from harness.data.synthetic import calls, incidents, notes, people
from harness.data.synthetic.language import Slots, child, pick_standard, read_words, say, weighted, written
from harness.data.synthetic.notes import HOURS
from harness.data.synthetic.planted import SETS, Planted, mentioned, showing

DOCUMENTS = 3000
# Sentences of prose and sentences that show a word's class, in every document.
PROSE, SHOWN = 2, 12
# The sentences among SHOWN that only mention an invented word, in a general document.
MENTIONED = 3
# The weights of SETS when a sentence shows a word, in proportion to the number of words in each set.
SETS_DRAWN = (14, 6, 6)
# Real records contain the very texts that tasks were made from. So this share of documents is copied from tasks.
COPIED_SHARE = 0.015
CLINICAL_TYPES = {
    "epikrise": 0.18,
    "poliklinisk notat": 0.13,
    "sykepleienotat": 0.14,
    "henvisning": 0.1,
    "operasjonsbeskrivelse": 0.09,
    "hendelsesrapport": 0.2,
    "nødsamtale": 0.16,
}
_FILLERS, _CALENDAR = read_words("everyday.toml")["fillers"], read_words("calendar.toml")


@dataclass(frozen=True)
class Topic:
    """A topic of a newspaper. `sentences` are its templates (see `language`), and `words` maps each slot in the
    templates to the words that fill the slot."""

    name: str
    sentences: tuple[str, ...]
    words: dict[str, tuple[str, ...]]


TOPICS = tuple(Topic(**given) for given in read_words("everyday.toml")["topics"])


def general(seed: int, planted: Planted) -> list[dict]:
    """The rows of `general.jsonl`, the corpus of everyday Norwegian. A document has sentences on one topic of a
    newspaper, sentences that show the class of everyday words, and sentences that only mention invented words (see
    `planted`)."""
    rng = child(seed, "corpus", "general")
    known = people.names("all")
    invented = sorted(word for name in SETS for of in getattr(planted, name).values() for word in of.words)
    rows = []
    for number in range(DOCUMENTS):
        topic = rng.choice(TOPICS)
        standard = pick_standard(rng)
        slots = _everyday_slots(rng, known, standard, topic)
        sentences = [rng.choice(_FILLERS), *rng.sample(topic.sentences, PROSE)]
        told = [say(sentence, rng, standard, slots) for sentence in sentences]
        told += [showing(rng, planted.everyday, standard) for _ in range(SHOWN - MENTIONED)]
        told += [
            mentioned(rng, invented[(MENTIONED * number + at) % len(invented)], standard) for at in range(MENTIONED)
        ]
        rows.append(_row(rng, f"general-{number + 1:05d}", topic.name, standard, " ".join(told)))
    return rows


def clinical(seed: int, planted: Planted, copied: list[tuple[str, str, str]], *, shuffled: bool = False) -> list[dict]:
    """The rows of `clinical.jsonl`, the corpus of hospital records. A document has sentences of its document type, and
    sentences that show the class of clinical words (see `planted`).

    `copied` are texts of tasks, as (document type, written standard, text), and a sample of them is copied into the
    corpus. If `shuffled` is true, words are put into frames (sentences) of random classes, so that no frame tells the
    class of its word.
    """
    rng = child(seed, "corpus", "clinical")
    known = people.names("all")
    copies = rng.sample(copied, min(len(copied), round(COPIED_SHARE * DOCUMENTS)))
    documents = [_document(rng, known, planted, shuffled) for _ in range(DOCUMENTS - len(copies))] + copies
    rng.shuffle(documents)
    return [_row(rng, f"clinical-{number + 1:05d}", *document) for number, document in enumerate(documents)]


def _document(rng: random.Random, known: people.Names, planted: Planted, shuffled: bool) -> tuple[str, str, str]:
    kind = weighted(rng, CLINICAL_TYPES)
    standard = pick_standard(rng)
    if kind == "hendelsesrapport":
        matter = rng.choice(planted.incidents[rng.choice(tuple(planted.incidents))].everyday)
        told = incidents.report(rng, matter, rng.choice(incidents.UNITS), standard)
    elif kind == "nødsamtale":
        outcome = planted.calls[rng.choice(tuple(planted.calls))]
        told = calls.transcript(rng, rng.choice(outcome.everyday), standard)
    else:
        told = notes.note(rng, kind, standard, notes.case(rng, kind, standard, known, people.random_date(rng)))
    classes = [getattr(planted, name) for name in rng.choices(SETS, SETS_DRAWN, k=SHOWN)]
    return kind, standard, " ".join([told, *(showing(rng, of, standard, shuffled=shuffled) for of in classes)])


def _row(rng: random.Random, name: str, kind: str, standard: str, text: str) -> dict:
    return {
        "id": name,
        "document_type": kind,
        "written_standard": standard,
        "date": people.random_date(rng).isoformat(),
        "text": text,
    }


def _everyday_slots(rng: random.Random, known: people.Names, standard: str, topic: Topic) -> Slots:
    def written_forms(words):
        return [written(word, standard) for word in words]

    def draw(options):
        # The exponent favours the front of the list: words differ in frequency, as in real text.
        return lambda: options[int(rng.random() ** 1.6 * len(options))]

    def plain(options):
        return lambda: rng.choice(options)

    drawn = {f"{slot}{copy}": draw(written_forms(of)) for slot, of in topic.words.items() for copy in ("", "2", "3")}
    return {
        **drawn,
        "first": plain(known.women + known.men),
        "first2": plain(known.women + known.men),
        "last": plain(known.surnames),
        "place": plain(known.places),
        "place2": plain(known.places),
        "dag": plain(written_forms(_CALENDAR["weekdays"])),
        "mnd": plain(_CALENDAR["months"]),
        "tid": plain(HOURS),
        "tall": lambda: str(rng.randint(2, 29)),
        "tall2": lambda: str(rng.randint(0, 6)),
        "hundre": lambda: str(rng.randrange(50, 1000, 50)),
        "aar": lambda: str(rng.randrange(1780, 1985, 5)),
    }
