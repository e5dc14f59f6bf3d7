"""Convert text with XML-style inline tags to clean text and exact character spans.

The tags are taken as people and language models write them: misspelt, mismatched, nested, unclosed,
escaped, mixed with HTML and section names. What has one reading is repaired and named; what has
several raises `Unclear`. The rules, in the order they apply:

1. HTML escapes become characters, look-alike brackets become `<` and `>`, a no-break space a space. Escapes that
   make a tag (`&lt;Name&gt;`) are unclear unless the rules say that tags may be escaped.
2. A tag whose name, without case, spaces and signs, is a label or an alias counts as that label.
   Tags listed as markup, and names that stand alone on a line (sections), are removed, their text
   stays. A name in brackets before a colon is a field name: the brackets go, the word stays. Any other
   name is unclear: it may hide an entity.
3. Where tags nest, the inner one owns its characters and the outer one what is left of it, without
   punctuation and connecting words at the edges, as far as that looks like the outer label. An inner
   tag of the same label, or of one that the outer absorbs (a year tagged as an age inside a date),
   gives its characters back. Where both cover the same words, the label they look like wins.
4. An unclosed tag ends with its line, with the next tag, or with the last tag of its own label inside
   it; its text must look like its label, so that it is unclear where its label has no shape. A tag of a label that
   closes itself (`<Name/>`) is unclear. A close without an open is removed only where nothing stands
   before it on its line and its label has a shape.
5. `<` and `>` stay where they compare: before a number.
"""

import html
import html.entities
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.data.tag_structure import Event, Unclear, resolve
from harness.text.letters import composed

__all__ = ["Parsed", "Rules", "Unclear", "parse"]

# fmt: off
_HTML = frozenset([
    "a", "b", "br", "center", "div", "em", "font", "h1", "h2", "h3", "h4", "h5", "hr", "i", "label", "li", "ol", "p",
    "span", "strong", "table", "td", "tr", "u", "ul",
])
# fmt: on
_ESCAPE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# What XML has beside tags: whether what stands in it is read, and whether tags in it are tags, only its author knows.
_ASIDE = re.compile(r"<!--|<!\[CDATA\[")
_LOOK_ALIKES = str.maketrans("⟨⟩〈〉〈〉＜＞", "<><><><>")
_BRACKET = re.compile(r"<(?P<space>\s*)(?P<close>/?)(?P<name>[^<>\n]{0,80})(?P<end>>|(?=<)|(?=\n)|\Z)")
_COMPARES = re.compile(r"[<>](?==? *\d)")
_LOOK_AHEAD = 400
_COLON = re.compile(r"[ \t]*:")
_STRAY = re.compile(r"[<>]")


@dataclass(frozen=True)
class Rules:
    """What the tags of one collection mean.

    `aliases` maps further tag names to labels, `markup` names tags that mark no entity. `shapes` gives
    a regular expression for what a label's text looks like (the whole of it); it decides only where a
    tag is broken or an alias. `absorbs` lists labels that are part of an outer one. `connectives` are words that
    belong to neither of two nested entities. `escaped`: may `&lt;Name&gt;` be a tag?

    Raises ValueError where two labels, or an alias and another label, have the same name but for case and signs, and
    where a rule is about a label that is none.
    """

    labels: tuple[str, ...]
    shapes: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    markup: tuple[str, ...] = ()
    absorbs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    connectives: tuple[str, ...] = ()
    escaped: bool = False

    def __post_init__(self):
        named: dict[str, tuple[str, str]] = {}
        for name, label in [*((label, label) for label in self.labels), *self.aliases.items()]:
            before, meant = named.setdefault(_key(name), (name, label))
            if meant != label:
                raise ValueError(f"the tags {before!r} and {name!r} cannot be told apart; give one another name")
        of_labels = {"aliases": self.aliases.values(), "shapes": self.shapes, "absorbs": self.absorbs}
        for rule, about in of_labels.items():
            if strange := sorted(set(about) - set(self.labels)):
                raise ValueError(f"{rule}= is about {strange[0]!r}, which is none of the labels")
        for label, shape in self.shapes.items():
            try:
                re.compile(shape)
            except re.error as error:
                raise ValueError(f"shapes= of {label!r} is no regular expression ({error})") from None


