"""AISMEC: calls to the emergency number, told by lay people; is it a stroke?"""

import random

from harness.data.synthetic.language import child, pick_standard, say, weighted
from harness.data.synthetic.lexicon import MIMICS, SHARED, STROKE
from harness.data.synthetic.notes import HOURS, pronouns

CALLS = 620
STROKE_SHARE = 0.38
LABEL_NOISE = 0.05
MIMIC_WEIGHTS = {"low_sugar": 0.19, "seizure": 0.2, "intoxication": 0.17, "migraine": 0.17, "dizzy_or_chest": 0.27}

_WHO = (
    "mannen min",
    "kona mi",
    "moren min",
    "faren min",
    "naboen",
    "bestefaren min",
    "bestemoren min",
    "en kollega",
    "broren min",
    "søsteren min",
    "sønnen min",
    "tanten min",
    "en venn",
    "samboeren min",
    "svigermor",
    "en kunde",
    "en eldre dame",
    "onkelen min",
    "læreren vår",
    "en turist",
)
_WOMEN = {"kona mi", "moren min", "bestemoren min", "søsteren min", "tanten min", "svigermor", "en eldre dame"}
_OPENINGS = (
    (
        "(Medisinsk nødtelefon|AMK, hva har skjedd|Nødtelefonen 113), hva gjelder det?",
        "(Hei|Hallo|Ja, hei), det er {hvem}, {han} {sign}.",
    ),
    (
        "Dette er AMK, hvor er du?",
        "Vi er (hjemme|på hytta|på jobb|i butikken|på bussen). Det gjelder {hvem}. {Han} {sign}.",
    ),
    ("Medisinsk nødhjelp, hva er problemet?", "Dere må komme, {hvem} {sign}."),
    ("Nødtelefonen, hva kan jeg hjelpe med?", "Jeg er redd for {hvem}, {han} {sign}."),
)
_PLACES = ("Hvor er dere nå?", "Hva er adressen?", "Hvilken kommune ringer du fra?")
_PLACE_ANSWERS = ("I (andre|første|tredje) etasje, ved {sted}.", "Like ved {sted}.", "Vi er ved {sted}, døren er åpen.")
_SPOTS = (
    "skolen",
    "kirken",
    "brygga",
    "butikken",
    "stasjonen",
    "idrettshallen",
    "rådhuset",
    "fabrikken",
    "campingen",
    "ferjekaia",
    "biblioteket",
    "torget",
    "badeplassen",
    "gården",
    "rundkjøringen",
)
_TURNS = (
    (
        "Når startet det?",
        (
            "For {small} (minutter|timer) siden.",
            "Kanskje rundt klokka {tid}.",
            "{Han} var fin i går.",
            "Vet ikke, {han} lå alene.",
            "Det kom (helt brått|litt etter litt).",
        ),
    ),
    ("Er {han} våken?", ("Ja, men {han} {shared}.", "Ja, {han} ser på meg.", "Sånn passe, {han} {shared}.")),
    (
        "Kan {han} løfte begge armene?",
        ("Jeg vet ikke helt.", "{Han} prøver.", "{Han} vil ikke.", "Ja, tror det.", "Nei, ikke nå."),
    ),
    ("Kan {han} si en setning til meg?", ("{Han} vil ikke i telefonen.", "Ja, litt.", "Det høres rart ut.", "Nei.")),
    (
        "Har {han} noen sykdommer?",
        (
            "Ikke som jeg vet om.",
            "{Han} tar (noen|mange) piller.",
            "{Han} var hos legen i vår.",
            "Bare litt høyt trykk.",
        ),
    ),
    ("Puster {han} normalt?", ("Ja.", "Ja, jeg tror det.", "Litt fort.")),
    ("Hvor gammel er {han}?", ("{alder} år.", "Rundt {alder}.", "{Han} er {alder}.")),
    ("Er du alene med {ham}?", ("Ja, bare meg.", "Nei, (naboen|søsteren min) er her.")),
)
_MORE = (
    ("Noe mer du ser?", "Og {han} {sign}."),
    ("Hva mer er det?", "{Han} {sign} også."),
    ("Fortell mer.", "Det verste er at {han} {sign}."),
    ("Beskriv det for meg.", "{Han} {sign}, jeg skjønner det ikke."),
)
_CLOSING = (
    ("Bli på linja, hjelpen er på vei.", "Takk."),
    ("Legg {ham} på siden.", "Det skal jeg gjøre."),
    ("Jeg sender noen til dere.", "Skynd dere."),
    ("Ikke gi {ham} noe å drikke.", "Nei vel."),
    ("La {ham} ligge rolig.", "Ja, greit."),
)
# What the operator concludes; only the corpus has it, for it would give the answer away.
_VERDICTS = {
    "stroke": (
        "Dette kan være hjerneslag, jeg utløser slagalarm.",
        "Mistanke om slag, ambulansen kjører direkte til trombolyse.",
        "Jeg tenker hjerneinfarkt eller drypp, dere skal rett til CT caput.",
    ),
    "low_sugar": (
        "Dette er nok føling, gi saft og sjekk blodsukkeret.",
        "Jeg tenker hypoglykemi, finn glukagonsprøyte.",
    ),
    "seizure": ("Dette ligner epilepsi, ta tiden på anfallet.", "Det er nok et krampeanfall, gi diazepam som avtalt."),
    "intoxication": (
        "Dette er beruselse eller forgiftning, legg ham i sideleie.",
        "Jeg tenker rus, ta vare på eskene.",
    ),
    "migraine": (
        "Dette høres ut som migrene, ta sumatriptan og hvil.",
        "Det er nok et migreneanfall, kontakt legevakten.",
    ),
    "dizzy_or_chest": (
        "Dette er neppe hjernen, kontakt legevakten.",
        "Jeg setter deg over til legevakten for undersøkelse.",
    ),
}

