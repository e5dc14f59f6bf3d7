"""Tiny encoders of the three architectures, made once."""

import pytest
import torch
from tiny_encoders import ENCODER, TEXTS

from harness.models import families, tokenizers


@pytest.fixture(scope="session", params=list(families.ARCHITECTURES))
def architecture(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def checkpoints_by_name(tmp_path_factory) -> dict:
    """A folder with a saved masked LM and its tokenizer for every architecture."""
    folders = {}
    for name in families.ARCHITECTURES:
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
