"""Clinical vocabulary of heart, lung, neuro, infection, gut; see `domains`."""

from harness.data.synthetic.domain import Domain

FIRST = (
    Domain(
        "heart",
        "hjerteavdelingen",
        "atrieflimmer = hjerteflimmer, hypertensjon = høyt blodtrykk, hjerteinfarkt = infarkt i hjertet, "
        "hjertesvikt = svakt hjerte, angina pectoris = hjertekrampe, aortastenose = trang hjerteklaff, "
        "perikarditt = betent hjertepose, mitralinsuffisiens = lekk hjerteklaff, bradykardi = "
        "langsom hjerterytme, "
        "takykardi = rask hjerterytme, kardiomyopati = sykdom i hjertemuskelen, "
        "myokarditt = betent hjertemuskel, ventrombose = blodpropp i leggen, "
        "aortaaneurisme = utposning på hovedpulsåren, "
        "ekstrasystoli = ekstra hjerteslag, claudicatio = røykebein",
        "brystsmerter, hjertebank, ankelødem, halsvenestuvning, bilyd over hjertet, tungpust i "
        "liggende stilling, "
        "klemmende ubehag, nesten-besvimelse, uregelmessig puls, kald svette, utstråling til venstre arm, "
        "leggsmerter ved gange",
        "metoprolol, apixaban, furosemid, warfarin, ramipril, bisoprolol, nitroglyserin, amlodipin, "
        "rivaroksaban, "
        "digoksin, losartan, klopidogrel, amiodaron, dabigatran, spironolakton, kandesartan, "
        "edoksaban, bumetanid, "
        "flekainid, tikagrelor, eplerenon, verapamil, dalteparin, sakubitril",
        "ekkokardiografi, koronar angiografi, elektrokonvertering, arbeids-EKG, utblokking, bypassoperasjon, "
        "klaffekirurgi, ablasjonsbehandling, hjertekateterisering, perikardtapping, blodtrykksmåling i døgn, "
        "karultralyd, stentinnleggelse, septumlukking",
        "pacemaker, telemetri, hjertestarter, EKG-elektrode, blodtrykksmansjett, aortaballong, "
        "stent, klaffeprotese, "
        "rytmeopptaker, kompresjonsstrømpe",
        (
            "Rytmen var (regelmessig|noe ujevn) på overvåking.",
            "Troponin (steg|falt|var uendret) fra innkomst.",
            "EKG viste (sinusrytme|lett forlenget QT-tid|ST-senkning).",
            "Ejeksjonsfraksjonen ble anslått til {pct} prosent.",
        ),
    ),
    Domain(
        "lung",
        "lungeavdelingen",
        "KOLS = røykelunger, astma = tette bronkier, lungeemboli = blodpropp i lungen, pleuravæske "
        "= vann i lungesekken, "
        "pneumotoraks = punktert lunge, søvnapné = pustestopp om natten, lungefibrose = stive lunger, "
        "bronkiektasi = utvidede luftrør, sarkoidose = knuter i lungene, emfysem = ødelagte lungeblærer, "
        "bronkiolitt = trange småluftrør, atelektase = sammenfalt lunge, silikose = steinstøvlunge, "
        "pleuritt = betent lungehinne, laryngospasme = krampe i strupen, alveolitt = betente lungeblærer",
        "hvesende pust, slimhoste, oppspytt med blod, knatrelyder, forlenget ekspirium, blålige lepper, "
        "dagtrøtthet og snorking, hvilepustbesvær, stikk ved dyp innpust, urolig nattehoste, "
        "svekket respirasjonslyd, "
        "bruk av hjelpemuskler",
        "salbutamol, prednisolon, tiotropium, budesonid, ipratropium, montelukast, formoterol, "
        "teofyllin, salmeterol, "
        "acetylcystein, indakaterol, flutikason, glykopyrron, roflumilast, nintedanib, omalizumab, "
        "mepolizumab, "
        "umeklidinium, ciklesonid, pirfenidon, terbutalin, vilanterol",
        "spirometri, bronkoskopi, pleuratapping, lungescintigrafi, blodgassanalyse, toraksdren-innleggelse, "
        "gangtest med metning, søvnregistrering, lobektomi, pleurodese, PEF-måling, ergospirometri, "
        "torakoskopi, "
        "lungebiopsi",
        "forstøverapparat, oksygenbrille, BiPAP-maske, toraksdren, inhalasjonskammer, CPAP-maskin, "
        "pulsoksymeter, "
        "PEP-fløyte, oksygenkonsentrator, hostemaskin",
        (
            "Oksygenmetningen var {pct} prosent uten tilskudd.",
            "FEV1 var (klart|lett) redusert.",
            "Det ble gitt oksygen på {liter} liter.",
            "Røntgen av lungene viste (økt tegning|fortetning basalt|ingen infiltrat).",
        ),
    ),
    Domain(
        "neuro",
        "nevrologisk avdeling",
        "hjerneinfarkt = slag, epilepsi = fallesyke, migrene = halvsidig hodepine, multippel sklerose = MS, "
        "parkinsonisme = skjelvesyke, polynevropati = nerveskade i føttene, hjerneblødning = "
        "blødning i hodet, "
        "TIA = drypp, trigeminusnevralgi = ansiktssmerter, myasteni = muskeltrøtthet, "
        "facialisparese = ansiktslammelse, meningeom = svulst på hjernehinnen, "
        "ataksi = ustø gange, hydrocefalus = vannhode, demens = hukommelsessvikt, narkolepsi = søvnanfall, "
        "subduralt hematom = blod under hjernehinnen",
        "afasi, hemiparese, nystagmus, dysartri, neglekt, synsfeltutfall, hyperrefleksi, "
        "hviletremor, fascikulasjoner, "
        "paralysert arm, dobbeltsyn, sensibilitetstap, positiv Babinski, fingerklossethet",
        "levetiracetam, alteplase, lamotrigin, levodopa, karbamazepin, sumatriptan, valproat, "
        "gabapentin, tenekteplase, "
        "donepezil, pregabalin, rizatriptan, interferon beta, pyridostigmin, baklofen, lakosamid, "
        "natalizumab, "
        "topiramat, memantin, ropinirol, brivaracetam, fampridin",
        "CT caput, spinalpunksjon, EEG, MR av hodet, trombolyse, trombektomi, nevrografi, karotiskirurgi, "
        "shuntoperasjon, svelgtest, kraniotomi, elektromyografi, dyp hjernestimulering, botoxbehandling",
        "EEG-hette, ventrikkeldren, vagusstimulator, baklofenpumpe, ankelortose, trykkmåler for "
        "hjernen, øyelapp, "
        "reflekshammer, stemmegaffel, talemaskin",
        (
            "NIHSS ble skåret til {small} poeng.",
            "Nevrologisk status viste (sideforskjell|bedring|ingen nye utfall).",
            "Pupillene var (like|ulike) og reagerte på lys.",
            "Det var (normal|nedsatt) kraft i høyre side.",
        ),
    ),
    Domain(
        "infection",
        "infeksjonsmedisinsk avdeling",
        "pneumoni = lungebetennelse, sepsis = blodforgiftning, erysipelas = rosen, influensa = "
        "vinterinfluensa, "
        "endokarditt = betente hjerteklaffer, meningitt = hjernehinnebetennelse, osteomyelitt = "
        "beinbetennelse, "
        "borreliose = flåttsykdom, tuberkulose = tæring, herpes zoster = helvetesild, "
        "gastroenteritt = omgangssyke, "
        "mononukleose = kyssesyke, cellulitt = betent hud, malaria = sumpfeber, skabb = midd i huden, "
        "pertussis = kikhoste, abscess = verkebyll",
        "frostrier, stigende feber, gulgrønt ekspektorat, rødme og varme, septisk utseende, nattesvette, "
        "hovne lymfeknuter, purulent sekresjon, petekkier, nakkestivhet, flåttbitt, illeluktende sårvæske",
        "penicillin, cefotaksim, gentamicin, kloksacillin, doksycyklin, meropenem, metronidazol, vankomycin, "
        "klindamycin, aciklovir, ciprofloksacin, erytromycin, piperacillin, flukonazol, rifampicin, "
        "oseltamivir, "
        "linezolid, isoniazid, daptomycin, valaciklovir, amoksicillin, kaspofungin, ertapenem",
        "blodkultur, isolering, nesesvelgprøve, pusaspirasjon, dyrkning av sår, smitteoppsporing, "
        "resistensbestemmelse, "
        "abscessdrenasje, sårrevisjon, vaksinering, PCR-undersøkelse, lymfeknutebiopsi",
        "smittefrakk, åndedrettsvern, blodkulturflaske, undertrykksrom, dråpesmitteskilt, hansker i isolat, "
        "PICC-line, elastomerpumpe, visir, luftsluse",
        (
            "CRP falt fra {crp} til {small}.",
            "Det vokste (ikke bakterier|stafylokokker|gramnegative staver) i prøven.",
            "Pasienten ble (isolert|behandlet intravenøst) i {small} dager.",
            "Temperaturen var {temp} ved innkomst.",
        ),
    ),
    Domain(
        "gut",
        "gastrokirurgisk avdeling",
        "appendisitt = blindtarmbetennelse, kolecystitt = galleblærebetennelse, ileus = tarmslyng, "
        "divertikulitt = betent tarmutposning, ulcerøs kolitt = tykktarmsbetennelse, cøliaki = "
        "glutenallergi, "
        "pankreatitt = bukspyttkjertelbetennelse, levercirrhose = skrumplever, gastritt = magekatarr, "
        "lyskebrokk = brokk i lysken, øsofagitt = sår i spiserøret, hemoroider = blodårer i endetarmen, "
        "kolelitiasis = gallestein, obstipasjon = treg mage, ventrikkelulcus = magesår, hepatitt = "
        "leverbetennelse, "
        "analfissur = rift i endetarmen",
        "kolikkpregede magesmerter, svart avføring, gulfarget hud, slippømhet, galleoppkast, oppblåst mage, "
        "halsbrann, blodig diaré, ascites, svelgvansker, leirfarget avføring, tarmstillhet",
        "pantoprazol, mesalazin, laktulose, esomeprazol, loperamid, metoklopramid, omeprazol, "
        "infliksimab, ondansetron, "
        "makrogol, ursodeoksykolsyre, natriumpikosulfat, azatioprin, bisakodyl, famotidin, "
        "terlipressin, adalimumab, "
        "rifaksimin, sukralfat, vedolizumab, pankreasenzym, kolestyramin",
        "gastroskopi, koloskopi, laparoskopi, appendektomi, kolecystektomi, ERCP, hemikolektomi, "
        "brokkplastikk, "
        "leverbiopsi, ascitestapping, rektoskopi, stomianleggelse, båndligering, tarmreseksjon",
        "ventrikkelsonde, stomipose, PEG-knapp, endoskop, ernæringspumpe, rektalrør, gallestent, brokkbelte, "
        "tømningspose, klysterflaske",
        (
            "Buken var (bløt|spent|lett øm) ved palpasjon.",
            "Ultralyd viste (sten i galleblæren|fri væske|normale gallegang).",
            "Pasienten har hatt (avføring|luftavgang) siste døgn.",
            "Lipase og bilirubin ble kontrollert.",
        ),
    ),
)
