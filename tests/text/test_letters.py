"""Letters and marks: composition moves spans, and a model that answers all tokens rightly finds every entity whole."""

import itertools
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from harness.data import conll
from harness.heads.linear.tagging import words
from harness.text import letters
from harness.text.bio import Tags, decode_tags
from harness.training.finetune import batching

CASES = Path(__file__).parents[1] / "data" / "cases"
LABELS = ("NAME", "PLACE")
# Letters that compose, letters that do not, marks, joined syllables, and what no reader sees.
MARKS = "\u0301\u030a\u0308\u0331\u0327\u20dd\ufe0f"
ALPHABET = (
    "abeoxAEÅåøæé" + MARKS + "\u1100\u1161\u11a8\uff8a\uff9f\uff9eﬁÅ²-., \n\u00ad\u200b\u200d\ufeff\u2060\uf0b7\ufffd"
)
TEXTS = st.text(alphabet=ALPHABET, min_size=1, max_size=40)


def _pieces(text_or_alphabet):
    normal = {unicodedata.normalize(form, c) for c in text_or_alphabet for form in ("NFC", "NFD", "NFKC", "NFKD")}
    return sorted({c for piece in normal for c in piece + piece.lower()})


def wordpiece(alphabet):
    """As BERT has it: format characters and accents are dropped, in lower case."""
    known = ["[UNK]", *_pieces(alphabet), *("##" + c for c in _pieces(alphabet))]
    made = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(known)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(clean_text=True, strip_accents=True, lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


def byte_level(alphabet):
    """As GPT-2 and NorBERT3 have it: nothing is normalised, and a blank stands before its word."""
    vocabulary = {piece: i for i, piece in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    made = Tokenizer(models.BPE(vocabulary, []))
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return made


def composing(alphabet):
    """As ModernBERT has it: byte-level, over NFC."""
    made = byte_level(alphabet)
    made.normalizer = normalizers.NFC()
    return made


def unaccented(alphabet):
    """As XLM-R and others have it: NFKC, accents taken off, whole words."""
    known = ["<unk>", *_pieces(alphabet)]
    made = Tokenizer(models.BPE({piece: i for i, piece in enumerate(known)}, [], unk_token="<unk>"))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.NFD(), normalizers.StripAccents()])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    return made


