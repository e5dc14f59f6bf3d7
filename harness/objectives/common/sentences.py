"""A rule-based sentence splitter for Norwegian clinical text, bokmål and nynorsk.

Clinical notes contain many lines that are not sentences: headings, lists, findings without a verb. So the end of a line
always ends a sentence. Inside a line a full stop ends a sentence, unless the stop belongs to an abbreviation or an
ordinal. If in doubt, the text is not cut: two joined sentences harm next-sentence prediction little, but half sentences
would show the model which segments belong together.
"""

import re

# Abbreviations of clinical and general text, without their last full stop. Those with a full stop inside ("bl.a",
# "i.v") and single letters need no entry.
ABBREVIATIONS = frozenset((
    "adr", "afd", "alm", "ang", "anm", "ant", "apr", "aug", "avd", "avg", "bakt", "beh", "bet", "bl", "bla", "ca",
    "cand", "cont", "des", "diag", "diagn", "diff", "div", "dos", "dr", "ds", "dvs", "eks", "ekskl", "el", "em",
    "ev", "evt", "feb", "feks", "fig", "fl", "flg", "fm", "forb", "fork", "forts", "fyl", "fys", "gen", "gr",
    "henh", "hhv", "hø", "iflg", "iht", "inj", "inkl", "innl", "insp", "int", "intr", "iv", "jan", "jf", "jfr",
    "jnr", "jun", "kap", "kgl", "kir", "kl", "kons", "kont", "kontr", "kr", "kv", "lab", "lat", "lign", "ltr",
    "maks", "mar", "max", "mdl", "medik", "mfl", "mht", "mill", "min", "mml", "mnd", "mrd", "mv", "nevr", "nov",
    "nr", "obj", "obs", "off", "okt", "ol", "op", "ort", "osv", "overl", "pas", "pasn", "pat", "perf", "pga", "pkt",
    "pol", "poli", "pos", "postop", "preop", "prof", "progn", "prox", "pst", "psyk", "ref", "reg", "resp", "rtg",
    "sep", "sept", "sign", "sml", "spes", "spl", "st", "stk", "str", "subj", "supp", "susp", "sykepl", "tab", "tbl",
    "temp", "tlf", "tom", "undert", "undt", "us", "utg", "utl", "utt", "vanl", "vdr", "ve", "vedr", "vha", "vs",
    "årg", "øvr", "øyebl",
))  # fmt: skip

# A stop, closing quotes or brackets, white space, and the next character.
_END = re.compile(r"""[.!?…]+["'»”’)\]]*(?=\s+(?P<next>\S))""")
_LAST_WORD = re.compile(r"[^\s(\[«\"'/]+$")


def split_sentences(text: str) -> list[str]:
    """The sentences of `text` in their order, without white space at their edges. No sentence is empty.

    Together the sentences contain all characters of `text` except white space.
    """
    return [sentence for line in text.splitlines() for sentence in _of_line(line) if sentence]


def _of_line(line: str) -> list[str]:
    sentences, start = [], 0
    for match in _END.finditer(line):
        if not match["next"].islower() and _ends(line[start : match.start()], match[0]):
            sentences.append(line[start : match.end()].strip())
            start = match.end()
    return [*sentences, line[start:].strip()]


def _ends(before: str, stop: str) -> bool:
    """Return whether the punctuation `stop` (such as "." or "?!") after the text `before` ends a sentence."""
    if stop[0] != ".":
        return True
    last = _LAST_WORD.search(before)
    if last is None:
        return False
    word = last[0].casefold()
    return not (len(word) == 1 or word[-1].isdigit() or "." in word or word in ABBREVIATIONS)
