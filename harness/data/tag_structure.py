"""Convert opening and closing tags, well nested or not, to spans that do not overlap (rules 3 and 4 of
`inline_tags`)."""

import dataclasses
import re
from dataclasses import dataclass, field

_MAX_DEPTH = 40
_MAX_CHARACTERS = 400
_EDGE_SIGNS = " \t\n,.;:()-–/"
_OTHER_WORDS = "the words in a tag with an alias do not match the shape of its label"


class Unclear(Exception):
    """The exception for a document with ambiguous tags. The argument is the reason."""


@dataclass(frozen=True)
class Event:
    """An opening or closing tag of a label. `at` is its place (character offset) in the text without tags. `alias` is
    true if the tag has another name than the label."""

    at: int
    opens: bool
    label: str
    alias: bool

    def moved(self, left: int) -> "Event":
        return dataclasses.replace(self, at=self.at - left)


@dataclass
class _Node:
    label: str
    start: int
    alias: bool
    next_tag: int
    end: int = -1  # not known yet
    closed: bool = False
    children: list["_Node"] = field(default_factory=list)


def resolve(text: str, events: list[Event], rules, repairs: set[str]) -> list[tuple[int, int, str]]:
    """The entities (start, end, label) that the tags `events` mark in `text`: sorted, without overlap, and trimmed at
    their edges. `rules` are `inline_tags.Rules`. Raises Unclear if the tags are ambiguous."""
    spans = []
    for node in _tree(text, events, rules, repairs):
        spans += _spans(text, node, rules, repairs)
    return sorted(spans)


def _tree(text: str, events: list[Event], rules, repairs: set[str]) -> list[_Node]:
    root = _Node("", 0, False, 0, len(text), True)
    stack = [root]
    for number, event in enumerate(events):
        if event.opens:
            following = events[number + 1].at if number + 1 < len(events) else len(text)
            stack.append(_Node(event.label, event.at, event.alias, following))
            if len(stack) > _MAX_DEPTH:
                raise Unclear("tags nested too deep")
            continue
        depth = next((i for i in range(len(stack) - 1, 0, -1) if stack[i].label == event.label), None)
        if depth is None:
            line = text[text.rfind("\n", 0, event.at) + 1 : event.at]
            if line.strip() or event.label not in rules.shapes:
                raise Unclear("close without an open")
            repairs.add("close without an open")
            continue
        while len(stack) > depth + 1:
            _end_unclosed(text, stack.pop(), stack[-1], event.at)
        node = stack.pop()
        node.end, node.closed, node.alias = event.at, True, node.alias or event.alias
        _refuse_too_long(text, node)
        stack[-1].children.append(node)
    while len(stack) > 1:
        _end_unclosed(text, stack.pop(), stack[-1], len(text))
    return root.children


def _end_unclosed(text: str, node: _Node, parent: _Node, limit: int) -> None:
    """Give an unclosed node an end, at most `limit`. Its children that end later move to its parent."""
    line_end = text.find("\n", node.start)
    limit = min(limit, line_end if line_end >= 0 else len(text))
    same = [child.end for child in node.children if child.label == node.label and child.end <= limit]
    node.end = max(same) if same else min(node.next_tag, limit)
    _refuse_too_long(text, node)
    behind = [child for child in node.children if child.end > node.end]
    node.children = [child for child in node.children if child.end <= node.end]
    parent.children += [node, *behind]


def _refuse_too_long(text: str, node: _Node) -> None:
    """Raise Unclear if a node is longer than any entity: then two tags were paired that do not belong together."""
    if node.end - node.start > _MAX_CHARACTERS or text.count("\n", node.start, node.end) > 1:
        raise Unclear("tag over too much text")


def _spans(text: str, node: _Node, rules, repairs: set[str]) -> list[tuple[int, int, str]]:
    if not node.closed and node.label not in rules.shapes:
        raise Unclear("unclosed tag")
    if not node.children:
        return _leaf(text, node, rules, repairs)
    repairs.add("nested tags" if node.closed else "unclosed tag")
    inner = [span for child in _foreign(node, rules) for span in _spans(text, child, rules, repairs)]
    outer = []
    for start, end in _uncovered(node, inner):
        start, end = _trimmed(text, start, end, rules.connectives)
        if start == end:
            continue
        if not _looks_like(text[start:end], node.label, rules):
            raise Unclear("nested tags, unclear rest")
        outer.append((start, end, node.label))
    if outer or len(inner) != 1:
        return inner + outer
    start, end, label = inner[0]
    if _looks_like(text[start:end], label, rules):
        return inner
    if _looks_like(text[start:end], node.label, rules):
        return [(start, end, node.label)]
    raise Unclear("two labels on the same words")


def _leaf(text: str, node: _Node, rules, repairs: set[str]) -> list[tuple[int, int, str]]:
    if node.closed:
        start, end = _trimmed(text, node.start, node.end, (), " \t\n")
    else:
        repairs.add("unclosed tag")
        start, end = _trimmed(text, node.start, node.end, rules.connectives)
    if start == end:
        repairs.add("empty tag")
        return []
    if (node.alias or not node.closed) and not _looks_like(text[start:end], node.label, rules):
        raise Unclear(_OTHER_WORDS if node.closed else "unclosed tag")
    return [(start, end, node.label)]


def _foreign(node: _Node, rules) -> list[_Node]:
    """The children that keep their own label. A child that the node absorbs is replaced by such children of its own."""
    own = {node.label, *rules.absorbs.get(node.label, ())}
    found = []
    for child in node.children:
        found += _foreign(child, rules) if child.label in own else [child]
    return found


def _uncovered(node: _Node, inner: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
    pieces, at = [], node.start
    for start, end, _ in sorted(inner):
        pieces.append((at, start))
        at = end
    return [*pieces, (at, node.end)]


def _trimmed(text: str, start: int, end: int, connectives: tuple[str, ...], signs: str = _EDGE_SIGNS):
    """(start, end) of the piece without signs and connecting words at its edges. Both are equal if nothing is left."""
    while True:
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip(signs))
        end = start + len(piece.strip(signs))
        words = re.findall(r"\w+", text[start:end])
        if words and words[0].casefold() in connectives and text.startswith(words[0], start):
            start += len(words[0])
        elif words and words[-1].casefold() in connectives and text.endswith(words[-1], start, end):
            end -= len(words[-1])
        else:
            return start, max(start, end)


def _looks_like(piece: str, label: str, rules) -> bool:
    return label not in rules.shapes or re.fullmatch(rules.shapes[label], piece) is not None
