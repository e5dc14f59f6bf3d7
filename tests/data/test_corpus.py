"""Building one part of the corpus: against a slow reference, with any chunks and any number of workers."""

import random
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overlaps import overlap

from harness.data import corpus, corpus_files, near_duplicates
from harness.data.held_out import Coverage, HeldOutIndex
from harness.data.inspecting import Inspector
from harness.data.words import clean, hashed, words_of
from harness.system.files import canonical_json

LONG = " ".join(f"ord{i}" for i in range(40))  # 28 13-grams
INDEX = HeldOutIndex([("task", LONG), ("other", " ".join(LONG.split()[:30]) + " slutt")], 13, 0.5)
INSPECTOR = Inspector(INDEX, Coverage(INDEX.words), 0.8)


def document(i: str, text: str, kind: str = "note", standard: str = "bokmål") -> dict:
    return {"id": i, "document_type": kind, "written_standard": standard, "date": "", "text": text}


def built(chunks: list[list[dict]], workers: int = 1) -> tuple[corpus.Built, bytes]:
    """The result and the bytes of the written file."""
    with tempfile.TemporaryDirectory() as folder:
        target, scratch = Path(folder) / "part.jsonl", Path(folder) / "scratch"
        scratch.mkdir()
        told = []
        given_chunks = (replace(corpus_files.given(chunk), size=len(chunk)) for chunk in chunks)
        (found,) = corpus.build(
            {target: given_chunks}, INSPECTOR, scratch, workers=workers, progress=lambda *done: told.append(done)
        )
        assert told == [(len(chunk), len(chunk)) for chunk in chunks]
        return found, target.read_bytes()


def in_parts(chunks: list[list[dict]]) -> list[tuple[corpus.Built, bytes]]:
    """The same with every chunk as a part of its own."""
    with tempfile.TemporaryDirectory() as folder:
        parts = {Path(folder) / f"{i}.jsonl": [corpus_files.given(chunk)] for i, chunk in enumerate(chunks)}
        found = corpus.build(parts, INSPECTOR, Path(folder), workers=1, progress=lambda *done: None)
        return [(part, path.read_bytes()) for part, path in zip(found, parts, strict=True)]


def reference(documents: list[dict]) -> tuple[list[dict], dict[str, Counter]]:
    """What is kept, and the document types of what goes by reason: one document after the other.

    Cleaning, overlap and signatures are the code's own, each held elsewhere; only the steps' order is independent.
    """
    seen, signatures, kept, removed = set(), [], [], {}
    for found in documents:
        text = clean(found["text"])
        words = words_of(text)
        signature = near_duplicates.minima(hashed([words]))
        bands = near_duplicates.band_hashes(signature, 0.8)
        content = " ".join(text.casefold().split())
        tasks = overlap(INDEX, words).tasks
        if not words:
            reason = "empty"
        elif content in seen:
            reason = "duplicate"
        elif any((bands == b).any() and (signature == s).mean() >= 0.8 for s, b in signatures):
            reason = "near duplicate"
        else:
            signatures.append((signature, bands))
            reason = f"overlap with {tasks[0]}" if tasks else None
        seen |= {content} if words else set()
        if reason is None:
            kept.append(found | {"text": text})
        else:
            removed.setdefault(reason, Counter())[found["document_type"]] += 1
    return kept, removed


