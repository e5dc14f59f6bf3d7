"""Import an existing checkpoint into the pipeline as a plain folder without code, and check that it loads.

References of a checkpoint to its own code (`auto_map`) are removed and never followed. Pickled weights become
safetensors. The result is a folder of the kind that the pipeline writes itself.
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

# Settings that name code, or other files and repositories to read instead of those of the source.
_ELSEWHERE = (
    "auto_map", "custom_pipelines", "trust_remote_code", "chat_template", "transformers_weights", "gguf_file",
    "tokenizer_file", "vocab_file", "merges_file", "from_slow", "attn_implementation", "_attn_implementation",
    "use_kernels", "kernel_config",
)  # fmt: skip
_CODE = (".py", ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".jinja", ".h5", ".so")
_NAMED = 12
# The file of sentence-transformers that says how token vectors are pooled into a sentence vector.
_POOLING = "modules.json"
# The place of the checkpoint on another machine and the class that opens it are removed, too.
_REMOVED = (*_ELSEWHERE, "_name_or_path", "_commit_hash", "name_or_path", "tokenizer_class", "processor_class")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
_ROLES = tuple(f"{role}_token" for role in ("pad", "unk", "cls", "sep", "mask"))


# (model, tokenizer, architecture, names of missing parameters) → the card's `gate`. Raises CheckpointError to refuse.
Gate = Callable[[torch.nn.Module, Any, str, list[str]], dict]


def import_arm(
    source: Hub | Folder, family: str, arm: str, architecture: str, target: Path, code: str, gate: Gate | None = None
) -> dict:
    """Import the checkpoint `source` into the folder `target`, as the arm `arm` of `family`. Return the checkpoint's
    card, which is also written as `harness.json` and `README.md`.

    `code` is the hash of the importing code. `gate` checks the loaded model (see `Gate`). Raises CheckpointError if a
    parameter outside the pre-training heads is missing, or if a file is damaged, of another kind, outside the folder,
    or not the file that `source` pins. Raises also the errors of `gate`. After an error, `target` is unchanged.
    """
    with atomic_folder(target) as folder:
        known = _fill(folder, source, architecture, gate)
        card = cards.card(cards.Facts(family=family, arm=arm, code=code, libraries=cards.libraries(), **known))
        return cards.write(folder, card)


def _fill(folder: Path, source: Hub | Folder, architecture: str, gate: Gate | None) -> dict:
    """Import `source` into `folder`. Returns the card's facts about the checkpoint (see `cards.Facts`)."""
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
        # The fault is in the source's files, so the message names these and not the copies.
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
    """A note that names the pre-training heads which the checkpoint lacks, or no note."""
    heads = {"masked-LM head": kind.masked_lm_head, "next-sentence head": kind.next_sentence_head}
    lacking = [title for title, prefixes in heads.items() if prefixes and any(n.startswith(prefixes) for n in missing)]
    if not lacking:
        return []
    return [f"it has no {' and no '.join(lacking)}: pre-training starts with a new one, and fine-tuning needs none"]


def _left_behind(origin: Path, read: Collection[str]) -> list[str]:
    """Notes on the parts of the folder `origin` that are not imported: pooling, code, and settings that refer to other
    files. `read` are the names of the imported files."""
    notes = []
    if (origin / _POOLING).is_file():
        notes.append(f"{_POOLING} and the folders it names were not read: the encoder is used without its pooling")
    paths = ((path.relative_to(origin).as_posix(), path) for path in sorted(origin.rglob("*")))
    found = [name for name, path in paths if path.suffix.lower() in _CODE and name not in read]
    for name in ("config.json", "tokenizer_config.json"):
        stated = json.loads((origin / name).read_text(encoding="utf-8")) if name in read else {}
        found += [f"{key} of {name}" for key in _ELSEWHERE if stated.get(key) is not None]
    if not found:
        return notes
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    named = ", ".join(found[:_NAMED])
    why = "these files and settings contain code, may contain code or refer to other files"
    return [*notes, f"{why}, so they were neither run nor copied: {named}{more}"]


