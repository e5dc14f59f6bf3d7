"""The hub's cache: where it lies, what is missing from it, and what a name may not do."""

from pathlib import Path

import pytest
from tiny_encoders import COMMIT

from harness.encoders import hub
from harness.errors import CheckpointError
from harness.params.config import Hub

TINY = Hub("hub", "ltg/norbert3-tiny", COMMIT)


def lacking(folder, architecture):
    return hub.lacking(folder, hub.tokenizer_files(architecture))


def test_the_cache_layout_is_the_hub_clients_own(cache):
    from huggingface_hub import snapshot_download

    found = snapshot_download("ltg/norbert3-tiny", revision=COMMIT, cache_dir=cache, local_files_only=True)
    assert Path(found) == hub.snapshot(TINY, "norbert3")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a/b"}, "/a/b"),
        ({"HF_HOME": "/a"}, "/a/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"HOME": "/home/u"}, "/home/u/.cache/huggingface/hub"),
    ],
)
def test_the_cache_folder_follows_the_usual_variables(variables, expected, monkeypatch):
    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub.cache_folder() == Path(expected)


def test_a_missing_checkpoint_says_what_to_put_where(cache):
    with pytest.raises(CheckpointError) as caught:
        hub.snapshot(Hub("hub", "ltg/norbert3-huge", COMMIT), "norbert3")
    message = str(caught.value)
    assert f"{cache / 'models--ltg--norbert3-huge' / 'snapshots' / COMMIT} does not exist" in message
    files = ("config.json", "tokenizer.json", "model.safetensors", "pytorch_model.bin", "README.md")
    ways = (f"hf download ltg/norbert3-huge --revision {COMMIT}", "HF_HUB_OFFLINE=0", "source: folder")
    assert all(said in message for said in (*files, *ways))
    assert "vocab.txt" not in message and len(message.splitlines()) <= 5


def test_only_bert_may_come_with_a_word_list(cache):
    with pytest.raises(CheckpointError, match=r"vocab\.txt"):
        hub.snapshot(Hub("hub", "NbAiLab/nb-bert-large", COMMIT), "bert")
    [folder] = cache.glob("*/snapshots/*")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("[PAD]\n")
    assert lacking(folder, "bert") == []
    assert lacking(folder, "modernbert") == lacking(folder, "norbert3") == ["tokenizer.json"]


@pytest.mark.parametrize(
    ("removed", "named"),
    [
        ("config.json", "lacks config.json"),
        ("tokenizer.json", "lacks tokenizer.json"),
        ("model.safetensors", "lacks model.safetensors or pytorch_model.bin"),
    ],
)
def test_what_a_half_filled_cache_lacks_is_named(cache, removed, named):
    [path] = cache.glob(f"*/snapshots/*/{removed}")
    path.unlink()
    with pytest.raises(CheckpointError, match=named) as caught:
        hub.snapshot(TINY, "norbert3")
    assert "blobs" not in str(caught.value)


def test_a_cache_copied_without_its_blobs_is_named_as_such(cache):
    for blob in cache.glob("*/blobs/*"):
        blob.unlink()
    with pytest.raises(CheckpointError, match="links to files that were not copied"):
        hub.snapshot(TINY, "norbert3")


def test_any_form_of_weights_is_enough(cache):
    [path] = cache.glob("*/snapshots/*/model.safetensors")
    path.unlink()
    for name in ("model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"):
        assert lacking(path.parent, "norbert3")
        (path.parent / name).write_text("{}")
        assert lacking(path.parent, "norbert3") == []
        (path.parent / name).unlink()


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:39], COMMIT.upper()])
def test_a_branch_name_is_refused_with_the_command_that_pins_it(cache, revision):
    with pytest.raises(CheckpointError, match=r"harness pin ltg/norbert3-tiny"):
        hub.snapshot(Hub("hub", "ltg/norbert3-tiny", revision), "norbert3")


@pytest.mark.parametrize("repository", ["../../etc", "a/b/c", "", "/abs", "a/..", ".hidden/x", "a/b--c"])
def test_a_repository_name_cannot_leave_the_cache(cache, repository):
    with pytest.raises(CheckpointError, match="not a repository"):
        hub.snapshot(Hub("hub", repository, COMMIT), "norbert3")


def test_safetensors_are_fetched_and_pickles_only_where_there_are_none(cache, monkeypatch):
    """A stand-in for the network: a downloader that fills the cache with what the patterns let through."""
    import fnmatch

    import huggingface_hub

    offered = ["README.md", "config.json", "pytorch_model.bin", "modeling_norbert.py", "tf_model.h5", "tokenizer.json"]
    asked = []

    def download(repository, *, revision, cache_dir, allow_patterns):
        folder = Path(cache_dir) / f"models--{repository.replace('/', '--')}" / "snapshots" / revision
        folder.mkdir(parents=True, exist_ok=True)
        chosen = [name for name in offered if any(fnmatch.fnmatch(name, p) for p in allow_patterns)]
        asked.append(chosen)
        for name in chosen:
            (folder / name).write_text("{}")
        return str(folder)

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    hub.snapshot(Hub("hub", "ltg/other", COMMIT), "norbert3")
    assert asked == [["README.md", "config.json", "tokenizer.json"], ["pytorch_model.bin"]]
    offered.append("model.safetensors")
    asked.clear()
    hub.snapshot(Hub("hub", "ltg/third", COMMIT), "norbert3")
    assert asked == [["README.md", "config.json", "tokenizer.json", "model.safetensors"]]
