"""Existing checkpoints: from folders and a filled hub cache, in every published form, and the bad ones refused."""

import json
import os
import pickle
import shutil
import sys

import pytest
import torch
from processes import no_waiting
from safetensors.torch import load_file, save_file
from tiny_encoders import COMMIT, TEXTS, imported, load_masked_lm

from harness.encoders import checkpoints, families, pins
from harness.errors import CheckpointError
from harness.heads import HEADS
from harness.params.config import Folder, Hub
from harness.system.files import read_json, sha256, sha256_tree


@pytest.fixture
def published(checkpoint, tmp_path):
    """A copy of a small checkpoint, as somebody else would hand it over."""
    folder = tmp_path / "published"
    shutil.copytree(checkpoint, folder)
    return folder


def same_encoder(one, other, architecture):
    first, second = (load_masked_lm(f, architecture, "sdpa").state_dict() for f in (one, other))
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


def split(folder, form):
    """Rewrite the weights of `folder` as `form` says."""
    whole = folder / "model.safetensors"
    state = load_file(whole)
    whole.unlink()
    names = sorted(state)
    halves = {1: names[::2], 2: names[1::2]}
    if form == "pickle":
        torch.save(state, folder / "pytorch_model.bin")
    elif form == "shards":
        for n, part in halves.items():
            shard = folder / f"model-0000{n}-of-00002.safetensors"
            save_file({k: state[k] for k in part}, shard, metadata={"format": "pt"})
        index = {k: f"model-0000{n}-of-00002.safetensors" for n, part in halves.items() for k in part}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    elif form == "pickled shards":
        for n, part in halves.items():
            torch.save({k: state[k] for k in part}, folder / f"pytorch_model-0000{n}-of-00002.bin")
        index = {k: f"pytorch_model-0000{n}-of-00002.bin" for n, part in halves.items() for k in part}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": index}))


def change_json(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


# --- what works --------------------------------------------------------------------------------


def test_a_folder_becomes_a_plain_checkpoint_with_a_card(checkpoint, architecture, tmp_path):
    card = imported(checkpoint, architecture, tmp_path / "arm")
    written = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in (tmp_path / "arm").iterdir()} == written | {"harness.json", "README.md"}
    assert card["files"] == {name: sha256(tmp_path / "arm" / name) for name in sorted(written)}
    assert card["source"] == {"kind": "folder", "name": checkpoint.name}
    assert card["missing"] == card["unexpected"] == []
    assert card["parameters"] == sum(p.numel() for p in load_masked_lm(checkpoint, architecture, "sdpa").parameters())
    assert same_encoder(checkpoint, tmp_path / "arm", architecture)
    if architecture != "norbert3":
        assert card["files"]["model.safetensors"] == card["origin"]["model.safetensors"]
    again = imported(checkpoint, architecture, tmp_path / "twice")
    assert again == card


@pytest.mark.parametrize("form", ["pickle", "shards", "pickled shards"])
def test_every_published_form_gives_the_same_encoder(form, checkpoint, published, architecture, tmp_path):
    split(published, form)
    card = imported(published, architecture, tmp_path / "arm")
    assert same_encoder(checkpoint, tmp_path / "arm", architecture)
    assert not list((tmp_path / "arm").glob("*.bin"))
    assert set(card["origin"]) >= {p.name for p in published.glob("*0000*")}
    torch.manual_seed(1)
    families.load_head(tmp_path / "arm", architecture, HEADS["choice"], "ABCD", "sdpa", 0.0)


