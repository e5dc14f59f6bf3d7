"""MedMQP: patients' questions in pairs; do both ask the same?

A question is a topic (a disease, by its clinical or its lay name) and an aspect (treatment, cause …).
The same question in other words keeps both; a related one changes the aspect, or takes another
disease of the same field.
"""

import random

from harness.data.synthetic.language import child, pick_standard, say
from harness.data.synthetic.lexicon import CLINICAL, DOMAIN_NAMES, Term

QUESTIONS = 530
LABEL_NOISE = 0.03
DOCTORS = 11
OTHER_ASPECT_SHARE = 0.4
# How often the second question names the disease by its other word: in a paraphrase, in a related question.
SYNONYM_SHARE = 0.2
RELATED_SYNONYM_SHARE = 0.6

ASPECTS = {
    "treatment": (
        "Hvordan behandles {t}?",
        "Hva slags behandling finnes mot {t}?",
        "Finnes det medisin som hjelper mot {t}?",
        "Hva kan legen gjøre med {t}?",
        "Går det an å bli kvitt {t}?",
        "Hvilken kur anbefales ved {t}?",
        "Kan {t} opereres, eller holder det med tabletter?",
        "Hva er beste hjelp mot {t}?",
    ),
    "cause": (
        "Hva er årsaken til {t}?",
        "Hvorfor får man {t}?",
        "Hva kan utløse {t}?",
        "Hvor kommer {t} fra?",
        "Hva skyldes {t}?",
        "Kan stress være grunnen til {t}?",
        "Hvordan oppstår {t}?",
        "Hva ligger bak {t}?",
    ),
    "contagion": (
        "Kan {t} smitte?",
        "Overføres {t} til andre i huset?",
        "Er det farlig for familien min at jeg har {t}?",
        "Må jeg holde meg unna folk på grunn av {t}?",
        "Kan barna få {t} av meg?",
        "Går {t} fra person til person?",
    ),
    "heredity": (
        "Er {t} arvelig?",
        "Ligger {t} i genene?",
        "Faren min hadde {t}, får jeg det også?",
        "Går {t} i slekter?",
        "Kan jeg gi {t} videre til barna når jeg får dem?",
        "Hvor stor er sjansen for å arve {t}?",
    ),
    "alcohol": (
        "Kan jeg drikke alkohol når jeg har {t}?",
        "Er det greit med et glass vin ved {t}?",
        "Blir {t} verre av øl?",
        "Bør jeg holde meg til brus på fest med {t}?",
        "Hvor mye brennevin tåler man med {t}?",
        "Må jeg være avholds ved {t}?",
    ),
    "exercise": (
        "Kan jeg trene med {t}?",
        "Er det trygt å løpe når man har {t}?",
        "Hvilken mosjon passer ved {t}?",
        "Bør jeg droppe styrkerommet på grunn av {t}?",
        "Hvor hardt kan jeg sykle med {t}?",
        "Tåler jeg idrett med {t}?",
    ),
    "pregnancy": (
        "Er {t} farlig når jeg er gravid?",
        "Kan {t} skade fosteret?",
        "Hva gjør man med {t} i svangerskapet?",
        "Jeg venter barn og har {t}, er det risiko?",
        "Påvirker {t} muligheten til å bli med barn?",
        "Kan jordmor følge meg opp ved {t}?",
    ),
    "work": (
        "Kan jeg jobbe med {t}?",
        "Trenger jeg sykmelding for {t}?",
        "Hvor lenge må jeg være borte fra jobben med {t}?",
        "Har sjefen rett til å vite om {t}?",
        "Får man trygd for {t}?",
        "Når kan jeg gå tilbake på kontoret etter {t}?",
    ),
    "diet": (
        "Hva bør jeg spise ved {t}?",
        "Finnes det mat som hjelper mot {t}?",
        "Må jeg kutte ut sukker på grunn av {t}?",
        "Hvilken kost er best for {t}?",
        "Kan grønnsaker gjøre {t} bedre?",
        "Er kaffe og melk uheldig ved {t}?",
    ),
    "duration": (
        "Hvor lenge varer {t}?",
        "Går {t} over av seg selv?",
        "Når blir jeg frisk av {t}?",
        "Er {t} for livet?",
        "Hvor mange uker tar det før {t} gir seg?",
        "Kan {t} komme tilbake senere?",
    ),
    "tests": (
        "Hvordan finner legen ut om jeg har {t}?",
        "Hvilke prøver tas for {t}?",
        "Kan en blodprøve vise {t}?",
        "Bør jeg ta røntgen for {t}?",
        "Hvordan sjekkes det om det er {t}?",
        "Hva skjer på undersøkelsen for {t}?",
    ),
    "danger": (
        "Er {t} farlig?",
        "Kan man dø av {t}?",
        "Hvor alvorlig er {t}?",
        "Bør jeg ringe legevakten for {t}?",
        "Når må jeg bekymre meg for {t}?",
        "Hvilke komplikasjoner gir {t}?",
    ),
    "driving": (
        "Kan jeg kjøre bil med {t}?",
        "Mister jeg førerkortet på grunn av {t}?",
        "Er det lov å sitte bak rattet med {t}?",
        "Må {t} meldes til trafikkstasjonen?",
        "Kan jeg ta lappen når jeg har {t}?",
    ),
    "travel": (
        "Kan jeg fly med {t}?",
        "Er det trygt å reise til Syden med {t}?",
        "Tåler {t} høyden i et fly?",
        "Trenger jeg attest på ferien for {t}?",
        "Dekker forsikringen utlandet når jeg har {t}?",
    ),
    "signs": (
        "Hva er tegn på {t}?",
        "Hvordan merker man {t}?",
        "Hvordan kjennes {t} ut?",
        "Hvilke plager gir {t}?",
        "Hva skal jeg se etter ved {t}?",
        "Hvordan vet jeg at det er {t}?",
    ),
    "prevention": (
        "Hvordan unngår jeg {t}?",
        "Kan {t} forebygges?",
        "Hva kan jeg gjøre for ikke å få {t}?",
        "Finnes det vaksine mot {t}?",
        "Hvordan slipper man {t}?",
        "Minsker røykeslutt risikoen for {t}?",
    ),
}
# The answer as a note sums it up: in the corpus every way to ask stands beside its subject.
ANSWERS = {
    "treatment": "behandling og medisin",
    "cause": "årsaken til sykdommen",
    "contagion": "smitte mellom mennesker",
    "heredity": "arv i familien",
    "alcohol": "alkohol og drikke",
    "exercise": "trening og idrett",
    "pregnancy": "graviditet og fødsel",
    "work": "jobb og sykmelding",
    "diet": "kost og mat",
    "duration": "varighet og prognose",
    "tests": "prøver og undersøkelse",
    "danger": "fare og komplikasjoner",
    "driving": "bilkjøring og førerkort",
    "travel": "reise og fly",
    "signs": "symptomer og tegn",
    "prevention": "forebygging og risiko",
}
_LEADS = (
    "Hei, jeg er {alder} år gammel. ",
    "Har et spørsmål til legen. ",
    "Jeg lurer på noe som haster litt. ",
    "Hei, takk for gode svar her! ",
    "Jeg er {person} på {alder} år. ",
    "Beklager at jeg spør om dette. ",
    "Noe jeg har tenkt mye på: ",
    "Min {slekt} er {alder} år og lurer. ",
    "Skriver på vegne av min {slekt}. ",
    "Hei, og god {dag}, dere! ",
    "Fastlegen min har ferie nå. ",
    "Jeg finner lite om dette på nettet. ",
    "Vi diskuterte dette på jobben i går. ",
    "Jeg og min {slekt} er uenige. ",
    "Hørte noe på radio i går. ",
)
_TAILS = ("", "", "", " Takk for svar.", " Hilsen {person} på {alder}.", " Blir glad for svar.")
_KIN = ("mor", "far", "søster", "bror", "venninne", "kjæreste", "datter", "sønn", "nabo", "tante")
_DAYS = ("morgen", "kveld", "helg", "formiddag", "ettermiddag", "påske", "sommer")
_TOPICS = tuple((name, term) for name in DOMAIN_NAMES for term in CLINICAL[name, "disease"].terms)


