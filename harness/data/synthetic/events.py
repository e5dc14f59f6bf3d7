"""Words for hospital incidents by category, and what callers say about stroke and its mimics."""

# Categories whose terms are not also treatments; drugs, devices and procedures come from `domains`.
INCIDENT_TERMS = {
    "fall": """
        snubling, glatt gulv, sengegrind, rullator, utglidning, løs matte, gåstol, dørterskel, krykker,
        hoftebeskytter, prekestol, fallmatte, sklisokker, badegulv, toalettstol, sengekant, vått dusjgulv,
        gangstativ, svimmelhet i trappen, knekk i kneet, våt flis, fotskammel, for lange bukser, ustø
        forflytning, støttehåndtak, sengehest, rullestolpedal, tøfler uten hælkappe, nattlig toalettgang,
        ledning over gulvet, trappetrinn, ramp uten rekkverk, lav belysning, tap av balansen, velting,
        ganghjelp, dusjkrakk, personløfter, skliunderlag, støttebøyle, hyppig ramling, snurrestol, høy
        sengestilling, ustabil nattbordskuff, dreieplate, kantstein, oppreisning uten hjelp, bratt
        nedkjørsel, overtråkk, sidegrind, albustøtte, parkettvoks, forflytningsbelte, ryggen i gulvet,
        knestående på badet, teppekant, badekarkant, isete inngang, sklimatte, rullestolbrems, glidelaken,
        vaklevoren stol, gripetang, fallalarm, våte tøfler, nedsatt gangfunksjon, steg opp på krakk,
        feiltrinn, pute på gulvet, spaserstokk, snublekant, piggstokk, dobbeltseng uten gelender,
        sammensunket stilling, glippende grep, hodet mot servanten, skjørt over kneet, badekåpebelte, tippet
        bekkenstol, seng uten bremser, nattlys, bevegelsessensor, løfteseil, strømper uten gummi,
        terrassedør, sving i korridoren, ubalansert oppsett, benløfter, håndrekke, dyp lenestol, rask
        snuoperasjon, balansebrett, forhøyet toalettsete, tråkk i løse lufta
    """,
    "infection": """
        MRSA, norovirus, ESBL, pasientsmitte, clostridioides, håndhygiene, vankomycinresistente
        enterokokker, sårinfeksjon, hospitalinfeksjon, smittevask, kateterinfeksjon, isolatrom, utbrudd,
        kontaktsmitte, luftsmitte, steril vask, urent utstyr, stikkskade, hudflora, pseudomonas, legionella,
        rotavirus, desinfeksjon, munnbind, sterilpakke, autoklav, engangsfrakk, hepatitt B, vannkopper,
        stafylokokker, smitteavfall, meslinger, RS-virus, håndsprit, steril duk, smitterom, streptokokker,
        candida, acinetobacter, aspergillus, skittentøysekk, bakterievekst, klebsiella, isolasjonsregime,
        karantene, covid-19, lusekur, kanyleboks, adenovirus, dekontaminator, tuberkelbasiller,
        overflatesprit, smittekjede, serratia, proteus, smitteregister, kimtall, norsk skabb,
        cytomegalovirus, kolonisering, gule stafylokokker, parvovirus, salmonella, shigella, campylobacter,
        polio, difteri, hånddesinfeksjon, sporedannere, enterobacter, munnskyllevann, hansker etter stell,
        ringorm, brennkopper, kusma, røde hunder, botulisme, soppvekst, kjøleskapstemperatur for vaksiner,
        bakteriofilter, urinveisutbrudd, vaskeprosedyre, dampkoker, renhetsgrad, giardia, hepatitt C,
        viruspåvisning, luftstrømsskap, dråpesmitte, spyttprøve, kolera, herpesutslett, humant bitt, urene
        bekken, ebola
    """,
    "documentation": """
        kurveark, epikrise, medisinliste, pasientjournal, innkomstnotat, sjekkliste, behandlingsplan,
        kardeks, operasjonsnotat, samtykkeskjema, henvisningsbrev, sykepleiesammenfatning, cavefelt,
        overføringsrapport, diktat, prøvesvarskjema, ernæringsjournal, timeplan, pleieplan, skjermbilde,
        tavlerapport, kodeverk, elektronisk melding, diagnosekode, journalmappe, signatur, feil mal,
        korrespondanse, arkivboks, rekvisisjonsnotat, HLR-status, utskrivningsnotat, skanning, vaktrapport,
        fritekstfelt, avkryssing, dokumentmal, skrivetilgang, tidsstempel, observasjonsskjema,
        smertekartlegging, tiltaksplan, legejournal, sletting av notat, blankett, kontinuasjonsark,
        PLO-melding, kjernejournal, journalinnsyn, anamnesefelt, brevmal, arbeidsliste, dobbeltføring,
        permisjonsskjema, innleggelsesskriv, apotekmelding, dødsattest, cavekort, henvisningsdato,
        poliklinikkbrev, skrivefeil, stikkord, logg, tabell, feil avsnitt, skriftlig plan, prosedyrebok,
        ukeplan, samstemmingsliste, signeringsliste, faksark, kopi til fastlege, kladd, protokoll,
        rapportbok, anmerkning, merknadsfelt, arkivnøkkel, attestmappe, kodefelt, kryssreferanse, utskrift,
        innkallingsbrev, vedtaksbrev, lagringsfeil, malverk, gul lapp, registreringskort, sammendrag,
        henvisningsmal, omsorgsnivå-felt, brukernavn, pasientforløpsark, elektronisk resept,
        medikasjonskort, skjemavelde, tekstblokk, ukurant forkortelse
    """,
    "behaviour": """
        utagering, trusler, spytting, slag mot ansatt, rømning, skjellsord, klyping, hærverk, selvskading,
        kniv på rommet, låst dør, holding, tilsnakk, roping i gangen, biting, sparking, ruset pårørende,
        knust vindu, rasering av rommet, beruselse, lugging, kasting av stol, nektet å gå, tvangstiltak,
        vekteroppdrag, politihjelp, truende kroppsspråk, kloring, krangel på stuen, seksuell trakassering,
        tyveri, avvist undersøkelse, røyking på rommet, smugling av øl, dytting, alarm fra personalet,
        paranoid atferd, verbal sjikane, slåsskamp, knyttneve, uønsket berøring, fluktfare, fastspenning,
        irritabel besøkende, lighter på rommet, gisselgreb, hylskrik, brannstiftelse, ordkrig, aggresjon,
        blotting, forfølgelse, hevntanker, steinkast, mobbing, nekting av medisin, opptøyer, urinering i
        korridoren, grov tiltale, rasistiske ytringer, kjefting, bråk i matsalen, puffing, veltet matbrett,
        overfallsalarm, spark i døren, innsmuglet pipe, håndgemeng, gjengkonflikt, utpressing, stirring,
        kvelertak, skalling, kamera på rommet, filming av ansatte, netthets, ødelagt inventar,
        narkotikafunn, nektet ransaking, spyttklatt, sjalusi, hysterisk gråt, gråtkvalt pårørende, sprukket
        rute, avskjedsbrev, matnekt, kappe til rømming, oppkjørt stemning, trampeklapp, ubedt gjest,
        vandring inn til andre, stalking, våpenlignende gjenstand, fyllebråk, låsing av vaktrom
    """,
    "identification": """
        feil armbånd, forveksling, navnelapp, feil fødselsnummer, strekkode, merket prøveglass, feil
        blodpose, navnebror, ombyttet etikett, ID-kontroll, pasientetikett, manglende navnebånd,
        dobbeltgjenger i systemet, feil side, likt etternavn, feil seng, prøverør uten navn, forbyttet
        journal, tvillingsøster, D-nummer, ulest ID-bånd, navneskilt, forbyttede svar, muntlig identitet,
        feil romnummer, umerket sprøyte, uklar identitet, feil fornavn, hastenummer, sengelapp, kopiert
        etikett, nødnavn, tekstilmerke, feil pasientkort, nyfødtbånd, ringmerking, pass og førerkort, ukjent
        pasient, blandet bildeserie, ombyttet kopp, legitimasjon, fødselsdato i feil felt, feil mottaker,
        feil arm, speilvendt merking, prøvekode, transfusjonsmerke, biopsiglass uten merke, navnelikhet,
        identitetsbytte, løst håndleddsbånd, omvendt rekkefølge, samme fornavn, svak utskrift på bånd, to
        like navn, feilskrevet navn, feil person på båren, dobbelt journalnummer, manglende personalia,
        trillet feil pasient, speilbilde, rett navn i galt rom, ombyttede briller, proteseeske uten navn,
        feil tannprotese, feil mor, feilmerket rør, tatt av armbåndet, oppropsfeil, hvisket navn,
        tvillingpar, adoptivnavn, pikenavn, utenlandsk pass, turistkort, kryptisk kode, tallsiffer byttet
        om, feil kjønn i systemet, blank etikett, overklistret etikett, obduksjonslapp, tåmerke, spedbarn
        uten bånd, halskjede med navn, svar på annens navn, fremmed sprøyte, feil seddel, falsk navn,
        dekknavn, fantomnummer, adresseforveksling, gjenbrukt glass, blodtypekort, forlikt pose, to i samme
        rom, ombyttet brett
    """,
}

