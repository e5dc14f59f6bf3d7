"""Sentences and calendar words that fit any topic of the general corpus."""

WEEKDAYS = ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"]
MONTHS = (
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
)
# What joins sentences of any topic.
FILLERS = (
    "(Det er|Dette er) (gode|viktige|spennende) nyheter for {place}.",
    "Jeg er veldig glad for dette, sier {first} {last}.",
    "Vi har ventet lenge, forteller {first}.",
    "Hun er {tall} år og bor i {place}.",
    "Han har bodd i {place} i mange år.",
    "Mer om dette kommer {dag}.",
    "Det var ikke lett, men det gikk bra til slutt.",
    "Ingen vet hva som skjer videre.",
    "Alle er hjertelig velkommen.",
    "Det sa {last} til avisen.",
    "Noen synes det er for mye, andre for lite.",
    "Hvem skal betale for alt dette?",
    "Slik har det vært siden {aar}.",
    "Jeg tror de fleste er enige i det.",
    "Hva mener du om saken?",
    "Prisen er {hundre} kroner.",
    "Ta gjerne kontakt med {first} {last}.",
)
