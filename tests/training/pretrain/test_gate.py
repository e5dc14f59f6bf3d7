"""The gate of an import: what has learnt to read is taken in, what loads and is wrong is refused with both losses."""

import dataclasses
import json

import pytest
import torch
from other_checkpoints import publish
from safetensors.torch import load_file, save_file
from tiny_encoders import ENCODER, TEXTS, imported
from tiny_training import ENGINE

from harness.encoders import families, tokenizers
from harness.errors import CheckpointError
from harness.objectives.common.masking import mask_tokens
from harness.objectives.common.windows import Vocabulary, padded, windows
from harness.params import profiles
from harness.params.config import TRAINED, Folder
from harness.system.files import read_json, sha256, write_jsonl
from harness.training.pretrain import gate
from harness.training.pretrain.gate import bring_in
from harness.training.pretrain.shards import is_held_out

LETTERS = "abdefghiklmnoprstuvyæøå"
ARCHITECTURES = (*TRAINED, "roberta", "electra", "deberta-v2")
SHORT = dataclasses.replace(ENCODER, layers=1, dropout=0.0)


def corpus(root, count=600):
    """Documents of one letter each, over and over: what is masked stands beside itself, and counting does not see."""
    rows = [
        {"id": f"d{i}", "document_type": "note", "text": " ".join(LETTERS[i % len(LETTERS)] * 20)} for i in range(count)
    ]
    write_jsonl(root / "artifacts" / "corpus" / "general.jsonl", rows)
    return [row["text"] for row in rows if not is_held_out(row["id"], 0)]


def untrained(architecture, folder):
    """A masked LM of random weights and its tokenizer, as a folder and in memory."""
    if architecture in TRAINED:
        tokenizer = tokenizers.build(architecture, TEXTS, SHORT.vocabulary)
        torch.manual_seed(1)
        return families.new_masked_lm(architecture, SHORT, tokenizer, "sdpa"), tokenizer
    publish(architecture, folder / "theirs")
    # With the tokenizer as an import makes it whole: some come as a word list, some name no special token.
    imported(folder / "theirs", architecture, folder / "whole")
    folder = folder / "whole"
    kind = families.architecture_named(architecture)
    torch.manual_seed(1)
    # The published scale and rates suit encoders of another size.
    lively = {"initializer_range": 0.13, **dict.fromkeys(kind.dropouts, 0.0)}
    config = kind.config().from_pretrained(folder, tie_word_embeddings=True, **lively)
    return kind.model("masked_lm")(config), families.load_tokenizer(folder)


