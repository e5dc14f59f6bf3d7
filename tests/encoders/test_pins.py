"""Pins: what the hub states of a repository's files, as params.yaml holds it and as an import verifies it."""

import copy
import json
import subprocess

import huggingface_hub
import pytest
import requests
from huggingface_hub import errors
from huggingface_hub.hf_api import BlobLfsInfo, RepoSibling
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tiny_encoders import COMMIT

from harness.encoders import pins, weights
from harness.errors import CheckpointError, ConfigError
from harness.params import profiles, reading
from harness.params.config import Hub
from harness.system.files import sha256

SHA = "0123456789abcdef" * 4
BLOB = "f" * 40
PAPER = YAML(typ="safe", pure=True).load(profiles.text("paper"))


def with_baseline(baseline: dict) -> reading.Params:
    """The profile `paper` with another baseline of norbert3."""
    tree = copy.deepcopy(PAPER)
    tree["families"]["norbert3"]["baseline"] = baseline
    return reading.ParamsFile(tree).everything()


def published(*names: str) -> list[RepoSibling]:
    """What the hub says of its files: weights in large-file storage, the rest as git blobs."""
    large = (".bin", ".safetensors", ".h5")
    return [
        RepoSibling(name, size=9, blob_id="e" * 40, lfs=BlobLfsInfo(size=9, sha256=SHA, pointer_size=1))
        if name.endswith(large)
        else RepoSibling(name, size=9, blob_id=BLOB)
        for name in names
    ]


@pytest.fixture
def hub_that_has(monkeypatch):
    """A stand-in for the network: an HfApi that knows one repository."""
    asked = []

    def offer(*names: str, error: Exception | None = None, now: str = "") -> list:
        class Api:
            def model_info(self, repository, *, revision, timeout, files_metadata):
                asked.append((repository, revision))
                assert files_metadata and timeout
                if error:
                    raise error
                return type("Info", (), {"id": now or repository, "sha": COMMIT, "siblings": published(*names)})

        monkeypatch.setattr(huggingface_hub, "HfApi", Api)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        return asked

    return offer


def test_a_branch_becomes_a_commit_and_the_hash_of_every_file_that_is_read(hub_that_has):
    asked = hub_that_has("README.md", ".gitattributes", "config.json", "modeling_norbert.py", "pytorch_model.bin",
                         "tokenizer.json", "tf_model.h5")  # fmt: skip
    found = pins.pin("ltg/norbert3-large")
    assert asked == [("ltg/norbert3-large", "main")]
    assert found == Hub(
        "hub", "ltg/norbert3-large", COMMIT,
        {"README.md": BLOB, "config.json": BLOB, "pytorch_model.bin": SHA, "tokenizer.json": BLOB},
    )  # fmt: skip
    assert pins.pin("ltg/norbert3-large@dev").revision == COMMIT and asked[-1] == ("ltg/norbert3-large", "dev")


def refusal(kind: type, status: int) -> Exception:
    """As the hub's client raises it."""
    response = requests.Response()
    response.status_code, response.url = status, "https://huggingface.co/api/models/a/b"
    return kind("no", response=response)


@pytest.mark.parametrize(
    ("kind", "said", "remedy"),
    [
        (errors.GatedRepoError, "a/b is gated", "hf auth login"),
        (errors.RepositoryNotFoundError, "a/b is not on the hub", "private"),
        (errors.RevisionNotFoundError, "no branch, tag or commit dev", "leave @dev out"),
    ],
)
def test_what_the_hub_refuses_is_named_with_what_to_do(kind, said, remedy, hub_that_has):
    hub_that_has("config.json", error=refusal(kind, 404))
    with pytest.raises(CheckpointError, match=said) as caught:
        pins.pin("a/b@dev")
    assert remedy in caught.value.remedy


def test_a_renamed_repository_is_pinned_under_its_present_name(hub_that_has):
    hub_that_has("config.json", "model.safetensors", "tokenizer.json", now="new/b")
    with pytest.raises(CheckpointError, match="a/b is called new/b now") as caught:
        pins.pin("a/b")
    assert "harness pin new/b" in caught.value.remedy


