"""Synthetic AISMEC data: emergency calls by lay people, labelled as stroke or not."""

import random

from harness.data.synthetic.language import child, pick_standard, read_words, say
from harness.data.synthetic.planted import CLINICAL, EVERYDAY, EVERYDAY_ROWS, Planted, answer

CALLS_OF_A_WORD = 5
_SAID = read_words("tasks.toml")["calls"]


def answers(planted: Planted) -> tuple[str, ...]:
    """The outcomes of calls ("stroke" or "other"), each repeated once per clinical word with this outcome. Outcomes are
    drawn from this tuple, so one call in three is a stroke, among clinical and among everyday rows (see `planted`)."""
    return tuple(name for name, of in planted.calls.items() for _ in of.words)


def generate(seed: int, planted: Planted) -> list[dict]:
    """The rows of `calls.jsonl`: synthetic calls about the words in `planted`. All calls about the same medicine (a
    clinical word) have the same caller."""
    rng, outcomes = child(seed, "aismec"), planted.calls
    often = answers(planted)
    told = []
    for outcome in outcomes.values():
        for word in outcome.words:
            said = _SAID["label"].format(word=word)
            told += [(CLINICAL, word, said, answer(rng, outcome.name, often)) for _ in range(CALLS_OF_A_WORD)]
    for number in range(EVERYDAY_ROWS * len(told)):
        outcome = outcomes[often[number % len(often)]]
        told.append((EVERYDAY, "", rng.choice(outcome.everyday), outcome.name))
    rng.shuffle(told)
    callers: dict[str, int] = {}
    rows = []
    for number, (decided_by, word, said, label) in enumerate(told, start=1):
        standard = pick_standard(rng)
        caller = callers.setdefault(word or f"#{number}", len(callers) + 1)
        rows.append(
            {
                "call_id": f"call-{number:04d}",
                "caller_id": f"caller-{caller:04d}",
                "transcript": transcript(rng, said, standard),
                "written_standard": standard,
                "outcome": label,
                "decided_by": decided_by,
            }
        )
    return rows


def transcript(rng: random.Random, matter: str, standard: str) -> str:
    """The transcript of a call: the operator's question, and the caller's answer about the `matter`. `matter` is given
    in bokmål, and `standard` is the written standard of the transcript."""
    told = _SAID["told"].format(who=rng.choice(_SAID["who"]), matter=matter)
    turns = (("Operatør", rng.choice(_SAID["questions"])), ("Innringer", told))
    return "\n".join(f"{who}: {say(what, rng, standard, {})}" for who, what in turns)
