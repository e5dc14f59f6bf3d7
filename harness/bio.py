"""BIO tags over character offsets: from spans to a tag per token, and back.

The index of a tag is 0 outside, 1 + 2k at the beginning and 2 + 2k in the continuation of label k.
"""

from collections.abc import Sequence

IGNORED = -100


def tag_tokens(offsets, spans: Sequence[dict], labels: Sequence[str]) -> tuple[int, ...]:
    """One index per token; `IGNORED` where its offsets are empty.

    A token belongs to a span when they share a character; the first such token of the text begins it.
    A window that opens inside an entity therefore starts with a continuation.
    """
    ordered = sorted(spans, key=lambda span: span["start"])
    tags, at = [], 0
    for start, end in offsets:
        if start == end:
            tags.append(IGNORED)
            continue
        while at < len(ordered) and ordered[at]["end"] <= start:
            at += 1
        if at < len(ordered) and ordered[at]["start"] < end:
            begins = start <= ordered[at]["start"]
            tags.append(1 + 2 * labels.index(ordered[at]["label"]) + (0 if begins else 1))
        else:
            tags.append(0)
    return tuple(tags)


def decode_tags(tagged: Sequence[tuple[tuple[int, int], int]], labels: Sequence[str]) -> list[list]:
    """Tags over character offsets, in text order, to spans [start, end, label].

    A continuation without a matching beginning opens an entity (the lenient reading): a model that
    found the name but missed its first tag is judged on the characters it marked.
    """
    spans: list[list] = []
    open_label = None
    for (start, end), tag in tagged:
        label = labels[(tag - 1) // 2] if tag > 0 else None
        # Two tokens may hold parts of one character, and then both begin what it begins.
        shares = open_label is not None and start < spans[-1][1]
        if label is not None and label == open_label and (tag % 2 == 0 or shares):
            spans[-1][1] = max(end, spans[-1][1])
        elif label is not None:
            spans.append([start, end, label])
        open_label = label
    return spans