def test_a_repository_without_weights_for_pytorch_is_refused(hub_that_has):
    hub_that_has("config.json", "tf_model.h5", "tokenizer.json")
    with pytest.raises(CheckpointError, match="no weights for PyTorch"):
        pins.pin("a/b")


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        ("model.safetensors pytorch_model.bin", "model.safetensors"),
        (
            "model-1.safetensors model.safetensors.index.json pytorch_model.bin",
            "model-1.safetensors model.safetensors.index.json",
        ),
        ("pytorch_model-1.bin pytorch_model.bin.index.json", "pytorch_model-1.bin pytorch_model.bin.index.json"),
        ("pytorch_model-1.bin pytorch_model.bin", "pytorch_model.bin"),
        ("model-1.safetensors model.safetensors model.safetensors.index.json", "model.safetensors"),
        ("flax_model.msgpack", ""),
    ],
)
def test_one_form_of_the_weights_is_pinned_and_it_is_the_one_an_import_reads(names, kept, tmp_path):
    names, kept = names.split(), kept.split()
    assert pins.files_read(names) == kept
    shards = {"weight_map": {name: name for name in names if "-1" in name}}
    for name in names:
        (tmp_path / name).write_text(json.dumps(shards) if name.endswith("index.json") else "")
    if kept:
        assert {*weights.weight_files(tmp_path), weights.weight_index(tmp_path)} - {None} == set(kept)


@pytest.mark.parametrize("name", ["ltg/norbert3-large", "ltg/norbert3-large@dev"])
def test_without_a_network_it_says_what_to_run_and_what_to_put_where(name, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", "/place")
    with pytest.raises(CheckpointError) as caught:
        pins.pin(name)
    message = str(caught.value)
    branch = name.partition("@")[2] or "main"
    for said in (
        f"HF_HUB_OFFLINE=0 harness pin {name}`",
        f"git ls-remote https://huggingface.co/ltg/norbert3-large {branch}`",
        "/place/models--ltg--norbert3-large/snapshots/COMMIT",
        "config.json; tokenizer.json",
        "model.safetensors or pytorch_model.bin",
        "source: folder",
    ):
        assert said in message
    assert len(message.splitlines()) <= 5


def test_a_hub_that_cannot_answer_is_reported_in_a_few_lines(hub_that_has):
    hub_that_has(error=ConnectionError("no route\nto host"))
    with pytest.raises(CheckpointError, match="could not be found: no route") as caught:
        pins.pin("a/b")
    assert "git ls-remote" in str(caught.value) and len(str(caught.value).splitlines()) <= 5


@pytest.mark.parametrize("name", ["../etc@main", "", "@main", "a/b/c"])
def test_what_is_no_repository_is_refused(name):
    with pytest.raises(CheckpointError, match="not a repository"):
        pins.pin(name)


digits = st.one_of(
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.text("0123456789", min_size=40, max_size=40),
    st.from_regex(r"[1-9][0-9]{5}e[0-9]{33}", fullmatch=True),
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(["config.json", "model-00001-of-00002.safetensors", "vocab.txt"]), digits))
def test_what_is_printed_means_the_same_in_params_yaml(files):
    """Hashes that look like numbers included."""
    source = Hub("hub", "ltg/norbert3-large", "1" * 40, files)
    pasted = YAML(typ="safe", pure=True).load(pins.as_yaml(source))
    assert with_baseline(pasted).families["norbert3"].baseline == source


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"../model.safetensors": SHA}, r"a name in families\.norbert3\.baseline\.files must be the plain name"),
        ({".hidden": SHA}, "must be the plain name"),
        ({"config.json": SHA[:-1]}, r"files\.config\.json must be a SHA-256"),
        ({"config.json": SHA.upper()}, "must be a SHA-256"),
        ({"config.json": 5}, "must be a SHA-256"),
        ([SHA], "must be a section"),
    ],
)
def test_params_refuses_pins_that_are_none(files, expected):
    with pytest.raises(ConfigError, match=expected):
        with_baseline({**PAPER["families"]["norbert3"]["baseline"], "files": files})


def test_verification_finds_what_differs_is_missing_or_not_listed(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "weights.bin").write_bytes(bytes(3_000_000))
    files = {name: sha256(tmp_path / name) for name in ("config.json", "weights.bin")}
    pins.verify(tmp_path, files, files)
    pins.verify(tmp_path, {name: pins.blob_id(tmp_path / name) for name in files}, files)
    for name in files:
        for length in (64, 40):
            with pytest.raises(CheckpointError, match=f"{name} is not the file"):
                pins.verify(tmp_path, {**files, name: "0" * length}, files)
        with pytest.raises(CheckpointError, match=f"{name} would be read but is not pinned"):
            pins.verify(tmp_path, {n: h for n, h in files.items() if n != name}, files)
    with pytest.raises(CheckpointError, match=r"vocab\.txt is pinned but missing"):
        pins.verify(tmp_path, {**files, "vocab.txt": SHA}, files)


@pytest.mark.parametrize("content", [b"", b"abc\n", bytes(range(256)) * 50])
def test_a_blob_id_is_gits_own(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    asked = subprocess.run(["git", "hash-object", str(path)], capture_output=True, text=True, check=True)
    assert pins.blob_id(path) == asked.stdout.strip()