def train(model, tokenizer, architecture, texts, updates=150):
    """Masked LM on `texts`, by the plainest loop."""
    vocabulary = Vocabulary.of(tokenizer)
    head = families.ARCHITECTURES[architecture].predict(model)
    rows = [row for ids in tokenizer(texts, add_special_tokens=False).input_ids for row in windows(ids, 24, vocabulary)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(2)
    model.train()
    for _ in range(updates):
        chosen = [rows[i] for i in torch.randint(len(rows), (32,), generator=generator).tolist()]
        inputs = padded(chosen, vocabulary)
        free = ~torch.isin(inputs["input_ids"], vocabulary.special)
        inputs["input_ids"], targets = mask_tokens(
            inputs["input_ids"], free, 0.15, vocabulary.mask, vocabulary.replacements, generator
        )
        logits = head(model.base_model(**inputs).last_hidden_state)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def bring(root, folder, architecture, despite=None):
    source = Folder("folder", str(folder), despite)
    bring_in(root, source, "theirs", "baseline", architecture, ENGINE, "c" * 64)
    return read_json(root / "artifacts" / "checkpoints" / "theirs" / "baseline" / "harness.json")["gate"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_only_what_reads_better_than_it_counts_is_taken_in(architecture, tmp_path, capsys):
    texts = corpus(tmp_path)
    model, tokenizer = untrained(architecture, tmp_path)
    families.save(model, tokenizer, tmp_path / "untrained")
    with pytest.raises(CheckpointError, match="does not predict held-out general text well enough") as refused:
        bring(tmp_path, tmp_path / "untrained", architecture)
    assert str(tmp_path / "untrained") in refused.value.message and "despite_gate" in refused.value.remedy
    assert not (tmp_path / "artifacts" / "checkpoints" / "theirs" / "baseline").exists()

    families.save(train(model, tokenizer, architecture, texts), tokenizer, tmp_path / "trained")
    held = bring(tmp_path, tmp_path / "trained", architecture)
    assert held["unigram_loss"] - held["loss"] >= gate.MARGIN == held["margin"]
    assert held["masked_tokens"] >= gate.FEWEST and held["despite"] is None
    assert held["corpus"] == sha256(tmp_path / "artifacts" / "corpus" / "general.jsonl")
    said = capsys.readouterr().err
    assert f"its loss is {held['loss']:.2f} nats" in said and f"tokens give {held['unigram_loss']:.2f}" in said
    readme = (tmp_path / "artifacts" / "checkpoints" / "theirs" / "baseline" / "README.md").read_text()
    assert f"its loss is {held['loss']:.2f} nats" in readme and f"tokens give {held['unigram_loss']:.2f}" in readme
    assert bring(tmp_path, tmp_path / "trained", architecture) == held

    # The same names, shapes and numbers, and every projection cut elsewhere: it loads, and is wrong.
    state = load_file(tmp_path / "trained" / "model.safetensors")
    turned = {
        name: value.roll(len(value) // 2, 0).contiguous() if value.ndim == 2 and "embed" not in name else value
        for name, value in state.items()
    }
    save_file(turned, tmp_path / "trained" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="does not predict held-out general text well enough") as refused:
        bring(tmp_path, tmp_path / "trained", architecture)
    numbers = (f"token counts, {held['unigram_loss']:.2f}, and is", f"({held['masked_tokens']:,} masked tokens)")
    assert all(number in refused.value.message for number in numbers)


def test_a_reason_takes_it_in_and_stands_in_the_card(checkpoint_of, tmp_path, capsys):
    corpus(tmp_path)
    held = bring(tmp_path, checkpoint_of("bert"), "bert", "random weights, to see what training adds")
    assert held["despite"] == "random weights, to see what training adds" and held["loss"] > held["unigram_loss"]
    assert "random weights, to see" in capsys.readouterr().err


def test_without_general_text_or_a_head_the_card_says_why_there_was_no_gate(checkpoint_of, tmp_path):
    assert bring(tmp_path, checkpoint_of("bert"), "bert") == {"not_run": "there is no general text"}
    write_jsonl(tmp_path / "artifacts" / "corpus" / "general.jsonl", [])
    assert bring(tmp_path, checkpoint_of("bert"), "bert") == {"not_run": "there is no general text"}
    corpus(tmp_path, 3)
    assert "masked tokens, fewer than 50" in bring(tmp_path, checkpoint_of("bert"), "bert")["not_run"]
    corpus(tmp_path)
    bare = publish("bert", tmp_path / "bare")
    assert bring(tmp_path, bare, "bert") == {"not_run": "the folder has no masked-LM head"}


def test_token_counts_lose_what_they_must(checkpoint_of, tmp_path):
    """Every word as often as any other and one token long: the logarithm of their number."""
    folder = checkpoint_of("bert")
    tokenizer = families.load_tokenizer(folder)
    words = [word for word in ("og", "det", "er", "til") if len(tokenizer.tokenize(word)) == 1]
    texts = [" ".join([*words[i % len(words) :], *words[: i % len(words)]] * 10) for i in range(800)]
    rows = [{"id": f"d{i}", "document_type": "note", "text": text} for i, text in enumerate(texts)]
    write_jsonl(tmp_path / "artifacts" / "corpus" / "general.jsonl", rows)
    held = bring(tmp_path, folder, "bert", "only the counts are looked at")
    assert held["unigram_loss"] == pytest.approx(torch.log(torch.tensor(float(len(words)))).item(), abs=0.03)


@pytest.fixture
def checkpoint_of(tmp_path):
    def made(architecture):
        folder = tmp_path / "random"
        if not folder.exists():
            families.save(*untrained(architecture, tmp_path), folder)
        return folder

    return made


def test_params_take_a_reason_and_refuse_an_empty_one(repository):
    from ruamel.yaml import YAML

    from harness.errors import ConfigError
    from harness.params.reading import ParamsFile

    text = profiles.text("embedded")
    values = YAML(typ="safe", pure=True).load(text)
    arm = values["families"]["elsewhere"]["baseline"]
    arm["despite_gate"] = "English encoder"
    assert ParamsFile(values).checkpoint("elsewhere").source.despite_gate == "English encoder"
    arm["despite_gate"] = " "
    with pytest.raises(ConfigError, match="despite_gate"):
        ParamsFile(values).everything()
    assert json.dumps(values)