def test_a_public_norbert3_needs_no_code(checkpoints_by_name, tmp_path, monkeypatch):
    """The forms that are in circulation: no model_type, remote code, stored buckets, one of the tied weights."""
    origin = tmp_path / "published"
    shutil.copytree(checkpoints_by_name["norbert3"], origin)
    config = json.loads((origin / "config.json").read_text())
    del config["model_type"], config["architectures"]
    config["auto_map"] = {"AutoModel": "modeling_canary.Model", "AutoConfig": "modeling_canary.Config"}
    (origin / "config.json").write_text(json.dumps(config))
    (origin / "modeling_canary.py").write_text(f"open({str(tmp_path / 'sang')!r}, 'w')\nraise SystemExit('executed')\n")
    change_json(
        origin / "tokenizer_config.json",
        auto_map={"AutoTokenizer": ["modeling_canary.Tokenizer", None]}, tokenizer_class="CanaryTokenizer",
    )  # fmt: skip
    state = load_file(origin / "model.safetensors")
    state["classifier.nonlinearity.5.weight"] = state.pop("embedding.word_embedding.weight")
    state["transformer.layers.0.attention.position_indices"] = torch.arange(4).view(2, 2)
    save_file(state, origin / "model.safetensors", metadata={"format": "pt"})
    monkeypatch.syspath_prepend(str(origin))
    card = imported(origin, "norbert3", tmp_path / "arm")
    assert card["missing"] == card["unexpected"] == []
    assert same_encoder(checkpoints_by_name["norbert3"], tmp_path / "arm", "norbert3")
    for head in ("sequence", "tokens", "choice"):
        families.load_head(tmp_path / "arm", "norbert3", HEADS[head], ("a", "b"), "sdpa", 0.0)
    assert not (tmp_path / "sang").exists() and "modeling_canary" not in sys.modules
    text = "".join((tmp_path / "arm" / name).read_text() for name in card["files"] if name.endswith(".json"))
    assert "canary" not in text.lower() and "auto_map" not in text


def test_remote_code_of_the_other_architectures_is_left_out_too(published, architecture, tmp_path):
    change_json(published / "config.json", auto_map={"AutoModel": "canary.Model"}, _name_or_path="/home/somebody/model")
    imported(published, architecture, tmp_path / "arm")
    text = (tmp_path / "arm" / "config.json").read_text()
    assert "canary" not in text and "somebody" not in text


def test_an_encoder_without_masked_lm_head_is_enough_to_fine_tune(published, architecture, tmp_path):
    prefixes = families.ARCHITECTURES[architecture].masked_lm_head
    state = load_file(published / "model.safetensors")
    kept = {name: value for name, value in state.items() if not name.startswith(prefixes)}
    save_file(kept, published / "model.safetensors", metadata={"format": "pt"})
    card = imported(published, architecture, tmp_path / "arm")
    assert card["missing"] and all(name.startswith(prefixes) for name in card["missing"])
    families.load_head(tmp_path / "arm", architecture, HEADS["tokens"], ("a",), "sdpa", 0.0)
    assert any("it has no masked-LM head" in note for note in card["notes"])
    assert families.load_for_pretraining(tmp_path / "arm", architecture, "sdpa")[1] == card["missing"]


def test_the_folder_of_sentence_transformers_is_taken_without_its_pooling(published, architecture, tmp_path):
    (published / "1_Pooling").mkdir()
    (published / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (published / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "…models.Transformer"}]')
    tokenizer = json.loads((published / "tokenizer.json").read_text())
    tokenizer["truncation"] = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    (published / "tokenizer.json").write_text(json.dumps(tokenizer))
    card = imported(published, architecture, tmp_path / "arm")
    assert any("modules.json" in note and "without its pooling" in note for note in card["notes"])
    assert any("has its own truncation" in note for note in card["notes"])
    assert not (tmp_path / "arm" / "1_Pooling").exists()


def test_bert_without_next_sentence_head_is_taken_in_and_the_card_says_so(checkpoints_by_name, tmp_path):
    origin = tmp_path / "published"
    shutil.copytree(checkpoints_by_name["bert"], origin)
    state = load_file(origin / "model.safetensors")
    lost = sorted(name for name in state if name.startswith(("cls.seq_relationship.", "bert.pooler.")))
    kept = {name: value for name, value in state.items() if name not in lost}
    save_file(kept, origin / "model.safetensors", metadata={"format": "pt"})
    card = imported(origin, "bert", tmp_path / "arm")
    assert len(lost) == 4 and card["missing"] == lost and card["unexpected"] == []
    assert card["parameters"] == sum(value.numel() for value in kept.values())


