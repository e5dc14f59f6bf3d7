"""Synergi: incident reports by hospital staff; which of eight kinds of incident is it?"""

import random

from harness.data.synthetic.events import INCIDENT_CUES
from harness.data.synthetic.language import child, pick_standard, say, weighted
from harness.data.synthetic.lexicon import CLINICAL, DOMAIN_NAMES, INCIDENTS
from harness.data.synthetic.notes import numbers

REPORTS = 1060
LABEL_NOISE = 0.04
CUE_SHARE = 0.35
SECOND_TERM_SHARE = 0.3
DECOY_SHARE = 0.4
WEIGHTS = {
    "medication": 0.21,
    "fall": 0.17,
    "treatment_delay": 0.14,
    "documentation": 0.13,
    "behaviour": 0.11,
    "equipment": 0.1,
    "infection": 0.075,
    "identification": 0.065,
}
UNITS = ("sengepost", "akuttmottak", "poliklinikk", "operasjon", "intensiv", "sykehjem", "legevakt", "laboratorium")

_OPENINGS = (
    "(Dagvakt|Kveldsvakt|Nattevakt) på {post} kl. {tid}.",
    "Meldt av (sykepleier|helsefagarbeider|lege|hjelpepleier|student) på {post}.",
    "Hendelsen skjedde på {post} (i helgen|tidlig på dagen|like før vaktskiftet|under visitten|rundt kl. {tid}).",
    "Ved oppstart av vakten på {post} ble avviket kjent.",
    "(Travel|Rolig) vakt med {small} pasienter på {post}.",
    "Jeg kom på jobb på {post} kl. {tid} og fikk høre om hendelsen.",
)
# Frames that fit any kind of incident: only the term in them decides.
_FRAMES = (
    "Avviket gjelder {term}.",
    "Det handlet om {term}.",
    "Saken dreide seg om {term}, som ble tatt opp på møte.",
    "Hendelsen hadde med {term} å gjøre.",
    "Vi melder fra om {term}.",
    "Årsaken var {term}, slik vi ser det.",
    "Det oppsto en situasjon med {term}.",
    "Problemet var {term}.",
    "Igjen har vi hatt en sak med {term}.",
    "Kollegaer la merke til {term} tidlig på vakten.",
    "Slik vi forstår det, var {term} det sentrale.",
    "Pasienten og pårørende tok opp {term}.",
    "Meldingen gjelder først og fremst {term}.",
)
_SECOND = (
    "Også {term} var en del av bildet.",
    "I samme hendelse ble {term} nevnt.",
    "Senere kom {term} i tillegg.",
    "Sammen med dette var det {term}.",
)
_BACKGROUND = (
    "Pasienten var innlagt for {dis}.",
    "Pasienten er {alder} år og har {dis}.",
    "Pasienten hadde {sym} fra før.",
    "Det var kjent at pasienten hadde {dis} og {sym}.",
    "Pasienten skulle egentlig hjem etter {dis}.",
)
_DECOYS = (
    "Ingen feil ved {term} ble funnet.",
    "Det var ikke noe å si på {term} denne gangen.",
    "Vi undersøkte også {term}, men det hadde ingen betydning.",
    "{term} var derimot i orden.",
)
_CLOSINGS = (
    "Lege og leder er informert.",
    "Ingen skade på pasienten.",
    "Pasienten ble observert videre (i natt|utover dagen).",
    "Det bør lages bedre rutiner.",
    "Saken tas opp på (personalmøtet|morgenmøtet|fagdagen).",
    "Pårørende er varslet kl. {tid}.",
    "Tiltak er satt i verk samme dag.",
    "Vi ønsker opplæring på {post}.",
    "Vi var for få på jobb.",
    "Pasienten hadde det bra etterpå.",
    "Hendelsen kunne ha fått alvorlige følger.",
    "Samtale med pasienten er holdt.",
)
# How records that are not task texts name the same things: the kind of incident stands beside the term.
_TELLING = {
    "fall": ("Pasienten falt på grunn av {term}.", "Fall og fallskade etter {term}.", "Falt: {term} og {term2}."),
    "medication": ("Feil dose {term} ble gitt.", "Medisinfeil med {term}.", "{term} ble delt ut i stedet for {term2}."),
    "equipment": ("{term} virket ikke og var defekt.", "Teknisk svikt i {term}.", "{term} og {term2} var ødelagt."),
    "infection": ("Fare for smitte: {term}.", "Smittevern og {term}.", "Mulig smitte med {term} og {term2}."),
    "documentation": (
        "{term} var ikke skrevet i journalen.",
        "Mangelfull dokumentasjon: {term}.",
        "{term} og {term2} manglet i journalen.",
    ),
    "treatment_delay": (
        "Lang ventetid på {term}.",
        "{term} ble utsatt i {small} timer.",
        "Forsinket {term}, og så {term2}.",
    ),
    "behaviour": ("Truende pasient: {term}.", "Vold mot ansatte, {term}.", "Sint og truende: {term} og {term2}."),
    "identification": (
        "Feil pasient, {term}.",
        "Forvekslet identitet: {term}.",
        "Navn ikke kontrollert: {term} og {term2}.",
    ),
}
# What staff on site do about it: the corpus shows these beside the terms of their kind.
_MEASURES = {
    "fall": "Pasienten ble undersøkt for (brudd|blåmerker|hodeskade) etter fall og hjulpet opp fra gulvet.",
    "medication": "Dosen ble rettet i medisinlisten, og tablettene ble kontrollert av to sykepleiere.",
    "equipment": "Maskinen ble byttet, merket som defekt og hentet av teknikeren.",
    "infection": "Det ble tatt smitteprøver, rommet ble vasket, og pasienten ble isolert.",
    "documentation": "Teksten i journalen ble rettet, og manglende opplysninger ble skrevet inn.",
    "treatment_delay": "Timen ble flyttet, ventetiden var lang, og behandlingen kom for sent.",
    "behaviour": "Sint pasient ble skjermet, vektere hjalp til, og ansatte fikk samtale etter volden.",
    "identification": "Navn og fødselsnummer ble kontrollert på nytt, og riktig pasient ble funnet.",
}


