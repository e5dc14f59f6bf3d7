"""Tokenised documents on disk: the rows a tokenizer gives, read one at a time."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import shards
from harness.errors import DataError, MissingInputError


@pytest.fixture(scope="module")
def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2} | {f"w{i}": 3 + i for i in range(20)}
    inner = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    # Special tokens that would show if they were added.
    inner.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 1), ("[SEP]", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]")


def document(i: int, words: list[int]) -> dict:
    return {"id": f"d{i}", "document_type": f"kind {i % 3}", "text": " ".join(f"w{word}" for word in words)}


def odd(document: dict) -> bool:
    return int(document["id"][1:]) % 2 == 1


texts = st.lists(st.lists(st.integers(0, 19), max_size=12), min_size=1, max_size=20).filter(any)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(texts, st.sampled_from([None, 1, 5]), st.sampled_from([1, 20, 1 << 20]), st.sampled_from([1, 3, 256]))
def test_rows_are_the_tokens_of_each_document(tmp_path_factory, tokenizer, texts, length, shard_tokens, batch):
    folder = tmp_path_factory.mktemp("shards") / "out"
    documents = [document(i, words) for i, words in enumerate(texts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_BATCH", batch)
        rows = shards.tokenised(iter(documents), tokenizer, folder, length, held_out=odd, shard_tokens=shard_tokens)
    expected = [
        {
            "ids": [3 + w for w in words[s : s + step]],
            "document": i,
            "document_type": f"kind {i % 3}",
            "held_out": i % 2 == 1,
        }
        for i, words in enumerate(texts)
        for step in [length or max(1, len(words))]
        for s in range(0, len(words), step)
    ]
    assert list(rows) == expected
    card = json.loads((folder / "shards.json").read_text())
    assert card["files"] == sorted(path.name for path in folder.glob("*.arrow"))
    assert (card["documents"], card["rows"]) == (len(texts), len(expected))
    assert card["tokens"] == sum(map(len, texts))
    assert card["held_out_documents"] == len(texts) // 2
    if shard_tokens == 1 and batch == 1:
        assert len(card["files"]) == len([words for words in texts if words]) or not all(texts)


def test_the_number_of_workers_is_invisible(tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr(shards, "_BATCH", 7)
    documents = [document(i, [i % 20, 3]) for i in range(100)]
    for workers in (1, 2):
        shards.tokenised(documents, tokenizer, tmp_path / str(workers), workers=workers, shard_tokens=50)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / w).iterdir()} for w in "12")
    assert first == second and len(first) > 3


class Counting:
    """A tokenizer that is quick about it: a text of n characters has the tokens 0 to n - 1."""

    def __call__(self, texts, **options):
        return {"input_ids": [list(range(len(text))) for text in texts]}


def test_a_row_is_read_without_reading_the_rest(tmp_path):
    """20 MB of rows are mapped, not read: in a fresh process private memory grows by far less."""
    documents = ({"id": "d", "document_type": "kind", "text": "w" * 20_000} for _ in range(250))
    shards.tokenised(documents, Counting(), tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) > 4 * 250 * 20_000
    code = (
        "import sys, datasets, pyarrow\n"
        "from harness.data.shards import opened\n"
        "private = lambda: int(next(l for l in open('/proc/self/status') if l.startswith('RssAnon')).split()[1])\n"
        "before = private(); rows = opened(sys.argv[1]); assert len(rows[170]['ids']) == 20_000\n"
        "assert 'torch' not in sys.modules\n"
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
        shards.tokenised(broken(), tokenizer, tmp_path / "out")
    with pytest.raises(DataError, match="no text"):
        shards.tokenised([], tokenizer, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_missing_and_damaged_shards_are_named(tmp_path, tokenizer):
    with pytest.raises(MissingInputError, match=r"shards\.json is missing"):
        shards.opened(tmp_path / "out")
    shards.tokenised([document(0, [1])], tokenizer, tmp_path / "out")
    (tmp_path / "out" / "00000.arrow").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"00000\.arrow is damaged"):
        shards.opened(tmp_path / "out")
    (tmp_path / "out" / "00000.arrow").unlink()
    with pytest.raises(MissingInputError, match=r"00000\.arrow is missing"):
        shards.opened(tmp_path / "out")
