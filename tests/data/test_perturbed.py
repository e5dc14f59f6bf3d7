"""The test part written otherwise: each head's texts, spans that move with their characters, records by themselves."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data import perturbed
from harness.heads import HEADS
from harness.params.robustness import Robustness
from harness.plugins import examples
from harness.text.perturbing import KINDS

SETTINGS = Robustness(tuple(KINDS), 0.5, 7)
SENTENCE = "Pasienten Kari fikk ikke behandling på sykehuset i Bergen. "


def records(head) -> list[dict]:
    """Invented ones, with words that every kind changes."""
    labels = head.template.labels
    found = []
    for row in examples.rows(head, labels):
        if "words" in row:
            pieces, spans, at = [], [], 0
            for word, label in row.pop("words"):
                spans += [{"start": at, "end": at + len(word), "label": label}] if label else []
                pieces.append(word)
                at += len(word) + 1
            row |= {"text": " ".join(pieces), "spans": spans}
        for column in head.texts:
            value = row[column]
            row[column] = [SENTENCE + v for v in value] if isinstance(value, list) else value + " " + SENTENCE
        found.append(row)
    return found


@pytest.mark.parametrize(("head", "kind"), itertools.product(HEADS, KINDS))
def test_every_text_of_a_record_is_written_otherwise_and_nothing_else(head, kind):
    head = HEADS[head]
    before = records(head)
    after = perturbed.rewritten(head, before, kind, SETTINGS)
    assert after == perturbed.rewritten(head, before, kind, SETTINGS)
    for one, other in zip(before, after, strict=True):
        assert one.keys() == other.keys()
        for column in one.keys() - set(head.texts) - {"spans"}:
            assert one[column] == other[column]
        for column in head.texts:
            several = isinstance(one[column], list)
            pairs = zip(one[column], other[column], strict=True) if several else [(one[column], other[column])]
            assert all(a != b for a, b in pairs) or kind == "misspelled"
        for rule in [*head.across(head.template.labels)]:
            assert rule.holds(other), rule.name
    assert head.changed(before, after) == len(before)


@pytest.mark.parametrize("head", HEADS)
def test_a_record_is_written_by_its_id_alone(head):
    head = HEADS[head]
    before = records(head)
    mixed = random.Random(3).sample(before, len(before))
    for kind in KINDS:
        of = {record["id"]: record for record in perturbed.rewritten(head, before, kind, SETTINGS)}
        for record in perturbed.rewritten(head, mixed[:3], kind, SETTINGS):
            assert record == of[record["id"]]
    named = {**before[0], "id": "another"}
    one, other = (perturbed.rewritten(head, [r], "misspelled", SETTINGS)[0] for r in (before[0], named))
    assert head.texts_of(one) != head.texts_of(other)


@st.composite
def documents(draw):
    words = st.sampled_from(["Kari", "ikke", "pasienten", "İda", "BERGEN", "ß", "jeg", "61", "behandling", "-"])
    text, spans = "", []
    for _ in range(draw(st.integers(1, 12))):
        text += draw(st.sampled_from(["", " ", ". ", "\n"])) if text else ""
        start, word = len(text), draw(words)
        text += word
        if draw(st.booleans()) and not text[start].isspace():
            # A span may hold a part of a word only.
            end = draw(st.integers(start + 1, len(text)))
            spans.append({"start": start, "end": end, "label": draw(st.sampled_from("AB"))})
    return {"id": draw(st.text("abc", min_size=1, max_size=3)), "text": text, "spans": spans}


@pytest.mark.parametrize("kind", KINDS)
@given(documents())
def test_spans_hold_what_became_of_their_characters(kind, record):
    head = HEADS["tokens"]
    (found,) = perturbed.rewritten(head, [record], kind, SETTINGS)
    assert [span["label"] for span in found["spans"]] == [span["label"] for span in record["spans"]]
    assert all(rule.holds(found) for rule in head.across(("A", "B")))
    cuts = sorted({0, len(record["text"]), *(s[end] for s in record["spans"] for end in ("start", "end"))})
    new = sorted({0, len(found["text"]), *(s[end] for s in found["spans"] for end in ("start", "end"))})
    assert len(new) == len(cuts)
    if kind == "lower_case":
        for one, other in zip(record["spans"], found["spans"], strict=True):
            whole = "".join(letter.lower() for letter in record["text"][one["start"] : one["end"]])
            assert found["text"][other["start"] : other["end"]] == whole


def test_options_that_would_read_alike_stay_as_they_are():
    record = {"id": "x", "question": "Hva er DETTE?", "options": ["ABC", "abc", "B", "C"], "label": "A"}
    (found,) = perturbed.rewritten(HEADS["choice"], [record], "lower_case", SETTINGS)
    assert found == {**record, "question": "hva er dette?"}


def test_a_kind_that_changes_no_text_has_no_part():
    english = [{"id": "x", "text": "is it safe?", "text_pair": "can i drink?", "label": "0"}]
    found = perturbed.parts_of(HEADS["pair"], english, SETTINGS)
    assert list(found) == ["test misspelled"]
