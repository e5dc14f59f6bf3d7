"""Make tokenizers from a corpus, always with the same bytes, and load tokenizers from a folder.

The WordPiece trainer of the tokenizers library gives another vocabulary on every run. So the WordPiece vocabulary is
derived here from the library's byte-pair trainer, which is deterministic.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import tokenizers as hf
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from harness.errors import CheckpointError
from harness.system.messages import first_line

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# Every character of Norwegian text (with the Sámi letters and accents it borrows), whether the corpus has it or not.
ALPHABET = (
    "abcdefghijklmnopqrstuvwxyzæøåäöüéèêëóòôáàâíìîúùûñçčđŋšŧž0123456789"
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~§°±µ«»“”„’‘–—…€£½²³×→•"
)
LONGEST_WORD = 100
# Keys of a tokenizer_config.json that would change the tokens of tokenizer.json, or how a text becomes tokens.
OF_TOKENS = (
    "added_tokens_decoder", "additional_special_tokens", "extra_special_tokens", "add_special_tokens",
    "split_special_tokens",
)  # fmt: skip
# What a tokenizer does by each key of `folding`, if the key is false and if it is true.
_DOES = {
    "do_lower_case": ("does not lower-case", "lower-cases"),
    "strip_accents": ("does not strip accents", "strips accents"),
}
_A_LINE = 10_000  # most repetitions of a word in one line for the trainer


def build(architecture: str, texts: Iterable[str], vocabulary: int):
    """Make a tokenizer of at most `vocabulary` tokens from `texts`, for "bert" (WordPiece), "norbert3" or "modernbert"
    (byte-level BPE).

    Raises CheckpointError if `vocabulary` is too small for the single characters.
    """
    if architecture == "bert":  # the only one with segment ids
        return _wrapped(wordpiece_core(texts, vocabulary), ["input_ids", "token_type_ids", "attention_mask"])
    return _wrapped(byte_bpe_core(texts, vocabulary, architecture), ["input_ids", "attention_mask"])


def wordpiece_core(texts: Iterable[str], vocabulary: int) -> hf.Tokenizer:
    """A lower-casing WordPiece tokenizer (Wu et al. 2016) that keeps accents, because å is not a.

    Byte-pair pieces (Sennrich et al. 2016) are learned on whole words. Each piece becomes a word-initial token, a "##"
    token, or both, as it occurs in the corpus's words. After the special tokens and all single characters, the most
    frequent of these tokens fill the vocabulary.
    """
    normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    splitter = pre_tokenizers.BertPreTokenizer()
    words = Counter(word for text in texts for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    characters = _characters(words, splitter, limit=vocabulary // 2)
    tokens = dict.fromkeys([*SPECIAL, *characters])
    _refuse_too_small(vocabulary, len(tokens))
    for piece in _pieces_by_use(words, vocabulary):
        if len(tokens) == vocabulary:
            break
        tokens.setdefault(piece)

    core = hf.Tokenizer(
        models.WordPiece(
            {token: i for i, token in enumerate(tokens)}, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD
        )
    )
    core.normalizer, core.pre_tokenizer = normalizer, splitter
    core.decoder = decoders.WordPiece(prefix="##")
    core.post_processor = _template(core)
    return core


def _characters(words: Counter, splitter, limit: int) -> list[str]:
    """Single-character tokens: the fixed alphabet, then the corpus's own, most frequent first."""
    seen: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            seen[character] += count
    ordered = [*ALPHABET, *sorted(seen, key=lambda c: (-seen[c], c))]
    tokens: dict[str, None] = {}
    for character in dict.fromkeys(ordered):
        if len(tokens) + 2 > limit and character not in ALPHABET:
            break
        tokens.setdefault(character)
        # Punctuation is always its own word and never continues one.
        if len(splitter.pre_tokenize_str("a" + character)) == 1:
            tokens.setdefault("##" + character)
    return list(tokens)


def _pieces_by_use(words: Counter, vocabulary: int) -> list[str]:
    """Word-initial and "##" pieces, the most frequent in the corpus first."""
    learner = hf.Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, show_progress=False)
    # In sorted order, because the trainer only counts the words.
    learner.train_from_iterator(_repeated(words), trainer)
    used: Counter[str] = Counter()
    for word, count in words.items():
        for i, piece in enumerate(learner.encode(word).tokens):
            used[piece if i == 0 else "##" + piece] += count
    return sorted(used, key=lambda piece: (-used[piece], piece))


def _repeated(words: Counter) -> Iterable[str]:
    for word in sorted(words):
        for start in range(0, words[word], _A_LINE):
            yield " ".join([word] * min(_A_LINE, words[word] - start))


def byte_bpe_core(texts: Iterable[str], vocabulary: int, style: str) -> hf.Tokenizer:
    """A byte-level BPE tokenizer (Radford et al. 2019), which can encode every string.

    `style` is "norbert3" or "modernbert". In both styles, a text becomes [CLS] … [SEP], and a pair becomes [CLS] …
    [SEP] … [SEP]. The offsets of a token leave out the space before a word. Letters are not composed (NFC), because the
    offsets of a composed letter would contain only the first of its characters.
    """
    if style not in ("norbert3", "modernbert"):
        raise ValueError(f"no byte-level style {style!r}")
    special = SPECIAL if style == "modernbert" else ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    _refuse_too_small(vocabulary, len(special) + len(alphabet))
    core = hf.Tokenizer(models.BPE())
    # The first word is encoded like any other: as if exactly one space preceded it.
    core.normalizer = normalizers.Strip(left=True, right=False)
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    core.decoder = decoders.ByteLevel()
    core.post_processor = processors.Sequence(
        [processors.ByteLevel(add_prefix_space=True, trim_offsets=True), _template(core)]
    )
    return core