def generate(seed: int) -> list[dict]:
    """Rows of `incidents.jsonl`; some incidents are reported two or three times, in other words."""
    rng = child(seed, "synergi")
    rows: list[dict] = []
    incident = 0
    while len(rows) < REPORTS:
        incident += 1
        kind = weighted(rng, WEIGHTS)
        post = rng.choice(UNITS)
        term = INCIDENTS[kind].draw_flat(rng)
        times = rng.choices((1, 2, 3), (0.84, 0.11, 0.05))[0]
        for _ in range(min(times, REPORTS - len(rows))):
            standard = pick_standard(rng, 0.22)
            # A second reporter stresses something else of the same incident about half of the time.
            seen = term if rng.random() < 0.5 else INCIDENTS[kind].draw_flat(rng)
            category = kind if rng.random() >= LABEL_NOISE else rng.choice(sorted(WEIGHTS))
            rows.append(
                {
                    "report_id": f"report-{len(rows) + 1:04d}",
                    "incident_id": f"incident-{incident:04d}",
                    "text": report(rng, kind, standard, post, seen.said(standard)),
                    "written_standard": standard,
                    "unit_type": post,
                    "category": category,
                }
            )
    return rows


def report(rng: random.Random, kind: str, standard: str, post: str, term: str) -> str:
    """A report of 25 to 60 words in which `term` decides the kind of incident."""
    slots = _slots(rng, standard, post)
    slots["term"] = term
    parts = [say(rng.choice(_FRAMES), rng, standard, slots)]
    if rng.random() < SECOND_TERM_SHARE:
        slots["term"] = INCIDENTS[kind].draw_flat(rng).said(standard)
        parts.append(say(rng.choice(_SECOND), rng, standard, slots))
    if rng.random() < CUE_SHARE:
        parts.append(say(rng.choice(INCIDENT_CUES[kind]), rng, standard, slots))
    if rng.random() < 0.6:
        parts.append(say(rng.choice(_BACKGROUND), rng, standard, slots))
    if rng.random() < DECOY_SHARE:
        other = rng.choice([name for name in WEIGHTS if name != kind])
        slots["term"] = INCIDENTS[other].draw_flat(rng).said(standard)
        parts.append(say(rng.choice(_DECOYS), rng, standard, slots))
    rng.shuffle(parts)
    closings = [say(sentence, rng, standard, slots) for sentence in rng.sample(_CLOSINGS, rng.randint(2, 3))]
    return " ".join([say(rng.choice(_OPENINGS), rng, standard, slots), *parts, *closings])


def corpus_report(rng: random.Random, standard: str) -> str:
    """A report as the hospital's own records hold them: several terms of a kind, and what was done."""
    kind = rng.choice(sorted(WEIGHTS))
    slots = _slots(rng, standard, rng.choice(UNITS))
    frames = [*rng.sample(_TELLING[kind], 2), rng.choice(_FRAMES), rng.choice(_SECOND)]
    parts = [say(rng.choice(_OPENINGS), rng, standard, slots)]
    for frame in frames:
        slots["term"], slots["term2"] = (INCIDENTS[kind].draw(rng).said(standard) for _ in range(2))
        parts.append(say(frame, rng, standard, slots))
    if rng.random() < 0.5:
        parts.append(say(rng.choice(INCIDENT_CUES[kind]), rng, standard, slots))
    if rng.random() < 0.7:
        parts.append(say(_MEASURES[kind], rng, standard, slots))
    if rng.random() < 0.3:
        parts.append(say(rng.choice(_CLOSINGS), rng, standard, slots))
    return " ".join(parts)


def _slots(rng: random.Random, standard: str, post: str) -> dict:
    domain = rng.choice(DOMAIN_NAMES)
    return {
        **numbers(rng),
        "post": say(post, rng, standard, {}).lower(),
        "alder": lambda: str(rng.randint(19, 95)),
        "dis": lambda: CLINICAL[domain, "disease"].draw(rng).said(standard),
        "sym": lambda: CLINICAL[domain, "symptom"].draw(rng).said(standard),
    }
