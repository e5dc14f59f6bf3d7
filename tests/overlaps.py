"""The overlap of one document with held-out texts, looked for at every word instead of by hashes."""

from harness.data.held_out import SHORTEST, HeldOutIndex, Overlap


def overlap(index: HeldOutIndex, words: list[str]) -> Overlap:
    return index._overlap(words, range(len(words) - index.n + 1), range(len(words) - SHORTEST + 1))