@dataclass(frozen=True)
class Parsed:
    """Clean text, its spans (start, end, label) in characters and in order, and the repairs made."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    repairs: frozenset[str]


def parse(tagged: str, rules: Rules) -> Parsed:
    """Parse one tagged text. Raises Unclear with the reason where it has no single reading."""
    repairs: set[str] = set()
    source = _characters(tagged, repairs)
    names = _Names(rules, source)
    if _ASIDE.search(source):
        raise Unclear("XML comment or CDATA section")
    asked = "HTML escapes" in repairs and not rules.escaped
    if asked and names.labelled(source) > names.labelled(tagged.translate(_LOOK_ALIKES)):
        raise Unclear("escaped tag (escaped=True in the rules reads it)")
    text, events = _take_tags_out(source, names, repairs)
    text, events = _take_strays_out(text, events, repairs)
    spans = resolve(text, events, rules, repairs)
    if any(names.meaning(match) != "text" for match in _BRACKET.finditer(text)):
        raise Unclear("markup left")
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    moved = sorted((s - start, e - start, label) for s, e, label in spans)
    return Parsed(text[start:end], tuple(moved), frozenset(repairs))


def _characters(tagged: str, repairs: set[str]) -> str:
    text = tagged
    while text != (text := _ESCAPE.sub(_unescaped, text)):
        repairs.add("HTML escapes")
    if text != (text := text.translate(_LOOK_ALIKES)):
        repairs.add("look-alike brackets")
    if text != (text := text.replace("\u00a0", " ")):
        repairs.add("no-break space")
    return text


def _unescaped(escape: re.Match) -> str:
    """The character; `html.unescape` alone would also take the beginning of a word that is no name for one."""
    known = escape[0][1] == "#" or escape[0][1:] in html.entities.html5
    return html.unescape(escape[0]) if known else escape[0]


class _Names:
    """What each bracketed name in one document means."""

    def __init__(self, rules: Rules, source: str):
        self.labels = {_key(label): label for label in rules.labels}
        self.aliases = {_key(alias): label for alias, label in rules.aliases.items()}
        self.markup = _HTML | {_key(name) for name in rules.markup}
        self.sections: frozenset[str] = frozenset()
        self.sections = frozenset(self._alone_on_a_line(source))

    def label(self, match: re.Match) -> str | None:
        key = _key(match["name"])
        return self.labels.get(key) or self.aliases.get(key)

    def labelled(self, source: str) -> int:
        return sum(self.label(match) is not None for match in _BRACKET.finditer(source))

    def meaning(self, match: re.Match) -> str:
        """ "label", "markup", "unknown", or "text" where the bracket opens no tag."""
        key = _key(match["name"])
        if self.label(match):
            return "label"
        if match["end"] != ">":
            return "text"
        if key in self.markup or key in self.sections:
            return "markup"
        if not key:
            return "markup" if not match["name"].strip(" /") and not match["space"] else "text"
        # "p < 0.05 and t > 2" and "<90" compare; a name begins right after its bracket.
        if not match["close"] and (match["space"] or match["name"][0].isdigit()):
            return "text"
        return "unknown"

    def _alone_on_a_line(self, source: str):
        for line in source.split("\n"):
            if not _BRACKET.sub("", line).strip(" \t.:,-"):
                yield from (_key(match["name"]) for match in _BRACKET.finditer(line) if match["end"] == ">")


def _key(name: str) -> str:
    """A tag's name, composed, without case, spaces, signs and attributes."""
    name = name.split(" ")[0] if "=" in name else name
    return re.sub(r"[\W_]", "", composed(name).casefold())


def _take_tags_out(source: str, names: _Names, repairs: set[str]) -> tuple[str, list[Event]]:
    """The text without tags, and the label tags as events at their place in it."""
    pieces, length, at, events = [], 0, 0, []

    def keep(piece: str, after_tag: bool = False, before_tag: bool = False) -> None:
        # A bracket that touches a tag belongs to it ("<<Age>44</Age>>"), whatever number the tag holds.
        nonlocal length
        bare = piece.lstrip("<>") if after_tag else piece
        bare = bare.rstrip("<>") if before_tag else bare
        if bare != piece:
            repairs.add("stray bracket")
        piece = bare
        pieces.append(piece)
        length += len(piece)

    for match in _BRACKET.finditer(source):
        meaning = names.meaning(match)
        if meaning == "text":
            continue
        keep(source[at : match.start()], after_tag=at > 0, before_tag=True)
        at = match.end()
        if _is_field_name(match, source, meaning):
            keep(match["name"].strip())
            repairs.add("field name in brackets")
        elif meaning == "label":
            if match["name"].rstrip().endswith("/"):
                raise Unclear("tag that closes itself")
            if match["name"].count('"') % 2 or match["name"].count("'") % 2:
                raise Unclear("attribute that holds a bracket or half of a quote")
            label = names.label(match) or ""
            exact = match[0] == f"<{match['close']}{label}>"
            alias = _key(match["name"]) in names.aliases
            if not exact:
                repairs.add("label variant")
            events.append(Event(length, not match["close"], label, alias))
        elif meaning == "unknown":
            raise Unclear("unknown tag")
        else:
            repairs.add("section or formatting tag" if match["name"].strip(" /") else "empty brackets")
    keep(source[at:], after_tag=at > 0)
    return "".join(pieces), events


def _is_field_name(match: re.Match, source: str, meaning: str) -> bool:
    """`<Alder>: 30`, with no close on the line."""
    if match["close"] or match["end"] != ">" or meaning == "markup" or not _COLON.match(source, match.end()):
        return False
    line = source[match.end() : match.end() + _LOOK_AHEAD].split("\n", 1)[0]
    closes = {_key(other["name"]) for other in _BRACKET.finditer(line) if other["close"]}
    return _key(match["name"]) not in closes


def _take_strays_out(text: str, events: list[Event], repairs: set[str]) -> tuple[str, list[Event]]:
    """The text without brackets that compare nothing, the events moved accordingly."""
    compare = {match.start() for match in _COMPARES.finditer(text)}
    stray = [match.start() for match in _STRAY.finditer(text) if match.start() not in compare]
    if not stray:
        return text, events
    repairs.add("stray bracket")
    moved, passed = [], 0
    for event in events:
        while passed < len(stray) and stray[passed] < event.at:
            passed += 1
        moved.append(event.moved(passed))
    lost = set(stray)
    return "".join(c for i, c in enumerate(text) if i not in lost), moved
