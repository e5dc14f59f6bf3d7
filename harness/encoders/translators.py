"""Translate texts with a model of transformers (Marian, NLLB), pinned by its hub commit or by its folder's hash."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from harness.encoders import hub
from harness.encoders.loading import quiet
from harness.encoders.weights import read_weights, refuse_damaged, weight_files, weight_index
from harness.errors import CheckpointError, ConfigError
from harness.system import determinism
from harness.system.files import read_json, sha256, sha256_of_files
from harness.system.messages import first_line

BESIDE_WEIGHTS = (
    "config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "tokenizer.json", "vocab.json", "target_vocab.json", "source.spm", "target.spm", "sentencepiece.bpe.model",
)  # fmt: skip
# The files that the tokenizer of each model_type needs.
TOKENIZERS = {"marian": ("vocab.json", "source.spm", "target.spm"), "m2m_100": ("tokenizer.json",)}
NLLB = {"nb": "nob_Latn", "nn": "nno_Latn"}
ENGLISH = "eng_Latn"
# The token that tells a Marian model of several target languages which one to use. The first known name is taken.
MARIAN = {"nb": (">>nob<<", ">>nb<<", ">>nb_NO<<", ">>no<<"), "nn": (">>nno<<", ">>nn<<", ">>nn_NO<<")}


@dataclass(frozen=True)
class Pinned:
    """A translation model on this machine. `at` is its hub commit, or "sha256 …" of its folder. `files` has the SHA-256
    of every file that is read, by name."""

    folder: Path
    name: str
    at: str
    files: dict[str, str]

    @property
    def sha256(self) -> str:
        return sha256_of_files(self.files)


@dataclass(frozen=True)
class Search:
    """The settings of a translation: beam width, texts per batch, device ("cpu" or "cuda") and number of CPU
    threads."""

    beams: int = 4
    batch: int = 32
    device: str = "cpu"
    threads: int = 1


def libraries() -> dict[str, str]:
    """The versions of the libraries that a model's output depends on, by name."""
    return {name: version(name) for name in ("torch", "transformers")}


def found(named: str) -> Pinned:
    """The translation model called `named`: a folder, or REPOSITORY@COMMIT on the hub. Raises CheckpointError if the
    model is missing, not pinned by a commit, or of another architecture than Marian or NLLB."""
    repository, at, revision = named.rpartition("@")
    if Path(named).is_dir() or not at:
        folder, name, commit = Path(named), Path(named).resolve().name, ""
    else:
        pin = (
            "A branch can change. The repository's page on the hub, or `git ls-remote "
            f"https://huggingface.co/{repository}`, says its commit."
        )
        folder = hub.fetched(repository, revision, (*BESIDE_WEIGHTS, "README.md"), pin)
        name, commit = repository, revision
    there = (folder / "config.json").is_file()
    if missing := hub.lacking(folder, TOKENIZERS[_kind(folder)]) if there else ["config.json"]:
        otherwise = "Or name a repository of the hub at a commit: --model OWNER/NAME@COMMIT."
        known = "" if folder.is_dir() else " There is no such folder; a repository is named OWNER/NAME@COMMIT."
        raise CheckpointError(
            f"{folder} is not a translation model: it lacks {', '.join(missing)}.{known}",
            remedy="Put there config.json, the tokenizer's files (Marian: vocab.json, source.spm, target.spm; NLLB: "
            "tokenizer.json) and the weights (model.safetensors or pytorch_model.bin).\n"
            f"{hub.how_to_fetch(repository, revision) if repository else otherwise}",
        )
    weights = [*filter(None, [weight_index(folder)]), *weight_files(folder)]
    names = sorted({*(name for name in BESIDE_WEIGHTS if (folder / name).is_file()), *weights})
    files = {name: sha256(folder / name) for name in names}
    return Pinned(folder, name, commit or f"sha256 {sha256_of_files(files)}", files)


def _kind(folder: Path) -> str:
    kind = read_json(folder / "config.json").get("model_type")
    if kind not in TOKENIZERS:
        raise CheckpointError(
            f"{folder} is a {kind} model; translations are made by {' and '.join(TOKENIZERS)} (Marian and NLLB).",
            remedy="Name such a checkpoint, or give an existing translation with --from FILE.",
        )
    return kind