@st.composite
def corpora(draw) -> list[list[dict]]:
    """Documents that repeat, resemble and quote one another, cut into chunks anywhere."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    stock = [" ".join(f"w{rng.randrange(500)}" for _ in range(rng.choice([1, 4, 60]))) for _ in range(4)]
    stock += ["", " \x00 ", LONG, " ".join(LONG.split()[:20])]
    documents = []
    for i in range(draw(st.integers(0, 25))):
        words = rng.choice(stock).split(" ")
        for _ in range(rng.randrange(3)):
            words[rng.randrange(len(words))] = f"x{rng.randrange(500)}"
        text = rng.choice([str, str.upper, "{}\r\n".format])(" ".join(words))
        stock.append(text)
        documents.append(document(f"d{i}", text, rng.choice("ab"), rng.choice(["bokmål", "nynorsk", ""])))
    cuts = sorted(draw(st.lists(st.integers(0, len(documents)), max_size=4)))
    return [documents[a:b] for a, b in zip([0, *cuts], [*cuts, len(documents)], strict=True)]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(corpora(), st.sampled_from([2, 1 << 18]))
def test_the_result_equals_the_reference_however_the_documents_are_cut(chunks, block):
    documents = [found for chunk in chunks for found in chunk]
    kept, removed = reference(documents)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus.Column.blocks, "__defaults__", (block, None))
        found, content = built(chunks)
        parts = in_parts(chunks)
    assert b"".join(content for _, content in parts) == content
    for reason in ("read", "kept", "documents", "words"):
        assert sum((getattr(part.tally, reason) for part, _ in parts), Counter()) == getattr(found.tally, reason)
    assert (np.any([part.met[8] for part, _ in parts], axis=0) == found.met[8]).all()
    assert content.decode() == "".join(canonical_json(line) + "\n" for line in kept)
    assert found.tally.removed == removed
    assert found.tally.read == Counter(d["document_type"] for d in documents)
    assert found.tally.kept == Counter(d["document_type"] for d in kept)
    assert found.tally.documents == Counter(d["written_standard"] or "unknown" for d in kept)
    assert found.tally.words.total() == sum(len(words_of(d["text"])) for d in kept)
    grams = {g for d in kept for g in hashed([words_of(d["text"])]).grams(8)[0].tolist()}
    table = {g for _, words in INDEX.words for g in hashed([words]).grams(8)[0].tolist()}
    assert int(found.met[8].sum()) == len(grams & table)


def test_the_number_of_workers_is_invisible():
    rng = random.Random(8)
    texts = [" ".join(f"w{rng.randrange(3000)}" for _ in range(rng.randint(5, 80))) for _ in range(150)]
    texts += [f"{text} hale" for text in texts[::3]] + [LONG, texts[0], "", "mail a@b.no"]
    documents = [document(f"d{i}", text, f"kind {i % 7}", f"s{i % 3}") for i, text in enumerate(texts)]
    results = []
    for workers, size in ((1, 204), (2, 40), (3, 7)):
        found, content = built([documents[i : i + size] for i in range(0, len(documents), size)], workers)
        results.append((content, canonical_json(found.tally.as_card()), found.identified))
    assert results[0] == results[1] == results[2]
    assert 100 < results[0][0].count(b"\n") < 200


def test_every_document_is_kept_or_counted_by_reason_and_type():
    notes = "Pasienten ble lagt inn med feber og hoste, og fikk antibiotika i fem dager før utskrivning til hjemmet."
    found, _ = built(
        [
            [
                document("1", "Pasienten har feber.\r\n"),
                document("2", " \x00 "),
                document("3", "pasienten  har FEBER."),
                document("4", f"Innledning. {LONG.upper()}", "review"),
                document("5", "Pasienten har ikkje feber", "review", "nynorsk"),
                document("6", " ".join(LONG.split()[:20]), "note", ""),
                document("7", notes),
                document("8", f"{notes} Kontroll.", "review"),
            ]
        ]
    )
    card = found.tally.as_card()
    assert card["documents"] == {"in": 8, "kept": 4}
    assert card["in"] == {"note": 5, "review": 3}
    assert card["kept"] == {"note": 3, "review": 1}
    assert card["removed"] == {
        "empty": {"documents": 1, "by_document_type": {"note": 1}},
        "duplicate": {"documents": 1, "by_document_type": {"note": 1}},
        "near duplicate": {"documents": 1, "by_document_type": {"review": 1}},
        "overlap with other": {"documents": 1, "by_document_type": {"review": 1}},
    }
    assert card["words"] == 27 + len(words_of(notes))
    assert card["written_standard"]["nynorsk"] == {
        "documents": 1,
        "words": 4,
        "share_of_documents": 0.25,
        "share_of_words": round(4 / 45, 4),
    }
    assert card["longest_match"] == {"kept": 20, "removed": 40}


def test_identifying_details_are_counted_in_what_is_kept_and_never_shown():
    chunks = [
        [document("1", "ring 22123456"), document("2", "RING 22123456"), document("3", "ingen")],
        [document("a@b.no", "eller 22 12 34 56 og c@d.no"), document("5", f"{LONG} 22123456")],
    ]
    found, content = built(chunks)
    assert found.tally.identifiers == Counter(telephone_number=2, email_address=2)
    assert found.tally.documents_with_identifiers == 2
    assert found.identified == ("1", "document 4")
    assert content.count(b"\n") == 3


def test_numbers_with_wrong_check_digits_are_counted_in_what_is_kept_and_identify_nobody():
    text = "født 01010112345, ikke 02020212345"
    found, _ = built([[document("1", text), document("2", text.upper()), document("3", "ingen")]])
    assert found.tally.as_card()["identity_number_lookalike"] == {"found": 2, "documents": 1}
    assert found.tally.documents_with_identifiers == 0 and found.identified == ()


def test_only_the_first_documents_with_identifying_details_are_named():
    found, _ = built([[document(f"d{i}", f"nummer {i}: a{i}@b.no") for i in range(10)]])
    assert found.identified == tuple(f"d{i}" for i in range(corpus.NAMED))
    assert found.tally.documents_with_identifiers == 10


def test_bytes_move_forward_whatever_their_number(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "_COPIED", 3)
    content = bytes(range(100))
    path = tmp_path / "file"
    path.write_bytes(content)
    with open(path, "r+b") as file:
        corpus._move(file.fileno(), 10, 5, 20)
    assert path.read_bytes() == content[:5] + content[10:30] + content[25:]
