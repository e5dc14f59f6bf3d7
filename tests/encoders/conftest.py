"""Tiny encoders of the three architectures, made once."""

import shutil
from pathlib import Path

import pytest
import torch
from tiny_encoders import COMMIT, ENCODER, TEXTS

from harness.encoders import families, tokenizers
from harness.params.config import TRAINED
from harness.system.files import sha256


@pytest.fixture(scope="session", params=TRAINED)
def architecture(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def checkpoints_by_name(tmp_path_factory) -> dict:
    """A folder with a saved masked LM and its tokenizer for every architecture."""
    folders = {}
    for name in TRAINED:
        tokenizer = tokenizers.build(name, TEXTS, ENCODER.vocabulary)
        torch.manual_seed(11)
        model = families.new_masked_lm(name, ENCODER, tokenizer, "sdpa")
        folders[name] = tmp_path_factory.mktemp(name)
        families.save(model, tokenizer, folders[name])
    return folders


@pytest.fixture
def checkpoint(checkpoints_by_name, architecture):
    """The folder of the architecture under test; not to be written to."""
    return checkpoints_by_name[architecture]


@pytest.fixture
def cache(checkpoints_by_name, tmp_path, monkeypatch):
    """A hub cache as huggingface_hub lays it out: blobs, snapshots of links, refs."""
    place = tmp_path / "cache"
    repository = place / "models--ltg--norbert3-tiny"
    snapshot = repository / "snapshots" / COMMIT
    (repository / "refs").mkdir(parents=True)
    (repository / "blobs").mkdir()
    snapshot.mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    for path in checkpoints_by_name["norbert3"].iterdir():
        blob = repository / "blobs" / sha256(path)
        shutil.copyfile(path, blob)
        (snapshot / path.name).symlink_to(Path("../../blobs") / blob.name)
    monkeypatch.setenv("HF_HUB_CACHE", str(place))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return place
