"""General-domain Norwegian: the topics of a local newspaper, without clinical words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """Slots (comma-separated words) and sentences of one topic."""

    name: str
    words: dict[str, str]
    sentences: tuple[str, ...]


TOPICS = (
    Topic(
        "vær",
        {
            "v": "regn, sludd, snø, sol, tåke, hagl, torden, vind, opphold, yr, skydekke, kuling, storm, "
            "rim, byger, lyn, nordavind, solgløtt, styrtregn, snøfokk, duskregn, finvær, mildvær, "
            "kaldvær, sprengkulde, hetebølge, nattefrost, isslag",
            "n": "Kysten, Innlandet, Fjellet, Fjorden, Dalen, Øyene, Østsiden, Vestsiden, Byen, Skogen, "
            "Vidda, Skjærgården",
            "k": "paraply, regnjakke, solkrem, ullgenser, støvler, votter, sandaler, lue, skjerf, "
            "vindjakke, gummistøvler, shorts",
        },
        (
            "I morgen ventes {v} i {place}, senere {v2}.",
            "{n} får {v} fra kl. {tid}.",
            "Meteorologen melder om {v} i helgen.",
            "Temperaturen kan komme opp i {tall} grader.",
            "Det blåser fra (nord|sør|øst|vest), og {v} er ventet.",
            "{first} måtte finne frem {k} da {v} kom.",
            "Veiene kan bli glatte etter {v} i natt.",
            "Etter {v} kom endelig sola.",
            "Det er lenge siden {place} hadde så mye {v}.",
            "På lørdag ventes {v}, så ta med {k}.",
            "Farevarselet for {v} gjelder til {dag}.",
            "Sommeren har budt på (mye|lite) {v} for folk i {place}.",
            "Barna lekte ute i {k} og {k2} hele dagen.",
        ),
    ),
    Topic(
        "sport",
        {
            "i": "fotball, håndball, langrenn, svømming, sykling, friidrett, ishockey, volleyball, hopp, "
            "skøyter, orientering, bandy, roing, turn, sjakk, tennis, padling, klatring, basketball, "
            "innebandy, bowling, golf, seiling, alpint, dart, skyting",
            "r": "målvakten, treneren, spissen, kapteinen, dommeren, løperen, midtbanen, stafettlaget, "
            "reserven, keeperen, junioren, toppscoreren, vingen, backen, veteranen, lederen, "
            "debutanten",
            "e": "seier, tap, uavgjort, rekord, pallplass, comeback, straffespark, opprykk, nedrykk, gull,"
            " sølv, bronse, finale, semifinale, poeng, scoring, hattrick",
        },
        (
            "{place} IL vant {tall}–{tall2} over {place2} på {dag}.",
            "{r} jublet etter {e} foran {hundre} tilskuere.",
            "I {i} ble det {e} for laget fra {place}.",
            "{first} {last} tok {e} i {i}.",
            "Neste kamp spilles {dag} kl. {tid}.",
            "Treningen i {i} er flyttet til {place}.",
            "{r} var fornøyd med {e}.",
            "Klubben søker flere frivillige til {i}.",
            "Etter pausen kom {e}, og kampen snudde.",
            "{last} har drevet med {i} siden barneskolen.",
            "Banen i {place} får nytt dekke før sesongen.",
            "Publikum sang da {r} kom inn.",
            "Serien i {i} starter i {mnd}.",
        ),
    ),
    Topic(
        "skole",
        {
            "f": "norsk, matematikk, historie, naturfag, geografi, musikk, engelsk, kunst og håndverk, "
            "samfunnsfag, gymnastikk, tysk, fransk, religion, mat og helselære, programmering, "
            "fysikk, teater, valgfag",
            "t": "leirskole, foreldremøte, skolefest, prøve, gruppearbeid, ekskursjon, eksamen, "
            "lesekampanje, kantine, friminutt, skolegård, bibliotek, prosjektuke, juleavslutning, "
            "elevråd, skolekorps, leksehjelp, temadag",
            "g": "lærerne, elevene, foreldrene, rektor, klassen, tiendetrinnet, vaktmesteren, "
            "førsteklassingene, assistenten, skolebussen, elevrådet, kontoret",
        },
        (
            "Elevene ved {place} skole har {t} i {mnd}.",
            "{g} gledet seg over {t} på {dag}.",
            "I {f} jobber klassen med {t}.",
            "Læreren {first} {last} underviser i {f} og {f2}.",
            "{g} ønsker seg {t} oftere.",
            "Kommunen bygger ny skole i {place}.",
            "{f} er favorittfaget til {first}.",
            "Det er plass til {hundre} elever på skolen.",
            "Etter {t} ble det kaker og saft.",
            "{g} samlet inn penger til {t}.",
            "Skolen starter kl. {tid}, og {f} er først.",
            "Prosjektet i {f} varte i {tall} uker.",
        ),
    ),
    Topic(
        "reise",
        {
            "m": "tog, buss, ferje, fly, bil, sykkel, trikk, hurtigbåt, bobil, seilbåt, taxi, nattog, "
            "moped, kajakk, hestevogn, leiebil",
            "h": "hotell, hytte, telt, pensjonat, campingplass, vandrerhjem, leilighet, gjestehus, rorbu, "
            "fyrstasjon, fjellstue, slott",
            "l": "Danmark, Spania, Italia, Skottland, Island, Hellas, Tyskland, Frankrike, Portugal, "
            "Polen, Kroatia, Japan, Canada, Nederland, Irland, Finland, Sverige, Tyrkia",
            "a": "museum, strand, utkikkspunkt, marked, kafé, katedral, bro, botanisk hage, fjelltopp, "
            "fisketorg, foss, ruin, tårn, akvarium, gamleby",
        },
        (
            "{first} og {first2} reiste med {m} til {l}.",
            "De bodde på {h} i {place}.",
            "Turen med {m} tok {tall} timer.",
            "I {l} finnes mange steder med {a}.",
            "Det ligger {a} like ved {h}.",
            "Billetten til {m} kostet {hundre} kroner.",
            "Ferien i {l} ble dyrere enn ventet.",
            "Fra {place} går det {m} hver {dag}.",
            "Familien {last} leide {h} i {mnd}.",
            "Reisen gikk videre med {m} til {place}.",
            "Mange turister vil se {a} i {l}.",
            "Vi anbefaler {h} nær {a}.",
            "{m} var forsinket i {tall} minutter ved {place}.",
        ),
    ),
    Topic(
        "mat",
        {
            "r": "fårikål, lapskaus, fiskesuppe, pannekaker, vafler, taco, pizza, kjøttkaker, lasagne, "
            "raspeballer, rømmegrøt, ertesuppe, ovnsbakt laks, plukkfisk, komle, pølser, gryterett, "
            "salat, bacalao, smørbrød, omelett, grillmat",
            "i": "gulrot, potet, løk, smør, fløte, purre, mel, egg, torsk, lam, ost, eple, blåbær, kål, "
            "persille, dill, tomat, hvitløk, sopp, rømme, kanel, honning, kålrot, laks, reker, bacon,"
            " ris, agurk, rødbet, sitron",
            "u": "panne, gryte, ovn, stekebrett, visp, bolle, sil, kjevle, grill, rivjern, kniv, "
            "skjærefjøl, kakeform, vaffeljern",
        },
        (
            "Til {r} trenger du {i}, {i2} og {i3}.",
            "Ha {i} i {u} og rør om.",
            "Kok {i} i {tall} minutter.",
            "Server {r} med {i} og {i2}.",
            "{first} lager alltid {r} i {place}.",
            "Skrell {i} og skjær i biter.",
            "Stek {i} gyllen i {u}.",
            "Oppskriften på {r} er arvet fra {first}.",
            "På kafeen i {place} får du {r} hver {dag}.",
            "Smak til med {i}.",
            "{r} passer godt til {tall} personer.",
            "Bruk gjerne {i} i stedet for {i2}.",
            "La {r} hvile før du setter på bordet.",
        ),
    ),
    Topic(
        "lokalhistorie",
        {
            "b": "kirke, bru, gård, mølle, skysstasjon, brygge, festning, sagbruk, prestegård, fabrikk, "
            "skolehus, naust, kraftstasjon, herregård, smie, landhandel, jernbanestasjon, seter, "
            "rådhus, fyr",
            "y": "fisker, bonde, smed, skomaker, prest, lærer, tømmerhogger, kjøpmann, skipper, snekker, "
            "gruvearbeider, budeie, urmaker, garver, møller, klokker, fløter",
            "o": "rokk, sølvskje, bunad, kiste, plog, brev, fotografi, kart, sverd, bibel, båt, klokke, "
            "vev, medalje, dagbok, mynt",
        },
        (
            "Det ble bygd {b} i {place} i {aar}.",
            "I {aar} arbeidet {first} {last} som {y} i {place}.",
            "Historielaget viser frem {o} og {o2}.",
            "Her lå det tidligere {b} og {b2}.",
            "Mange familier levde av å være {y}.",
            "{o} ble funnet ved {b} i {aar}.",
            "Brannen i {aar} ødela {b}.",
            "Slekten {last} eide {b} i over hundre år.",
            "Under krigen ble {b} brukt som lager.",
            "Boka forteller om {y} og {y2} i bygda.",
            "Det finnes et bilde av {b} fra {aar}.",
            "Museet i {place} har fått {o} i gave.",
            "Sagnet sier at {y} gjemte {o} under {b}.",
        ),
    ),
    Topic(
        "kommune",
        {
            "s": "skolebudsjett, veiprosjekt, reguleringsplan, eiendomsskatt, barnehage, gangvei, "
            "vannverk, hyttefelt, næringspark, svømmehall, kulturhus, snøbrøyting, søppelhenting, "
            "vindpark, bomstasjon, bredbånd, lekeplass, parkering, fiskerihavn",
            "p": "ordføreren, rådmannen, opposisjonen, formannskapet, utvalget, fylket, statsforvalteren, "
            "naboene, velforeningen, kommunestyret, næringslivet, ungdomsrådet, partiet, utbyggeren",
            "d": "vedtok, utsatte, støttet, kritiserte, stoppet, foreslo, godkjente, avviste, drøftet, behandlet",
        },
        (
            "{p} {d} saken om {s} på {dag}.",
            "Det er satt av {hundre} tusen kroner til {s}.",
            "{first} {last} mener at {s} må komme først.",
            "Saken om {s} skal opp igjen i {mnd}.",
            "{p} var uenig med {p2} om {s}.",
            "Innbyggerne i {place} vil ha {s}.",
            "Høringen om {s} varer i {tall} uker.",
            "Etter lang debatt ble {s} vedtatt.",
            "Planen for {s} ligger ute på nettet.",
            "{p} svarte ikke på spørsmål om {s}.",
            "I {place} er {s} det store temaet.",
            "Flertallet {d} forslaget om {s}.",
        ),
    ),
    Topic(
        "natur",
        {
            "d": "elg, rev, hjort, ørn, gaupe, hare, ekorn, ugle, oter, sel, rein, ulv, bjørn, trane, "
            "svane, hegre, lemen, grevling, orrhane, ørret, gjedde, hval, lundefugl, hoggorm, mår",
            "p": "bjørk, gran, furu, lyng, blåveis, hvitveis, einer, rogn, osp, mose, bregne, kløver, "
            "multe, tyttebær, smørblomst, or, løvetann, markjordbær",
            "t": "sti, topp, tjern, myr, elv, vann, utsikt, bålplass, gapahuk, skog, fjell, foss, strand, "
            "juv, bre, rasteplass",
        },
        (
            "{first} så en {d} ved {t} i {place}.",
            "Ved stien vokser {p} og {p2}.",
            "Jegerne felte {tall} {d} i høst.",
            "Turen går forbi {t} og {t2}.",
            "Her kan du møte både {d} og {d2}.",
            "I {mnd} blomstrer {p} langs veien.",
            "Turlaget har ryddet {t} ved {place}.",
            "Sporene etter {d} var lette å se.",
            "En {d} krysset veien ved {place} kl. {tid}.",
            "Fra {t} er det {tall} kilometer til {place}.",
            "Forskere teller {d} hvert år.",
            "Bålet ble tent ved {t}, og {p} luktet godt.",
        ),
    ),
    Topic(
        "kultur",
        {
            "k": "konsert, teaterstykke, utstilling, film, bok, festival, korøvelse, revy, dansekveld, "
            "quiz, opera, bokbad, strikkekafé, loppemarked, spelemannskonsert, kunstløp, maleri, "
            "dikt, novelle",
            "m": "fiolin, gitar, trekkspill, piano, trommer, fløyte, trompet, hardingfele, orgel, bass, "
            "cello, saksofon, munnspill, harpe",
            "a": "morsom, vakker, lang, rørende, spennende, merkelig, fargerik, stille, fengende, "
            "folkelig, leken, mørk, varm",
        },
        (
            "{first} {last} spiller {m} på {k} i {place}.",
            "Anmelderen kaller kvelden både {a} og {a2}.",
            "Billetter til {k} koster {hundre} kroner.",
            "Det blir {k} på kulturhuset {dag}.",
            "Barna lærte å spille {m} og {m2}.",
            "Forfatteren leser fra {k}, en kveld som ble {a}.",
            "{k} trakk {hundre} mennesker.",
            "Koret fra {place} øver til {k}.",
            "Med {m} og sang ble kvelden {a}.",
            "Hovedrollen i {k} har {first} {last}.",
            "Det som var {a} i fjor, er {a2} i år.",
            "Etter {k} var det kaffe og kaker.",
        ),
    ),
    Topic(
        "hverdag",
        {
            "h": "gressklipper, vaskemaskin, sofa, bokhylle, kjøleskap, sykkel, komfyr, lampe, hagebord, "
            "gardin, støvsuger, teppe, mobil, datamaskin, snømåker, drill, hammer, malerkost, stige, "
            "trillebår, kommode",
            "j": "male huset, klippe plenen, vaske vinduer, rydde loftet, måke snø, hogge ved, plante "
            "blomster, reparere taket, handle mat, strikke votter, gå tur med hunden, bake boller, "
            "brette klær, pusse opp kjøkkenet, sette poteter, mate kaninen",
            "g": "nabolaget, borettslaget, dugnaden, familien, ungdommene, pensjonistene, hageeierne, "
            "tvillingene, vennene, gjestene",
        },
        (
            "{first} skal {j} på {dag}.",
            "Brukt {h} selges for {hundre} kroner.",
            "Familien {last} vil {j} før jul.",
            "{g} møtes i {place} for å {j}.",
            "Ta vare på {h} når du er ferdig.",
            "Det er billigere å låne {h} enn å kjøpe.",
            "{first} og {first2} hjelper til med å {j}.",
            "{h} sto i garasjen til {last}.",
            "Husk å {j} i god tid.",
            "{g} hadde kjøpt {h} sammen.",
            "Om kvelden liker {first} å {j}.",
            "Hvem har mistet {h} ved {place}?",
            "På {dag} er det dugnad kl. {tid}.",
        ),
    ),
)