class Translator:
    """A translation model from English to Norwegian, loaded in memory.

    `translator(texts)` returns the translation of each text into the language `to` ("nb" or "nn"). The model uses beam
    search without sampling, in fp32, so the same texts in the same batch give the same words. Raises CheckpointError if
    the model does not know the language or cannot be loaded, and ConfigError if `search.device` is "cuda" and there is
    no CUDA device.
    """

    def __init__(self, pinned: Pinned, to: str, search: Search):
        import torch

        if search.device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("There is no CUDA device here.", remedy="Translate with --device cpu.")
        determinism.prepare_torch(search.threads, search.device)
        self._search, self._kind = search, _kind(pinned.folder)
        for name in weight_files(pinned.folder):
            if name.endswith(".safetensors"):
                refuse_damaged(pinned.folder / name)
            else:
                read_weights(pinned.folder, [name])  # refuses a pickle that contains more than tensors
        with quiet():
            try:
                self._tokenizer = self._read_tokenizer(pinned.folder)
                self._model = self._read_model(pinned.folder, torch)
            except CheckpointError:
                raise
            except Exception as error:  # transformers and safetensors raise many types here, all about the files
                raise CheckpointError(
                    f"{pinned.folder} cannot be loaded: {first_line(error)}",
                    remedy="Check that the files are whole and of one version; copy the checkpoint anew.",
                ) from error
        self._before, self._forced = self._language(pinned, to)

    def _read_tokenizer(self, folder: Path):
        import transformers

        if self._kind == "marian":
            try:
                import sentencepiece  # noqa: F401 - MarianTokenizer needs it
            except ImportError:
                raise CheckpointError(
                    "Marian models need the package sentencepiece, which is not installed.",
                    remedy="Run `make setup` again, or `pip install sentencepiece`.",
                ) from None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it recommends a package that changes nothing here
                return transformers.MarianTokenizer.from_pretrained(folder, local_files_only=True)
        return transformers.NllbTokenizer.from_pretrained(folder, src_lang=ENGLISH, local_files_only=True)

    def _read_model(self, folder: Path, torch):
        import transformers

        of = {"marian": transformers.MarianMTModel, "m2m_100": transformers.M2M100ForConditionalGeneration}[self._kind]
        model, info = of.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True, output_loading_info=True
        )
        if info["missing_keys"] or info["mismatched_keys"]:
            raise CheckpointError(
                f"{folder} is not a whole checkpoint: {len(info['missing_keys'])} parameters are missing, "
                f"{len(info['mismatched_keys'])} of another shape.",
                remedy="Copy config.json and the weights anew from the same version of the checkpoint.",
            )
        return model.eval().to(self._search.device)

    def _language(self, pinned: Pinned, to: str) -> tuple[str, int | None]:
        """The prefix of every text, and the id of the first token of every translation (None: not forced)."""
        vocabulary = self._tokenizer.get_vocab()
        if self._kind == "m2m_100":
            if NLLB[to] not in vocabulary or ENGLISH not in vocabulary:
                raise _without(pinned, f"{ENGLISH} and {NLLB[to]}")
            return "", vocabulary[NLLB[to]]
        if token := next((token for token in MARIAN[to] if token in vocabulary), None):
            return f"{token} ", None
        if any(re.fullmatch(">>.+<<", token) for token in vocabulary):
            raise _without(pinned, " or ".join(MARIAN[to]))
        return "", None

    def __call__(self, texts: Sequence[str]) -> list[str]:
        import torch

        encoded = self._tokenizer([self._before + text for text in texts], return_tensors="pt", padding=True)
        forced = {} if self._forced is None else {"forced_bos_token_id": self._forced}
        longest, positions = int(encoded["input_ids"].shape[1]), self._model.config.max_position_embeddings
        if longest > positions:
            raise CheckpointError(
                f"A text has {longest} tokens, and the translation model reads {positions}.",
                remedy="Use a model with more positions (Marian has 512, NLLB 1024).",
            )
        with torch.inference_mode():
            made = self._model.generate(
                input_ids=encoded["input_ids"].to(self._search.device),
                attention_mask=encoded["attention_mask"].to(self._search.device),
                num_beams=self._search.beams,
                do_sample=False,
                max_length=None,
                max_new_tokens=min(2 * longest + 20, positions - 2),
                **forced,
            )
        said = self._tokenizer.batch_decode(made, skip_special_tokens=True)
        return [" ".join(text.split()) for text in said]


def _without(pinned: Pinned, what: str) -> CheckpointError:
    return CheckpointError(
        f"{pinned.name} does not know the language: its vocabulary has no {what}.",
        remedy="Name a model that translates English to Norwegian, or another --to.",
    )
