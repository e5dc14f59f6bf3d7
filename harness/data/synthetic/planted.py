"""What is planted: invented words that the clinical corpus alone explains, and everyday words of the general one.

Rows of every task are `decided_by` a clinical word or by everyday words. An encoder can know the class of a clinical
word only from the frames that the word stands in (`planted.toml`), in the clinical corpus; the general one says no more
than that there is such a word. Since a word's rows are one group, a test row's word is in no training row. Of everyday
words each arm can know as much as any other.
"""

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from harness.data.synthetic.language import child, say

CLINICAL, EVERYDAY = "clinical", "everyday"
# The share of a clinical word's rows whose answer follows from it; the others' is drawn from all answers alike.
HOLDS = 0.85
# Everyday rows for each clinical one: an arm that knows no clinical word must find what it can learn among the rest.
EVERYDAY_ROWS = 2
# Words of a class that reports and questions with options are about; pairs of questions are about all.
ASKED, ASKED_EVERYDAY = 22, 8
NOTES = "notes"
SETS = ("incidents", "calls", NOTES)

# Parts of invented words, with the sound of trade names.
_ONSETS = ("b", "br", "d", "dr", "f", "fl", "g", "gl", "h", "k", "kl", "kr", "l", "m", "n", "p", "pr", "r", "s", "sk",
           "sl", "sp", "st", "t", "tr", "v")  # fmt: skip
_VOWELS, _MIDDLES = "aeiouyøå", "bdfgklmnprstvx"
_ENDINGS = ("an", "in", "ol", "ex", "um", "ia", "or", "en", "os", "id")


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


@cache
def declared() -> dict:
    """`planted.toml`."""
    return tomllib.loads(resources.files("harness.data.synthetic").joinpath("planted.toml").read_text("utf-8"))


def planted(seed: int) -> Planted:
    """The classes with their words; the invented ones are other words for every seed."""
    rng, taken, found = child(seed, "planted", "words"), set(), {}
    for name in (*SETS, EVERYDAY):
        section = declared()[name]
        found[name] = {
            key: WordClass(
                key,
                _words(rng, taken, given.get("words", section.get("words")), capital=name == NOTES),
                tuple(given["frames"]),
                given.get("short", ""),
                tuple(given.get("everyday", ())),
            )
            for key, given in section["classes"].items()
        }
    return Planted(**found)


def _words(rng: random.Random, taken: set[str], given: list[str] | int, *, capital: bool) -> tuple[str, ...]:
    """The words that are written down, or as many invented ones."""
    return tuple(given) if isinstance(given, list) else tuple(invented(rng, taken, capital) for _ in range(given))


def invented(rng: random.Random, taken: set[str], capital: bool = False) -> str:
    """A word that is none, three syllables with the sound of a trade name; it is then `taken`. A name has a capital."""
    while True:
        word = rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_MIDDLES)
        word += rng.choice(_VOWELS) + rng.choice(_MIDDLES) + rng.choice(_ENDINGS)
        if word not in taken:
            taken.add(word)
            return word.capitalize() if capital else word


def mentioned(rng: random.Random, word: str, standard: str) -> str:
    """One sentence that says of a word nothing but that it is one."""
    return say(rng.choice(declared()["mentions"]["frames"]), rng, standard, {"t": word})


def answer(rng: random.Random, right: str, answers: tuple[str, ...]) -> str:
    """What a row of a clinical word says, given the answer that follows from the word."""
    return right if rng.random() < HOLDS else rng.choice(answers)


def shown(rng: random.Random, classes: dict[str, WordClass], standard: str, *, shuffled: bool = False) -> str:
    """One sentence that shows a word's class; `shuffled` puts the word into a frame of any class."""
    # As often as it has words, so that every word is shown as often as any other.
    of, other = rng.choices(list(classes.values()), [len(one.words) for one in classes.values()], k=2)
    frames = (other if shuffled else of).frames
    he, him = rng.choice(
        (("ho", "henne"), ("han", "han")) if standard == "nynorsk" else (("hun", "henne"), ("han", "ham"))
    )
    return say(rng.choice(frames), rng, standard, {"t": rng.choice(of.words), "Han": he.capitalize(), "ham": him})