def generate(seed: int) -> list[tuple[int, str, str, int]]:
    """Rows of `mqp.csv`: doctor, question, question, label. Every first question stands twice, once per label."""
    rng = child(seed, "medmqp")
    rows: list[tuple[int, str, str, int]] = []
    used: set[str] = set()
    while len(rows) < 2 * QUESTIONS:
        standard = pick_standard(rng)
        doctor = rng.randint(1, DOCTORS)
        field, topic = rng.choice(_TOPICS)
        aspect = rng.choice(list(ASPECTS))
        wording, other_wording = rng.sample(ASPECTS[aspect], 2)
        lay = rng.random() < 0.5
        first = question(rng, standard, topic, wording, lay)
        same = question(rng, standard, topic, other_wording, lay != (rng.random() < SYNONYM_SHARE))
        if rng.random() < OTHER_ASPECT_SHARE:
            strange = rng.choice([name for name in ASPECTS if name != aspect])
            changed = lay != (rng.random() < RELATED_SYNONYM_SHARE)
            related = question(rng, standard, topic, rng.choice(ASPECTS[strange]), changed)
        else:
            others = [term for term in CLINICAL[field, "disease"].terms if term != topic]
            related = question(rng, standard, rng.choice(others), rng.choice(ASPECTS[aspect]), rng.random() < 0.5)
        if rng.random() < LABEL_NOISE:
            same, related = related, same
        if used.isdisjoint((first, same, related)) and len({first, same, related}) == 3:
            used.update((first, same, related))
            pair = [(doctor, first, same, 1), (doctor, first, related, 0)]
            rng.shuffle(pair)
            rows.extend(pair)
    return rows


def question(rng: random.Random, standard: str, topic: Term, wording: str, lay: bool) -> str:
    """One patient's question of 8 to 20 words, naming the topic by its lay or its clinical word."""
    slots = {
        "t": topic.said(standard, lay=lay),
        "alder": lambda: str(rng.randint(18, 89)),
        "slekt": lambda: say(rng.choice(_KIN), rng, standard, {}).lower(),
        "person": lambda: rng.choice(("kvinne", "mann")),
        "dag": lambda: say(rng.choice(_DAYS), rng, standard, {}).lower(),
    }
    return "".join(say(part, rng, standard, slots) for part in (rng.choice(_LEADS), wording, rng.choice(_TAILS)))


def asked_and_answered(rng: random.Random, standard: str, topic: str) -> str:
    """What a note says of a patient's question: its wording and, beside it, what it was about."""
    aspect = rng.choice(list(ASPECTS))
    slots = {"t": topic}
    wording = say(rng.choice(ASPECTS[aspect]), rng, standard, slots)
    answer = say(ANSWERS[aspect], rng, standard, {}).lower()
    frame = "Pasienten spurte: {wording} (Vi snakket om|Informert om|Fikk råd om) {answer}."
    return say(frame, rng, standard, {"wording": wording, "answer": answer})