def test_bert_with_a_word_list_only(checkpoints_by_name, tmp_path):
    origin = tmp_path / "published"
    shutil.copytree(checkpoints_by_name["bert"], origin)
    vocabulary = json.loads((origin / "tokenizer.json").read_text())["model"]["vocab"]
    (origin / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
    (origin / "tokenizer.json").unlink()
    (origin / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "strip_accents": False}))
    card = imported(origin, "bert", tmp_path / "arm")
    assert card["missing"] == card["unexpected"] == []
    one, other = (families.load_tokenizer(f) for f in (checkpoints_by_name["bert"], tmp_path / "arm"))
    pair = dict(text=TEXTS, text_pair=TEXTS[::-1], return_offsets_mapping=True)
    assert one(**pair).data == other(**pair).data
    (origin / "tokenizer_config.json").unlink()
    imported(origin, "bert", tmp_path / "arm")
    assert families.load_tokenizer(tmp_path / "arm").tokenize("å") == ["a"]  # BERT's default without a statement


# --- the hub's cache ---------------------------------------------------------------------------


def test_a_filled_hub_cache_is_enough(cache, checkpoints_by_name, tmp_path):
    source = Hub("hub", "ltg/norbert3-tiny", COMMIT)
    card = imported(source, "norbert3", tmp_path / "arm")
    assert card["source"] == {"kind": "hub", "repository": "ltg/norbert3-tiny", "revision": COMMIT}
    assert same_encoder(checkpoints_by_name["norbert3"], tmp_path / "arm", "norbert3")
    assert not any(path.is_symlink() for path in (tmp_path / "arm").iterdir())


# --- pinned files ------------------------------------------------------------------------------


@pytest.fixture
def pinned(cache, checkpoints_by_name):
    """The source in the cache with the hash of every file, some as the hub states large files, some small."""
    folder = checkpoints_by_name["norbert3"]
    files = {path.name: pins.blob_id(path) for path in folder.glob("*.json")}
    files["model.safetensors"] = sha256(folder / "model.safetensors")
    return Hub("hub", "ltg/norbert3-tiny", COMMIT, files)


