"""Clinical vocabulary of kidney, hormone, bone, mind, tumour; see `domains`."""

from harness.data.synthetic.domain import Domain

SECOND = (
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
