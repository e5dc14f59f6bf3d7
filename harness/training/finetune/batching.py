"""Convert a task's records to padded tensors: tokenise the texts, cut long documents into windows, and make batches of
similar lengths."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from harness.text import letters
from harness.text.bio import IGNORED
from harness.training.finetune.examples import Example, Examples

# Records per tokenizer call. The result contains every token's text and offsets, 100 bytes or more.
AT_ONCE = 1000


def encode(head, records: Sequence[dict], tokenizer, labels: Sequence[str], max_length: int, stride: int) -> Examples:
    """Tokenise `records` for `head`, the object of `harness.heads` for this kind of task. Returns one `Example` per
    record or, if the head reads windows, one per window.

    A text pair is encoded as one input, and each option of a question as one input together with the question.
    Documents become windows of `max_length` tokens that overlap by `stride` tokens. The position of a label in `labels`
    is its index in targets.
    """
    places = {label: i for i, label in enumerate(labels)}

    def encoded(start: int) -> Iterator[Example]:
        some = records[start : start + AT_ONCE]
        if head.windowed:
            return _encode_windows(head, some, start, tokenizer, labels, max_length, stride)
        return _encode_texts(head, some, start, tokenizer, places, max_length)

    return Examples(itertools.chain.from_iterable(encoded(start) for start in range(0, len(records), AT_ONCE)))


def _encode_texts(
    head, records: Sequence[dict], first: int, tokenizer, places: dict[str, int], max_length: int
) -> Iterator[Example]:
    """Encode each record as one example. If a pair is too long, its longer text is cut first."""
    texts, seconds, numbers = head.rows(records)
    encoding = tokenizer(texts, seconds, truncation="longest_first" if seconds else True, max_length=max_length)
    rows = map(tuple, encoding["input_ids"])
    types = map(tuple, encoding.get("token_type_ids") or ())
    for i, (record, number) in enumerate(zip(records, numbers, strict=True), start=first):
        mine, kinds = tuple(itertools.islice(rows, number)), tuple(itertools.islice(types, number))
        yield Example(mine, kinds, head.target(record, places), i)


def _encode_windows(
    head, records: Sequence[dict], first: int, tokenizer, labels: Sequence[str], max_length: int, stride: int
) -> Iterator[Example]:
    encoding = tokenizer(
        [record["text"] for record in records],
        truncation=True,
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    kinds = encoding.get("token_type_ids")
    # Once per document, so that a window does not cost more in a long document.
    marks = [letters.has_marks(record["text"]) for record in records]
    tags = [head.tags(record, labels) for record in records]
    for w, i in enumerate(encoding["overflow_to_sample_mapping"]):
        offsets = tuple(_of_letters(records[i]["text"], encoding["offset_mapping"][w], marks[i]))
        types = (tuple(kinds[w]),) if kinds else ()
        yield Example((tuple(encoding["input_ids"][w]),), types, tags[i].of(offsets), first + i, offsets)


def _of_letters(text: str, offsets: Iterable[tuple[int, int]], marks: bool) -> Iterator[tuple[int, int]]:
    """The offsets of tokens, moved to whole letters without white space. Byte-level tokenizers keep white space at the
    first token of a later window, so the same token would have two offsets. Other tokenizers drop combining marks, so
    an entity would lose its last mark. `marks` is true if `text` has any."""
    for start, end in offsets:
        # Special tokens have no characters.
        if marks and start < end:
            start, end = letters.whole(text, start, end)
        while start < end and text[start].isspace():
            start += 1
        yield start, end


def bucketed(
    examples: Examples, batch: int, generator: torch.Generator, *, buckets: int = 16
) -> Iterator[list[Example]]:
    """Yield one epoch of batches of `batch` examples with similar lengths.

    Examples are shuffled, cut into chunks of `buckets` batches, and sorted by length inside a chunk. Then the batches
    are shuffled. So there is little padding, and the order differs in every epoch.
    """
    order, lengths = torch.randperm(len(examples), generator=generator).tolist(), examples.lengths.tolist()
    batches = []
    for start in range(0, len(order), batch * buckets):
        chunk = sorted(order[start : start + batch * buckets], key=lengths.__getitem__)
        batches += [chunk[i : i + batch] for i in range(0, len(chunk), batch)]
    for b in torch.randperm(len(batches), generator=generator).tolist():
        yield [examples[i] for i in batches[b]]


def in_length_order(examples: Examples, batch: int) -> Iterator[list[int]]:
    """The evaluation batches, as lists of at most `batch` indices into `examples`, shortest examples first. The order
    and size of batches are fixed, because both change the last bits of a logit."""
    order = np.argsort(examples.lengths, kind="stable").tolist()
    return (order[start : start + batch] for start in range(0, len(order), batch))


def collate(batch: Sequence[Example], pad: int, device: str) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Make the (inputs, targets) of a batch on `device`, padded to its longest row. `pad` is the padding id.

    The inputs are token ids, attention mask and segment ids (if there are any), each [B, T], or [B, options, T] for
    questions with options. The targets have shape [B], [B, labels] if a text can have several labels, or [B, T] for
    windows.
    """
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
    if batch[0].offsets:
        targets = _padded([example.target for example in batch], width, IGNORED)
    else:
        targets = torch.tensor([example.target for example in batch])
    return {name: value.to(device) for name, value in inputs.items()}, targets.to(device)


def _padded(rows, width: int, value: int) -> torch.Tensor:
    filled = (row + (value,) * (width - len(row)) for row in rows)
    # A tensor from nested sequences takes about five times as long.
    flat = np.fromiter(itertools.chain.from_iterable(filled), np.int64, len(rows) * width)
    return torch.from_numpy(flat).view(len(rows), width)
