"""Import an existing checkpoint into the pipeline as a plain folder without code. It is verified to load.

What a checkpoint says about its own code (`auto_map`) is removed, never followed; pickled weights
become safetensors; the result is the same kind of folder that the pipeline writes itself.
"""

import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import torch

from harness.encoders import cards, families, tokenizers
from harness.encoders.architectures import Architecture
from harness.encoders.intact import refuse_damaged_copy
from harness.encoders.packaged import snapshot
from harness.encoders.pins import verify
from harness.encoders.readme_header import stated_header
from harness.encoders.weights import (
    SAFETENSORS,
    read_weights,
    refuse_damaged,
    weight_files,
    weight_index,
    write_weights,
)
from harness.errors import CheckpointError
from harness.params.config import Folder, Hub
from harness.system.files import atomic_folder, sha256, write_json

# Settings that name code, or files and repositories to be read in place of those that were handed over.
_ELSEWHERE = (
    "auto_map", "custom_pipelines", "trust_remote_code", "chat_template", "transformers_weights", "gguf_file",
    "tokenizer_file", "vocab_file", "merges_file", "from_slow", "attn_implementation", "_attn_implementation",
    "use_kernels", "kernel_config",
)  # fmt: skip
_CODE = (".py", ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".jinja", ".h5", ".so")
_NAMED = 12
# What sentence-transformers puts beside an encoder: how the vectors of tokens become one of the sentence.
_POOLING = "modules.json"
# Besides those that name code or something elsewhere: where on a machine the checkpoint lay, and which class opens it.
_REMOVED = (*_ELSEWHERE, "_name_or_path", "_commit_hash", "name_or_path", "tokenizer_class", "processor_class")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
_ROLES = tuple(f"{role}_token" for role in ("pad", "unk", "cls", "sep", "mask"))


# (model, tokenizer, architecture, names missing) to what the card says of its gate; raises CheckpointError to refuse.
Gate = Callable[[torch.nn.Module, Any, str, list[str]], dict]


def import_arm(
    source: Hub | Folder, family: str, arm: str, architecture: str, target: Path, code: str, gate: Gate | None = None
) -> dict:
    """Copy `source` into the folder `target` as that arm of a family, with its `harness.json` and `README.md`.

    `code` is the hash of the code that does it. Returns the card; raises as `import_checkpoint` and `gate` do.
    """
    with atomic_folder(target) as folder:
        known = _fill(folder, source, architecture, gate)
        card = cards.card(cards.Facts(family=family, arm=arm, code=code, libraries=cards.libraries(), **known))
        return cards.write(folder, card)


def import_checkpoint(source: Hub | Folder, architecture: str, target: Path) -> dict:
    """Copy `source` into the folder `target` as an ordinary checkpoint of `architecture`.

    Returns what is known of it: {"source", "architecture", "origin": {file: sha256 as published},
    "files": {file: sha256 as written}, "notes" (what of it was not taken), "missing",
    "unexpected" (parameter names, against the masked
    LM), "parameters" (their number), "stated" (licence and language, as its own README says)}. Raises
    CheckpointError, and leaves `target` as it was, when anything but the heads of pre-training is missing, or
    a file is damaged, foreign, outside the folder, or not the one that `source` pins.
    """
    with atomic_folder(target) as folder:
        return _fill(folder, source, architecture)


