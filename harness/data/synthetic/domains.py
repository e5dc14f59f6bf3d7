"""The clinical vocabulary by domain: what is treated, how it shows, with what, by which procedure.

Terms stand in falling order of frequency, in bokmål; `clinical = lay` gives the patient's own word.
A term's domain and kind decide many labels of the generated tasks, and the clinical corpus shows
every term beside others of its domain: that is the knowledge which pre-training can carry over.
"""

from dataclasses import dataclass

KINDS = ("disease", "symptom", "drug", "procedure", "device")


@dataclass(frozen=True)
class Domain:
    """One field of medicine; each kind is a comma-separated list, `cues` are its typical sentences."""

    name: str
    department: str
    disease: str
    symptom: str
    drug: str
    procedure: str
    device: str
    cues: tuple[str, ...]


DOMAINS = (
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
    Domain(
        "kidney",
        "nyremedisinsk avdeling",
        "nyresvikt = dårlige nyrer, cystitt = blærekatarr, pyelonefritt = nyrebekkenbetennelse, "
        "nyrestein = stein i nyren, prostatahyperplasi = forstørret prostata, urinretensjon = "
        "vannlatingsstopp, "
        "glomerulonefritt = nyrebetennelse, hydronefrose = vannyre, inkontinens = urinlekkasje, "
        "uremi = urinforgiftning, "
        "nefrotisk syndrom = eggehvite i urinen, urosepsis = blodforgiftning fra urinveiene, "
        "hydrocele = vannbrokk, "
        "prostatitt = betent prostata, cystenyrer = cyster i nyrene, urethrastriktur = trangt urinrør, "
        "epididymitt = bitestikkelbetennelse",
        "svie ved vannlating, skummende urin, flankesmerter, hyppig nattlig vannlating, hematuri, oliguri, "
        "svak urinstråle, bankeømhet over nyren, uremisk kløe, proteinuri, etterdrypp, steinsmerter",
        "tamsulosin, pivmecillinam, nitrofurantoin, epoetin, kalsiumacetat, trimetoprim, "
        "finasterid, solifenacin, "
        "takrolimus, natriumbikarbonat, tolterodin, darbepoetin, mykofenolat, sevelamer, "
        "mirabegron, dutasterid, "
        "alfakalsidol, ciklosporin, cinacalcet, alfuzosin, kaliumsitrat, patiromer",
        "hemodialyse, cystoskopi, nyrebiopsi, urinprøve, peritonealdialyse, pyelostomi, steinknusing, "
        "transuretral reseksjon, nyretransplantasjon, urografi, blæreskanning, nefrektomi, "
        "JJ-stenting, urodynamikk",
        "urinkateter, dialysekateter, blærescanner, AV-fistel, nefrostomi, urinpose, kateterventil, "
        "dialysefilter, JJ-stent, uridom",
        (
            "Kreatinin var (stigende|fallende|stabil) gjennom oppholdet.",
            "Timediuresen var {liter} desiliter.",
            "Urinstix viste (blod|leukocytter|ikke utslag).",
            "Resturin ble målt til {crp} ml.",
        ),
    ),
    Domain(
        "hormone",
        "endokrinologisk avdeling",
        "diabetes = sukkersyke, hypotyreose = lavt stoffskifte, hypertyreose = høyt stoffskifte, "
        "ketoacidose = syreforgiftning, osteoporose = beinskjørhet, hypoglykemi = føling, "
        "binyrebarksvikt = svake binyrer, struma = forstørret skjoldbruskkjertel, hyperkalsemi = "
        "for mye kalk i blodet, "
        "fedme = overvekt, akromegali = kjempevekst, hyperkolesterolemi = høyt kolesterol, "
        "urinsyregikt = podagra, "
        "hypofyseadenom = svulst i hypofysen, hypokalsemi = kalkmangel, prolaktinom = melkehormonsvulst",
        "uttalt tørste, vekttap uten grunn, varmeintoleranse, frossenhet, acetonlukt, utstående øyne, "
        "synkende blodsukker, hormonell svette, brune hudfolder, tørr hud og treghet, måneansikt, "
        "tåkesyn ved høyt sukker",
        "metformin, insulin glargin, levotyroksin, empagliflozin, insulin aspart, hydrokortison, semaglutid, "
        "karbimazol, alendronat, dapagliflozin, glimepirid, atorvastatin, liraglutid, denosumab, "
        "kolekalsiferol, "
        "allopurinol, linagliptin, simvastatin, propyltiouracil, kabergolin, zoledronsyre, "
        "sitagliptin, teriparatid",
        "glukosebelastning, HbA1c-måling, synakthentest, beintetthetsmåling, tyreoidektomi, "
        "radiojodbehandling, "
        "insulintitrering, fotundersøkelse, halsultralyd, fedmeoperasjon, kostveiledning, hypofysekirurgi",
        "insulinpumpe, blodsukkerapparat, glukosesensor, insulinpenn, lansett, testremse, avlastningssko, "
        "kanylebeholder, glukagonsprøyte, pumpeslange",
        (
            "Blodsukkeret var {liter},4 om morgenen.",
            "HbA1c var {crp} ved siste kontroll.",
            "TSH var (lav|høy|i normalområdet).",
            "Karbohydrater og måltider ble gjennomgått.",
        ),
    ),
    Domain(
        "bone",
        "ortopedisk avdeling",
        "lårhalsbrudd = brudd i hoften, coxartrose = slitt hofte, gonartrose = slitt kne, "
        "meniskskade = røket menisk, "
        "håndleddsbrudd = brukket håndledd, skulderluksasjon = skulder ut av ledd, korsbåndskade = "
        "røket korsbånd, "
        "ankelfraktur = brukket ankel, spinalstenose = trang ryggkanal, isjias = prolaps i ryggen, "
        "karpaltunnelsyndrom = nerve i klem i hånden, tendinitt = senebetennelse, skoliose = skjev rygg, "
        "bursitt = betent slimpose, hallux valgus = skjev stortå, kompresjonsbrudd = sammenfalt ryggvirvel, "
        "plantarfasciitt = hælsmerter",
        "feilstilling, aksesmerter, hevelse i leddet, nedsatt bevegelighet, forkortet og utrotert "
        "bein, trykkømhet, "
        "startstivhet, låsning i kneet, krepitasjon, nattlige leddsmerter, instabilitet, utstråling "
        "ned i beinet",
        "paracetamol, ibuprofen, diklofenak, oksykodon, tramadol, naproksen, enoksaparin, "
        "glukosamin, metotreksat, "
        "kodein, etorikoksib, celekoksib, traneksamsyre, meloksikam, bupivakain, ketorolak, triamcinolon, "
        "tapentadol, lidokainplaster, piroksikam, ketobemidon, hyaluronsyre",
        "hofteprotese-operasjon, artroskopi, gipsing, margnagling, reponering, plateosteosyntese, "
        "meniskreseksjon, "
        "leddpunksjon, kneprotese-operasjon, rotasjonstest, dekompresjon, seneforlengelse, skulderplastikk, "
        "pinnefiksering",
        "gipsskinne, hofteprotese, kneortose, strekkapparat, margnagle, ryggkorsett, låseplate, fatle, "
        "kiler og såler, håndleddskinne",
        (
            "Røntgen viste (god stilling|dislokasjon|skrå bruddlinje).",
            "Pasienten mobiliseres med (full|delvis) belastning.",
            "Suturer fjernes etter {small} dager.",
            "Fysioterapeut har gitt øvelser.",
        ),
    ),
    Domain(
        "mind",
        "psykiatrisk avdeling",
        "depresjon = tungsinn, bipolar lidelse = store stemningssvingninger, schizofreni = splittet "
        "sinn, angst = uro i kroppen, "
        "panikklidelse = panikkanfall, delir = akutt forvirring, anoreksi = spisevegring, "
        "tvangslidelse = tvangstanker, "
        "PTSD = traumelidelse, alkoholavhengighet = drikkeproblem, insomni = søvnløshet, psykose = "
        "sinnslidelse, "
        "bulimi = overspising med oppkast, ADHD = konsentrasjonsvansker, sosial fobi = redsel for "
        "folk, mani = oppstemt sinn, "
        "agorafobi = redsel for åpne plasser",
        "nedstemthet, tankekjør, hørselshallusinasjoner, grubling, selvmordstanker, vrangforestillinger, "
        "affektflathet, sosial tilbaketrekning, indre uro, redusert døgnrytme, tvangshandlinger, "
        "pressende tale",
        "escitalopram, olanzapin, kvetiapin, litium, sertralin, diazepam, mirtazapin, zopiklon, aripiprazol, "
        "haloperidol, venlafaksin, klozapin, oksazepam, metylfenidat, risperidon, disulfiram, "
        "fluoksetin, atomoksetin, "
        "naltrekson, duloksetin, paliperidon, bupropion, klomipramin",
        "kognitiv terapi, elektrosjokkbehandling, selvmordsvurdering, eksponeringstrening, miljøterapi, "
        "gruppesamtale, skjermingsvedtak, avrusning, familiesamtale, traumebehandling, "
        "nevropsykologisk test, "
        "kriseplan-arbeid",
        "skjermingsrom, beltestol, lysterapilampe, promillemåler, kuledyne, alarmknapp, dosettlås, "
        "ECT-apparat, aktigraf, sansestol",
        (
            "MADRS ble skåret til {small}.",
            "Stemningsleiet var (senket|nøytralt|hevet).",
            "God formell og emosjonell kontakt i samtalen.",
            "Det ble avtalt ny samtale med psykolog.",
        ),
    ),
    Domain(
        "tumour",
        "kreftavdelingen",
        "brystkreft = kreft i brystet, tykktarmskreft = kreft i tarmen, lungekreft = kreft i lungen, "
        "prostatakreft = kreft i prostata, lymfom = lymfekreft, leukemi = blodkreft, malignt "
        "melanom = føflekkreft, "
        "jernmangelanemi = lav blodprosent, myelomatose = beinmargskreft, pankreaskreft = kreft i "
        "bukspyttkjertelen, "
        "trombocytopeni = få blodplater, glioblastom = hjernesvulst, eggstokkreft = kreft i eggstokken, "
        "nøytropeni = få hvite blodceller, blærekreft = kreft i blæren, polycytemi = tykt blod, "
        "hemofili = blødersykdom",
        "kul i brystet, uforklart vekttap, blekhet og slapphet, blåmerker uten støt, voksende "
        "føflekk, benmargssmerter, "
        "kreftrelatert tretthet, metastasesmerter, stråleskadet hud, hårtap, munnsår etter kur, "
        "neseblødninger",
        "morfin, tamoksifen, docetaksel, deksametason, letrozol, cisplatin, oksaliplatin, "
        "rituksimab, kapecitabin, "
        "bikalutamid, filgrastim, pembrolizumab, fentanyl, vinkristin, trastuzumab, jernsukrose, "
        "karboplatin, imatinib, "
        "lenalidomid, goserelin, paklitaksel, bortezomib, anastrozol, nivolumab",
        "cellegiftkur, strålebehandling, mammografi, beinmargsbiopsi, mastektomi, PET-undersøkelse, "
        "blodtransfusjon, "
        "stamcellestøtte, vaktpostlymfeknute, grovnålsbiopsi, immunterapi, lindrende sedering, "
        "tumorreseksjon, "
        "hudeksisjon",
        "veneport, smertepumpe, strålemaske, parykk, brystprotese, cytostatikapose, kjølehette, "
        "morfinplaster, "
        "transfusjonssett, sårdren",
        (
            "Hemoglobin var {liter},2 før kur.",
            "CT viste (stabil sykdom|tilbakegang|nye forandringer).",
            "Saken ble drøftet på tverrfaglig møte.",
            "Nøytrofile var (lave|tilfredsstillende) før ny kur.",
        ),
    ),
)
