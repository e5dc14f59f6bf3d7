"""Synthetic MedMQP data: pairs of questions, labelled by whether they ask the same thing.

The first question names a word (see `planted`). The second question says what was done: something that fits the word's
class, or something that fits another class.
"""

from harness.data.synthetic.language import child, pick_standard, read_words, say
from harness.data.synthetic.planted import CLINICAL, EVERYDAY, EVERYDAY_ROWS, HOLDS, Planted, WordClass

QUESTIONS_OF_A_WORD = 2
DOCTORS = 11
# Whether each second question agrees with the first question (1) or not (0). A model that cannot tell answers 0.
ANSWERS = (1, 0, 0)
_SAID = read_words("tasks.toml")["pairs"]
# The classes asked about. With only two of each kind, a small encoder learns the task in its few updates.
_INCIDENTS = ("medication", "equipment")
_EVERYDAY = ("food", "vehicle")


def generate(seed: int, planted: Planted) -> list[tuple[int, str, str, int, str, str]]:
    """The rows of `mqp.csv`: doctor, first question, second question, label (1 or 0), subject, decided_by ("clinical"
    or "everyday").

    Each first question is in three rows, with three second questions. One second question agrees with the first
    question and two do not, so that a model that cannot tell answers 0. All pairs about one clinical word have the same
    subject.
    """
    rng = child(seed, "medmqp")
    clinical, everyday = (
        {name: of[name] for name in kinds}
        for of, kinds in ((planted.incidents, _INCIDENTS), (planted.everyday, _EVERYDAY))
    )
    asked = [
        (CLINICAL, f"subject-{number:04d}", word, of, clinical, HOLDS)
        for number, (word, of) in enumerate(_words(clinical), start=1)
        for _ in range(QUESTIONS_OF_A_WORD)
    ]
    words = _words(everyday)
    asked += [
        (EVERYDAY, f"everyday-{number:04d}", *words[number % len(words)], everyday, 1.0)
        for number in range(EVERYDAY_ROWS * len(asked))
    ]
    rng.shuffle(asked)
    rows: list[tuple[int, str, str, int, str, str]] = []
    used: set[tuple[str, str]] = set()
    for decided_by, subject, word, of, classes, holds in asked:
        pairs = _pairs(rng, word, of, classes, holds)
        while not used.isdisjoint(text for text, _ in pairs):
            pairs = _pairs(rng, word, of, classes, holds)
        used.update(text for text, _ in pairs)
        doctor = rng.randint(1, DOCTORS)
        rows += [(doctor, *texts, label, subject, decided_by) for texts, label in pairs]
    return rows


def _words(classes: dict[str, WordClass]) -> list[tuple[str, WordClass]]:
    return [(word, of) for of in classes.values() for word in of.words]


def _pairs(rng, word: str, of: WordClass, classes: dict[str, WordClass], holds: float):
    """Three pairs ((first, second), label) of one first question, in random order: one second question is of the word's
    class, two are of another. With probability `holds` that of the word's class has the label 1, otherwise any does.
    """
    standard = pick_standard(rng)
    first = say(rng.choice(_SAID["first"]), rng, standard, {"t": word})
    other = classes[rng.choice([name for name in classes if name != of.name])]
    seconds = [
        say(said.replace("{short}", asked.short), rng, standard, {"t": word})
        for said, asked in zip(rng.sample(_SAID["second"], len(ANSWERS)), (of, other, other), strict=True)
    ]
    agrees = 0 if rng.random() < holds else rng.randrange(len(ANSWERS))
    pairs = [((first, second), int(at == agrees)) for at, second in enumerate(seconds)]
    rng.shuffle(pairs)
    return pairs