def _fill(folder: Path, source: Hub | Folder, architecture: str, gate: Gate | None = None) -> dict:
    kind = families.architecture_named(architecture)
    origin = snapshot(source, architecture) if isinstance(source, Hub) else _folder(source)
    _refuse_escapes(origin)
    refuse_damaged_copy(origin)
    names = weight_files(origin)
    index = weight_index(origin)
    read = sorted({"config.json", *names, *([index] if index else []), *_present(origin)})
    if isinstance(source, Hub) and source.files is not None:
        verify(origin, source.files, read)
    write_json(folder / "config.json", _config(origin, architecture))
    _store_weights(origin, names, folder, architecture)
    notes = _store_tokenizer(origin, folder, architecture)
    may_lack = kind.masked_lm_head + kind.next_sentence_head
    try:
        model, report = families.load(folder, architecture, "masked_lm", "sdpa", may_lack=may_lack)
        tokenizer = _checked_tokenizer(folder, model.config.vocab_size)
    except CheckpointError as error:
        # What is wrong is wrong with the files that were handed over, not with the copies.
        raise CheckpointError(error.message.replace(str(folder), str(origin)), remedy=error.remedy) from error
    held = {"gate": gate(model, tokenizer, architecture, report["missing"])} if gate else {}
    return {
        **held,
        "notes": [*notes, *_new_heads(kind, report["missing"]), *_left_behind(origin, read)],
        "source": cards.source_of(source),
        "architecture": architecture,
        "origin": {name: sha256(origin / name) for name in read},
        "files": {path.name: sha256(path) for path in sorted(folder.iterdir())},
        **report,
        "parameters": sum(p.numel() for name, p in model.named_parameters() if name not in report["missing"]),
        "stated": stated_header(origin),
    }


def _new_heads(kind: Architecture, missing: Collection[str]) -> list[str]:
    """Which heads of pre-training the checkpoint does not hold, in a sentence, where it lacks one."""
    heads = {"masked-LM head": kind.masked_lm_head, "next-sentence head": kind.next_sentence_head}
    lacking = [title for title, prefixes in heads.items() if prefixes and any(n.startswith(prefixes) for n in missing)]
    if not lacking:
        return []
    return [f"it holds no {' and no '.join(lacking)}; pre-training here begins with a new one, fine-tuning reads none"]


def _left_behind(origin: Path, read: Collection[str]) -> list[str]:
    """What holds code, leads elsewhere or pools, a sentence each, where there is anything; `read` are the files of
    `origin` that are taken in."""
    notes = []
    if (origin / _POOLING).is_file():
        notes.append(f"{_POOLING} and the folders it names were not read: the encoder is taken without its pooling")
    paths = ((path.relative_to(origin).as_posix(), path) for path in sorted(origin.rglob("*")))
    found = [name for name, path in paths if path.suffix.lower() in _CODE and name not in read]
    for name in ("config.json", "tokenizer_config.json"):
        stated = json.loads((origin / name).read_text(encoding="utf-8")) if name in read else {}
        found += [f"{key} of {name}" for key in _ELSEWHERE if stated.get(key) is not None]
    if not found:
        return notes
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    named = ", ".join(found[:_NAMED])
    return [*notes, f"what is code, may hold some or leads elsewhere was neither run nor copied: {named}{more}"]


def _folder(source: Folder) -> Path:
    folder = Path(source.path).expanduser()
    if not folder.is_dir():
        raise CheckpointError(
            f"The checkpoint folder {source.path} does not exist.",
            remedy="Correct the path of this arm in params.yaml (relative paths start at the repository root).",
        )
    return folder


def _refuse_escapes(origin: Path) -> None:
    """Links may only point inside the folder, or, in the hub's cache, at the same repository's blobs; whoever reads a
    pipe waits for ever."""
    inside = [origin.resolve()]
    repository = origin.resolve().parent.parent
    if origin.resolve().parent.name == "snapshots" and repository.name.startswith("models--"):
        inside.append(repository / "blobs")
    for path in sorted(origin.iterdir()):
        if path.is_symlink() and not any(path.resolve().is_relative_to(place) for place in inside):
            raise CheckpointError(
                f"{path} is a link to a place outside the checkpoint.", remedy="Replace the link by the file itself."
            )
        if path.exists() and not path.is_file() and not path.is_dir():
            raise CheckpointError(
                f"{path} is no ordinary file.", remedy="Take the pipe, socket or device out of the folder."
            )