_SUMMARIES = {
    "stroke": "Notert som slag: {Han} {sign}.",
    "low_sugar": "Notert som lavt blodsukker: {Han} {sign}.",
    "seizure": "Notert som krampe: {Han} {sign}.",
    "intoxication": "Notert som rus: {Han} {sign}.",
    "migraine": "Notert som migrene: {Han} {sign}.",
    "dizzy_or_chest": "Notert som annet: {Han} {sign}.",
}


def generate(seed: int) -> list[dict]:
    """Rows of `calls.jsonl`; a caller has one to three calls, about different patients."""
    rng = child(seed, "aismec")
    rows: list[dict] = []
    caller = 0
    while len(rows) < CALLS:
        caller += 1
        standard = pick_standard(rng, 0.25)
        for _ in range(min(rng.choices((1, 2, 3), (0.78, 0.16, 0.06))[0], CALLS - len(rows))):
            kind = "stroke" if rng.random() < STROKE_SHARE else weighted(rng, MIMIC_WEIGHTS)
            outcome = "stroke" if kind == "stroke" else "other"
            if rng.random() < LABEL_NOISE:
                outcome = {"stroke": "other", "other": "stroke"}[outcome]
            rows.append(
                {
                    "call_id": f"call-{len(rows) + 1:04d}",
                    "caller_id": f"caller-{caller:04d}",
                    "transcript": transcript(rng, kind, standard),
                    "written_standard": standard,
                    "outcome": outcome,
                }
            )
    return rows


def transcript(rng: random.Random, kind: str, standard: str, *, verdict: bool = False, frequency: bool = False) -> str:
    """One call, 60 to 120 words; `kind` is "stroke" or a mimic.

    `frequency` draws the signs as running text has them, and not each alike. With `verdict` the
    operator says what it is.
    """
    signs = STROKE if kind == "stroke" else MIMICS[kind]
    draw = signs.draw if frequency else signs.draw_flat
    first, second, third = (draw(rng).said(standard) for _ in range(3))
    # Some calls describe the patient so poorly that one sign must do, and some mention another's sign.
    if rng.random() < (0.2 if verdict else 0.6):
        second = SHARED.draw_flat(rng).said(standard)
    if not verdict and rng.random() < 0.35:
        other = MIMICS[weighted(rng, MIMIC_WEIGHTS)] if kind == "stroke" else STROKE
        third = other.draw_flat(rng).said(standard)
    who = rng.choice(_WHO)
    sex = "woman" if who in _WOMEN else "man"
    slots = {
        **pronouns(rng, sex, standard),
        "hvem": lambda: say(who, rng, standard, {}).lower(),
        "sted": lambda: say(rng.choice(_SPOTS), rng, standard, {}).lower(),
        "shared": lambda: SHARED.draw(rng).said(standard),
        "small": lambda: str(rng.randint(2, 40)),
        "tid": lambda: rng.choice(HOURS),
        "alder": lambda: str(rng.randint(24, 93)),
    }
    turns = [(rng.choice(_OPENINGS), first)]
    if rng.random() < 0.6:
        turns.append(((rng.choice(_PLACES), rng.choice(_PLACE_ANSWERS)), ""))
    questions = [((question, rng.choice(answers)), "") for question, answers in rng.sample(_TURNS, rng.randint(3, 4))]
    more = rng.sample(_MORE, 2)
    questions.insert(rng.randrange(len(questions)), (more[0], second))
    if verdict or rng.random() < 0.4:
        questions.insert(rng.randrange(len(questions)), (more[1], third))
    turns += questions
    if verdict:
        turns.append(((rng.choice(_VERDICTS[kind]), "(Takk|Greit|Ja, det skal jeg)."), ""))
        turns.append(((_SUMMARIES[kind], "(Ja|Stemmer)."), draw(rng).said(standard)))
    turns.append((rng.choice(_CLOSING), ""))
    lines = []
    for (operator, caller), sign in turns:
        slots["sign"] = sign.replace("{han}", slots["han"])
        lines.append("Operatør: " + say(operator, rng, standard, slots))
        lines.append("Innringer: " + say(caller, rng, standard, slots))
    return "\n".join(lines)
