"""Synthetic Synergi data: incident reports by hospital staff, each with one of eight kinds of incident as its label."""

from harness.data.synthetic.language import child, pick_standard, read_words, say
from harness.data.synthetic.planted import ASKED, CLINICAL, EVERYDAY, EVERYDAY_ROWS, Planted, answer

REPORTS_OF_A_WORD = 3
_SAID = read_words("tasks.toml")["incidents"]
UNITS = _SAID["units"]


def generate(seed: int, planted: Planted) -> list[dict]:
    """The rows of `incidents.jsonl`: synthetic reports about the words in `planted`. All reports with the same clinical
    word are about the same incident."""
    rng, kinds = child(seed, "synergi"), planted.incidents
    told = []
    for kind in kinds.values():
        for word in kind.words[:ASKED]:
            told += [(CLINICAL, word, word, answer(rng, kind.name, tuple(kinds))) for _ in range(REPORTS_OF_A_WORD)]
    for _ in range(EVERYDAY_ROWS * len(told)):
        kind = kinds[rng.choice(tuple(kinds))]
        told.append((EVERYDAY, "", rng.choice(kind.everyday), kind.name))
    rng.shuffle(told)
    incidents: dict[str, int] = {}
    rows = []
    for number, (decided_by, word, matter, category) in enumerate(told, start=1):
        standard, unit = pick_standard(rng), rng.choice(UNITS)
        incident = incidents.setdefault(word or f"#{number}", len(incidents) + 1)
        rows.append(
            {
                "report_id": f"report-{number:04d}",
                "incident_id": f"incident-{incident:04d}",
                "text": report(rng, matter, unit, standard),
                "written_standard": standard,
                "unit_type": unit,
                "category": category,
                "decided_by": decided_by,
            }
        )
    return rows


def report(rng, matter: str, unit: str, standard: str) -> str:
    """The text of an incident report in two short sentences, the second about the `matter`. `matter` and `unit` (of the
    hospital) are given in bokmål, and `standard` is the written standard of the text."""
    slots = {"post": say(unit, rng, standard, {}).lower(), "t": say(matter, rng, standard, {})}
    slots["t"] = slots["t"][:1].lower() + slots["t"][1:]
    return " ".join(say(rng.choice(part), rng, standard, slots) for part in (_SAID["openings"], _SAID["frames"]))
