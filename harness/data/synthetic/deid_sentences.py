"""What the notes of Nor-DeID say: sentences with details to find, with none, and with who knows what."""

TITLES = ("{type}", "{type} fra {dep}", "{type} – {dep}", "Notat: {type}")
FIELDS = (
    "Alder: <Age>{age}</Age> år",
    "Tlf.: <Phone_Number>{phone}</Phone_Number>",
    "Bosted: <Location>{home}</Location>",
    "Fødselsnummer: <Social_Security_Number>{number}</Social_Security_Number>",
    "Innlagt: <Date>{day}</Date>",
    "Pasient: <First_Name>{first}</First_Name> <Last_Name>{last}</Last_Name>",
    "Født: <Date>{born}</Date>",
    "Enhet: <Health_Care_Unit>{unit}</Health_Care_Unit>",
    "Navn: <Last_Name>{last}</Last_Name>, <First_Name>{first}</First_Name>",
)
# Sentences with details to find; each has its own, so that six to twelve meet in a note.
OPENINGS = (
    "<First_Name>{first}</First_Name> <Last_Name>{last}</Last_Name> ble (innlagt|tatt imot|vurdert) ved "
    "<Health_Care_Unit>{unit}</Health_Care_Unit> <Date>{day}</Date> med {dis}.",
    "<Age>{age}</Age> år gammel {person} fra <Location>{home}</Location>, (innlagt|henvist|kjent) ved "
    "<Health_Care_Unit>{unit}</Health_Care_Unit> for {dis}.",
    "{person} født <Date>{born}</Date>, bosatt i <Location>{home}</Location>, kom <Date>{day}</Date> med {sym}.",
    "<First_Name>{first}</First_Name> [<Age>{age}</Age>] kom fra <Location>{home}</Location> til "
    "<Health_Care_Unit>{unit}</Health_Care_Unit> på grunn av {sym}.",
    "Pasient fra <Location>{home}</Location>, meldt fra <Health_Care_Unit>{unit}</Health_Care_Unit> "
    "<Date>{day}</Date> for {dis}.",
    "Vi har <Date>{day}</Date> sett <First_Name>{first}</First_Name> <Last_Name>{last}</Last_Name> for {dis}.",
)
IDENTIFYING = (
    "<First_Name>{first}</First_Name> har hatt {sym} siden <Date>{earlier}</Date>.",
    "Pårørende er <First_Name>{kin}</First_Name> <Last_Name>{last}</Last_Name>, telefon "
    "<Phone_Number>{phone2}</Phone_Number>.",
    "Kan nås på <Phone_Number>{phone}</Phone_Number>.",
    "Fødselsnummer <Social_Security_Number>{number}</Social_Security_Number> er kontrollert.",
    "Overføres til <Health_Care_Unit>{unit2}</Health_Care_Unit> <Date>{later}</Date>.",
    "Bor i <Location>{street}</Location> i <Location>{home}</Location>.",
    "<Last_Name>{last}</Last_Name> ble operert ved <Health_Care_Unit>{unit2}</Health_Care_Unit> i "
    "<Location>{away}</Location>.",
    "Lege <Last_Name>{doctor}</Last_Name> vurderte pasienten <Date>{later}</Date>.",
    "Sykepleier <First_Name>{nurse}</First_Name> ringte (sønnen|datteren) <First_Name>{kin}</First_Name>.",
    "Ny time <Date>{later}</Date> ved <Health_Care_Unit>{unit}</Health_Care_Unit>.",
    "{Han} var på reise i <Location>{away}</Location> da {han} fikk {sym}.",
    "Prøvesvar sendes til <First_Name>{nurse}</First_Name> <Last_Name>{doctor}</Last_Name> ved "
    "<Health_Care_Unit>{unit2}</Health_Care_Unit>.",
    "Far døde <Age>{age2}</Age> år gammel av {dis2}.",
    "Pasienten fylte <Age>{age}</Age> <Date>{birthday}</Date>.",
    "Henvendelse fra <Health_Care_Unit>{unit2}</Health_Care_Unit>, spør etter <Last_Name>{doctor}</Last_Name>.",
    "{Han} jobber i <Location>{away}</Location> og pendler fra <Location>{home}</Location>.",
    "Ring <First_Name>{kin}</First_Name> på <Phone_Number>{phone2}</Phone_Number> etter kl. {tid}.",
)
# Sentences that hold anything: a person, a house, a town or nobody. Only knowing the name decides.
OPEN_PEOPLE = (
    "{x} er informert om {dis}.",
    "Fikk beskjed fra {x} om {sym}.",
    "Avtalt med {x} at {drug} fortsetter.",
    "Det er ringt til {x} kl. {tid}.",
    "{x} ønsker tilbakemelding om {proc}.",
    "Vi har snakket med {x} i dag.",
    "Etter ønske fra {x} ble {drug} stoppet.",
    "Svar er gitt til {x}.",
)
OPEN_PLACES = (
    "Kom fra {x} i ettermiddag.",
    "Skal tilbake til {x} etter {proc}.",
    "Ble hentet ved {x} kl. {tid}.",
    "Har vært på {x} siden sist.",
    "Trives godt på {x}.",
    "Reiste fra {x} med drosje.",
    "Flyttet til {x} i fjor.",
)
OPEN_NUMBERS = (
    "Oppgitt nummer: {x}.",
    "Se også {x}.",
    "Registrert med {x}.",
    "Merket {x} i arkivet.",
    "I skjemaet sto det {x}.",
    "Rettet fra feil til {x}.",
)
NOBODY = (
    "hjemmetjenesten",
    "kommunen",
    "fysioterapeuten",
    "ektefellen",
    "datteren",
    "legevakten",
    "vaktlegen",
    "pårørende",
)
NOWHERE = (
    "akuttmottaket",
    "hjemmet",
    "avdelingen",
    "sykehjemmet",
    "hytta",
    "sykehuset",
    "korttidsplassen",
    "poliklinikken",
)
# Sentences with nothing to find, though they look like it: values, eponyms, units of no name.
DECOYS = (
    "Startet {drug} {mg} mg, CRP {crp} og blodtrykk {bt}.",
    "Utredet for {eponym}, ikke bekreftet.",
    "Har {eponym} fra før.",
    "{proc} er bestilt ved sykehuset.",
    "Meldt til {dep} og fysioterapeut.",
    "Puls {puls}, temperatur {temp}, metning {pct}.",
    "Hb 12,{small} og kreatinin {crp}.",
    "Vekt {puls} kg, høyde 1{pct} cm.",
    "{drug} {mg} mg x {small} i {small} dager.",
    "Fikk {drug} kl. {tid} og sov til morgenen.",
    "Operert for {dis2} for {small} år siden.",
    "Skår {small}/30 på testen.",
    "Klinisk {sym} og {sym2}.",
    "Rom {crp}, seng {small}.",
    "Diagnosekode {code} for {dis}.",
    "Referansenummer {longnumber} på prøven.",
    "Det ble brukt {tool} under inngrepet.",
    "Ca. {small} uker til kontroll.",
    "Pasienten ble mobilisert {small} ganger i går.",
    "Det er gitt {mg} ml væske siden kl. {tid}.",
)
EPONYMS = (
    "Parkinsons sykdom",
    "Crohns sykdom",
    "Bells parese",
    "Alzheimers sykdom",
    "Hodgkins lymfom",
    "Wegeners granulomatose",
    "Bechterews sykdom",
    "Graves sykdom",
    "Addisons sykdom",
    "Dupuytrens kontraktur",
    "Ménières sykdom",
    "Sjøgrens syndrom",
    "Raynauds fenomen",
    "Barretts øsofagus",
    "Downs syndrom",
    "Bergs balansetest",
)
TOOLS = (
    "Foley-kateter",
    "Kirschner-pinne",
    "Langenbeck-hake",
    "Kocher-klemme",
    "Redon-dren",
    "Allis-tang",
    "Strand-skala",
)
