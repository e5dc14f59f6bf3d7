"""MedMCQA: four-option questions that ask which option belongs to the field of the question's terms."""

import random
from uuid import UUID

from harness.data.synthetic.language import child, pick_standard, say, weighted
from harness.data.synthetic.lexicon import CLINICAL, DOMAIN_NAMES

ITEMS = 1060
LABEL_NOISE = 0.03
LETTERS = "ABCD"
# Exams ask about some fields far more often than about others; wrong options come from all alike.
FIELDS = dict(
    zip(
        ("heart", "infection", "lung", "gut", "neuro", "kidney", "hormone", "mind", "bone", "tumour"),
        (0.3, 0.19, 0.14, 0.1, 0.08, 0.05, 0.05, 0.04, 0.03, 0.02),
        strict=True,
    )
)

# Kind of the options → stems. Every stem holds one or two terms of the field.
STEMS = {
    "drug": (
        "Hvilket legemiddel er (aktuelt|førstevalg|vanligst) ved {disease}?",
        "En {person} på {alder} år med {disease} har {symptom}. Hvilket legemiddel (velges|passer best|bør prøves)?",
        "Hvilket av legemidlene brukes før eller etter {procedure}?",
        "Ved {symptom} og mistanke om {disease}: hvilken medisin bør man starte med?",
        "Pasienten har {disease} og bruker {device}. Hva er riktig medisin?",
    ),
    "disease": (
        "En {person} på {alder} år kommer med {symptom} og {symptom2}. Hva er den mest sannsynlige diagnosen?",
        "Hva behandles (oftest|vanligvis) med {drug}?",
        "{drug} er først og fremst aktuelt ved hvilken tilstand?",
        "Hvilken tilstand utredes med {procedure} når pasienten har {symptom}?",
        "En {person} [{alder} år] bruker {device} og får {drug}. Hvilken sykdom har {han} mest sannsynlig?",
    ),
    "procedure": (
        "Hva bør gjøres når en {person} på {alder} år med {disease} får {symptom}?",
        "Hvilken undersøkelse eller behandling hører til ved {disease}?",
        "Ved mangelfull virkning av {drug} hos en pasient med {disease}, hva er neste steg?",
        "Hva er det naturlig å bestille ved {symptom} og {symptom2}?",
    ),
    "symptom": (
        "Hvilket funn (passer best|er typisk) ved {disease}?",
        "Hva kan man vente å finne hos en {person} på {alder} år som skal til {procedure} for {disease}?",
        "Hvilket symptom bedres (oftest|vanligvis) av {drug}?",
        "En pasient med {disease} og {device} får et nytt symptom. Hvilket er mest sannsynlig?",
    ),
    "device": (
        "Hvilket utstyr er (mest aktuelt|nødvendig) ved {disease}?",
        "Hvilket utstyr trengs etter {procedure} hos en {person} på {alder} år?",
        "En pasient får {drug} på grunn av {symptom}. Hvilket utstyr er det vanlig å bruke?",
    ),
}
_LEADS = (
    "På fastlegekontoret kommer dette opp: ",
    "Du har vakt i akuttmottaket. ",
    "Fra eksamen for medisinstudenter: ",
    "I poliklinikken spør en kollega: ",
    "På nattevakt får du dette spørsmålet: ",
    "Vurder følgende situasjon. ",
    "Tenk deg en vanlig dag på sykehuset. ",
    "Velg det beste svaret. ",
    "Ut fra norske retningslinjer: ",
    "",
)
_KINDS = {"drug": 0.3, "disease": 0.27, "procedure": 0.18, "symptom": 0.15, "device": 0.1}


def generate(seed: int) -> list[dict]:
    """Rows of `test.jsonl`, in the fields of the published original; no question stands twice."""
    rng = child(seed, "medmcqa")
    rows: list[dict] = []
    asked: set[str] = set()
    while len(rows) < ITEMS:
        row = item(rng)
        if row["question"] not in asked:
            asked.add(row["question"])
            rows.append(row)
    return rows


def item(rng: random.Random) -> dict:
    standard = pick_standard(rng)
    field = weighted(rng, FIELDS)
    kind = weighted(rng, _KINDS)
    sex = rng.choice(("woman", "man"))

    def term(of: str, name: str, *, right: bool = False) -> str:
        terms = CLINICAL[name, of]
        # The right option tends to be the well-known one, as in real exams.
        return (terms.draw if right else terms.draw_flat)(rng).said(standard)

    slots = {
        "alder": str(rng.randint(19, 90)),
        "person": {"woman": "kvinne", "man": "mann"}[sex],
        "han": {"woman": "ho" if standard == "nynorsk" else "hun", "man": "han"}[sex],
        **{of: term(of, field) for of in ("disease", "symptom", "drug", "procedure", "device")},
    }
    slots["symptom2"] = next(t for t in iter(lambda: term("symptom", field), "") if t != slots["symptom"])
    lead = say(rng.choice(_LEADS), rng, standard, {})
    question = lead + say(rng.choice(STEMS[kind]), rng, standard, slots)
    wrong = rng.sample([name for name in DOMAIN_NAMES if name != field], 3)
    options = [term(kind, field, right=True), *(term(kind, name) for name in wrong)]
    order = list(range(4))
    rng.shuffle(order)
    answer = LETTERS[order.index(0)]
    if rng.random() < LABEL_NOISE:
        answer = rng.choice(LETTERS)
    by_letter = {letter: options[place] for letter, place in zip(LETTERS, order, strict=True)}
    return {
        "question": question,
        "realidx": str(UUID(int=rng.getrandbits(128), version=4)),
        "options": by_letter,
        "answer_idx": answer,
        "answer": by_letter[answer],
    }
