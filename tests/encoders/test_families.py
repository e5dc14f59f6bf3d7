"""Three architectures, four heads: shapes, seeds, what may be missing, and what is written."""

import dataclasses
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_encoders import ENCODER, TEXTS, load_masked_lm
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForPreTraining, AutoTokenizer

from harness.encoders import families, tokenizers
from harness.errors import CheckpointError
from harness.heads import HEADS
from harness.system import files
from harness.system.files import sha256_tree

LABELS = ("a", "b", "c")
TASK_HEADS = {"bert": ("classifier.",), "norbert3": ("head.",), "modernbert": ("classifier.",)}
NEXT_SENTENCE = ("cls.seq_relationship.", "bert.pooler.")


@pytest.fixture
def folder(checkpoint):
    return checkpoint


def head_of(folder, architecture, head, *, seed=1, attention="sdpa", dropout=0.0):
    torch.manual_seed(seed)
    return families.load_head(folder, architecture, HEADS[head], LABELS, attention, dropout)


def inputs(folder, head, texts=TEXTS[:2], length=None):
    tokenizer = families.load_tokenizer(folder)
    pairs = (list(texts), list(reversed(texts))) if head in ("pair", "choice") else (list(texts),)
    padding = {"padding": "max_length", "max_length": length} if length else {"padding": True}
    batch = dict(tokenizer(*pairs, return_tensors="pt", **padding))
    if head == "choice":
        batch = {name: value.unsqueeze(1).repeat(1, 4, 1) for name, value in batch.items()}
    return batch


