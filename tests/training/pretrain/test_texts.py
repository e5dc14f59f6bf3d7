"""Corpora are tokenised once for what reads them, and only what is not held out makes a tokenizer."""

import os
import threading
import time

import pytest
from tiny_encoders import ENCODER, TEXTS
from tiny_training import documents, settings

from harness.encoders import tokenizers
from harness.errors import DataError, MissingInputError
from harness.system.files import write_jsonl
from harness.training.pretrain import arms, shards, texts

GIVEN = settings("norbert3")


@pytest.fixture(scope="module")
def tokenizer():
    return tokenizers.build("norbert3", TEXTS, ENCODER.vocabulary)


@pytest.fixture
def files(tmp_path):
    made = {"general": tmp_path / "general.jsonl", "clinical": tmp_path / "clinical.jsonl"}
    for (_, path), of in zip(made.items(), (documents(40), documents(60)[20:]), strict=True):
        write_jsonl(path, of)
    return made


def tokenised(files, tokenizer, folder, given=GIVEN, leads=True):
    return texts.tokenised_all(files, tokenizer, given, folder, leads=leads)


def test_they_are_tokenised_once_and_anew_for_another_corpus_tokenizer_or_cut(files, tokenizer, tmp_path, monkeypatch):
    written, write = [], shards.write
    monkeypatch.setattr(shards, "write", lambda *a, **k: written.append(a[3].parent.name) or write(*a, **k))
    folder = tmp_path / "shards"
    for _ in range(2):
        tokenised(files, tokenizer, folder)
    tokenizer.save_pretrained(tmp_path / "saved")
    tokenised(files, tokenizers.load(tmp_path / "saved"), folder)
    assert written == ["general", "clinical"]
    write_jsonl(files["general"], documents(41))
    tokenised(files, tokenizer, folder)
    assert written == ["general", "clinical", "general"]
    tokenised(files, tokenizer, folder, settings("norbert3", recipe="mlm_nsp"))
    tokenised(files, tokenizers.build("norbert3", TEXTS, ENCODER.vocabulary - 1), folder)
    assert written[3:] == ["general", "clinical"] * 2
    assert all(len(list((folder / name).iterdir())) == 1 for name in files)


def test_another_process_waits_for_the_one_that_leads(files, tokenizer, tmp_path):
    found = []
    waiting = threading.Thread(
        target=lambda: found.append(tokenised(files, tokenizer, tmp_path / "shards", leads=False)), daemon=True
    )
    waiting.start()
    time.sleep(0.5)
    assert not found
    tokenised(files, tokenizer, tmp_path / "shards")
    waiting.join(30)
    assert len(found[0]["general"].documents) > 30


def test_an_epoch_is_counted_once(files, tokenizer, tmp_path, monkeypatch):
    corpus = tokenised(files, tokenizer, tmp_path / "shards")["general"]
    whole = settings("norbert3", steps=None)
    assert arms.updates_of(corpus, tokenizer, None, GIVEN) == GIVEN.steps
    counted = arms.updates_of(corpus, tokenizer, None, whole)
    assert 5 < counted < 40
    monkeypatch.setattr(arms, "plan_of", None)
    assert arms.updates_of(corpus, tokenizer, None, whole, leads=False) == counted


def test_a_tokenizer_is_made_of_what_is_not_held_out(files):
    found = list(texts.training_texts(files))
    expected = [d["text"] for d in (*documents(60)[20:], *documents(40)) if not shards.is_held_out(d["id"], 0)]
    assert found == expected


def test_a_large_corpus_gives_a_sample(files):
    whole = list(texts.training_texts(files))
    size = sum(path.stat().st_size for path in files.values())
    some = list(texts.training_texts(files, most=size // 2))
    assert some == list(texts.training_texts(files, most=size // 2)) and 0.3 < len(some) / len(whole) < 0.7
    assert set(some) < set(whole)


def test_what_cannot_be_read_is_named(files):
    with open(files["clinical"], "a", encoding="utf-8") as handle:
        handle.write("{half")
    with pytest.raises(DataError, match=r"clinical\.jsonl, line 41: not JSON"):
        list(texts.training_texts(files))
    os.unlink(files["clinical"])
    with pytest.raises(MissingInputError, match=r"clinical\.jsonl is missing"):
        list(texts.training_texts(files))