# Sentences that name the kind of incident outright; task texts have them now and then, the corpus mostly.
INCIDENT_CUES = {
    "fall": (
        "Pasienten falt og ble funnet på gulvet.",
        "Pasienten slo seg i fallet.",
        "Fallrisiko var (ikke vurdert|vurdert tidligere).",
    ),
    "medication": (
        "Pasienten fikk feil dose av medisinen.",
        "Legemidlet var gitt på feil tidspunkt.",
        "Feilen gjaldt utdeling av legemidler.",
    ),
    "equipment": (
        "Apparatet virket ikke som det skulle.",
        "Utstyret ble tatt ut av bruk og sendt til medisinsk teknikk.",
        "Teknisk svikt ble oppdaget under bruk.",
    ),
    "infection": (
        "Rutinene for smittevern ble ikke fulgt.",
        "Smittevernsykepleier ble varslet.",
        "Flere pasienter kan ha blitt utsatt for smitte.",
    ),
    "documentation": (
        "Opplysningene var ikke ført i journalen.",
        "Dokumentasjonen var mangelfull.",
        "Det som var skrevet, stemte ikke.",
    ),
    "treatment_delay": (
        "Pasienten måtte vente i flere timer.",
        "Undersøkelsen ble utsatt til neste dag.",
        "Behandlingen startet for sent.",
    ),
    "behaviour": (
        "Pasienten var truende mot personalet.",
        "Vektere ble tilkalt.",
        "Situasjonen ble opplevd som utrygg for de ansatte.",
    ),
    "identification": (
        "To pasienter ble tatt for hverandre.",
        "Identiteten var ikke kontrollert.",
        "Navn og fødselsdato stemte ikke.",
    ),
}