def _read_json(path: Path) -> dict:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing.", remedy="Copy the whole checkpoint into the folder.") from None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} is no JSON object.", remedy="Copy the file anew from the checkpoint's origin.")
    return value


def _config(origin: Path, architecture: str) -> dict:
    config = _read_json(origin / "config.json")
    kind = families.architecture_named(architecture)
    own_type = kind.config().model_type
    # The public NorBERT3 configurations carry a name of their own, or none; transformers' own types are exact.
    others = {other.config().model_type for name, other in families.ARCHITECTURES.items() if name != architecture}
    stated = config.get("model_type")
    if stated is None and architecture != "norbert3":
        raise CheckpointError(
            f"{origin / 'config.json'} names no model_type.",
            remedy=f"Copy the checkpoint's own config.json; one of this architecture says model_type {own_type!r}.",
        )
    if stated in others or (architecture != "norbert3" and stated != own_type):
        raise CheckpointError(
            f"{origin / 'config.json'}: model_type is {stated!r}, not {own_type!r}.",
            remedy="Set the family's architecture in params.yaml to the checkpoint's own.",
        )
    if "quantization_config" in config:
        raise CheckpointError(
            f"{origin / 'config.json'}: the weights are quantised.", remedy="Use the full-precision weights."
        )
    kept = {name: value for name, value in config.items() if name not in _REMOVED}
    return {**kept, "model_type": own_type, "architectures": [kind.class_name("masked_lm")]}


def _store_weights(origin: Path, names: list[str], folder: Path, architecture: str) -> None:
    if names == [SAFETENSORS] and architecture != "norbert3":
        refuse_damaged(origin / SAFETENSORS)
        shutil.copyfile(origin / SAFETENSORS, folder / SAFETENSORS)
        return
    state = read_weights(origin, names)
    if architecture == "norbert3":
        state = _whole_norbert3(state)
    write_weights(state, folder / SAFETENSORS)


def _whole_norbert3(state: dict) -> dict:
    """Public copies may hold the word embedding only under the name of the output layer tied to it."""
    embedding, output = "embedding.word_embedding.weight", "classifier.nonlinearity.5.weight"
    state = {name: value for name, value in state.items() if not name.endswith(".attention.position_indices")}
    if embedding not in state and output in state:
        state[embedding] = state.pop(output)
    return state


def _present(origin: Path) -> list[str]:
    return [name for name in _TOKENIZER_FILES if (origin / name).is_file()]


def _store_tokenizer(origin: Path, folder: Path, architecture: str) -> list[str]:
    """Write tokenizer.json and tokenizer_config.json; what the origin says of its tokenizer that is not taken."""
    present, kind = _present(origin), families.architecture_named(architecture)
    settings = _read_json(origin / "tokenizer_config.json") if "tokenizer_config.json" in present else {}
    settings = {name: value for name, value in settings.items() if name not in _REMOVED}
    if "tokenizer.json" in present:
        _read_json(origin / "tokenizer.json")
        shutil.copyfile(origin / "tokenizer.json", folder / "tokenizer.json")
    elif "vocab.txt" in present and kind.word_list:
        _from_vocabulary(origin / "vocab.txt", settings).save(str(folder / "tokenizer.json"))
    else:
        raise CheckpointError(
            f"{origin} has no tokenizer: tokenizer.json{' or vocab.txt' if kind.word_list else ''} is missing.",
            remedy="Copy it too. Where there is only spm.model, sentencepiece.bpe.model or vocab.json with merges.txt, "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) writes tokenizer.json.",
        )
    core = tokenizers.read(folder / "tokenizer.json")
    notes = tokenizers.overruled(core, settings)
    # What is written says what is done.
    settings |= {name: done for name, done in tokenizers.folding(core).items() if isinstance(settings.get(name), bool)}
    overruled = ("truncation_side", "padding_side", *tokenizers.OF_TOKENS)
    settings = {name: value for name, value in settings.items() if name not in overruled}
    stated = _read_json(origin / "special_tokens_map.json") if "special_tokens_map.json" in present else {}
    vocabulary = _words(_read_json(folder / "tokenizer.json"))
    for role, usual in zip(_ROLES, kind.special, strict=True):
        token = settings.get(role) or stated.get(role)
        if token is None and usual in vocabulary:
            token = usual
        settings[role] = token = token["content"] if isinstance(token, dict) else token
        if token is not None and token not in vocabulary:
            raise CheckpointError(
                f"{origin / 'tokenizer.json'} has no {token}, which is named as {role}.",
                remedy="Name in tokenizer_config.json the token that the checkpoint was trained with.",
            )
    inputs = ["input_ids", "attention_mask"]
    # One type of segment is none: the embedding has a single row, and a second segment would read past it.
    types = _read_json(folder / "config.json").get("type_vocab_size", getattr(kind.config()(), "type_vocab_size", 0))
    if types > 1:
        inputs.insert(1, "token_type_ids")
    # The generic class reads any tokenizer.json; the stated one may be code of the repository.
    write_json(
        folder / "tokenizer_config.json",
        {**settings, "tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": inputs},
    )
    return notes


