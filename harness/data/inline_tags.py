"""Convert text with XML-style inline tags to clean text and exact character spans.

People and language models write tags that are misspelt, mismatched, nested, unclosed, escaped, or mixed with HTML and
section names. A tag with one possible reading is repaired, and the repair is reported. A tag with several possible
readings raises `Unclear`. The rules, in the order they apply:

1. HTML escapes become characters, look-alike brackets become `<` and `>`, and a no-break space becomes a space. Escapes
   that make a tag (`&lt;Name&gt;`) are unclear unless the rules say that tags may be escaped.
2. A tag with a name that is, without case, spaces and signs, a label or an alias counts as that label. Tags that are
   listed as markup, and tags alone on a line (sections), are removed, and their text stays. A name in brackets before a
   colon is a field name. Its brackets are removed, and the word stays. Any other name is unclear, because it may hide
   an entity.
3. If tags nest, the inner tag owns its characters. The outer tag owns the rest of its text, without punctuation and
   connecting words at the edges, and this rest must match the outer label's shape (`Rules.shapes`). An inner tag of the
   same label, or of a label that the outer label absorbs (a year tagged as an age inside a date), gives its characters
   back to the outer tag. If both tags cover the same words, the inner label wins if the words match its shape, and
   otherwise the outer label if they match that shape. A label without a shape matches all words.
4. An unclosed tag ends with its line, with the next tag, or with the last tag of its own label inside it. Its text must
   match its label's shape, so the tag is unclear if its label has no shape. A tag of a label that closes itself
   (`<Name/>`) is unclear. A closing tag without an opening tag is removed only if nothing is before it on its line and
   its label has a shape.
5. `<` and `>` stay if they compare, which means that a number follows. Others are removed.
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
# XML comments and CDATA sections. Only the author knows whether their text counts, and whether tags in it are tags.
_ASIDE = re.compile(r"<!--|<!\[CDATA\[")
_LOOK_ALIKES = str.maketrans("⟨⟩〈〉〈〉＜＞", "<><><><>")
_BRACKET = re.compile(r"<(?P<space>\s*)(?P<close>/?)(?P<name>[^<>\n]{0,80})(?P<end>>|(?=<)|(?=\n)|\Z)")
_COMPARES = re.compile(r"[<>](?==? *\d)")
_LOOK_AHEAD = 400
_COLON = re.compile(r"[ \t]*:")
_STRAY = re.compile(r"[<>]")


@dataclass(frozen=True)
class Rules:
    """The meaning of the tags of one data set.

    `aliases` maps further tag names to labels. `markup` names tags that mark no entity. `shapes` maps a label to a
    regular expression that the whole text of such an entity must match. Shapes are checked only for tags that are
    broken, nested or aliases. `absorbs` maps a label to other labels. If a tag of these other labels is nested in a tag
    of the label, its text becomes part of the outer entity. `connectives` are words that belong to neither of two
    nested entities. `escaped` says whether `&lt;Name&gt;` may be a tag.

    Raises ValueError if names of different labels differ only in case and signs, if a rule names a label that does not
    exist, or if a shape is not a regular expression.
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
                raise ValueError(f"{rule}= is about {strange[0]!r}, which is not one of the labels")
        for label, shape in self.shapes.items():
            try:
                re.compile(shape)
            except re.error as error:
                raise ValueError(f"shapes= of {label!r} is not a regular expression ({error})") from None


@dataclass(frozen=True)
class Parsed:
    """A text without tags, and its entities.

    `spans` are the entities in text order, as (start, end, label) with character offsets. `repairs` names the kinds of
    repairs that were made.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]
    repairs: frozenset[str]


def parse(tagged: str, rules: Rules) -> Parsed:
    """Convert one tagged text to clean text and spans. Raises Unclear, with the reason, if the tags have more than one
    reading."""
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
    """The character of an HTML escape. An unknown name stays, but `html.unescape` converts the `&not` of `&notit;`."""
    known = escape[0][1] == "#" or escape[0][1:] in html.entities.html5
    return html.unescape(escape[0]) if known else escape[0]


class _Names:
    """The meanings of the names in angle brackets in one document, `source`."""

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
        """ "label", "markup", "unknown", or "text" if the bracket is part of no tag."""
        key = _key(match["name"])
        if self.label(match):
            return "label"
        if match["end"] != ">":
            return "text"
        if key in self.markup or key in self.sections:
            return "markup"
        if not key:
            return "markup" if not match["name"].strip(" /") and not match["space"] else "text"
        # "p < 0.05 and t > 2" and "<90" compare. A name begins right after its bracket.
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
    """The text without tags, and an event for each label tag, at its place in that text."""
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
                raise Unclear("a tag's attribute contains a bracket or an unclosed quote")
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
    """Return whether a bracket is a field name: `<Alder>: 30`, without a close of that name on the line."""
    if match["close"] or match["end"] != ">" or meaning == "markup" or not _COLON.match(source, match.end()):
        return False
    line = source[match.end() : match.end() + _LOOK_AHEAD].split("\n", 1)[0]
    closes = {_key(other["name"]) for other in _BRACKET.finditer(line) if other["close"]}
    return _key(match["name"]) not in closes


def _take_strays_out(text: str, events: list[Event], repairs: set[str]) -> tuple[str, list[Event]]:
    """The text without `<` and `>` that are no comparison signs, and the events with their places in the new text."""
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
