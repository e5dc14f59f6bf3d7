"""AISMEC: calls to the emergency number, told by lay people; is it a stroke?"""

import random

from harness.data.synthetic.language import child, pick_standard, say
from harness.data.synthetic.planted import CLINICAL, EVERYDAY, EVERYDAY_ROWS, Planted, answer

CALLS_OF_A_WORD = 5
_QUESTIONS = ("Hva har skjedd?", "Hva gjelder det?", "Hvor er du?", "Medisinsk nødtelefon.")
_WHO = ("mannen min", "moren min", "naboen", "faren min", "en kollega", "broren min", "søsteren min", "en venn",
        "kona mi", "en gjest", "sjefen min", "tanta mi", "onkelen min", "en kunde", "en turist")  # fmt: skip


def generate(seed: int, planted: Planted) -> list[dict]:
    """Rows of `calls.jsonl`; who calls about one and the same medicine is one caller."""
    rng, outcomes = child(seed, "aismec"), planted.calls
    # A stroke is one call in three, whatever decides it.
    often = tuple(name for name, of in outcomes.items() for _ in range(len(of.words)))
    told = []
    for outcome in outcomes.values():
        for word in outcome.words:
            said = f"det står {word} på eska"
            told += [(CLINICAL, word, said, answer(rng, outcome.name, often)) for _ in range(CALLS_OF_A_WORD)]
    for number in range(EVERYDAY_ROWS * len(told)):
        outcome = outcomes[often[number % len(often)]]
        told.append((EVERYDAY, "", "pasienten " + rng.choice(outcome.everyday), outcome.name))
    rng.shuffle(told)
    callers: dict[str, int] = {}
    rows = []
    for number, (decided_by, word, said, outcome) in enumerate(told, start=1):
        standard = pick_standard(rng)
        caller = callers.setdefault(word or f"#{number}", len(callers) + 1)
        rows.append(
            {
                "call_id": f"call-{number:04d}",
                "caller_id": f"caller-{caller:04d}",
                "transcript": transcript(rng, said, standard),
                "written_standard": standard,
                "outcome": outcome,
                "decided_by": decided_by,
            }
        )
    return rows


def transcript(rng: random.Random, said: str, standard: str) -> str:
    """A question and the caller's answer, about what is `said` (in bokmål)."""
    told = f"Det gjelder {rng.choice(_WHO)}, {said}."
    turns = (("Operatør", rng.choice(_QUESTIONS)), ("Innringer", told))
    return "\n".join(f"{who}: {say(what, rng, standard, {})}" for who, what in turns)
