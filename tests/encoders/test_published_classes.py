"""BERT and ModernBERT as taken in here, against transformers' own classes on the folder as it was published.

transformers' classes are other people's reading of the architectures. What is held here is the way between: that
importing, the configuration that is written, the recipe's settings and the attention chosen change no number.
"""

import json

import pytest
import torch
import transformers
from other_checkpoints import publish
from safetensors.torch import load_file, save_file
from tiny_encoders import TEXTS, imported, load_masked_lm

from harness.encoders import families
from harness.encoders.architectures import ARCHITECTURES
from harness.heads import HEADS

LABELS = ("a", "b", "c")
CLASSES = {
    ("bert", "sequence"): "BertForSequenceClassification",
    ("bert", "tokens"): "BertForTokenClassification",
    ("bert", "choice"): "BertForMultipleChoice",
    ("bert", "masked_lm"): "BertForMaskedLM",
    ("modernbert", "sequence"): "ModernBertForSequenceClassification",
    ("modernbert", "tokens"): "ModernBertForTokenClassification",
    ("modernbert", "choice"): "ModernBertForMultipleChoice",
    ("modernbert", "masked_lm"): "ModernBertForMaskedLM",
}
# What public configurations state, in the words of older versions too, and rates that the recipe replaces.
STATED = {
    "bert": {"position_embedding_type": "absolute", "pooler_fc_size": 768, "hidden_dropout_prob": 0.3,
             "classifier_dropout": 0.4, "problem_type": "regression", "id2label": {"0": "x"}, "use_cache": True},
    "modernbert": {"global_rope_theta": 160000.0, "local_rope_theta": 10000.0, "global_attn_every_n_layers": 2,
                   "attention_dropout": 0.3, "classifier_dropout": 0.4, "classifier_pooling": "mean",
                   "problem_type": "multi_label_classification", "position_embedding_type": "absolute"},
}  # fmt: skip


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def folders(request, tmp_path_factory):
    """As published, and as taken in, of both architectures; once with weights of half the size."""
    dtype, made = getattr(torch, request.param), {}
    for architecture in STATED:
        origin = publish(architecture, tmp_path_factory.mktemp(architecture))
        if architecture == "bert":  # with the heads of its pre-training
            torch.manual_seed(5)
            config = transformers.BertConfig.from_pretrained(origin)
            transformers.BertForPreTraining(config).save_pretrained(origin)
        state = load_file(origin / "model.safetensors")
        generator = torch.Generator().manual_seed(8)
        moved = {k: (v + 0.2 * torch.randn(v.shape, generator=generator)).to(dtype) for k, v in state.items()}
        save_file(moved, origin / "model.safetensors", metadata={"format": "pt"})
        config = json.loads((origin / "config.json").read_text()) | STATED[architecture]
        if architecture == "modernbert":
            del config["layer_types"], config["rope_parameters"]
        config["torch_dtype"] = request.param
        config.pop("dtype", None)
        (origin / "config.json").write_text(json.dumps(config))
        target = tmp_path_factory.mktemp("arms") / architecture
        imported(origin, architecture, target)
        made[architecture] = origin, target
    return made


def batches(folder, head):
    """Two texts of unlike lengths, filled at the right and at the left."""
    tokenizer = families.load_tokenizer(folder)
    for side in ("right", "left"):
        tokenizer.padding_side = side
        batch = dict(tokenizer([TEXTS[0], TEXTS[1][:25]], padding=True, return_tensors="pt"))
        yield {k: v[None] if head == "choice" else v for k, v in batch.items()}


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(("architecture", "head"), CLASSES)
def test_outputs_are_those_of_transformers_own_classes(architecture, head, attention, folders):
    origin, target = folders[architecture]
    stock = getattr(transformers, CLASSES[architecture, head])
    names = dict(enumerate(LABELS if head == "masked_lm" else HEADS[head].outputs(LABELS) or LABELS))
    settings = {} if head in ("masked_lm", "choice") else {"num_labels": len(names), "problem_type": None}
    with families.quiet():
        expected = stock.from_pretrained(origin, dtype=torch.float32, attn_implementation="sdpa", **settings)
    if head == "masked_lm":
        ours = load_masked_lm(target, architecture, attention)
    else:
        ours = families.load_head(target, architecture, HEADS[head], LABELS, attention, 0.1)
        # The new head is the seed's: the same one for both.
        expected.load_state_dict(ours.state_dict())
        with families.quiet():
            fresh = stock.from_pretrained(origin, dtype=torch.float32, **settings)
        new = families.ARCHITECTURES[architecture].task_head
        kept = {k: v for k, v in fresh.state_dict().items() if not k.startswith(new)}
        assert all(torch.equal(ours.state_dict()[k], v) for k, v in kept.items())
    assert ours.dtype == torch.float32
    # ModernBERT's eager attention takes its softmax in float32, where the lowest float64 is minus infinity.
    dtype, tolerance = (torch.float64, 1e-9) if attention == "sdpa" else (torch.float32, 1e-4)
    for batch in batches(target, head):
        with torch.no_grad():
            got = ours.to(dtype).eval()(**batch)
            right = expected.double().eval()(**batch).logits
        got = got.prediction_logits if hasattr(got, "prediction_logits") else got.logits
        if head in ("masked_lm", "tokens"):
            real = batch["attention_mask"].bool()
            got, right = got[real], right[real]
        assert ((got - right).abs().max() / right.abs().max()).item() < tolerance


@pytest.mark.parametrize("head", ["sequence", "choice"])
@pytest.mark.parametrize("architecture", ["bert", "roberta"])
def test_a_head_that_reads_the_first_token_trains_as_transformers_own_class(architecture, head, tmp_path):
    """What the last layer would say of other tokens is not computed; gradients and outputs are the same."""
    origin, target = publish(architecture, tmp_path / "origin"), tmp_path / "target"
    imported(origin, architecture, target)
    ours = families.load_head(target, architecture, HEADS[head], LABELS, "sdpa", 0.0).double().train()
    kind = ARCHITECTURES[architecture]
    stock = kind.model(HEADS[head].model)(ours.config).double().train()
    stock.load_state_dict(ours.state_dict())
    rows = []
    layer = ours.base_model.encoder.layer[-1]
    layer.register_forward_hook(lambda _, given, said: rows.append((given[0].shape[1], said.shape[1])))
    for batch in batches(target, head):
        for model in (ours, stock):
            model.zero_grad()
            model(**batch).logits.square().sum().backward()
        for (name, one), (_, other) in zip(ours.named_parameters(), stock.named_parameters(), strict=True):
            assert (one.grad is None) == (other.grad is None), name
            assert one.grad is None or torch.allclose(one.grad, other.grad, rtol=1e-9, atol=1e-12), name
    assert rows and all(read > said == 1 for read, said in rows)
