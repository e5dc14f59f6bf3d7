"""Tokenised documents on disk: the ids a tokenizer gives, read one document at a time."""

import json
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.errors import DataError, MissingInputError
from harness.objectives.common.sentences import split_sentences
from harness.training.pretrain import shards


@pytest.fixture(scope="module")
def tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2} | {f"w{i}": 3 + i for i in range(20)}
    inner = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    # A text by itself begins with a token of its own, so that cutting it shows.
    inner.normalizer = normalizers.Prepend("w0 ")
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    # Special tokens that would show if they were added.
    inner.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 1), ("[SEP]", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]")


def document(i: int, words: list[int]) -> dict:
    """Every third word begins a line, and so a sentence."""
    text = "".join(("\n" if j and j % 3 == 0 else " ") + f"w{word}" for j, word in enumerate(words))
    return {"id": f"d{i}", "document_type": f"kind {i % 3}", "text": text}


texts = st.lists(st.lists(st.integers(0, 19), max_size=12), min_size=1, max_size=80)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(texts, st.booleans(), st.sampled_from([1, 20, 1 << 20]), st.sampled_from([1, 3, 256]))
def test_documents_are_what_the_tokenizer_gives(tmp_path_factory, tokenizer, texts, by_sentence, shard_tokens, batch):
    folder = tmp_path_factory.mktemp("shards") / "out"
    documents = [document(i, words) for i, words in enumerate(texts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_BATCH", batch)
        patch.setattr(shards, "HELD_OUT_SHARE", 0.3)
        divided = list(shards.divided(documents))
        free = [d for d, held in divided if not held]
        assume(any(d["text"] for d in free))
        shards.write(iter(documents), tokenizer, by_sentence, folder, shard_tokens=shard_tokens)
    found = shards.Shards(folder)

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    cut = split_sentences if by_sentence else lambda text: [text]
    assert [found.sentences(i) for i in range(len(found))] == [[ids(s) for s in cut(d["text"])] for d in free]
    assert [found.tokens(i) for i in range(len(found))] == [[i for s in cut(d["text"]) for i in ids(s)] for d in free]
    assert found.sizes().tolist() == [len(found.tokens(i)) for i in range(len(found))]
    assert shards.held_out(folder) == [(d["document_type"], ids(d["text"])) for d, held in divided if held]
    card = json.loads((folder / "shards.json").read_text())
    assert [*card["files"], "held_out.arrow"] == sorted(path.name for path in folder.glob("*.arrow"))
    assert card["documents"] == len(found) == len(texts) - card["held_out_documents"]
    assert card["tokens"] == sum(len(found.tokens(i)) for i in range(len(found)))
    if shard_tokens == 1 and batch == 1:
        assert len(card["files"]) > 1 or sum(bool(d["text"]) for d in free) <= 1


def test_held_out_documents_are_a_few_by_their_id_alone():
    marks = [held for _, held in shards.divided({"id": f"d{i}"} for i in range(20_000))]
    assert sum(marks) == shards.HELD_OUT_AT_MOST
    assert 0.02 < sum(marks[:5000]) / 5000 < 0.04
    assert [held for _, held in shards.divided({"id": f"d{i}"} for i in range(5000))] == marks[:5000]


def test_a_place_that_is_none_is_refused(tmp_path, tokenizer):
    shards.write([document(0, [1])], tokenizer, False, tmp_path / "out")
    for index in (1, -1):
        with pytest.raises(IndexError):
            shards.Shards(tmp_path / "out").tokens(index)


def test_the_number_of_workers_is_invisible(tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr(shards, "_BATCH", 7)
    documents = [document(i, [i % 20, 3]) for i in range(100)]
    for workers in (1, 2):
        shards.write(documents, tokenizer, True, tmp_path / str(workers), workers=workers, shard_tokens=50)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / w).iterdir()} for w in "12")
    assert first == second and len(first) > 3


def test_datasets_opens_the_files(tmp_path, tokenizer):
    import datasets

    shards.write([document(1, [1, 2]), document(2, [3])], tokenizer, False, tmp_path / "out")
    rows = datasets.Dataset.from_file(str(tmp_path / "out" / "00000.arrow"))
    assert rows[:] == {"ids": [[3, 4, 5], [3, 6]], "sentences": [[3], [2]], "document_type": ["kind 1", "kind 2"]}


class Counting:
    """A tokenizer that is quick about it: a text of n characters has the tokens 0 to n - 1."""

    def __call__(self, texts, **options):
        return {"input_ids": [list(range(len(text))) for text in texts]}


def test_reading_and_writing_hold_no_corpus_in_memory(tmp_path):
    """20 MB of ids are mapped, not read: in a fresh process private memory grows by far less."""
    documents = ({"id": f"d{i}", "document_type": "kind", "text": "w" * 20_000} for i in range(280))
    shards.write(documents, Counting(), False, tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").glob("0*")) > 4 * 250 * 20_000
    code = (
        "import sys, pyarrow\n"
        "from harness.training.pretrain.shards import Shards\n"
        "private = lambda: int(next(l for l in open('/proc/self/status') if l.startswith('RssAnon')).split()[1])\n"
        "before = private(); found = Shards(sys.argv[1])\n"
        "assert sum(len(found.tokens(i)) for i in range(250)) == 250 * 20_000\n"
        "assert not {'torch', 'datasets'} & set(sys.modules)\n"
        "print(private() - before)"
    )
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 10_000  # kB


def test_nothing_half_written_stays(tmp_path, tokenizer):
    def broken():
        yield document(0, [1])
        raise DataError("cut", remedy="none")

    with pytest.raises(DataError, match="cut"):
        shards.write(broken(), tokenizer, False, tmp_path / "out")
    with pytest.raises(DataError, match="no text"):
        shards.write([], tokenizer, False, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_missing_and_damaged_shards_are_named(tmp_path, tokenizer):
    with pytest.raises(MissingInputError, match=r"shards\.json is missing"):
        shards.Shards(tmp_path / "out")
    shards.write([document(0, [1])], tokenizer, False, tmp_path / "out")
    (tmp_path / "out" / "00000.arrow").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"00000\.arrow is damaged"):
        shards.Shards(tmp_path / "out")
    (tmp_path / "out" / "00000.arrow").unlink()
    with pytest.raises(MissingInputError, match=r"00000\.arrow is missing"):
        shards.Shards(tmp_path / "out")