@pytest.mark.parametrize("head", HEADS)
def test_logits_have_the_promised_shape_and_padding_changes_nothing(folder, architecture, head):
    model = head_of(folder, architecture, head)
    assert not model.training
    batch = inputs(folder, head)
    with torch.no_grad():
        logits = model(**batch).logits
        padded = model(**inputs(folder, head, length=batch["input_ids"].shape[-1] + 50)).logits
    tokens = batch["input_ids"].shape[-1]
    expected = {"tokens": (2, tokens, 7), "choice": (2, 4)}.get(head, (2, 3))
    assert logits.shape == expected and torch.isfinite(padded).all()
    if head == "tokens":
        real = batch["attention_mask"].bool()
        logits, padded = logits[real], padded[:, :tokens][real]
    assert torch.allclose(logits, padded, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_only_the_head_is_new_and_the_seed_decides_it(folder, architecture, head):
    saved = load_file(folder / "model.safetensors")
    first, again, other = (head_of(folder, architecture, head, seed=s).state_dict() for s in (1, 1, 2))
    renamed = {"bert": "bert.", "modernbert": "model.", "norbert3": ("embedding.", "transformer.")}[architecture]
    changed = set()
    for name, value in first.items():
        assert torch.equal(value, again[name]), name
        if not torch.equal(value, other[name]):
            changed.add(name)
        elif name.startswith(renamed) and name in saved:
            assert torch.equal(value, saved[name]), name
    assert changed and all(name.startswith(TASK_HEADS[architecture]) for name in changed)


@pytest.mark.parametrize("head", HEADS)
def test_dropout_is_overridden_everywhere(folder, architecture, head):
    for rate in (0.0, 0.25):
        model = head_of(folder, architecture, head, dropout=rate)
        rates = {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
        assert rates <= {rate} and (rates or rate == 0.0)
        names = families.ARCHITECTURES[architecture].dropouts
        assert {getattr(model.config, name) for name in names} == {rate}
    batch = inputs(folder, head)
    model.train()
    assert not torch.equal(model(**batch).logits, model(**batch).logits)
    still = head_of(folder, architecture, head, dropout=0.0).train()
    assert torch.equal(still(**batch).logits, still(**batch).logits)


def test_both_attention_backends_agree_and_train(folder, architecture):
    batch, gradients = inputs(folder, "sequence"), []
    for attention in ("sdpa", "eager"):
        model = head_of(folder, architecture, "sequence", attention=attention).train()
        assert model.config._attn_implementation == attention
        torch.nn.functional.cross_entropy(model(**batch).logits, torch.tensor([0, 2])).backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    for name, gradient in gradients[0].items():
        assert gradient is not None and torch.isfinite(gradient).all(), name
        assert torch.allclose(gradient, gradients[1][name], atol=1e-5), name


def test_long_padding_beside_local_attention_has_no_nan(folder, architecture):
    model = head_of(folder, architecture, "tokens").train()
    batch = inputs(folder, "tokens", texts=("Hei.", "På igjen"), length=120)
    loss = model(**batch).logits[batch["attention_mask"].bool()].square().sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_masked_lm_head_is_the_models_own(folder, architecture):
    model = load_masked_lm(folder, architecture, "sdpa")
    batch = inputs(folder, "sequence")
    with torch.no_grad():
        hidden = model.base_model(**batch).last_hidden_state
        output = model(**batch)
        logits = output.prediction_logits if architecture == "bert" else output.logits
        assert torch.allclose(families.ARCHITECTURES[architecture].predict(model)(hidden), logits, atol=1e-6)


def test_next_sentence_head_is_berts_own_and_the_others_have_none(folder, architecture):
    model = load_masked_lm(folder, architecture, "sdpa")
    head = families.ARCHITECTURES[architecture].next_sentence
    if architecture != "bert":
        assert head is None
        return
    batch = inputs(folder, "pair")
    with torch.no_grad():
        logits = head(model)(model.base_model(**batch))
        assert logits.shape == (2, 2)
        assert torch.allclose(logits, model(**batch).seq_relationship_logits, atol=1e-6)


def test_bert_saves_what_next_sentence_prediction_trains_and_fine_tuning_starts_from_its_pooler(
    checkpoints_by_name, tmp_path
):
    model = load_masked_lm(checkpoints_by_name["bert"], "bert", "sdpa").train()
    batch = inputs(checkpoints_by_name["bert"], "pair")
    before = model.bert.pooler.dense.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    logits = families.ARCHITECTURES["bert"].next_sentence(model)(model.base_model(**batch))
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    optimizer.step()
    assert not torch.equal(model.bert.pooler.dense.weight, before)
    families.save(model, families.load_tokenizer(checkpoints_by_name["bert"]), tmp_path)
    saved = load_file(tmp_path / "model.safetensors")
    assert torch.equal(saved["cls.seq_relationship.weight"], model.cls.seq_relationship.weight)
    assert torch.equal(saved["bert.pooler.dense.weight"], model.bert.pooler.dense.weight)
    assert torch.equal(AutoModel.from_pretrained(tmp_path).pooler.dense.weight, model.bert.pooler.dense.weight)
    for head in ("sequence", "pair", "choice"):
        tuned = head_of(tmp_path, "bert", head)
        assert torch.equal(tuned.bert.pooler.dense.weight, model.bert.pooler.dense.weight)
        with torch.no_grad():
            one = tuned(**inputs(tmp_path, head)).logits
            tuned.bert.pooler.dense.weight.zero_()
            assert not torch.allclose(tuned(**inputs(tmp_path, head)).logits, one)


def test_a_bert_without_next_sentence_head_gets_a_new_one_and_says_what_was_missing(checkpoints_by_name, tmp_path):
    whole = checkpoints_by_name["bert"]
    assert families.load_for_pretraining(whole, "bert", "sdpa")[1] == []
    for prefixes in (NEXT_SENTENCE, NEXT_SENTENCE[:1]):
        shutil.copytree(whole, tmp_path / prefixes[-1])
        kept = {n: v for n, v in load_file(whole / "model.safetensors").items() if not n.startswith(prefixes)}
        save_file(kept, tmp_path / prefixes[-1] / "model.safetensors", metadata={"format": "pt"})
        heads = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            model, missing = families.load_for_pretraining(tmp_path / prefixes[-1], "bert", "sdpa")
            heads.append(model.cls.seq_relationship.weight)
            assert torch.equal(model.cls.predictions.bias, kept["cls.predictions.bias"])
        assert missing == sorted(f"{name}{kind}" for name in ("cls.seq_relationship.", "bert.pooler.dense.")
                                 for kind in ("weight", "bias") if name.startswith(prefixes))  # fmt: skip
        assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])


