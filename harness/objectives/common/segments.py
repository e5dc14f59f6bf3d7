"""Make the rows of next-sentence prediction (Devlin et al. 2019): two segments, and a label that says whether the
second segment continues the first.

A document is cut into runs of sentences that fill a row, and each run is cut in two at a random sentence border. Half
of the runs keep their second segment. The others exchange their second segment with a run of another document that has
a second segment of about the same length. So every sentence is read once per epoch, and the lengths in a row say
nothing about its label. The lengths would show the label if foreign segments were drawn to fill rows while the
documents are short.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch

from harness.errors import TrainingError
from harness.objectives.common.rows import Row
from harness.text.bio import IGNORED

CONTINUES, FOREIGN = 0, 1  # transformers' convention for `next_sentence_label`

# The exchange of second segments tries neighbours in order of length that are less than this number of places away.
# If none of them fits, a run of another document is read a second time.
_REACH = 64


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a document: the sentences `start` to `end` (exclusive) of the document with the index `document`."""

    document: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PairRow:
    """A row of two segments, before it becomes token ids. `label` is CONTINUES or FOREIGN, or IGNORED if there is no
    second segment."""

    first: Segment
    second: Segment | None
    label: int


class Cut(Sequence):
    """The sentences of a document, as a sequence of lists of token ids. A sentence of more than `longest` tokens is cut
    into about equal parts.

    With `longest` = (row length − 3) // 2, any two neighbouring sentences fit into a row, so no token is lost. Tokens
    are stored in four bytes each, because a block of documents has millions of tokens.
    """

    def __init__(self, sentences: Iterable[Sequence[int]], longest: int):
        tokens, ends = array("i"), array("i", [0])
        for sentence in sentences:
            start, parts = len(tokens), max(1, -(-len(sentence) // longest))
            tokens.extend(sentence)
            ends.extend(start + len(sentence) * (i + 1) // parts for i in range(parts))
        self._tokens, self._ends = tokens, ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._tokens[self._ends[index] : self._ends[index + 1]].tolist()


def next_sentence_pairs(
    documents: Sequence[Sequence[Sequence[int]]], length: int, generator: torch.Generator, short_rows: float = 0.0
) -> list[PairRow]:
    """The rows of one epoch of next-sentence prediction, in a random order. `documents` are lists of sentences of token
    ids without special tokens.

    A row is [CLS] a [SEP] b [SEP] with at most `length` tokens, and comes from a run of consecutive sentences. In about
    a share `short_rows` of the documents, runs end earlier, after a number of tokens that is drawn for the document. Of
    the rows with two segments, half are FOREIGN (rounded down). A run of one sentence becomes a row of one segment,
    which only the masked LM uses. If such runs were paired with a foreign segment, a short row would show the label.
    Raises TrainingError if a foreign segment is needed and there is only one document.
    """
    lengths = [[len(sentence) for sentence in document] for document in documents]
    targets = _targets(len(documents), length - 3, generator, short_rows)
    runs = [Segment(i, a, b) for i, sizes in enumerate(lengths) for a, b in _runs(sizes, length - 3, targets[i])]
    alone = [run for run in runs if run.end - run.start == 1]
    pairs = [_halved(run, draw) for run, draw in zip(runs, _uniform(len(runs), generator), strict=True)
             if run.end - run.start > 1]  # fmt: skip
    chosen = set(torch.randperm(len(pairs), generator=generator)[: len(pairs) // 2].tolist())
    foreign = [pair for i, pair in enumerate(pairs) if i in chosen]
    sums = [[0, *accumulate(sizes)] for sizes in lengths]
    rows = [PairRow(run, None, IGNORED) for run in alone]
    rows += [PairRow(a, b, CONTINUES) for i, (a, b) in enumerate(pairs) if i not in chosen]
    rows += [PairRow(a, b, FOREIGN) for a, b in _exchanged(foreign, runs, sums, generator)]
    return [rows[i] for i in torch.randperm(len(rows), generator=generator).tolist()]


def _targets(documents: int, room: int, generator: torch.Generator, share: float) -> list[int | None]:
    """The number of tokens after which the runs of each document end, 2 to `room`, or None if they fill a row."""
    if not share:
        return [None] * documents
    short, where = _uniform(documents, generator), _uniform(documents, generator)
    return [2 + int(b * (room - 1)) if a < share else None for a, b in zip(short, where, strict=True)]


def _runs(sizes: Sequence[int], room: int, target: int | None = None) -> list[tuple[int, int]]:
    """The (start, end) of consecutive runs of at most `room` tokens. A single last sentence gets the one before it, if
    possible.

    A run ends with the sentence that reaches `target`, but has at least two sentences to make two segments.
    """
    runs, start, total = [], 0, 0
    for i, size in enumerate(sizes):
        reached = target is not None and total >= target and i > start + 1
        if reached or (i > start and total + size > room):
            runs.append((start, i))
            start, total = i, 0
        total += size
    if start < len(sizes):
        runs.append((start, len(sizes)))
    if len(runs) > 1 and runs[-1][1] - runs[-1][0] == 1 and runs[-2][1] - runs[-2][0] > 2:
        border = runs[-1][0] - 1
        if sizes[border] + sizes[border + 1] <= room:
            runs[-2:] = [(runs[-2][0], border), (border, runs[-1][1])]
    return runs


def _uniform(n: int, generator: torch.Generator) -> list[float]:
    return torch.rand(n, generator=generator, dtype=torch.float64).tolist()


def _halved(run: Segment, draw: float) -> tuple[Segment, Segment]:
    """The two parts of `run`, cut at one of its inner sentence borders with equal probability."""
    border = run.start + 1 + int(draw * (run.end - run.start - 1))
    return Segment(run.document, run.start, border), Segment(run.document, border, run.end)


def _exchanged(pairs, runs, sums, generator) -> list[tuple[Segment, Segment]]:
    """The pairs with second segments of other documents, about as long as their own."""

    def tokens(segment: Segment) -> int:
        return sums[segment.document][segment.end] - sums[segment.document][segment.start]

    ties = _uniform(len(pairs), generator)
    order = sorted(range(len(pairs)), key=lambda i: (tokens(pairs[i][1]), ties[i]))
    firsts = [pairs[i][0] for i in order]
    seconds = [pairs[i][1] for i in order[1:] + order[:1]]
    draws = _uniform(len(pairs), generator)
    for n, first in enumerate(firsts):
        if seconds[n].document != first.document:
            continue
        for m in (n + side * away for away in range(1, _REACH) for side in (1, -1)):
            fits = 0 <= m < len(firsts) and seconds[m].document != first.document
            if fits and seconds[n].document != firsts[m].document:
                seconds[n], seconds[m] = seconds[m], seconds[n]
                break
        else:
            # One document has most of the text, so a run of another document is read a second time.
            seconds[n] = _borrowed(first, tokens(seconds[n]), runs, tokens, draws[n])
    return list(zip(firsts, seconds, strict=True))


def _borrowed(first: Segment, size: int, runs, tokens, draw: float) -> Segment:
    others = [run for run in runs if run.document != first.document]
    if not others:
        raise TrainingError(
            "Next-sentence prediction needs segments of two or more documents, but there is only one document.",
            remedy="Add documents to the corpus, or pre-train this family without next-sentence prediction.",
        )
    run = others[int(draw * len(others))]
    end = run.start + 1
    while end < run.end and tokens(Segment(run.document, run.start, end + 1)) <= size:
        end += 1
    return Segment(run.document, run.start, end)


def encode_pair(
    row: PairRow, documents: Sequence[Sequence[Sequence[int]]], cls_id: int, sep_id: int, length: int
) -> Row:
    """Encode `row` as a `Row` of at most `length` token ids, with segment ids and the row's label. `documents` are as
    in `next_sentence_pairs`.

    If two segments are too long, the longer segment is cut first. The first segment is cut at its beginning and the
    second segment at its end, so that the tokens at their common border remain.
    """
    first = _tokens(row.first, documents)
    if row.second is None:
        ids = (cls_id, *first[: length - 2], sep_id)
        return Row(ids, (0,) * len(ids), label=row.label)
    second = _tokens(row.second, documents)
    room = length - 3
    for_first = min(len(first), max(room - len(second), room - room // 2))
    first = first[len(first) - for_first :]
    second = second[: room - len(first)]
    ids = (cls_id, *first, sep_id, *second, sep_id)
    types = (0,) * (len(first) + 2) + (1,) * (len(second) + 1)
    return Row(ids, types, label=row.label)


def _tokens(segment: Segment, documents) -> list[int]:
    sentences = documents[segment.document][segment.start : segment.end]
    return [token for sentence in sentences for token in sentence]
