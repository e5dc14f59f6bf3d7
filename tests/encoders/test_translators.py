"""Translation models: which are taken, how they are pinned, and that they say the same of the same texts."""

import shutil

import pytest
import tiny_translators
import torch
from safetensors.torch import load_file

from harness.encoders import translators
from harness.encoders.translators import Search, Translator
from harness.errors import CheckpointError, ConfigError

TEXTS = ["can i drink wine?", "why does my knee make a noise?", "how do i train my knees?"]


@pytest.fixture(scope="module")
def marian(tmp_path_factory):
    return tiny_translators.marian(tmp_path_factory.mktemp("models") / "en-nb")


@pytest.fixture(scope="module")
def nllb(tmp_path_factory):
    return tiny_translators.nllb(tmp_path_factory.mktemp("models") / "nllb")


def test_a_folder_is_pinned_by_the_hash_of_its_files(marian):
    first, again = translators.found(str(marian)), translators.found(str(marian))
    assert first == again and first.name == "en-nb" and first.at == f"sha256 {first.sha256}"
    assert {"model.safetensors", "source.spm", "vocab.json"} <= set(first.files)


@pytest.mark.parametrize("kind", ["marian", "nllb"])
def test_the_same_texts_give_the_same_words(kind, request):
    pinned = translators.found(str(request.getfixturevalue(kind)))
    said = Translator(pinned, "nb", Search(beams=3))(TEXTS)
    assert len(said) == 3 and len(set(said)) > 1
    assert said == Translator(pinned, "nb", Search(beams=3))(TEXTS)


def test_an_nllb_model_is_forced_into_the_language(nllb):
    pinned = translators.found(str(nllb))
    said = {to: Translator(pinned, to, Search(beams=2)) for to in ("nb", "nn")}
    vocabulary = said["nb"]._tokenizer.get_vocab()
    assert [said[to]._forced for to in ("nb", "nn")] == [vocabulary["nob_Latn"], vocabulary["nno_Latn"]]
    assert said["nb"](TEXTS) != said["nn"](TEXTS)


def test_a_marian_model_of_several_languages_is_told_which(tmp_path):
    pinned = translators.found(str(tiny_translators.marian(tmp_path / "several", (">>nob<<", ">>swe<<"))))
    translator = Translator(pinned, "nb", Search(beams=2))
    assert translator._before == ">>nob<< "
    plain = Translator(pinned, "nb", Search(beams=2))
    plain._before = ""
    assert translator(TEXTS) != plain(TEXTS)
    with pytest.raises(CheckpointError, match=">>nno<<"):
        Translator(pinned, "nn", Search())


def test_an_nllb_model_without_the_language_is_refused(tmp_path):
    pinned = translators.found(str(tiny_translators.nllb(tmp_path / "other", ("eng_Latn", "swe_Latn"))))
    with pytest.raises(CheckpointError, match="nob_Latn"):
        Translator(pinned, "nb", Search())


@pytest.mark.parametrize(
    ("named", "message", "remedy"),
    [
        ("nowhere", "lacks config.json", "OWNER/NAME@COMMIT"),
        ("Helsinki-NLP/opus-mt@main", "not a 40-digit commit", "git ls-remote"),
        (f"Helsinki-NLP/opus-mt@{'a' * 40}", "lacks config.json", "HF_HUB_OFFLINE=0"),
    ],
)
def test_what_is_not_there_or_not_pinned_says_what_to_do(named, message, remedy, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match=message) as refused:
        translators.found(named)
    assert remedy in refused.value.remedy


def test_a_device_that_is_not_there_is_named(marian, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="no CUDA device"):
        Translator(translators.found(str(marian)), "nb", Search(device="cuda"))


def test_another_architecture_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match="bert model"):
        translators.found(str(tmp_path))


def test_weights_as_a_pickle_of_tensors_are_read_and_others_refused(marian, tmp_path):
    folder = tmp_path / "pickled"
    shutil.copytree(marian, folder)
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    pinned = translators.found(str(folder))
    assert "pytorch_model.bin" in pinned.files
    said = [Translator(one, "nb", Search(beams=2))(TEXTS) for one in (pinned, translators.found(str(marian)))]
    assert said[0] == said[1]
    torch.save({"a": print}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="more than tensors"):
        Translator(translators.found(str(folder)), "nb", Search())


def test_a_damaged_checkpoint_is_refused(tmp_path):
    folder = tiny_translators.marian(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match="damaged"):
        Translator(translators.found(str(folder)), "nb", Search())