def merging(alphabet):
    """Byte-level with merges, one of which joins the last byte of a letter with the letter behind it."""
    vocabulary = {piece: i for i, piece in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = []
    for left, right in ("åx", "øe", "ba"):
        pair = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(left + right)[0][0]
        merges.append((pair[-2], pair[-1]))
        vocabulary[pair[-2:]] = len(vocabulary)
    made = Tokenizer(models.BPE(vocabulary, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


TOKENIZERS = [wordpiece, byte_level, merging, composing, unaccented]


def answered(text, spans, tokenizer):
    """What a model finds that gives each token its right tag."""
    offsets = list(batching._of_letters(text, tokenizer.encode(text).offsets, letters.has_marks(text)))
    read = [(offset, tag) for offset, tag in zip(offsets, Tags(spans, LABELS).of(offsets), strict=True)]
    return decode_tags(sorted({one for one in read if one[0][0] < one[0][1]}), LABELS)


@st.composite
def marked(draw):
    """A text with spans whose edges are anywhere, apart by a blank as the entities of documents are."""
    pieces = draw(st.lists(st.tuples(TEXTS, st.sampled_from(["", *LABELS])), min_size=1, max_size=4))
    text, spans = "", []
    for piece, label in pieces:
        piece = piece.strip() or "a"
        if label:
            spans.append({"start": len(text), "end": len(text) + len(piece), "label": label})
        text += piece + " "
    return text, spans


@pytest.mark.parametrize("make", TOKENIZERS)
@given(data=marked())
def test_a_model_without_fault_finds_every_entity_whole(make, data):
    text, spans = letters.composed_with_spans(*data, Counter())
    expected = [[span["start"], span["end"], span["label"]] for span in spans]
    # A token that holds the edge of an entity and letters of both sides is no fault of marks.
    tokenizer = make(ALPHABET)
    offsets = [letters.whole(text, *offset) for offset in tokenizer.encode(text).offsets]
    edges = {edge for span in spans for edge in (span["start"], span["end"])}
    if any(start < edge < end for start, end in offsets for edge in edges):
        return
    assert answered(text, spans, tokenizer) == expected


@given(data=marked())
def test_composition_keeps_what_is_marked(data):
    text, spans = data
    repaired = Counter()
    made, moved = letters.composed_with_spans(text, spans, repaired)
    assert made == unicodedata.normalize("NFC", text)
    wholes = [letters.whole(text, span["start"], span["end"]) for span in spans]
    marked_before = [unicodedata.normalize("NFC", text[start:end]) for start, end in wholes if start < end]
    assert [made[span["start"] : span["end"]] for span in moved] == marked_before
    assert len(spans) - len(moved) == repaired[letters.NO_LETTER]
    assert all(a["end"] <= b["start"] for a, b in itertools.pairwise(moved))
    assert (repaired[letters.DECOMPOSED] > 0) == (made != text)


@given(text=TEXTS, data=st.data())
def test_a_span_with_any_edges_becomes_one_of_whole_letters_or_none(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    span = {"start": start, "end": data.draw(st.integers(start + 1, len(text))), "label": "NAME"}
    made, moved = letters.composed_with_spans(text, [span], Counter())
    assert all(0 <= one["start"] < one["end"] <= len(made) for one in moved)
    assert letters.composed_with_spans(made, moved, Counter()) == (made, moved)


@given(data=marked())
def test_the_words_of_the_linear_tagger_cut_no_letter(data):
    text, _ = letters.composed_with_spans(*data, Counter())
    for start, end in words(text):
        assert (start, end) == letters.whole(text, start, end)


@pytest.mark.parametrize(
    ("text", "start", "end", "said"),
    [
        ("e\u0301l", 0, 1, "e\u0301"),
        ("xe\u0301l", 2, 4, "l"),
        ("Kari\u200b Li", 0, 5, "Kari"),
        ("\u00adKari", 0, 5, "Kari"),
        ("e\u200d\u0301l", 0, 1, "e\u200d\u0301"),
        ("a\u00adb", 0, 3, "a\u00adb"),
        ("\u200b \u0301", 0, 3, ""),
        ("Kari\uf0b7", 0, 5, "Kari"),
        ("\ufffdKari", 0, 5, "Kari"),
        # Vowels and final consonants of Hangul belong to their syllable, also to one that is composed half-way.
        ("\u1112\u1161\u11ab\u1100", 0, 1, "\u1112\u1161\u11ab"),
        ("\u1112\u1161\u11ab\u1100", 1, 4, "\u1100"),
        ("\u1112\u1161\u11ab\u1100", 1, 2, ""),
        ("\ud558\u11ab\ub098", 0, 1, "\ud558\u11ab"),
        ("x\u1161", 1, 2, "\u1161"),
        # The marks of half-width kana are letters to Unicode's categories and marks to NFKC.
        ("\uff8a\uff9f\uff9d", 0, 1, "\uff8a\uff9f"),
        ("\uff76\uff9e\uff9d", 1, 3, "\uff9d"),
        ("\uffa1\uffc2\uffa1", 0, 1, "\uffa1\uffc2"),
    ],
)
def test_a_mark_belongs_to_the_letter_before_it_and_nothing_unseen_stands_at_an_edge(text, start, end, said):
    a, b = letters.whole(text, start, end)
    assert text[a:b] == said


@pytest.mark.parametrize("make", TOKENIZERS)
def test_decomposed_documents_are_read_so_that_every_tokenizer_can_answer(make):
    reading = conll.conll("decomposed_letters.conll", labels=LABELS, unit="document")(CASES)
    assert reading.repaired[letters.DECOMPOSED] > 0
    found = 0
    tokenizer = make("".join(record["text"] for record in reading.records))
    for record in reading.records:
        assert unicodedata.is_normalized("NFC", record["text"])
        expected = [[span["start"], span["end"], span["label"]] for span in record["spans"]]
        assert answered(record["text"], record["spans"], tokenizer) == expected
        found += len(expected)
    assert found > 30


@pytest.mark.parametrize("text", ["båxe", "åx", "øe åx"])
def test_tokens_that_share_a_character_are_one_entity(text):
    tokenizer = merging(ALPHABET)
    offsets = [offset for offset in tokenizer.encode(text).offsets]
    assert any(a < d and c < b for (a, b), (c, d) in itertools.pairwise(offsets))
    assert answered(text, [{"start": 0, "end": len(text), "label": "NAME"}], tokenizer) == [[0, len(text), "NAME"]]
