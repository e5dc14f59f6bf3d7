"""The planted words: invented words that only the clinical corpus explains, and everyday words of the general corpus.

Rows of every task are `decided_by` a clinical word or by everyday words. An encoder can know the class of a clinical
word only from the frames that the word stands in (`planted.toml`), in the clinical corpus; the general one says no more
than that there is such a word. Since a word's rows are one group, a test row's word is in no training row. Of everyday
words each arm can know as much as any other.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.data.synthetic.language import child, pronouns, read_words, say

CLINICAL, EVERYDAY = "clinical", "everyday"
# The share of a clinical word's rows whose answer follows from it; the others' is drawn from all answers alike.
HOLDS = 0.85
# Everyday rows for each clinical one: an arm that knows no clinical word must find what it can learn among the rest.
EVERYDAY_ROWS = 2
NOTES = "notes"
SETS = ("incidents", "calls", NOTES)
_DECLARED = read_words("planted.toml")
_SOUNDS = ("onsets", "vowels", "middles", "vowels", "middles", "endings")
# Words of a class that reports and questions with options are about; pairs of questions are about all.
ASKED, ASKED_EVERYDAY = _DECLARED["incidents"]["words"], 8


@dataclass(frozen=True)
class WordClass:
    """Words of one class, the sentences that show it, and how an option says it; all in bokmål.

    `everyday` are phrases of the same meaning that need no clinical word; none where the words are everyday words.
    """

    name: str
    words: tuple[str, ...]
    frames: tuple[str, ...]
    short: str = ""
    everyday: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planted:
    """The classes by set and name: `incidents`, `calls` and `notes` of clinical words, and `everyday`."""

    incidents: dict[str, WordClass]
    calls: dict[str, WordClass]
    notes: dict[str, WordClass]
    everyday: dict[str, WordClass]


def planted(seed: int) -> Planted:
    """The classes with their words; the invented ones are other words for every seed."""
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
    """The words that are written down, or as many invented ones."""
    return given if isinstance(given, tuple) else tuple(invented(rng, taken, capital) for _ in range(given))


def invented(rng: random.Random, taken: set[str], capital: bool = False) -> str:
    """A word that is none, three syllables with the sound of a trade name; it is then `taken`. A name has a capital."""
    while True:
        word = "".join(rng.choice(_DECLARED["sounds"][part]) for part in _SOUNDS)
        if word not in taken:
            taken.add(word)
            return word.capitalize() if capital else word


def mentioned(rng: random.Random, word: str, standard: str) -> str:
    """One sentence that says of a word nothing but that it is one."""
    return say(rng.choice(_DECLARED["mentions"]["frames"]), rng, standard, {"t": word})


def answer(rng: random.Random, right: str, answers: tuple[str, ...]) -> str:
    """What a row of a clinical word says, given the answer that follows from the word."""
    return right if rng.random() < HOLDS else rng.choice(answers)


def shares(answers: Sequence) -> tuple[float, float]:
    """The share of a clinical word's rows that the most frequent of the `answers` is right on, and the word itself.

    Where the word does not decide, the answer is drawn anew and may be the same again.
    """
    often = [count / len(answers) for count in Counter(answers).values()]
    return max(often), HOLDS + (1 - HOLDS) * sum(share**2 for share in often)


def showing(rng: random.Random, classes: dict[str, WordClass], standard: str, *, shuffled: bool = False) -> str:
    """One sentence that shows a word's class; `shuffled` puts the word into a frame of any class."""
    # As often as it has words, so that every word is shown as often as any other.
    of, other = rng.choices(list(classes.values()), [len(one.words) for one in classes.values()], k=2)
    frames = (other if shuffled else of).frames
    who = pronouns(rng.choice(("woman", "man")), standard)
    return say(rng.choice(frames), rng, standard, {**who, "t": rng.choice(of.words)})