# What a lay caller says of the patient; each phrase follows "han" or "hun", and `{han}` repeats it.
STROKE_SIGNS = """
    er skjev i munnen; snøvler; finner ikke ordene; har mistet kraften i armen; henger i det ene ansiktet;
    drar på foten; er lam på høyre side; siker fra munnviken; blander ord; ser dobbelt; mister koppen hele
    tiden; kan ikke smile; er nummen i halve kroppen; prater grøtete; forstår ikke hva vi sier; faller mot
    venstre; har en slapp arm; svarer bare med rare lyder; klarer ikke å løfte hånden; har fått hengende
    øyelokk; skjener når {han} går; er blitt borte på den ene siden av synet; får ikke svelget vannet; sier
    bare tøv; er helt kraftløs i venstre ben; kjenner ikke venstre hånd; har utydelig tale; kniper igjen ene
    øyet; bommer på glasset; velter ut av stolen mot siden; er plutselig stum; kan ikke lese skiltet; finner
    ikke munnen med skjeen; har skakt ansikt; stirrer bare mot høyre; har skjevt smil; er visnet i fingrene;
    subber med tåen; er blind på det ene øyet; lepper rart; mumler usammenhengende; har en arm som bare
    dingler; gjentar samme ordet; sikler; skriver bare krøll; kommer ikke opp av sofaen på den siden;
    glemmer den ene armen; har krokete munn; har stivnet i ansiktet; ser bare halve bildet; legger trykket
    feil; får ikke knappet skjorten; klarer ikke å peke på nesen; har tungen ute til siden; slepet beinet
    etter seg; taler som en full mann; gaper skjevt; har mistet språket; ser gardin for det ene øyet; leter
    etter navnet på kona; stotrer; babler; lesper brått; sluddrer; rører med stemmen; krenger til høyre;
    siger sammen på skrå; har en blytung arm; griper etter luft når {han} skal ta koppen; hinker på ett ben
    siden frokost; har skjevt kjakepar; har klønete høyrehånd; kan ikke blunke; får ikke plystret; tygger
    bare på den ene siden; lukker ikke det ene øyet; har sløv leppe; dropper gaffelen; kan ikke telle til
    ti; fant ikke døren i eget hus; kaller meg feil; skriver speilvendt; kjører inn i dørkarmen; treffer
    ikke knappene; har følelsesløs kinn; er prikkende i halve kroppen; har mistet grepet; holder hodet
    dreid; vasker bare halve ansiktet; ser ikke maten til venstre; skjønner ikke klokka lenger; sier ja til
    alt; nynner i stedet for å svare; har tørt halvøye; er vinglete i ene beinet; har ikke styring på
    tommelen; ber om sko når {han} mener vann; har skjeløye; har visket ut setningene; får ikke sagt navnet
    sitt; drar kinnet; svelger i vrangstrupen; vaklet mot veggen; slenger med foten; er stiv i munnen; har
    lammet tunge; har tapt hørsel og språk; famler etter brillene; snakker som med grøt i kjeften; faller
    over ende på benken; leser halve linjen; kan ikke skru på kranen; har asymmetrisk fjes; er treg i
    venstre knyttneve; ser trapper dobbelt; åpner bare ett øye; heller på hodet; gliser skrått; har mistet
    ansiktstrekk; har dødkjøtt i hånden; kommer ikke på ordet for gaffel
"""
MIMIC_SIGNS = {
    "low_sugar": """
        er kaldsvett og skjelver; har tatt insulin uten å spise; er klissvåt av svette; har målt lavt
        sukker; er sulten og grinete; måler to komma tre; har glemt matpakken; spiser druesukker; ble
        skjelven etter treningen; har insulinpumpe som piper; er blek og klam; virker sløv til {han} får
        saft; har satt dobbel sprøyte; pleier å få føling; vil bare ha brus; kjenner kribling før måltid;
        roper på kjeks; glemte lunsjen; har sukkersyke og ristet; ble bedre av honning; dirrer; har våt
        panne; sier at sensoren uler; løp langt uten mat; har lav verdi på apparatet; har tatt for mye
        hurtigvirkende; ble sint av sult; trenger druesukkeret
    """,
    "seizure": """
        rykker i hele kroppen; har bitt seg i tungen; stirrer og smatter; ble stiv og falt; har tisset på
        seg; er søvnig etter krampen; har glemt krampemedisinen; frådet rundt munnen; har hatt anfall siden
        barndommen; himlet med øynene; ristet i to minutter; våknet og var forvirret; fikk blå lepper under
        anfallet; hadde rykninger i armen; har feber og krampet; plukker på klærne i svime; sluttet med
        lamotrigin; slo hælene i gulvet; skrek og ble stiv; har skum rundt leppene; er epileptiker; spente
        seg som en bue; snorker etter et kast; fikk blinkende lys i skjermen og datt; krummet seg; har
        halsbånd for epilepsi; bet i stykker kinnet; var vekk i ett minutt
    """,
    "intoxication": """
        har drukket siden i går; lukter sprit; er sjanglete etter festen; har tatt sovetabletter; ligger ved
        en tom flaske; har blandet piller og øl; kaster opp etter vinen; har røykt noe rart; synger og er
        full; har små pupiller; ble funnet i parken med ølbokser; har drukket hjemmebrent; har fått noe i
        drinken; tok hele pilleesken; er ruset på fest; lar seg nesten ikke vekke etter ølet; har sniffet
        lim; stinker av øl; har kanyle i lommen; sovnet på utestedet; er bakfull; drakk frostvæske; har
        spist sopp fra skogen; helte i seg konjakk; er høy på hasj; har tomme pillebrett; var på russefest;
        tok noe på toget; gynger og ler
    """,
    "migraine": """
        ser flimmer og sikksakk; har dunkende hodepine; tåler ikke lys; har hatt migrene før; kvalmes av
        lukter; ligger i mørkt rom; ser lysende prikker; har hodepine bak øyet; får vondt av støy; ser
        fargede ringer; har anfallet hver måned; tok migrenetablett; har pulserende smerte; har stjerner for
        øynene; kjenner bånd rundt hodet; ble dårlig av rødvin og ost; har gardinene for; kjenner hamring i
        tinningen; ser glitrende flekker; blir verre av sjokolade; vil ha is på pannen; har aura før
        anfallet; spyr av lyset; har klubbe i pannen; dekker øynene med håndkle; har nakkehodepine fra
        stress
    """,
    "dizzy_or_chest": """
        blir svimmel når {han} snur seg; føler at rommet spinner; har klem for brystet; kaster opp av
        karusellfølelsen; har vondt i skulderen og brystet; har dotter i ørene; besvimte da {han} reiste
        seg; puster fort og prikker i fingrene; har vondt i magen; er øm etter fallet; har høy feber og
        frostrier; hyperventilerer; har øresus; hoster og er tungpusten; kjenner at hjertet hopper; har
        trykk over brystet; ble svimmel i badstuen; har stukket seg på veps; er hoven i ansiktet etter
        nøtter; har vondt i ryggen; seiler rundt i sengen; har krystallsyke; svartner når {han} reiser seg;
        har elveblest; har nyrestein; har stikk i brystet; er tett i ørene; brakk ankelen; har
        lungebetennelse; skalv av frost; fikk sting i siden; er øm i brystbenet; kaster opp blod; har klump
        i halsen; blør neseblod; har magesjau; har kuttet seg; ble sjøsyk; har hjertebank og panikk
    """,
}
# Signs that go with everything: they carry no evidence.
SHARED_SIGNS = """
    er svimmel; har hodepine; virker uklar; er kvalm; svarer tregt; er slapp; ligger på gulvet; er redd; har
    kastet opp; er trøtt; ser rar ut; vil ikke opp; ble brått dårlig; er ustø
"""
