"""Small checkpoints as other people publish them: random weights, each architecture's own tokenizer and form."""

import json
from pathlib import Path

import tokenizers as hf
import torch
from tiny_encoders import TEXTS
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

SIZES = {
    "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 40,
    "max_position_embeddings": 80,
}  # fmt: skip
# The class that is published: with the head of its pre-training, or the bare encoder.
PUBLISHED = {
    "bert": "BertModel",
    "roberta": "RobertaForMaskedLM",
    "xlm-roberta": "XLMRobertaForMaskedLM",
    "electra": "ElectraForPreTraining",
    "deberta-v2": "DebertaV2Model",
    "modernbert": "ModernBertForMaskedLM",
}
_PARTICULAR = {
    "roberta": {"type_vocab_size": 1},
    "xlm-roberta": {"type_vocab_size": 1},
    "electra": {"embedding_size": 16},
    # As DeBERTa-v3: relative positions, no segments.
    "deberta-v2": {
        "relative_attention": True, "position_buckets": 8, "pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm",
        "share_att_key": True, "position_biased_input": False, "type_vocab_size": 0,
    },
    "modernbert": {"local_attention": 16, "layer_types": ["sliding_attention", "full_attention"]},
}  # fmt: skip
BRACKETS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ANGLES = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")


def publish(architecture: str, folder: Path, seed: int = 1) -> Path:
    """Write such a checkpoint to `folder`, and return it."""
    import transformers

    special = ANGLES if "roberta" in architecture else BRACKETS
    core = _core(architecture, special)
    published = getattr(transformers, PUBLISHED[architecture])
    ids = {f"{role}_token_id": core.token_to_id(token) for role, token in _roles(special).items() if role != "unk"}
    config = published.config_class(
        vocab_size=core.get_vocab_size(), **SIZES, **_PARTICULAR.get(architecture, {}),
        pad_token_id=ids["pad_token_id"], bos_token_id=ids["cls_token_id"], eos_token_id=ids["sep_token_id"],
    )  # fmt: skip
    torch.manual_seed(seed)
    published(config).save_pretrained(folder)
    if architecture == "electra":
        words = sorted(core.get_vocab(), key=core.get_vocab().get)
        (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        return folder
    core.save(str(folder / "tokenizer.json"))
    stated = {f"{role}_token": token for role, token in _roles(special).items()}
    # roberta-base and its like state nothing but a length.
    settings = {"model_max_length": 512} if architecture == "roberta" else stated
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def _roles(special: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(("pad", "unk", "cls", "sep", "mask"), special, strict=True))


def _core(architecture: str, special: tuple[str, ...]) -> hf.Tokenizer:
    _, unknown, first, last, _ = special
    if architecture in ("bert", "electra"):
        letters = sorted({c for text in TEXTS for c in text.lower() if not c.isspace()})
        tokens = [*special, *letters, *("##" + c for c in letters)]
        core = hf.Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token=unknown))
        core.normalizer, core.decoder = normalizers.BertNormalizer(strip_accents=False), decoders.WordPiece()
        core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    elif architecture in ("roberta", "modernbert"):
        core = hf.Tokenizer(models.BPE())
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        core.train_from_iterator(TEXTS, trainers.BpeTrainer(
            vocab_size=400, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
        ))  # fmt: skip
    else:
        letters = sorted({c for text in TEXTS for c in text if not c.isspace()})
        scores = [(token, 0.0) for token in special] + [("▁", -2.0)] + [(c, -3.0) for c in letters]
        core = hf.Tokenizer(models.Unigram([*scores, ("▁på", -1.0), ("en", -1.5)], unk_id=1))
        core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.add_special_tokens(list(special))
    ids = {token: core.token_to_id(token) for token in (first, last)}
    if architecture == "roberta":
        core.post_processor = processors.RobertaProcessing((last, ids[last]), (first, ids[first]))
    else:
        between = f"{last} {last}" if architecture == "xlm-roberta" else f"{last}:0"
        core.post_processor = processors.TemplateProcessing(
            single=f"{first} $A {last}", pair=f"{first} $A {between} $B:1 {last}:1", special_tokens=list(ids.items())
        )
    return core