def load(folder: Path):
    """Load the fast tokenizer in `folder`, without remote code. Offsets of its tokens never start with white space.

    Truncation and padding are arguments of a call of the tokenizer, and act at the end of a text. Settings for them in
    the files are ignored. For everything else `tokenizer.json` decides, whatever `tokenizer_config.json` says. Raises
    CheckpointError if `tokenizer.json` is missing or cannot be read.
    """
    from transformers import PreTrainedTokenizerFast

    folder = Path(folder)
    if not (folder / "tokenizer.json").is_file():
        raise CheckpointError(
            f"{folder} has no tokenizer.json.",
            remedy="Make or import the checkpoint with `harness checkpoint FAMILY`.",
        )
    with _naming(folder / "tokenizer.json"):
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.truncation_side = tokenizer.padding_side = "right"
    _trim_offsets(tokenizer.backend_tokenizer)
    return tokenizer


def read(path: Path) -> hf.Tokenizer:
    """The tokenizer in the `tokenizer.json` at `path`. Raises CheckpointError if the file cannot be read."""
    with _naming(path):
        return hf.Tokenizer.from_file(str(path))


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the tokenizers library raises plain Exception
        raise CheckpointError(
            f"{path} cannot be read: {first_line(error)}",
            remedy="Copy the file anew from the checkpoint's origin.",
        ) from error


def overruled(tokenizer: hf.Tokenizer, stated: dict) -> list[str]:
    """Notes on the settings of a checkpoint's tokenizer that are not used. `tokenizer` is read from `tokenizer.json`,
    and `stated` from `tokenizer_config.json`."""
    found = []
    for name, does in folding(tokenizer).items():
        if isinstance(stated.get(name), bool) and stated[name] != does:
            found.append(
                f"tokenizer_config.json says {name}: {str(stated[name]).lower()}, but tokenizer.json "
                f"{_DOES[name][does]}; tokenizer.json is used"
            )
    for name in OF_TOKENS:
        if name in stated and not _does(tokenizer, name, stated[name]):
            found.append(f"tokenizer_config.json has another {name} than tokenizer.json; tokenizer.json is used")
    for name in ("truncation", "padding"):
        value, side = getattr(tokenizer, name), stated.get(f"{name}_side", "right")
        if value:
            found.append(f"tokenizer.json has its own {name}; the recipe's is used")
        if side != "right":
            found.append(f"tokenizer_config.json says {name}_side: {side}; texts are cut and filled at their end")
    return found


def _does(tokenizer: hf.Tokenizer, name: str, stated) -> bool:
    """True if `tokenizer` does what `tokenizer_config.json` says (`stated`) for the key `name`, one of `OF_TOKENS`."""
    if name in ("add_special_tokens", "split_special_tokens"):
        return stated is (name == "add_special_tokens")
    added = tokenizer.get_added_tokens_decoder()
    if name == "added_tokens_decoder":
        own = {str(number): token for number, token in added.items()}
        return all(
            number in own and all(getattr(own[number], key, value) == value for key, value in token.items())
            for number, token in stated.items()
        )
    tokens = stated.values() if isinstance(stated, dict) else stated or ()
    return {token["content"] if isinstance(token, dict) else token for token in tokens} <= {
        token.content for token in added.values()
    }


def folding(tokenizer: hf.Tokenizer) -> dict[str, bool]:
    """Whether `tokenizer` lower-cases and strips accents: {"do_lower_case", "strip_accents"}, the keys of
    `tokenizer_config.json`."""
    return {"do_lower_case": _turns(tokenizer, "A", "a"), "strip_accents": _turns(tokenizer, "é", "e")}


def _turns(tokenizer: hf.Tokenizer, letter: str, into: str) -> bool:
    return tokenizer.normalizer is not None and tokenizer.normalizer.normalize_str(letter).endswith(into)


def _trim_offsets(core: hf.Tokenizer) -> None:
    """Make the offsets of tokens leave out the space before a word. Byte-level tokenizers of the hub may include it."""
    text, original = "a b", core.post_processor

    def begins_with_space() -> bool:
        return any(text[start:end].startswith(" ") for start, end in core.encode(text).offsets)

    if not begins_with_space():
        return
    # The tokenizer does not say whether it puts a space before the first word. A wrong guess loses a character.
    for prefixed in (False, True):
        trim = processors.ByteLevel(add_prefix_space=prefixed, trim_offsets=True)
        core.post_processor = processors.Sequence([trim, original] if original is not None else [trim])
        if core.encode(text, add_special_tokens=False).offsets[0] == (0, 1):
            return


def _template(core: hf.Tokenizer) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(name, core.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )


def _wrapped(core: hf.Tokenizer, inputs: list[str]):
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_input_names=inputs,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        clean_up_tokenization_spaces=False,
    )


def _refuse_too_small(vocabulary: int, needed: int) -> None:
    if vocabulary < needed + 32:
        raise CheckpointError(
            f"A vocabulary of {vocabulary} tokens is too small: {needed} are needed for characters alone.",
            remedy=f"Set encoder.vocabulary to {needed + 32} or more.",
        )
