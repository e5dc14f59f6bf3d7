"""Batches: every example exactly once an epoch, little padding, tags that follow characters."""

import tracemalloc
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.heads import HEADS
from harness.text import letters
from harness.text.bio import Tags, decode_tags
from harness.training.finetune.batching import IGNORED, bucketed, collate, encode, in_length_order
from harness.training.finetune.examples import Example, Examples

LABELS = ["Date", "Name"]


def example(length: int, target=0, record: int = 0) -> Example:
    return Example((tuple(range(1, length + 1)),), (), target, record)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=200), st.integers(1, 16), st.integers(0, 5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_an_epoch_holds_every_example_once(lengths, batch, seed):
    examples = Examples(example(length, record=i) for i, length in enumerate(lengths))
    batches = list(bucketed(examples, batch, torch.Generator().manual_seed(seed)))
    assert sorted(e.record for part in batches for e in part) == list(range(len(lengths)))
    assert all(len(part) <= batch for part in batches)
    ordered = [i for part in in_length_order(examples, batch) for i in part]
    assert ordered == sorted(range(len(lengths)), key=lambda i: (lengths[i], i))


def test_buckets_leave_nearly_no_padding_and_another_order_each_epoch():
    draw = torch.Generator().manual_seed(0)
    numbers = torch.randint(5, 120, (1024,), generator=draw).tolist()
    examples = Examples(example(n, record=i) for i, n in enumerate(numbers))
    generator = torch.Generator().manual_seed(1)
    first, second = list(bucketed(examples, 16, generator)), list(bucketed(examples, 16, generator))
    cells = sum(len(part) * max(e.length for e in part) for part in first)
    assert cells < 1.08 * sum(e.length for e in examples)
    assert [e.record for e in first[0]] != [e.record for e in second[0]]


def test_collate_pads_ids_mask_and_targets():
    short, long = Example(((5, 6),), ((0, 1),), (1, 0), 0), Example(((7, 8, 9),), ((0, 0, 1),), (0, 0, 2), 1)
    short, long = (replace(window, offsets=((0, 1),) * window.length) for window in (short, long))
    inputs, targets = collate([short, long], pad=3, device="cpu")
    assert inputs["input_ids"].tolist() == [[5, 6, 3], [7, 8, 9]]
    assert inputs["attention_mask"].tolist() == [[1, 1, 0], [1, 1, 1]]
    assert inputs["token_type_ids"].tolist() == [[0, 1, 0], [0, 0, 1]]
    assert targets.tolist() == [[1, 0, IGNORED], [0, 0, 2]]


def test_collate_keeps_the_options_of_a_question_together():
    question = Example(((1,), (2, 3), (4,), (5,)), (), 2, 0)
    inputs, targets = collate([question, question], pad=0, device="cpu")
    assert inputs["input_ids"].shape == (2, 4, 2)
    assert inputs["input_ids"][1, 1].tolist() == [2, 3]
    assert targets.tolist() == [2, 2]


def test_tags_follow_characters_and_a_window_may_open_inside_an_entity():
    spans = [{"start": 3, "end": 9, "label": "Name"}]
    whole = Tags(spans, LABELS).of([(0, 0), (0, 2), (3, 5), (5, 9), (10, 12), (0, 0)])
    assert whole == (IGNORED, 0, 3, 4, 0, IGNORED)
    assert Tags(spans, LABELS).of([(0, 0), (5, 9), (10, 12)]) == (IGNORED, 4, 0)


@st.composite
def tokens_and_spans(draw):
    """A text cut into words of one or more tokens, and spans over runs of whole words."""
    at, words = 0, []
    for pieces in draw(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=25)):
        word = []
        for size in pieces:
            word.append((at, at + size))
            at += size
        words.append(word)
        at += 1
    spans, w = [], 0
    while w < len(words):
        run = draw(st.integers(1, 3))
        label = draw(st.sampled_from([None, *LABELS]))
        if label:
            last = words[min(w + run, len(words)) - 1][-1][1]
            spans.append({"start": words[w][0][0], "end": last, "label": label})
        w += run
    return [token for word in words for token in word], spans


@given(tokens_and_spans())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_tags_and_spans_are_inverse_where_spans_lie_on_token_borders(case):
    offsets, spans = case
    tags = Tags(spans, LABELS).of(offsets)
    assert decode_tags(list(zip(offsets, tags, strict=True)), LABELS) == [
        [s["start"], s["end"], s["label"]] for s in spans
    ]


def one_after_the_other(offsets, spans) -> tuple[int, ...]:
    """The tags of a run of tokens, with every span looked at from the first on."""
    ordered, tags, at = sorted(spans, key=lambda span: span["start"]), [], 0
    for start, end in offsets:
        if start == end:
            tags.append(IGNORED)
            continue
        while at < len(ordered) and ordered[at]["end"] <= start:
            at += 1
        inside = at < len(ordered) and ordered[at]["start"] < end
        first = inside and start <= ordered[at]["start"]
        tags.append(1 + 2 * LABELS.index(ordered[at]["label"]) + (not first) if inside else 0)
    return tuple(tags)