def test_pinned_files_are_verified(pinned, tmp_path):
    card = imported(pinned, "norbert3", tmp_path / "arm")
    assert card["origin"]["model.safetensors"] == pinned.files["model.safetensors"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_file_that_differs_from_its_pin_is_refused_by_name(pinned, cache, name, tmp_path):
    [path] = cache.rglob(f"snapshots/*/{name}")
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(CheckpointError, match=f"{name} is not the file that params.yaml pins"):
        imported(pinned, "norbert3", tmp_path / "arm")
    assert not (tmp_path / "arm").exists()


def test_a_file_that_would_be_read_but_is_not_pinned_is_refused(pinned, cache, tmp_path):
    """Weights of another form beside the pinned ones must not slip in."""
    [folder] = cache.glob("*/snapshots/*")
    (folder / "special_tokens_map.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"special_tokens_map\.json would be read but is not pinned"):
        imported(pinned, "norbert3", tmp_path / "arm")
    del pinned.files["model.safetensors"]
    (folder / "special_tokens_map.json").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors would be read but is not pinned"):
        imported(pinned, "norbert3", tmp_path / "arm")


# --- an arm with its card ----------------------------------------------------------------------


def test_an_imported_arm_carries_its_card_and_its_sources_licence(published, checkpoint, architecture, tmp_path):
    header = "---\nlicense: cc-by-4.0\nlanguage: [no, nb]\n---\n# Somebody's model\n"
    (published / "README.md").write_text(header)
    target = tmp_path / "arm"
    card = checkpoints.import_arm(Folder("folder", str(published)), "fam", "clinical", architecture, target, "0" * 64)
    assert read_json(target / "harness.json") == card
    assert card["stated"] == {"licence": {"id": "cc-by-4.0", "name": None, "link": None}, "language": ["no", "nb"]}
    assert card["source"] == {"kind": "folder", "name": "published"} and card["arm"] == "clinical"
    readme = (target / "README.md").read_text(encoding="utf-8")
    assert "license: cc-by-4.0" in readme and "Somebody" not in readme and str(tmp_path) not in readme
    assert str(tmp_path) not in (target / "harness.json").read_text(encoding="utf-8")
    again = tmp_path / "again"
    checkpoints.import_arm(Folder("folder", str(published)), "fam", "clinical", architecture, again, "0" * 64)
    assert sha256_tree(target) == sha256_tree(again)
    assert same_encoder(checkpoint, target, architecture)
    families.load_head(target, architecture, HEADS["tokens"], ("a", "b"), "sdpa", 0.0)


def test_an_arm_can_be_imported_again_from_the_folder_it_was_written_to(published, architecture, tmp_path):
    (published / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    first, second = tmp_path / "first", tmp_path / "second"
    checkpoints.import_arm(Folder("folder", str(published)), "fam", "baseline", architecture, first, "0" * 64)
    card = checkpoints.import_arm(Folder("folder", str(first)), "fam", "baseline", architecture, second, "0" * 64)
    assert card["stated"]["licence"]["id"] == "apache-2.0"
    assert same_encoder(first, second, architecture)


def test_a_failed_import_leaves_no_card(published, architecture, tmp_path):
    (published / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError):
        checkpoints.import_arm(Folder("folder", str(published)), "f", "baseline", architecture, tmp_path / "arm", "")
    assert not (tmp_path / "arm").exists()


# --- what is refused ---------------------------------------------------------------------------


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_that_holds_code_is_refused_and_not_run(published, architecture, tmp_path):
    (published / "model.safetensors").unlink()
    for content in ({"weight": Malicious(tmp_path / "ran")}, Malicious(tmp_path / "ran")):
        torch.save(content, published / "pytorch_model.bin")
        with pytest.raises(CheckpointError, match="more than tensors"):
            imported(published, architecture, tmp_path / "arm")
        (published / "pytorch_model.bin").write_bytes(pickle.dumps(content))
        with pytest.raises(CheckpointError, match=r"more than tensors|damaged"):
            imported(published, architecture, tmp_path / "arm")
    assert not (tmp_path / "ran").exists() and not (tmp_path / "arm").exists()


def test_a_pickle_of_something_else_is_refused(published, architecture, tmp_path):
    (published / "model.safetensors").unlink()
    for content in ([1, 2], {"model": {"a": torch.zeros(1)}}, {1: torch.zeros(1)}):
        torch.save(content, published / "pytorch_model.bin")
        with pytest.raises(CheckpointError, match="not a state dict"):
            imported(published, architecture, tmp_path / "arm")


# A hook cannot be taken off again; between tests it has nowhere to write.
_LOOKS: list[list[str]] = []
sys.addaudithook(
    lambda event, given: _LOOKS[0].append(str(given[0])) if _LOOKS and event in ("open", "import") else None
)


def test_nothing_of_a_strangers_folder_is_run_and_nothing_elsewhere_read(published, architecture, tmp_path):
    """Pickles beside the weights, code in every form, and settings that name files and repositories elsewhere."""
    elsewhere, sang = tmp_path / "elsewhere", tmp_path / "sang"
    shutil.copytree(published, elsewhere)
    for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "tokenizer.pkl",
                 "pytorch_model.bin"):  # fmt: skip
        (published / name).write_bytes(pickle.dumps(Malicious(sang)))
    code = f"open({str(sang)!r}, 'w')\n"
    for name in ("modeling_canary.py", "tokenization_canary.py", "__init__.py", "custom_generate/generate.py"):
        (published / name).parent.mkdir(exist_ok=True)
        (published / name).write_text(code)
    template = "{{ cycler.__init__.__globals__.os.system('touch " + str(sang) + "') }}"
    (published / "chat_template.jinja").write_text(template)
    (published / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(elsewhere)}))
    outside = str(elsewhere / "model.safetensors")
    change_json(
        published / "config.json", auto_map={"AutoModel": "evil/canary--modeling_canary.Model"},
        custom_pipelines={"x": {"impl": "modeling_canary.Pipe"}}, transformers_weights=outside,
        attn_implementation="evil/canary-kernels", _attn_implementation="evil/canary-kernels", use_kernels=True,
        tokenizer_class="CanaryTokenizer", pruned_heads={}, is_decoder=False,
    )  # fmt: skip
    change_json(
        published / "tokenizer_config.json", auto_map={"AutoTokenizer": ["canary.Slow", "canary.Fast"]},
        tokenizer_class="CanaryTokenizer", chat_template=template, tokenizer_file=str(elsewhere / "tokenizer.json"),
        vocab_file=str(elsewhere / "tokenizer.json"), gguf_file="../elsewhere/model.safetensors", from_slow=True,
        processor_class="CanaryProcessor", fix_mistral_regex=True,
    )  # fmt: skip
    _LOOKS.append([])
    try:
        card = imported(published, architecture, tmp_path / "arm")
        families.load_tokenizer(tmp_path / "arm")
        families.load_head(tmp_path / "arm", architecture, HEADS["sequence"], ("a", "b"), "sdpa", 0.0)
    finally:
        looked = _LOOKS.pop()
    assert not sang.exists() and same_encoder(elsewhere, tmp_path / "arm", architecture)
    assert [what for what in looked if str(elsewhere) in what or "canary" in what] == []
    assert any(str(published / "config.json") in what for what in looked)
    written = "".join((tmp_path / "arm" / name).read_text() for name in card["files"] if name.endswith(".json"))
    assert not [word for word in ("canary", "elsewhere", "cycler", "evil") if word in written.lower()]
    (note,) = [note for note in card["notes"] if "modeling_canary.py" in note]
    for name in ("training_args.bin", "chat_template.jinja", "custom_generate/generate.py", "optimizer.pt"):
        assert name in note, note
    assert note.startswith("these files and settings contain code, may contain code or refer to other files")
    assert note.endswith(" more") and note.count(", ") == 13
    (published / "config.json").write_text((elsewhere / "config.json").read_text())
    for path in [*published.rglob("*.py"), *published.glob("*.p[kt]*"), *published.glob("*.bin")]:
        path.unlink()
    (note,) = [note for note in imported(published, architecture, tmp_path / "again")["notes"] if "copied" in note]
    assert "auto_map of tokenizer_config.json" in note and "chat_template of tokenizer_config.json" in note


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def shard_outside(folder):
    split(folder, "shards")
    shutil.copytree(folder, folder.parent / "elsewhere")
    index = folder / "model.safetensors.index.json"
    index.write_text(index.read_text().replace("model-00001", "../elsewhere/model-00001"))


