"""Convert character spans to BIO tags of tokens, and back.

A tag is a number: 0 outside, 1 + 2k for the beginning and 2 + 2k for the continuation of label k.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

IGNORED = -100


class Tags:
    """The BIO tags of a text's tokens, made from the text's spans. `of` makes the tags of one run of tokens at a time,
    such as a window. The time for a run does not grow with the length of the text. `spans` have the keys `start`, `end`
    and `label`."""

    def __init__(self, spans: Sequence[dict], labels: Sequence[str]):
        self._spans = sorted(spans, key=lambda span: span["start"])
        # For each span, the place where it and all earlier ones have ended. Spans may be nested.
        self._ended = list(accumulate((span["end"] for span in self._spans), max))
        self._of_label = {label: 1 + 2 * k for k, label in enumerate(labels)}

    def of(self, offsets: Iterable[tuple[int, int]]) -> tuple[int, ...]:
        """The tag number of each token, given by its (start, end) characters in text order. The tag is `IGNORED` if the
        token is empty (start equals end).

        A token belongs to a span if they share a character. The token with the span's first character is its beginning.
        So a window that opens inside an entity starts with a continuation.
        """
        ordered, tags, at = self._spans, [], None
        for start, end in offsets:
            if start == end:
                tags.append(IGNORED)
                continue
            if at is None:
                at = bisect_right(self._ended, start)
            while at < len(ordered) and ordered[at]["end"] <= start:
                at += 1
            if at < len(ordered) and ordered[at]["start"] < end:
                begins = start <= ordered[at]["start"]
                tags.append(self._of_label[ordered[at]["label"]] + (0 if begins else 1))
            else:
                tags.append(0)
        return tuple(tags)


def decode_tags(tagged: Sequence[tuple[tuple[int, int], int]], labels: Sequence[str]) -> list[list]:
    """The spans [start, end, label] of tagged tokens. `tagged` has the pairs ((start, end), tag number) in text order.

    A continuation without a matching beginning opens an entity (the lenient reading). So a model that found the name
    but missed its first tag is judged on the characters it marked.
    """
    spans: list[list] = []
    open_label = None
    for (start, end), tag in tagged:
        label = labels[(tag - 1) // 2] if tag > 0 else None
        # Two tokens may be parts of one character. If that begins an entity, both have the tag of a beginning.
        shares = open_label is not None and start < spans[-1][1]
        if label is not None and label == open_label and (tag % 2 == 0 or shares):
            spans[-1][1] = max(end, spans[-1][1])
        elif label is not None:
            spans.append([start, end, label])
        open_label = label
    return spans
