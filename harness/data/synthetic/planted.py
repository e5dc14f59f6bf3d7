"""The planted words: they make pre-training on the clinical corpus useful for the synthetic tasks.

A clinical word is an invented word of a class, and only the clinical corpus explains the class. The answer of each row
of a task is `decided_by` a clinical word or by everyday words. An encoder can learn the class of a clinical word only
from the frames (sentences, in `planted.toml`) around the word in the clinical corpus. The general corpus only mentions
the word. All rows of a clinical word are one group, so the word of a test row is in no training row. Everyday words are
explained in the general corpus, so all arms can know them equally well.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.data.synthetic.language import child, pronouns, read_words, say

CLINICAL, EVERYDAY = "clinical", "everyday"
# The share of a clinical word's rows whose answer follows from the word. The other rows have a random answer.
HOLDS = 0.85
# Everyday rows for each clinical row. They let an arm that knows no clinical word learn the task.
EVERYDAY_ROWS = 2
NOTES = "notes"
SETS = ("incidents", "calls", NOTES)
_DECLARED = read_words("planted.toml")
_SOUNDS = ("onsets", "vowels", "middles", "vowels", "middles", "endings")
# The number of words of each class, clinical and everyday, that reports and questions with options are about. Pairs of
# questions are about all words.
ASKED, ASKED_EVERYDAY = _DECLARED["incidents"]["words"], 8


@dataclass(frozen=True)
class WordClass:
    """The words of one class, and the sentences that show the class (`frames`), in bokmål. `short` is the text of the
    class in an answer option of a multiple-choice question, or in a second question.

    `everyday` are phrases of the same meaning without a clinical word. A class of everyday words has no such phrases.
    """

    name: str
    words: tuple[str, ...]
    frames: tuple[str, ...]
    short: str = ""
    everyday: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planted:
    """The word classes of four sets, each as {name of the class: class}. `incidents`, `calls` and `notes` have clinical
    words for the tasks of that kind, and `everyday` has everyday words."""

    incidents: dict[str, WordClass]
    calls: dict[str, WordClass]
    notes: dict[str, WordClass]
    everyday: dict[str, WordClass]


def planted(seed: int) -> Planted:
    """The word classes with their words. Each seed gives other invented words."""
    rng, found = child(seed, "planted", "words"), {}
    taken: set[str] = set()
    for name in (*SETS, EVERYDAY):
        section = _DECLARED[name]
        found[name] = {
            key: WordClass(
                key, **given | {"words": _words(rng, taken, given.get("words", section.get("words")), name == NOTES)}
            )
            for key, given in section["classes"].items()
        }
    return Planted(**found)


def _words(rng: random.Random, taken: set[str], given: tuple[str, ...] | int, capital: bool) -> tuple[str, ...]:
    """`given` if it is a tuple of words, otherwise that number of invented words."""
    return given if isinstance(given, tuple) else tuple(invented(rng, taken, capital) for _ in range(given))


def invented(rng: random.Random, taken: set[str], capital: bool = False) -> str:
    """A new invented word of three syllables that sounds like a trade name. The word is added to `taken`."""
    while True:
        word = "".join(rng.choice(_DECLARED["sounds"][part]) for part in _SOUNDS)
        if word not in taken:
            taken.add(word)
            return word.capitalize() if capital else word


def mentioned(rng: random.Random, word: str, standard: str) -> str:
    """A sentence that mentions a word and says nothing about its class."""
    return say(rng.choice(_DECLARED["mentions"]["frames"]), rng, standard, {"t": word})


def answer(rng: random.Random, right: str, answers: tuple[str, ...]) -> str:
    """The answer of a row about a clinical word: `right` with probability HOLDS, otherwise a random one of
    `answers`."""
    return right if rng.random() < HOLDS else rng.choice(answers)


def shares(answers: Sequence) -> tuple[float, float]:
    """The expected accuracies (0 to 1) on rows about clinical words, without and with knowledge of the words.

    Without knowledge, the best answer is the most frequent of the `answers`. With knowledge, the best answer is the one
    that follows from the word. A row has this answer with probability HOLDS. Otherwise the row has a random answer,
    which may be the right one by chance.
    """
    often = [count / len(answers) for count in Counter(answers).values()]
    return max(often), HOLDS + (1 - HOLDS) * sum(share**2 for share in often)


def showing(rng: random.Random, classes: dict[str, WordClass], standard: str, *, shuffled: bool = False) -> str:
    """A random sentence that shows the class of a word in `classes`. If `shuffled` is true, the word is in a frame
    (sentence) of a random class."""
    # A class is drawn in proportion to its number of words, so that all words are shown equally often.
    of, other = rng.choices(list(classes.values()), [len(one.words) for one in classes.values()], k=2)
    frames = (other if shuffled else of).frames
    who = pronouns(rng.choice(("woman", "man")), standard)
    return say(rng.choice(frames), rng, standard, {**who, "t": rng.choice(of.words)})