def without(folder, target, lost):
    shutil.copytree(folder, target)
    state = {n: v for n, v in load_file(folder / "model.safetensors").items() if not lost(n)}
    save_file(state, target / "model.safetensors", metadata={"format": "pt"})
    return target


def test_without_its_masked_lm_head_an_encoder_gets_a_new_one_from_the_callers_seed(folder, architecture, tmp_path):
    prefixes = families.ARCHITECTURES[architecture].masked_lm_head
    bare = without(folder, tmp_path / "bare", lambda name: name.startswith(prefixes))
    kept, heads = load_file(bare / "model.safetensors"), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        model, missing = families.load_for_pretraining(bare, architecture, "sdpa")
        assert missing and all(name.startswith(prefixes) for name in missing)
        parameters = dict(model.named_parameters())
        assert all(torch.equal(parameters[name], kept[name]) for name in parameters.keys() & kept.keys())
        heads.append(torch.cat([parameters[name].flatten() for name in missing if name in parameters]))
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])


def test_pretraining_refuses_a_part_of_a_masked_lm_head(folder, architecture, tmp_path):
    prefixes = families.ARCHITECTURES[architecture].masked_lm_head
    held = sorted(n for n in load_file(folder / "model.safetensors") if n.startswith(prefixes) and n.endswith("weight"))
    torn = without(folder, tmp_path / "torn", lambda name: name == held[0])
    with pytest.raises(CheckpointError, match="a part of its masked-LM head"):
        families.load_for_pretraining(torn, architecture, "sdpa")