def _words(tokenizer: dict) -> set[str]:
    """The tokens that a tokenizer.json lists: as keys (WordPiece, BPE), with scores (Unigram), or as added."""
    vocabulary = tokenizer.get("model", {}).get("vocab", {})
    words = vocabulary if isinstance(vocabulary, dict) else [entry[0] for entry in vocabulary]
    return {*words, *(added["content"] for added in tokenizer.get("added_tokens", []))}


def _from_vocabulary(path: Path, settings: dict):
    """BERT's tokenizer from its word list, with the folding that the checkpoint's settings state."""
    import tokenizers as hf

    tokens = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    lowercase = settings.get("do_lower_case", True)
    vocabulary = {token.rstrip("\r"): i for i, token in enumerate(tokens)}
    core = hf.Tokenizer(hf.models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    core.normalizer = hf.normalizers.BertNormalizer(
        lowercase=lowercase,
        strip_accents=settings.get("strip_accents"),
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True),
    )
    core.pre_tokenizer = hf.pre_tokenizers.BertPreTokenizer()
    core.decoder = hf.decoders.WordPiece()
    special = families.ARCHITECTURES["bert"].special
    lacking = [token for token in special if token not in vocabulary]
    if lacking:
        raise CheckpointError(f"{path} lacks {', '.join(lacking)}.", remedy="Use the checkpoint's own vocab.txt.")
    core.add_special_tokens(list(special))
    core.post_processor = hf.processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    return core


def _checked_tokenizer(folder: Path, vocab_size: int):
    """It has the special tokens the engine needs, frames a text with them, and fits the embedding."""
    tokenizer = families.load_tokenizer(folder)
    lacking = [role for role in _ROLES if getattr(tokenizer, role) is None]
    if lacking:
        raise CheckpointError(
            f"The tokenizer has no {', '.join(lacking)}.", remedy="Name them in the checkpoint's tokenizer_config.json."
        )
    for role in _ROLES[:-1]:
        if getattr(tokenizer, role) == tokenizer.mask_token:
            raise CheckpointError(
                f"{role} and mask_token are one token, {tokenizer.mask_token}.",
                remedy="Name in tokenizer_config.json the tokens that the checkpoint was trained with.",
            )
    ids = tokenizer("a").input_ids
    if ids[0] != tokenizer.cls_token_id or ids[-1] != tokenizer.sep_token_id:
        raise CheckpointError(
            "The tokenizer does not put its [CLS] and [SEP] around a text.",
            remedy="Use the tokenizer.json that the checkpoint was trained with (with its post_processor).",
        )
    if len(tokenizer) > vocab_size:
        raise CheckpointError(
            f"The tokenizer has {len(tokenizer)} tokens, the model {vocab_size}.",
            remedy="Use the checkpoint's own tokenizer.",
        )
    return tokenizer
