"""From records to padded tensors: encoding by head, windows, and length-bucketed batches."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from harness import letters
from harness.bio import IGNORED, Tags


@dataclass(frozen=True)
class Example:
    """One thing the model scores: a text, a pair, a window of a document, or a question's options.

    `rows` holds one encoding (four for multiple choice) of token ids, `types` the segment ids, which
    stay empty where the tokenizer has none. `target` is a label index, or one index per token for
    windows (`IGNORED` on tokens without a label). `record` is the index of the record it came from;
    `offsets` are character offsets of a window's tokens, (0, 0) for special ones.
    """

    rows: tuple[tuple[int, ...], ...]
    types: tuple[tuple[int, ...], ...]
    target: int | tuple[int, ...]
    record: int
    offsets: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> int:
        return max(len(row) for row in self.rows)


def encode(
    head: str, records: Sequence[dict], tokenizer, labels: Sequence[str], max_length: int, stride: int
) -> list[Example]:
    """Encode `records` for `head`. Pairs are real pairs, options are paired with their question, and
    documents become windows of `max_length` tokens that overlap by `stride`.
    """
    if head == "tokens":
        return _encode_windows(records, tokenizer, labels, max_length, stride)
    if head == "choice":
        return _encode_choices(records, tokenizer, labels, max_length)
    texts = [record["text"] for record in records]
    seconds = [record["text_pair"] for record in records] if head == "pair" else None
    encoded = _encode_texts(tokenizer, texts, seconds, max_length)
    return [
        Example((row,), (types,) if types else (), labels.index(record["label"]), i)
        for i, (record, (row, types)) in enumerate(zip(records, encoded, strict=True))
    ]


def _encode_texts(tokenizer, texts, seconds, max_length: int):
    """(ids, segment ids) per text; where a pair is too long, its longer text is cut first."""
    encoding = tokenizer(texts, seconds, truncation="longest_first" if seconds else True, max_length=max_length)
    types = encoding.get("token_type_ids") or [()] * len(texts)
    return [(tuple(ids), tuple(kinds)) for ids, kinds in zip(encoding["input_ids"], types, strict=True)]


def _encode_choices(records, tokenizer, labels, max_length: int) -> list[Example]:
    questions = [record["question"] for record in records for _ in record["options"]]
    options = [option for record in records for option in record["options"]]
    encoded = _encode_texts(tokenizer, questions, options, max_length)
    examples, start = [], 0
    for i, record in enumerate(records):
        mine = encoded[start : start + len(record["options"])]
        start += len(record["options"])
        types = tuple(kinds for _, kinds in mine) if mine[0][1] else ()
        examples.append(Example(tuple(ids for ids, _ in mine), types, labels.index(record["label"]), i))
    return examples


def _encode_windows(records, tokenizer, labels, max_length: int, stride: int) -> list[Example]:
    encoding = tokenizer(
        [record["text"] for record in records],
        truncation=True,
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    kinds = encoding.get("token_type_ids")
    # Once a document: a window must not cost more in a long one.
    marks = [letters.has_marks(record["text"]) for record in records]
    tags = [Tags(record["spans"], labels) for record in records]
    examples = []
    for w, i in enumerate(encoding["overflow_to_sample_mapping"]):
        offsets = tuple(_of_letters(records[i]["text"], encoding["offset_mapping"][w], marks[i]))
        types = (tuple(kinds[w]),) if kinds else ()
        examples.append(Example((tuple(encoding["input_ids"][w]),), types, tags[i].of(offsets), i, offsets))
    return examples


def _of_letters(text: str, offsets: Iterable[tuple[int, int]], marks: bool) -> Iterator[tuple[int, int]]:
    """Offsets of whole letters, without white space: byte-level tokenizers leave it on the first token of a later
    window, and the same token would stand at two places; others drop marks, and an entity would lose its last one.
    """
    for start, end in offsets:
        # Special tokens have no characters.
        if marks and start < end:
            start, end = letters.whole(text, start, end)
        while start < end and text[start].isspace():
            start += 1
        yield start, end


def bucketed(
    examples: Sequence[Example], batch: int, generator: torch.Generator, *, buckets: int = 16
) -> Iterator[list[Example]]:
    """One epoch of batches whose examples have similar lengths.

    Examples are shuffled, cut into chunks of `buckets` batches, sorted by length inside a chunk and
    the batches shuffled again: nearly no padding, and an order that still differs every epoch.
    """
    order = torch.randperm(len(examples), generator=generator).tolist()
    batches = []
    for start in range(0, len(order), batch * buckets):
        chunk = sorted(order[start : start + batch * buckets], key=lambda i: examples[i].length)
        batches += [chunk[i : i + batch] for i in range(0, len(chunk), batch)]
    for b in torch.randperm(len(batches), generator=generator).tolist():
        yield [examples[i] for i in batches[b]]


def in_length_order(examples: Sequence[Example], batch: int) -> Iterator[list[Example]]:
    """Evaluation batches: a fixed order and size, because both change the last bits of a logit."""
    order = sorted(range(len(examples)), key=lambda i: (examples[i].length, i))
    for start in range(0, len(order), batch):
        yield [examples[i] for i in order[start : start + batch]]


def collate(batch: Sequence[Example], pad: int, device: str) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Pad to the longest row: ids, mask (and segment ids) of shape [B, T] or [B, options, T]; targets."""
    width = max(example.length for example in batch)
    choices = len(batch[0].rows)
    rows = [row for example in batch for row in example.rows]
    inputs = {
        "input_ids": _padded(rows, width, pad),
        "attention_mask": (torch.arange(width) < torch.tensor([len(row) for row in rows])[:, None]).long(),
    }
    if batch[0].types:
        inputs["token_type_ids"] = _padded([types for example in batch for types in example.types], width, 0)
    if choices > 1:
        inputs = {name: value.view(len(batch), choices, width) for name, value in inputs.items()}
    if isinstance(batch[0].target, tuple):
        targets = _padded([example.target for example in batch], width, IGNORED)
    else:
        targets = torch.tensor([example.target for example in batch])
    return {name: value.to(device) for name, value in inputs.items()}, targets.to(device)


def _padded(rows, width: int, value: int) -> torch.Tensor:
    filled = (row + (value,) * (width - len(row)) for row in rows)
    # A tensor from nested sequences takes about five times as long.
    flat = np.fromiter(itertools.chain.from_iterable(filled), np.int64, len(rows) * width)
    return torch.from_numpy(flat).view(len(rows), width)
