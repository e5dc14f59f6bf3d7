"""Convert token tags (IOB1, IOB2, IOBES, bare labels) to entities, and tokens to a text with character spans."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.data.annotated import Gathered
from harness.data.reader import one_of, without_blanks
from harness.text import letters

Scheme = Literal["detect", "iob1", "iob2", "iobes", "bare"]
Lonely = Literal["refuse", "begin"]
_TAG = re.compile(r"(?:O|(?P<place>[BIESLUMW])-(?P<label>\S+))")
_NAMED = 12  # labels that a message lists
# BILOU and BMEWO are IOBES with other letters.
_PLACES = {"M": "I", "L": "E", "U": "S", "W": "S"}


@dataclass(frozen=True)
class Token:
    """A token of a text, with its tag.

    `place` is the token's place in an entity, as the tag gives it ("O", "B", "I", "E" or "S"), and `label` the entity's
    label. `where` is the line or row of the token, such as "line 12". `first` is true if the token begins a sentence.
    """

    text: str
    place: str
    label: str
    where: str
    first: bool


@functools.lru_cache(maxsize=1024)
def read_tag(tag: str, scheme: Scheme) -> tuple[str, str] | None:
    """The place ("O", "B", "I", "E" or "S") and the label of a tag such as "B-Name". Returns None for a text that is no
    tag.

    In the scheme "bare", a tag is a label alone. Such a tag has the place "I", so it continues an entity of that label.
    """
    tag = letters.composed(tag)
    if scheme == "bare":
        return ("O", "") if tag == "O" else ("I", tag) if re.fullmatch(r"\S+", tag) else None
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    place = match["place"] or "O"
    return _PLACES.get(place, place), match["label"] or ""


def detected(texts: Sequence[Sequence[Token]]) -> Scheme:
    """The tag scheme of the texts of a file: IOBES if E or S occurs, IOB1 if the texts obey IOB1 but not IOB2,
    otherwise IOB2."""
    tokens = [(before, t) for text in texts for before, t in zip([None, *text], text, strict=False)]
    if any(token.place in "ES" for _, token in tokens):
        return "iobes"

    def goes_on(before: Token | None, token: Token) -> bool:
        return before is not None and before.label == token.label

    lonely = any(token.place == "I" and not goes_on(before, token) for before, token in tokens)
    needless = any(token.place == "B" and (token.first or not goes_on(before, token)) for before, token in tokens)
    return "iob1" if lonely and not needless else "iob2"


def undeclared(what: str, labels: Iterable[str]) -> str:
    """The message for an entity with a label that the task does not have. `what` is the format's word for a label."""
    known = sorted(labels)
    shown = ", ".join(known[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    skip = f'write ignore=("X",) in the task\'s reader to skip entities with the {what} X'
    return f"{what} not declared (declared: {shown}; {skip})"


def no_tag(scheme: Scheme) -> str:
    """The message for a cell that should contain a tag but contains none."""
    return (
        "no label"
        if scheme == "bare"
        else 'no tag (O, B-…, I-…; if the column has labels without B- and I-, write scheme="bare")'
    )


@dataclass(frozen=True)
class Tagging:
    """The rules by which the tags of a task's files are read.

    `labels` are the task's labels. Entities with a label in `ignored` are skipped. `scheme` is the tag scheme. `lonely`
    says whether an I or E tag that continues no entity is refused, or begins an entity.
    """

    labels: frozenset[str]
    ignored: frozenset[str]
    scheme: Scheme
    lonely: Lonely

    @classmethod
    def of(cls, labels: Iterable[str], ignore: Iterable[str], scheme: Scheme, lonely: Lonely) -> "Tagging":
        """A Tagging with these settings. Raises ValueError for an unknown `scheme` or `lonely`, and for a label with
        white space."""
        one_of("scheme", scheme, Scheme)
        one_of("lonely", lonely, Lonely)
        return cls(without_blanks(labels), frozenset(ignore), scheme, lonely)

    def of_file(self, texts: Sequence[Sequence[Token]]) -> "Tagging":
        """The Tagging for one file. The scheme "detect" is replaced by the scheme that all texts of the file follow."""
        return replace(self, scheme=detected(texts)) if self.scheme == "detect" else self

    def entities(self, tokens: Sequence[Token], file: str, found: Gathered) -> list[tuple[int, int]]:
        """The entities with a label of the task, as (first token, last token). An unknown label becomes a finding.

        A tag that continues no entity becomes a finding, too, or begins an entity if `lonely` is "begin". `file` is the
        name of the file for findings.
        """
        spans = [span for span in self._spans(tokens, file, found) if tokens[span[0]].label not in self.ignored]
        for first, _ in spans:
            if tokens[first].label not in self.labels:
                found.fault(undeclared("label", self.labels), f"{file} {tokens[first].where}")
        return [(first, last) for first, last in spans if tokens[first].label in self.labels]

    def _spans(self, tokens: Sequence[Token], file: str, found: Gathered) -> list[tuple[int, int]]:
        """All entities, whatever their label, as (first token, last token). Faults become findings."""
        scheme = "iob1" if self.scheme == "bare" else self.scheme
        spans: list[tuple[int, int]] = []
        open_at: int | None = None
        before: Token | None = None

        def close(end: int, complete: bool) -> None:
            nonlocal open_at
            if open_at is not None:
                if not complete:
                    found.fault("an entity without its end", f"{file} {tokens[end].where}")
                spans.append((open_at, end))
            open_at = None

        for i, token in enumerate(tokens):
            goes_on = open_at is not None and before is not None and before.label == token.label
            if scheme == "iob1" and token.first:
                goes_on = False
            if token.place in "IE" and goes_on:
                if token.first:
                    found.repaired["sentence break inside an entity"] += 1
                if token.place == "E":
                    close(i, True)
            else:
                close(i - 1, scheme != "iobes")
                alone = token.place in "IE" and scheme != "iob1"
                if alone and self.lonely == "refuse":
                    fault = (
                        f"an {token.place}- tag that continues no entity: correct it, or write "
                        'lonely="begin" in the task\'s reader'
                    )
                    found.fault(fault, f"{file} {token.where}")
                    before = token
                    continue
                if alone:
                    found.repaired["an entity without its beginning"] += 1
                if token.place == "S" or (alone and token.place == "E"):
                    spans.append((i, i))
                elif token.place != "O":
                    open_at = i
            before = token
        close(len(tokens) - 1, scheme != "iobes")
        return spans


def laid_out(tokens: Sequence[Token], spans: list[tuple[int, int, str]], repaired: Counter) -> tuple[str, list[dict]]:
    """The text of the tokens, and the entities in this text: dicts of start, end and label, with character offsets.

    The text is in NFC, with a space between tokens and one line per sentence. `spans` are the entities as (first token,
    last token, label). Repairs are counted in `repaired`.
    """
    starts, text = [], ""
    for i, token in enumerate(tokens):
        text += ("\n" if token.first else " ") if i else ""
        starts.append(len(text))
        text += token.text
    placed = [{"start": starts[a], "end": starts[b] + len(tokens[b].text), "label": label} for a, b, label in spans]
    return letters.composed_with_spans(text, placed, repaired)