def link_outside(folder):
    shutil.move(folder / "model.safetensors", folder.parent / "secret")
    (folder / "model.safetensors").symlink_to(folder.parent / "secret")


def pipe(name):
    def inflict(folder):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return inflict


def pickle_cut_short(folder):
    split(folder, "pickle")
    truncate(folder / "pytorch_model.bin")


def shard_missing(folder):
    split(folder, "shards")
    (folder / "model-00002-of-00002.safetensors").unlink()


DAMAGES = {
    "no config": (lambda f: (f / "config.json").unlink(), r"config\.json is missing"),
    "config cut short": (lambda f: truncate(f / "config.json"), "not a JSON object"),
    "config a list": (lambda f: (f / "config.json").write_text("[]"), "not a JSON object"),
    "other type": (lambda f: change_json(f / "config.json", model_type="roberta"), "model_type is 'roberta'"),
    "quantised": (lambda f: change_json(f / "config.json", quantization_config={}), "quantised"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
    "weights cut short": (lambda f: truncate(f / "model.safetensors"), r"damaged|cannot be loaded"),
    "weights of zeros": (lambda f: (f / "model.safetensors").write_bytes(bytes(999)), r"damaged|cannot be loaded"),
    "pickle cut short": (pickle_cut_short, "damaged"),
    "shard missing": (shard_missing, "is missing; model.safetensors.index.json lists it"),
    "shard outside": (shard_outside, "outside its folder"),
    "link outside": (link_outside, "link to a place outside"),
    "a pipe for its config": (pipe("config.json"), "not an ordinary file"),
    "a pipe for its weights": (pipe("model.safetensors"), "not an ordinary file"),
    "a pipe for its card": (pipe("harness.json"), "not an ordinary file"),
    "bad index": (
        lambda f: (split(f, "shards"), (f / "model.safetensors.index.json").write_text("{}")), "not an index",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer"),
    "tokenizer cut short": (lambda f: truncate(f / "tokenizer.json"), "not a JSON object"),
    "tokenizer unframed": (lambda f: change_json(f / "tokenizer.json", post_processor=None), r"\[CLS\] and \[SEP\]"),
    "other sizes": (lambda f: change_json(f / "config.json", hidden_size=48), r"another shape|cannot be loaded"),
    "too few layers": (lambda f: change_json(f / "config.json", num_hidden_layers=5, layer_types=None), "not a whole"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_checkpoint_is_refused(damage, published, architecture, tmp_path):
    if damage == "other type" and architecture == "norbert3":
        pytest.skip("a public norbert3 configuration may state any type of its own")
    inflict, message = DAMAGES[damage]
    (tmp_path / "arm").mkdir()
    (tmp_path / "arm" / "before").write_text("stays")
    inflict(published)
    with pytest.raises(CheckpointError, match=message) as caught, no_waiting():
        imported(published, architecture, tmp_path / "arm")
    assert caught.value.remedy
    assert [p.name for p in (tmp_path / "arm").iterdir()] == ["before"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_a_checkpoint_of_another_family_is_refused(checkpoints_by_name, tmp_path):
    for mine in checkpoints_by_name:
        for other in families.ARCHITECTURES:
            if mine != other:
                with pytest.raises(CheckpointError, match="model_type"):
                    imported(checkpoints_by_name[mine], other, tmp_path / "arm")


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        imported(tmp_path / "nowhere", "bert", tmp_path / "arm")


# --- weights that nothing reads ----------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
def test_a_config_with_fewer_layers_than_the_weights_names_both_numbers(layers, published, architecture, tmp_path):
    changes = {"num_hidden_layers": layers}
    if architecture == "modernbert":
        kinds = json.loads((published / "config.json").read_text())["layer_types"]
        changes["layer_types"] = kinds[-layers:]
    change_json(published / "config.json", **changes)
    with pytest.raises(CheckpointError) as refused:
        imported(published, architecture, tmp_path / "arm")
    assert f"config.json says {layers} layers (num_hidden_layers), but the weights have 3." in refused.value.message
    assert str(published) in refused.value.message and not (tmp_path / "arm").exists()
    # Whoever loads such a folder by another way is told too.
    with pytest.raises(CheckpointError, match="the weights have 3"):
        families.load_head(published, architecture, HEADS["sequence"], ("a", "b"), "sdpa", 0.0)


def test_a_config_with_more_layers_than_the_weights_names_both_numbers(published, architecture, tmp_path):
    changes = {"num_hidden_layers": 4}
    if architecture == "modernbert":
        changes["layer_types"] = ["full_attention"] * 4
    change_json(published / "config.json", **changes)
    with pytest.raises(CheckpointError, match=r"says 4 layers \(num_hidden_layers\), but the weights have 3\."):
        imported(published, architecture, tmp_path / "arm")


@pytest.mark.parametrize("name", ["adapters.0.down.weight", "encoder.extra_norm.weight", "classifier.out.weight"])
def test_other_weights_that_nothing_reads_are_named(name, published, architecture, tmp_path):
    if architecture == "norbert3" and name.startswith("classifier."):
        name = "head.nonlinearity.1.weight"  # its masked LM is called classifier
    state = load_file(published / "model.safetensors")
    save_file(state | {name: torch.ones(3, 3)}, published / "model.safetensors", metadata={"format": "pt"})
    if architecture == "modernbert" and name.startswith("head."):
        return
    with pytest.raises(CheckpointError, match=r"1 parameters that .* does not read") as refused:
        imported(published, architecture, tmp_path / "arm")
    assert name in refused.value.message


@pytest.mark.parametrize(
    "name", ["bert.embeddings.position_ids", "bert.pooler.dense.bias", "cls.seq_relationship.bias"]
)
def test_buffers_and_heads_of_pre_training_may_be_there(name, checkpoints_by_name, tmp_path):
    folder = shutil.copytree(checkpoints_by_name["bert"], tmp_path / "theirs")
    state = load_file(folder / "model.safetensors")
    save_file({name: torch.arange(4.0), **state}, folder / "model.safetensors", metadata={"format": "pt"})
    imported(folder, "bert", tmp_path / "arm")
    assert same_encoder(checkpoints_by_name["bert"], tmp_path / "arm", "bert")


# --- what is said of the tokenizer -------------------------------------------------------------

BOLD = {"content": "mg", "lstrip": True, "rstrip": True, "normalized": False, "single_word": False, "special": True}


def with_room(folder):
    """The folder with an embedding of some rows more than the tokenizer has tokens, as public ones are."""
    state = load_file(folder / "model.safetensors")
    size = json.loads((folder / "config.json").read_text())["vocab_size"]
    wider = {
        name: torch.cat([value, value[:7]]) if value.shape[:1] == (size,) else value for name, value in state.items()
    }
    save_file(wider, folder / "model.safetensors", metadata={"format": "pt"})
    change_json(folder / "config.json", vocab_size=size + 7)


@pytest.mark.parametrize(
    "stated",
    [
        {"additional_special_tokens": ["mg"]},
        {"extra_special_tokens": {"unit": "mg"}},
        {"added_tokens_decoder": {"40": BOLD}},
        {"add_special_tokens": False},
        {"split_special_tokens": True},
    ],
    ids=lambda stated: next(iter(stated)),
)
def test_tokens_come_from_tokenizer_json_alone(stated, published, architecture, tmp_path):
    with_room(published)
    text = "fikk 10 mg [MASK] daglig"
    before = families.load_tokenizer(published)(text).input_ids
    change_json(published / "tokenizer_config.json", **stated)
    card = imported(published, architecture, tmp_path / "arm")
    assert families.load_tokenizer(tmp_path / "arm")(text).input_ids == before
    assert any(next(iter(stated)) in note and "tokenizer.json is used" in note for note in card["notes"])


def test_tokens_that_both_files_have_are_no_note(published, architecture, tmp_path):
    tokens = json.loads((published / "tokenizer.json").read_text())["added_tokens"]
    decoder = {str(token.pop("id")): token for token in tokens}
    change_json(published / "tokenizer_config.json", split_special_tokens=False, added_tokens_decoder=decoder)
    assert imported(published, architecture, tmp_path / "arm")["notes"] == []


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"pad_token": "<pad>"}, "tokenizer.json has no <pad>, which is named as pad_token"),
        ({"mask_token": "[UNK]"}, "unk_token and mask_token are one token"),
        ({"pad_token": "[MASK]"}, "pad_token and mask_token are one token"),
    ],
    ids=str,
)
def test_special_tokens_are_there_and_five_different_ones(stated, said, published, architecture, tmp_path):
    with_room(published)
    change_json(published / "tokenizer_config.json", **stated)
    with pytest.raises(CheckpointError, match=said):
        imported(published, architecture, tmp_path / "arm")
