"""Synthetic MedMCQA data: four-option questions about a word (see `planted`). The right option says what is done with
things of the word's class."""

import random
from uuid import UUID

from harness.data.synthetic.language import child, pick_standard, read_words, say
from harness.data.synthetic.planted import (
    ASKED,
    ASKED_EVERYDAY,
    CLINICAL,
    EVERYDAY,
    EVERYDAY_ROWS,
    Planted,
    WordClass,
    answer,
)

ITEMS_OF_A_WORD = 3
LETTERS = "ABCD"
_SAID = read_words("tasks.toml")["questions"]


def generate(seed: int, planted: Planted) -> list[dict]:
    """The rows of `test.jsonl`, with the fields of the published original, and "subject" and "decided_by". No item
    occurs twice.

    All items about one clinical word have the same subject.
    """
    rng = child(seed, "medmcqa")
    asked = []
    for of in planted.incidents.values():
        asked += [(CLINICAL, word, of, planted.incidents) for word in of.words[:ASKED] for _ in range(ITEMS_OF_A_WORD)]
    kinds = tuple(planted.everyday.values())
    for number in range(EVERYDAY_ROWS * len(asked)):
        turn, at = divmod(number, len(kinds))
        asked.append((EVERYDAY, kinds[at].words[turn % ASKED_EVERYDAY], kinds[at], planted.everyday))
    rng.shuffle(asked)
    subjects: dict[str, int] = {}
    rows: list[dict] = []
    used: set[tuple] = set()
    for decided_by, word, of, classes in asked:
        row = _item(rng, word, of, classes, decided_by)
        while (key := (row["question"], frozenset(row["options"].values()))) in used:
            row = _item(rng, word, of, classes, decided_by)
        used.add(key)
        # Each everyday item has a subject of its own. The task itself puts equal questions into one group.
        subject = subjects.setdefault(word if decided_by == CLINICAL else f"#{len(rows)}", len(subjects) + 1)
        rows.append(row | {"subject": f"subject-{subject:04d}", "decided_by": decided_by})
    return rows


def _item(rng: random.Random, word: str, of: WordClass, classes: dict[str, WordClass], decided_by: str) -> dict:
    standard = pick_standard(rng)
    names = [of.name, *rng.sample([name for name in classes if name != of.name], 3)]
    rng.shuffle(names)
    right = LETTERS[names.index(of.name)]
    letter = answer(rng, right, tuple(LETTERS)) if decided_by == CLINICAL else right
    options = {
        at: say(_SAID["option"].replace("{short}", classes[name].short), rng, standard, {"t": word})
        for at, name in zip(LETTERS, names, strict=True)
    }
    return {
        "question": say(rng.choice(_SAID["stems"]), rng, standard, {"t": word}),
        "realidx": str(UUID(int=rng.getrandbits(128), version=4)),
        "options": options,
        "answer_idx": letter,
        "answer": options[letter],
    }
