"""From bokmål to nynorsk, word by word, for the closed vocabulary of this generator.

No translator: the templates are written so that word order and gender agree in both standards, and
every word that differs stands in the list. A word that is not listed is the same in both.
"""

import re

_DIFFERENT = """
adressen:adressa anbefaler:tilrår anbefales:blir~tilrådd anmelderen:meldaren ansikt:andlet ansiktet:andletet
ansiktslammelse:andletslamming ansiktssmerter:andletssmerter anslått:rekna arbeidet:arbeidde arvet:arva
avdelingen:avdelinga avholds:avhalds avlastningssko:avlastingssko avsluttes:blir~avslutta avtalt:avtala bare:berre
barna:borna barneskolen:barneskulen bedre:betre bedres:blir~betra bedring:betring behandles:blir~behandla
behandlet:behandla behandlingen:behandlinga beinmargsbiopsi:beinmergsbiopsi beinmargskreft:beinmergskreft
beinskjørhet:beinskjørleik bekreftet:stadfesta bekymre:uroe bekymret:uroleg ben:bein benmargssmerter:beinmergssmerter
ber:bed beskriv:skildre bestemoren:bestemora besvimte:svima~av besøkende:besøkjande betydning:betyding
bevegelighet:rørsle bilde:bilete bildeserie:biletserie bildet:biletet bilkjøring:bilkøyring billetter:billettar
billigere:billigare biter:bitar bivirkninger:biverknader blander:blandar blandet:blanda ble:vart blek:bleik
blekhet:bleikheit blitt:vorte blodforgiftning:blodforgifting blomster:blomar blomstrer:blømer blålige:blålege
blåmerker:blåmerke blåser:bles blødersykdom:blødarsjukdom blødning:bløding bløt:blaut bodd:budd bodde:budde
boller:bollar bommer:bommar bosatt:busett bosted:bustad brannstiftelse:brannstifting bredbånd:breiband bro:bru
brudd:brot bruddlinje:brotlinje bruker:brukar brukes:blir~brukt brukket:brote budt:bydd bygger:byggjer
bygges:blir~bygd byttet:bytta bånd:band båndligering:bandligering båren:båra båret:boren dager:dagar
dagtrøtthet:dagtrøyttleik datter:dotter datteren:dottera de:dei dere:de deres:dykkar dingler:dinglar
dobbeltgjenger:dobbeltgjengar dommeren:dommaren drevet:drive drukket:drukke dryppet:dryppa drøftet:drøfta
dyrere:dyrare dyrket:dyrka dyrkning:dyrking dårlig:dårleg dårlige:dårlege dø:døy døde:døydde dør:døyr døren:døra
egentlig:eigentleg eggehvite:eggekvite eide:åtte eiendomsskatt:eigedomsskatt elevene:elevane elever:elevar
ellers:elles en:ein endelig:endeleg ene:eine eneste:einaste enhet:eining enige:samde enkeltsuturer:enkeltsuturar
et:eit etternavn:etternamn fallende:fallande faller:fell fallesyke:fallesjuke falt:fall familier:familiar
fargede:farga farlig:farleg fengende:fengjande fikk:fekk fingerklossethet:fingerklossleik fingrene:fingrane
finner:finn finnes:finst finvær:finvêr fisker:fiskar fjernes:blir~fjerna flere:fleire flertallet:fleirtalet
flytter:flyttar flyttet:flytta flåttsykdom:flåttsjukdom fløte:fløyte fløter:fløytar fløy:flaug folkelig:folkeleg
foran:framfor forandringer:forandringar forbyttede:forbytta forbyttet:forbytta forebygges:førebyggjast
forebygging:førebygging foreldrene:foreldra foreslo:føreslo forfatteren:forfattaren forfølgelse:forfølging
forgiftning:forgifting forkortet:forkorta forlenget:forlengd fornavn:førenamn fornøyd:nøgd forsikringen:forsikringa
forsinket:forseinka forskere:forskarar forskjell:skilnad forstyrrelse:forstyrring forstørret:forstørra
forstøverapparat:forstøvarapparat fortell:fortel forteller:fortel fortetning:fortetting fortløpende:fortløpande
fortsette:halde~fram fortsetter:held~fram forvekslet:forveksla forventet:venta forvirret:forvirra fra:frå frem:fram
frossenhet:frosenheit frådet:fråda funnene:funna funnet:funne følelse:kjensle følge:følgje følgene:følgjene
følger:følgjer følges:blir~følgd førerkort:førarkort førerkortet:førarkortet førsteklassingene:førsteklassingane
førstevalg:førsteval føttene:føtene galleblæren:galleblæra gammel:gammal gange:gonge gangen:gongen ganger:gonger
gangvei:gangveg gaper:gapar garver:garvar gave:gåve genene:gena gikk:gjekk gis:blir~gitt gjaldt:galdt gjelder:gjeld
gjemte:gøymde gjennomføres:blir~gjennomført gjentar:gjentek gjør:gjer gjøre:gjere gjøres:gjerast glass:glas
glasset:glaset gledet:gledde glemmer:gløymer glemt:gløymt gruvearbeider:gruvearbeidar grønnsaker:grønsaker
grøtete:graututt gulfarget:gulfarga gulv:golv gulvet:golvet gummistøvler:gummistøvlar gutt:gut gård:gard gården:garden
ham:han handlet:handla hele:heile helgen:helga helsefagarbeider:helsefagarbeidar helt:heilt hendelse:hending
hendelsen:hendinga hengende:hengande henger:heng hennes:hennar hentet:henta henvendelse:førespurnad
henvises:blir~tilvist henvisning:tilvising henvisningsbrev:tilvisingsbrev henvist:tilvist herregård:herregard
hete:heite hevet:heva hilsen:helsing himlet:himla hinnen:hinna hjelpemuskler:hjelpemusklar hjelpen:hjelpa
hjelpepleier:hjelpepleiar hjem:heim hjemme:heime hjemmebrent:heimebrent hjemmesykepleie:heimesjukepleie hjemmet:heimen
hjerneblødning:hjernebløding hjernehinnen:hjernehinna hjerte:hjarte hjerteavdelingen:hjarteavdelinga
hjertebank:hjartebank hjerteflimmer:hjarteflimmer hjerteinfarkt:hjarteinfarkt
hjertekateterisering:hjartekateterisering hjerteklaff:hjarteklaff hjerteklaffer:hjarteklaffar
hjertekrampe:hjartekrampe hjertelig:hjarteleg hjertemuskel:hjartemuskel hjertemuskelen:hjartemuskelen
hjertepose:hjartepose hjerterytme:hjarterytme hjerteslag:hjarteslag hjertestarter:hjartestartar
hjertesvikt:hjartesvikt hjertet:hjartet hodepine:hovudpine hodeskade:hovudskade hodet:hovudet holde:halde holder:held
holdes:blir~halden holding:halding holdt:halde hoster:hostar hoveddiagnose:hovuddiagnose hovedpulsåren:hovudpulsåra
hovedrollen:hovudrolla huden:huda hukommelsessvikt:minnesvikt hun:ho husk:hugs husker:hugsar hva:kva hvem:kven
hver:kvar hverandre:kvarandre hvert:kvart hvesende:kvesande hvil:kvil hvile:kvile hvilepustbesvær:kvilepustebesvær
hviletremor:kviletremor hvilke:kva hvilken:kva hvilket:kva hvit:kvit hvite:kvite hvitløk:kvitlauk hvitveis:kvitveis
hvor:kvar hvordan:korleis hvorfor:kvifor hånd:hand håndball:handball hånden:handa håndhygiene:handhygiene
håndledd:handledd håndleddsbrudd:handleddsbrot håndleddsbånd:handleddsband håndleddskinne:handleddskinne
håndsprit:handsprit håndverk:handverk høre:høyre hører:høyrer høres:høyrest høringen:høyringa
hørselshallusinasjoner:høyrselshallusinasjonar høst:haust høy:høg høyde:høgd høyden:høgda høyre:høgre høyt:høgt
identitetsbytte:identitetsbyte ikke:ikkje illeluktende:illeluktande innbyggerne:innbyggjarane innebærer:inneber
innen:innan innlagt:innlagd jeg:eg jegerne:jegerane jobber:jobbar jublet:jubla kaldvær:kaldvêr kaller:kallar
karusellfølelsen:karusellkjensla kaster:kastar kastet:kasta kirke:kyrkje kirken:kyrkja kjemper:kjempar
kjennes:kjennest kjæreste:kjærast kjærligheten:kjærleiken kjøkkenet:kjøkenet kjøre:køyre kjører:køyrer kjørte:køyrde
klager:klagar klaget:klaga klassen:klassa klemmende:klemmande klokker:klokkar klær:klede klærne:kleda knappet:kneppt
knatrelyder:knatrelydar knær:kne koblet:kopla kolikkpregede:kolikkprega komme:kome kommer:kjem
komplikasjoner:komplikasjonar kompresjonsbrudd:kompresjonsbrot konsentrasjonsvansker:konsentrasjonsvanskar
kontrolleres:blir~kontrollert korfor:kvifor korøvelse:korøving koster:kostar kostet:kosta
kostveiledning:kosthaldsrettleiing kraften:krafta krampen:krampa kreftavdelingen:kreftavdelinga krysset:kryssa
kvalmes:blir~kvalm kvinnen:kvinna kyssesyke:kyssesjuke ladet:lada lager:lagar lages:lagast langsom:langsam lav:låg
lave:låge lavt:lågt lede:leie ledelse:leiing leder:leiar lederen:leiaren ledning:leidning legemidlene:legemidla
legemidler:legemiddel legger:legg legges:blir~lagt leide:leigde leiebil:leigebil leilighet:leilegheit
leirskole:leirskule leken:leiken lekeplass:leikeplass leker:leikar lekk:lek lekte:leika leser:les leste:las
leter:leitar lidelse:liding ligge:liggje liggende:liggjande ligger:ligg ligner:liknar liker:likar lindrende:lindrande
luftrør:luftrøyr lukkes:blir~lukka lukter:luktar luktet:lukta lungeavdelingen:lungeavdelinga lungen:lunga lyder:lydar
lymfeknuter:lymfeknutar lysende:lysande lå:låg lårhalsbrudd:lårhalsbrot lærer:lærar læreren:læraren lærerne:lærarane
løk:lauk løpe:springe løper:springar løperen:løparen lørdag:laurdag løs:laus løst:laust løvskog:lauvskog man:ein
mandag:måndag manglende:manglande maskinen:maskina matet:mata medisinlisten:medisinlista meldes:meldast
meldingen:meldinga meldt:meld melk:mjølk melkehormonsvulst:mjølkehormonsvulst mener:meiner mennesker:menneske mer:meir
merkelig:merkeleg merker:merkar merket:merkt metning:metting mildvær:mildvêr minsker:minskar minutter:minutt
mistenker:mistenkjer mister:mistar mistet:mista mobiliseres:blir~mobilisert moren:mora morgen:morgon morgenen:morgonen
morgenmøtet:morgonmøtet morsom:morosam muligheten:høvet mumler:mumlar munnviken:munnvika muntlig:munnleg
muskeltrøtthet:muskeltrøyttleik mye:mykje målvakten:målvakta måneansikt:måneandlet måned:månad måneder:månader
møller:møllar møtes:møtest naboene:naboane natten:natta nattlig:nattleg nattlige:nattlege naturlig:naturleg navn:namn
navnebror:namnebror navnebånd:namneband navnelapp:namnelapp navnelapper:namnelappar navnelikhet:namnelikskap
navneskilt:namneskilt navnet:namnet nedkjørsel:nedkøyring nedstemthet:nedstemtheit nektet:nekta
neseblødninger:nasebløding nesen:nasen nesesvelgprøve:nasesvelgprøve noe:noko noen:nokon nummen:nommen
nyfødtbånd:nyføddband nyheter:nyhende nyren:nyra nå:no nås:nåast nødhjelp:naudhjelp nødnavn:nødnamn
nødtelefon:naudtelefon nødtelefonen:naudtelefonen nødvendig:naudsynt observeres:blir~observert oftest:oftast
oksygenmetningen:oksygenmettinga ombyttet:ombytta omgangssyke:omgangssjuke opereres:blir~operert oppdaget:oppdaga
oppfattet:oppfatta oppholdet:opphaldet opplysningene:opplysningane opplysninger:opplysningar oppskriften:oppskrifta
oppsto:oppstod ordene:orda ordføreren:ordføraren overføres:blir~overført overspising:overeting overtok:tok~over
overvåking:overvaking pasienter:pasientar peke:peike penger:pengar pensjonistene:pensjonistane personer:personar
personlig:personleg personløfter:personløftar plages:blir~plaga planlegges:blir~planlagt plantet:planta
plasser:plassar plukker:plukkar plutselig:plutseleg prater:pratar prestegård:prestegard prikker:prikkar prøves:prøvast
pulserende:pulserande pupillene:pupillane puster:pustar pårørende:pårørande påvirker:påverkar påvises:blir~påvist
reglene:reglane reisen:reisa rettet:retta riktig:rett ringe:ringje ringer:ringar ringte:ringde ristet:rista
rolig:roleg rundkjøringen:rundkøyringa rutinene:rutinane rutiner:rutinar ryddet:rydda rykker:rykkjer
rykninger:rykningar røket:roken røkt:røykt rømmegrøt:rømmegraut rømning:rømming rørende:rørande røykebein:røykjebein
røykelunger:røykjelunger røykeslutt:røykjeslutt sagnet:segna saken:saka samboeren:sambuaren samlet:samla samme:same
sammen:saman sammenfalt:samanfallen sandaler:sandalar sang:song sannsynlig:sannsynleg sannsynlige:sannsynlege
satt:sett satte:sette se:sjå selge:selje selges:blir~seld selv:sjølv selvmordstanker:sjølvmordstankar
selvmordsvurdering:sjølvmordsvurdering selvskading:sjølvskading sendes:blir~sendt senere:seinare senket:senka
sent:seint sette:setje setter:set settes:blir~sett sideforskjell:sideskilnad siden:sidan sier:seier siker:sik
sikler:siklar sitte:sitje sitter:sit sjangler:sjanglar sjekkes:sjekkast skadet:skadd skjeen:skeia skjelver:skjelv
skjelvesyke:skjelvesjuke skjermbilde:skjermbilete skjermet:skjerma skjev:skeiv skjevt:skeivt skjorten:skjorta
skjønner:skjønar skled:sklei skole:skule skoleavslutning:skuleavslutning skolebudsjett:skulebudsjett
skolebussen:skulebussen skolefest:skulefest skolegård:skulegard skolehelsetjenesten:skulehelsetenesta
skolehus:skulehus skolekorps:skulekorps skolen:skulen skomaker:skomakar skrevet:skrive skriver:skriv skulderen:skuldra
skummende:skummande skyldes:kjem~av skynd:skund skåret:skåra slapphet:slappleik slekten:slekta slipper:slepp
slippømhet:sleppømheit smatter:smattar smittevernsykepleier:smittevernsjukepleiar snakket:snakka snekker:snikkar
snekkeren:snikkaren snublet:snubla snøvler:snøvlar sommeren:sommaren sover:søv sovetabletter:sovetablettar
speilet:spegelen spennende:spennande spille:spele spiller:spelar spilles:blir~spela spinner:spinn spise:ete spiser:et
spiserøret:etrøyret spisevegring:etevegring spist:ete spiste:åt splittet:splitta sporene:spora sprøytet:sprøyta
spurte:spurde spørre:spørje starter:startar startet:starta statsforvalteren:statsforvaltaren staver:stavar sted:stad
steder:stader stedet:staden steiner:steinar stemningssvingninger:stemningssvingingar sten:stein stigende:stigande
stikker:stikk stirrer:stirer stivnet:stivna sto:stod stoler:stolar stoppet:stoppa strikket:strikka
stråleskadet:stråleskadd strøm:straum stue:stove stuen:stova støttet:støtta støvler:støvlar subber:subbar
sukkersyke:sukkersjuke svarer:svarar svekket:svekt svelget:svelgd svelgvansker:svelgvanskar svimmelhet:svimleik
svømmehall:symjehall svømming:symjing sykdom:sjukdom sykdommen:sjukdomen sykdommer:sjukdomar sykehjem:sjukeheim
sykehus:sjukehus sykehuset:sjukehuset sykehusinfeksjon:sjukehusinfeksjon sykepleie:sjukepleie
sykepleienotat:sjukepleienotat sykepleier:sjukepleiar sykepleierapport:sjukepleierapport sykepleiere:sjukepleiarar
sykepleierne:sjukepleiarane sykepleiesammenfatning:sjukepleiesamanfatning sykler:syklar sykmelding:sjukmelding
symptomer:symptom synes:synest synger:syng synkende:synkande syreforgiftning:syreforgifting såler:solar søker:søkjer
søkes:blir~søkt sønn:son sønnen:sonen søster:syster søsteren:systera søvnløshet:søvnløyse tablettene:tablettane
tabletter:tablettar takknemlig:takksam taler:talar tanten:tanta tar:tek tas:blir~teke tatt:teke tegn:teikn
tegning:teikning teknikeren:teknikaren teller:tel tenker:tenkjer tent:tend tiden:tida tidlig:tidleg
tidligere:tidlegare tilbaketrekning:tilbaketrekking tilbud:tilbod tilfredsstillende:tilfredsstillande tilskudd:tilskot
tilskuere:tilskodarar timene:timane timer:timar tirsdag:tysdag tisset:tissa toppscoreren:toppscoraren trakk:trekte
trang:trong trange:tronge trangt:trongt trappen:trappa treghet:treigleik treneren:trenaren trenger:treng
trenges:trengst trengs:trengst treningen:treninga tretthet:trøyttleik tror:trur truende:truande trusler:truslar
trykkmåler:trykkmålar trykkømhet:trykkømheit trøtt:trøytt tungen:tunga turister:turistar
tvangshandlinger:tvangshandlingar tvangstanker:tvangstankar tvillingene:tvillingane tvillingsøster:tvillingsyster
tygge:tyggje tåen:tåa tåler:toler tøfler:tøflar tømmerhogger:tømmerhoggar uenig:usamd ujevn:ujamn uke:veke uker:veker
ukjent:ukjend ulest:ulesen undersøkelse:undersøking undersøkelsen:undersøkinga ungdommene:ungdommane urent:ureint
urinrør:urinrøyr urinveiene:urinvegane urmaker:urmakar urolig:uroleg usammenhengende:usamanhengande utbrudd:utbrot
utbyggeren:utbyggjaren uten:utan utløse:utløyse utløser:utløyser utløst:utløyst utredes:blir~utgreidd utredet:utgreidd
utredning:utgreiing utsatt:utsett utsatte:utsette utseende:utsjånad utskrevet:utskriven utskrives:blir~utskriven
utskrivning:utskriving utskrivningsnotat:utskrivingsnotat utstående:utståande utvidede:utvida utydelig:utydeleg
uønsket:uønskt vafler:vaflar vakten:vakta vaktmesteren:vaktmeisteren valg:val valgfag:valfag vanlig:vanleg
vanligst:vanlegast vanligvis:vanlegvis vann:vatn vannbrokk:vassbrokk vannet:vatnet vannhode:vasshovud
vannkopper:vasskoppar vannlating:vasslating vannlatingsstopp:vasslatingsstopp vannverk:vassverk vannyre:vassnyre
varslet:varsla vasket:vaska vedtatt:vedteken vegne:vegner vei:veg veien:vegen veiene:vegane veiledning:rettleiing
veiprosjekt:vegprosjekt vekke:vekkje vektere:vektarar vekteroppdrag:vektaroppdrag velger:vel velges:blir~valt
velkommen:velkomen venn:ven vennene:venene venner:vener vennlig:vennleg venter:ventar ventes:er~venta ventet:venta
ventetiden:ventetida vestsiden:vestsida vet:veit videre:vidare vindu:vindauge vinduer:vindauge virker:verkar
virket:verka virkning:verknad visnet:visna voksende:veksande vokser:veks voksne:vaksne vokste:vaks votter:vottar
vrangforestillinger:vrangførestillingar vurderes:blir~vurdert våken:vaken våknet:vakna vær:vêr være:vere vært:vore
åpen:open åpne:opne årene:åra årsaken:årsaka ødela:øydela ødelagt:øydelagd ødelagte:øydelagde øker:aukar økt:auka
ønsker:ønskjer ønskes:er~ønskt ørene:øyra øresus:øyresus øret:øyret øst:aust østsiden:austsida øvelser:øvingar
øye:auge øyelapp:augelapp øyelokk:augelok øyene:øyane øyet:auget øyne:auge øynene:auga
"""
_WORDS = {old: new.replace("~", " ") for old, new in (pair.split(":") for pair in _DIFFERENT.split())}
# "hvor" before a measure is "kor"; everywhere else it is "kvar".
_HOW = re.compile(r"\b([Hh])vor (?=(?:gammel|lenge|mange|mye|stor|hardt|alvorlig)\b)")
_WORD = re.compile(r"[A-Za-zÆØÅæøåéÉ]+")


def to_nynorsk(text: str) -> str:
    """The text with every listed word in its nynorsk form, capitals kept."""
    text = _HOW.sub(lambda match: ("K" if match[1] == "H" else "k") + "or ", text)
    text = text.replace("til dere", "til dykk")
    return _WORD.sub(_convert, text)


def _convert(match: re.Match) -> str:
    word = match.group()
    new = _WORDS.get(word.lower(), word)
    return new[:1].upper() + new[1:] if word[:1].isupper() else new