def _folder(source: Folder) -> Path:
    folder = Path(source.path).expanduser()
    if not folder.is_dir():
        raise CheckpointError(
            f"The checkpoint folder {source.path} does not exist.",
            remedy="Correct the path of this arm in params.yaml (relative paths start at the repository root).",
        )
    return folder


def _refuse_escapes(origin: Path) -> None:
    """Raises CheckpointError if a link leads outside the checkpoint, or if an entry is neither a file nor a folder. In
    the hub's cache, links to the blobs of the same repository are allowed. Pipes are refused because reading one could
    block for ever."""
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
                f"{path} is not an ordinary file.", remedy="Take the pipe, socket or device out of the folder."
            )


def _read_json(path: Path) -> dict:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing.", remedy="Copy the whole checkpoint into the folder.") from None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CheckpointError(
            f"{path} is not a JSON object.", remedy="Copy the file anew from the checkpoint's origin."
        )
    return value


def _config(origin: Path, architecture: str) -> dict:
    config = _read_json(origin / "config.json")
    kind = families.architecture_named(architecture)
    own_type = kind.config().model_type
    # The public NorBERT3 configurations have another model_type or none. Architectures of transformers must match.
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
    """`state` without stored position indices, and with the word embedding under its own name. Public copies may
    contain the word embedding only under the name of the output layer tied to it."""
    embedding, output = "embedding.word_embedding.weight", "classifier.nonlinearity.5.weight"
    state = {name: value for name, value in state.items() if not name.endswith(".attention.position_indices")}
    if embedding not in state and output in state:
        state[embedding] = state.pop(output)
    return state


def _present(origin: Path) -> list[str]:
    return [name for name in _TOKENIZER_FILES if (origin / name).is_file()]


def _store_tokenizer(origin: Path, folder: Path, architecture: str) -> list[str]:
    """Write tokenizer.json and tokenizer_config.json. Returns notes on the origin's settings that are not used."""
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
            remedy="Copy the tokenizer's file into the folder, too. If there is only spm.model, "
            "sentencepiece.bpe.model or vocab.json with merges.txt, "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) writes tokenizer.json.",
        )
    core = tokenizers.read(folder / "tokenizer.json")
    notes = tokenizers.overruled(core, settings)
    # The written settings state what tokenizer.json really does.
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
                remedy="In tokenizer_config.json, name the token that the checkpoint was trained with.",
            )
    inputs = ["input_ids", "attention_mask"]
    # With type_vocab_size 1 the segment embedding has one row, so a second segment id would be out of range.
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
    """The tokens of a tokenizer.json: its vocabulary (WordPiece, BPE, Unigram) and its added tokens."""
    vocabulary = tokenizer.get("model", {}).get("vocab", {})
    words = vocabulary if isinstance(vocabulary, dict) else [entry[0] for entry in vocabulary]
    return {*words, *(added["content"] for added in tokenizer.get("added_tokens", []))}


def _from_vocabulary(path: Path, settings: dict):
    """BERT's tokenizer made from a `vocab.txt`, with the lower-casing and accent stripping that `settings` state."""
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
    """The tokenizer in `folder`. Raises CheckpointError if it lacks a special token, uses the mask token for another
    role, does not put [CLS] and [SEP] around a text, or has more than `vocab_size` tokens."""
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
                remedy="In tokenizer_config.json, name the tokens that the checkpoint was trained with.",
            )
    ids = tokenizer("a").input_ids
    if ids[0] != tokenizer.cls_token_id or ids[-1] != tokenizer.sep_token_id:
        raise CheckpointError(
            "The tokenizer does not put its [CLS] and [SEP] around a text.",
            remedy="Use the tokenizer.json that the checkpoint was trained with (with its post_processor).",
        )
    if len(tokenizer) > vocab_size:
        raise CheckpointError(
            f"The tokenizer has {len(tokenizer)} tokens, but the model has only {vocab_size}.",
            remedy="Use the checkpoint's own tokenizer.",
        )
    return tokenizer