def test_saving_gives_the_same_bytes_and_no_trace_of_use(folder, architecture, tmp_path):
    tokenizer = families.load_tokenizer(folder)
    tokenizer(TEXTS, truncation=True, max_length=12, padding=True)
    families.save(load_masked_lm(folder, architecture, "sdpa"), tokenizer, tmp_path / "again")
    families.save(load_masked_lm(folder, architecture, "eager"), tokenizer, tmp_path / "twice")
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == [
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip
    assert sha256_tree(folder) == sha256_tree(tmp_path / "again") == sha256_tree(tmp_path / "twice")
    assert str(tmp_path) not in (tmp_path / "again" / "config.json").read_text()


def test_same_seed_same_new_encoder(architecture, folder):
    tokenizer = families.load_tokenizer(folder)
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        model = families.new_masked_lm(architecture, ENCODER, tokenizer, "sdpa")
        assert {getattr(model.config, name) for name in families.ARCHITECTURES[architecture].dropouts} == {0.1}
        states.append(model.state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert any(not torch.equal(value, states[2][name]) for name, value in states[0].items())


def test_a_stock_auto_class_opens_the_folder(folder, architecture):
    # norbert3 is registered by now: its module was imported to make the folder.
    model, tokenizer = AutoModelForMaskedLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    own = AutoModelForPreTraining.from_pretrained(folder) if architecture == "bert" else model
    assert type(own) is families.ARCHITECTURES[architecture].model("masked_lm")
    assert model(**tokenizer("Hei", return_tensors="pt")).logits.isfinite().all()
    assert tokenizer.backend_tokenizer.to_str() == families.load_tokenizer(folder).backend_tokenizer.to_str()


def test_a_checkpoint_that_lacks_more_than_the_head_is_refused(folder, architecture, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    state = load_file(broken / "model.safetensors")
    del state[next(name for name in sorted(state) if "layer" in name and name.endswith("weight"))]
    save_file(state, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="not a whole"):
        head_of(broken, architecture, "sequence")


def test_a_checkpoint_with_a_trained_task_head_is_refused(folder, architecture, tmp_path):
    head_of(folder, architecture, "sequence").save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="trained task head"):
        head_of(tmp_path, architecture, "sequence")


def test_preloading_finds_the_bad_one(folder, architecture, tmp_path):
    families.preload([folder, folder], architecture, HEADS["tokens"], LABELS, "sdpa", 8)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        families.preload([folder, tmp_path], architecture, HEADS["tokens"], LABELS, "sdpa", 8)


def test_values_that_are_no_numbers_are_refused(folder, architecture, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    state = load_file(broken / "model.safetensors")
    state[next(name for name in sorted(state) if "layer" in name)].view(-1)[0] = float("nan")
    save_file(state, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="not numbers"):
        head_of(broken, architecture, "sequence")


def test_another_architecture_or_an_empty_folder_is_refused(checkpoints_by_name, tmp_path):
    with pytest.raises(CheckpointError, match=r"not a whole|cannot be loaded"):
        head_of(checkpoints_by_name["bert"], "norbert3", "sequence")
    with pytest.raises(CheckpointError, match=r"not a checkpoint: config\.json"):
        head_of(tmp_path, "bert", "sequence")
    with pytest.raises(CheckpointError, match="no architecture 'gpt'"):
        head_of(tmp_path, "gpt", "sequence")


def test_modernbert_alternates_and_ends_with_global_attention(checkpoints_by_name):
    tokenizer = families.load_tokenizer(checkpoints_by_name["modernbert"])
    for layers, expected in ((2, "sf"), (3, "fsf"), (4, "fssf")):
        encoder = dataclasses.replace(ENCODER, layers=layers, max_positions=512)
        config = families.new_masked_lm("modernbert", encoder, tokenizer, "sdpa").config
        assert "".join(kind[0] for kind in config.layer_types) == expected
        assert config.local_attention == 64
        assert all(config.rope_parameters[kind]["rope_theta"] == 10_000 for kind in set(config.layer_types))


def test_a_new_bert_starts_by_attending_to_its_neighbours(checkpoints_by_name):
    tokenizer = families.load_tokenizer(checkpoints_by_name["bert"])
    encoder = dataclasses.replace(ENCODER, hidden=64, heads=2, max_positions=64)
    torch.manual_seed(3)
    model = families.new_masked_lm("bert", encoder, tokenizer, "eager")
    ids = torch.randint(10, len(tokenizer), (8, 64))
    with torch.no_grad():
        attended = model.bert(ids, output_attentions=True).attentions[0].mean(dim=(0, 1))
    apart = (torch.arange(64)[:, None] - torch.arange(64)[None, :]).abs()
    near, far = attended[(apart > 0) & (apart <= 3)].mean(), attended[apart > 20].mean()
    assert near > 1.5 * far


def test_token_labels_are_bio():
    assert HEADS["tokens"].outputs(("Date", "Age")) == ("O", "B-Date", "I-Date", "B-Age", "I-Age")


def test_importing_the_families_imports_no_model():
    code = "import sys\nfrom harness.encoders import families\nassert 'transformers' not in sys.modules\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_build_knows_the_three_architectures_only():
    with pytest.raises(ValueError, match="no byte-level style"):
        tokenizers.build("gpt", TEXTS, 400)


@pytest.mark.parametrize(
    "stated",
    [
        {"return_dict": False},
        {"output_hidden_states": True},
        {"output_attentions": True},
        {"chunk_size_feed_forward": 4},
    ],
    ids=str,
)
def test_how_a_configuration_wants_its_outputs_handed_over_changes_nothing(stated, folder, architecture, tmp_path):
    """A tuple has no logits, and a row of seven tokens cannot be cut in fours."""
    other = shutil.copytree(folder, tmp_path / "other")
    files.write_json(other / "config.json", files.read_json(other / "config.json") | stated)
    tokens = {name: value[:, :7] for name, value in inputs(folder, "sequence").items()}
    for head in ("sequence", "tokens"):
        got = head_of(other, architecture, head)(**tokens)
        assert torch.equal(got.logits, head_of(folder, architecture, head)(**tokens).logits)
        assert got.get("hidden_states") is None and got.get("attentions") is None
    hidden = load_masked_lm(other, architecture, "sdpa").base_model(**tokens).last_hidden_state
    assert torch.equal(hidden, load_masked_lm(folder, architecture, "sdpa").base_model(**tokens)[0])
