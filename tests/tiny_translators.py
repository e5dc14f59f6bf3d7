"""Translation models of a few thousand random weights: what they say is nonsense, and always the same."""

import io
import json
from pathlib import Path

SENTENCES = (
    "can i drink wine on penicillin", "why does my knee make a noise", "how do i train my knees",
    "kan jeg drikke vin", "hvorfor knirker kneet mitt",
)  # fmt: skip
SMALL = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "max_position_embeddings": 128,
    "init_std": 0.6,
}  # fmt: skip


def marian(folder: Path, languages: tuple[str, ...] = ()) -> Path:
    """A Marian checkpoint; `languages` are the tokens of a model with several target languages."""
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4), model_writer=model, vocab_size=60, hard_vocab_limit=False, minloglevel=2
    )
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(model.getvalue())
    read = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    known = [read.id_to_piece(i) for i in range(read.get_piece_size())]
    pieces = ["</s>", "<unk>", *languages, *(p for p in known if p not in ("<s>", "</s>", "<unk>")), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"source_lang": "en", "target_lang": "nb"}))
    size, pad = len(pieces), len(pieces) - 1
    config = MarianConfig(
        vocab_size=size, pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, forced_eos_token_id=0, **SMALL
    )
    torch.manual_seed(3)
    MarianMTModel(config).save_pretrained(folder)
    return folder


def nllb(folder: Path, languages: tuple[str, ...] = ("eng_Latn", "nno_Latn", "nob_Latn")) -> Path:
    """An NLLB checkpoint whose tokens are letters."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    folder.mkdir(parents=True)
    letters = sorted(set("".join(SENTENCES)) - {" "})
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", *letters])}
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[], src_lang="eng_Latn", extra_special_tokens=list(languages))
    tokenizer.save_pretrained(folder)
    config = M2M100Config(
        vocab_size=len(tokenizer), pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, **SMALL
    )
    torch.manual_seed(3)
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    return folder