any_spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12), st.sampled_from(LABELS)).map(
        lambda it: {"start": it[0], "end": it[0] + it[1], "label": it[2]}
    ),
    max_size=12,
)


@given(any_spans, st.lists(st.tuples(st.integers(0, 70), st.integers(0, 5)), max_size=25), st.integers(1, 8))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_tags_of_each_window_are_those_of_looking_at_every_span(spans, tokens, size):
    """Spans that overlap, hold one another or stand twice included, and windows in any order."""
    offsets = [(start, start + length) for start, length in sorted(tokens)]
    tags = Tags(spans, LABELS)
    for first in reversed(range(0, len(offsets), size)):
        window = [(0, 0), *offsets[first : first + size], (0, 0)]
        assert tags.of(window) == one_after_the_other(window, spans)


class CutEvery:
    """A tokenizer whose tokens are characters, in windows of `size`; and what it cost to look at the texts."""

    def __init__(self, size: int):
        self.size = size

    def __call__(self, texts, **_):
        windows = [(i, at) for i, text in enumerate(texts) for at in range(0, len(text), self.size)]
        offsets = [[(k, k + 1) for k in range(at, min(at + self.size, len(texts[i])))] for i, at in windows]
        ids = [[1] * len(window) for window in offsets]
        return {"overflow_to_sample_mapping": [i for i, _ in windows], "offset_mapping": offsets, "input_ids": ids}


def test_a_document_is_looked_through_once_however_many_windows_it_has(monkeypatch):
    looks = []
    whole = letters.has_marks
    monkeypatch.setattr(letters, "has_marks", lambda text: looks.append(len(text)) or whole(text))
    text = "Blødning e\u0301n, " * 200
    spans = [{"start": at, "end": at + 8, "label": "Name"} for at in range(0, len(text) - 8, 16)]
    read, get = [], dict.__getitem__

    class Span(dict):
        def __getitem__(self, key):
            read.append(key)
            return get(self, key)

    records = [{"text": text, "spans": [Span(span) for span in spans]}]
    windows = encode(HEADS["tokens"], records, CutEvery(10), LABELS, 10, 0)
    assert len(windows) == len(text) // 10
    assert looks == [len(text)]
    assert len(read) < 6 * len(text), "each window goes through the spans before it"


class Whole:
    """A tokenizer of one token a letter; and how many texts it was given at once."""

    def __init__(self):
        self.given = []

    def __call__(self, texts, seconds=None, **options):
        self.given.append(len(texts))
        pairs = zip(texts, seconds or [""] * len(texts), strict=True)
        ids = [[70_000 + ord(letter) for letter in one + other] for one, other in pairs]
        found = {"input_ids": ids, "token_type_ids": [[0] * len(row) for row in ids]}
        if "stride" in options:
            found["offset_mapping"] = [[(k, k + 1) for k in range(len(row))] for row in ids]
            found["overflow_to_sample_mapping"] = list(range(len(ids)))
        return found


@pytest.mark.parametrize("head", ["sequence", "pair", "choice", "tokens"])
def test_rows_take_a_few_bytes_a_token_and_never_all_at_once(head):
    """Of many rows neither the tokens nor what a tokenizer answers may be held as Python's own values."""
    tokenizer, texts = Whole(), [f"{i:05d} " + "feber og hoste " * 4 for i in range(4000)]
    records = [
        {"text": text, "text_pair": text[:6], "question": text, "options": [text[:5], text[:4]], "label": "Name"}
        | {"spans": [{"start": 0, "end": 5, "label": "Name"}]}
        for text in texts
    ]
    tracemalloc.start()
    examples = encode(HEADS[head], records, tokenizer, LABELS, 100, 0)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    tokens = sum(len(row) for example in examples for row in example.rows)
    assert kept < tokens * (20 if head == "tokens" else 6) + 100 * len(records), f"{kept / tokens:.0f} bytes a token"
    assert max(tokenizer.given) <= 2000, f"{max(tokenizer.given)} texts at once"
    assert most < tokens * 140, f"{most / tokens:.0f} bytes a token at the worst"
    assert [example.record for example in examples] == list(range(4000))
    ids = [tuple(70_000 + ord(letter) for letter in text) for text in texts]
    assert [example.rows[0][: len(ids[0])] for example in examples] == ids


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([2, 2], [[0, 3, "Date"]]),
        ([1, 1], [[0, 1, "Date"], [2, 3, "Date"]]),
        ([1, 4], [[0, 1, "Date"], [2, 3, "Name"]]),
        ([0, 0], []),
    ],
)
def test_decoding_is_lenient_and_documented(tags, expected):
    assert decode_tags([((0, 1), tags[0]), ((2, 3), tags[1])], LABELS) == expected
