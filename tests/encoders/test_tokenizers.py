"""Tokenizers: the same bytes in every process, nothing Norwegian unknown, offsets that point into the text."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers as hf
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_encoders import ENCODER, TEXTS, imported
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from harness.encoders import tokenizers
from harness.errors import CheckpointError, DataError
from harness.params.config import TRAINED

LETTERS = "abcæøåÆØÅéüđŋ 0123.,-/()«»–\u00a0\n\t🙂👩‍⚕️e\u0301ß漢"
TEXT = st.text(alphabet=LETTERS, max_size=40) | st.text(max_size=25)
EXAMPLES = settings(max_examples=120, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def built() -> dict:
    return {name: tokenizers.build(name, TEXTS, ENCODER.vocabulary) for name in TRAINED}


def test_two_processes_write_the_same_bytes():
    code = (
        "import hashlib\nfrom tiny_encoders import TEXTS\nfrom harness.encoders import tokenizers as t\n"
        "for made in (t.wordpiece_core(TEXTS, 420), t.byte_bpe_core(TEXTS, 420, 'norbert3'),\n"
        "             t.byte_bpe_core(TEXTS, 420, 'modernbert')):\n"
        "    print(hashlib.sha256(made.to_str().encode()).hexdigest())\n"
    )
    outputs = []
    for seed, threads, parallel in (("1", "1", "false"), ("2", "4", "true"), ("3", "3", "true")):
        path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
        setting = {"PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": parallel}
        environment = {**os.environ, **setting, "PYTHONPATH": path}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert len(outputs[0].split()) == 3 and outputs[0] == outputs[1] == outputs[2]


def test_order_of_the_texts_does_not_matter(built):
    for name in TRAINED:
        again = tokenizers.build(name, iter(TEXTS[::-1]), ENCODER.vocabulary)
        assert again.backend_tokenizer.to_str() == built[name].backend_tokenizer.to_str()


def test_round_trip_through_a_folder(built, tmp_path):
    for name, tokenizer in built.items():
        tokenizer.save_pretrained(tmp_path / name)
        again = tokenizers.load(tmp_path / name)
        assert again(TEXTS).input_ids == tokenizer(TEXTS).input_ids
        assert again.special_tokens_map == tokenizer.special_tokens_map
        assert ("token_type_ids" in again("a")) == (name == "bert")
        assert len(again) <= ENCODER.vocabulary


def test_special_tokens_frame_texts_and_pairs(built):
    for name, tokenizer in built.items():
        cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
        first, second = (tokenizer(t, add_special_tokens=False).input_ids for t in ("Hei", "på deg"))
        assert tokenizer("Hei").input_ids == [cls, *first, sep]
        pair = tokenizer("Hei", "på deg")
        assert pair.input_ids == [cls, *first, sep, *second, sep]
        assert tokenizer.num_special_tokens_to_add(pair=True) == 3
        ids = {tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.mask_token_id, cls, sep}
        assert ids == set(range(5))
        if name == "bert":
            assert pair.token_type_ids == [0] * (len(first) + 2) + [1] * (len(second) + 1)


def test_byte_level_tokenizers_lose_nothing(built):
    for name in ("norbert3", "modernbert"):
        for text in ("Ødegård, Åse: 38,5 °C 🙂", "漢字 og ŋ", "to  mellomrom"):
            ids = built[name](text, add_special_tokens=False).input_ids
            assert built[name].unk_token_id not in ids
            assert built[name].decode(ids).strip() == text


def test_wordpiece_folds_case_but_not_letters_and_knows_every_norwegian_character(built):
    tokenizer = built["bert"]
    assert tokenizer.tokenize("ÅSE") == tokenizer.tokenize("åse") != tokenizer.tokenize("ase")
    every = "abcdefghijklmnopqrstuvwxyzæøåéèêóòôüöäáčđŋšŧž0123456789"
    for text in (every, every[::-1], *"!?.,;:-–—«»”’()[]/%&+=*§°€…"):
        assert tokenizer.unk_token_id not in tokenizer(text).input_ids, text
    assert tokenizer.tokenize("漢") == ["[UNK]"]


def test_wordpiece_keeps_frequent_words_whole_and_segments_the_rest():
    texts = ["pasienten har feber"] * 50 + ["pasientene hadde feberfantasier"]
    tokenizer = tokenizers.build("bert", texts, 260)
    assert tokenizer.tokenize("pasienten har feber") == ["pasienten", "har", "feber"]
    pieces = tokenizer.tokenize("feberpasienten")
    assert len(pieces) > 1 and "".join(p.removeprefix("##") for p in pieces) == "feberpasienten"
    assert all(piece.startswith("##") for piece in pieces[1:])


def test_a_vocabulary_too_small_for_the_characters_is_refused():
    for name in TRAINED:
        with pytest.raises(CheckpointError, match="too small"):
            tokenizers.build(name, TEXTS, 100)


@EXAMPLES
@given(text=TEXT)
def test_offsets_point_into_the_text_and_never_start_with_space(built, text):
    for tokenizer in built.values():
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        last = 0
        for start, end in encoded["offset_mapping"]:
            assert 0 <= start <= end <= len(text)
            assert start >= last
            last = start
            piece = text[start:end]
            assert not piece or not piece[0].isspace() or piece.isspace(), (piece, text)


@EXAMPLES
@given(text=TEXT)
def test_offsets_of_a_byte_level_tokenizer_cover_every_visible_character(built, text):
    for name in ("norbert3", "modernbert"):
        encoded = built[name](text, add_special_tokens=False, return_offsets_mapping=True)
        covered = {i for start, end in encoded["offset_mapping"] for i in range(start, end)}
        assert {i for i, character in enumerate(text) if not character.isspace()} <= covered


def test_a_foreign_tokenizer_that_counts_the_space_is_mended(tmp_path):
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.train_from_iterator(TEXTS)
    core.add_special_tokens(["[CLS]", "[SEP]"])
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(t, core.token_to_id(t)) for t in ("[CLS]", "[SEP]")]
    )
    text = "Pasienten ble innlagt"
    assert any(text[a:b].startswith(" ") for a, b in core.encode(text).offsets)
    core.save(str(tmp_path / "tokenizer.json"))
    loaded = tokenizers.load(tmp_path)(text, return_offsets_mapping=True)
    assert not any(text[a:b].startswith(" ") for a, b in loaded["offset_mapping"])
    assert loaded["input_ids"] == core.encode(text).ids


def test_a_missing_or_damaged_tokenizer_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"no tokenizer\.json"):
        tokenizers.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"model": {"type": "WordPi')
    with pytest.raises(CheckpointError, match="cannot be read"):
        tokenizers.load(tmp_path)


# --- what the files say of themselves ----------------------------------------------------------


def changed(folder, settings, **baked):
    """The tokenizer in `folder` with other settings, and truncation or padding baked into tokenizer.json."""
    core = hf.Tokenizer.from_file(str(folder / "tokenizer.json"))
    if "truncation" in baked:
        core.enable_truncation(**baked["truncation"])
    if "padding" in baked:
        core.enable_padding(**baked["padding"])
    core.save(str(folder / "tokenizer.json"))
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


SAID = [
    ({"truncation_side": "left"}, {}),
    ({"padding_side": "left"}, {}),
    ({}, {"truncation": {"max_length": 6, "direction": "left"}}),
    ({}, {"truncation": {"max_length": 6, "stride": 2}}),
    ({}, {"padding": {"length": 40, "direction": "left"}}),
    ({"truncation_side": "left", "padding_side": "left", "model_max_length": 5}, {"padding": {"length": 64}}),
]


@pytest.mark.parametrize(("settings", "baked"), SAID, ids=str)
def test_truncation_and_padding_are_the_callers_whatever_the_files_say(settings, baked, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "theirs")
    changed(folder, settings, **baked)
    plain, theirs = tokenizers.load(checkpoint), tokenizers.load(folder)
    for call in (
        {}, {"truncation": True, "max_length": 8}, {"padding": True}, {"padding": "max_length", "max_length": 90},
        {"truncation": True, "max_length": 8, "stride": 2, "return_overflowing_tokens": True},
    ):  # fmt: skip
        assert theirs(TEXTS[:2], **call).input_ids == plain(TEXTS[:2], **call).input_ids
    assert theirs(TEXTS[0], TEXTS[1], truncation="longest_first", max_length=12).data == (
        plain(TEXTS[0], TEXTS[1], truncation="longest_first", max_length=12).data
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"do_lower_case": False}, ["says do_lower_case: false, but tokenizer.json lower-cases;"]),
        ({"strip_accents": True}, ["says strip_accents: true, but tokenizer.json does not strip accents;"]),
        ({"do_lower_case": True, "strip_accents": None}, []),
        ({"padding_side": "left"}, ["padding_side: left; texts are cut and filled at their end"]),
    ],
    ids=str,
)
def test_where_the_files_disagree_an_import_takes_tokenizer_json_and_says_so(
    settings, said, checkpoints_by_name, tmp_path
):
    folder = shutil.copytree(checkpoints_by_name["bert"], tmp_path / "theirs")
    changed(folder, settings)
    card = imported(folder, "bert", tmp_path / "arm")
    assert len(card["notes"]) == len(said) and all(part in note for part, note in zip(said, card["notes"], strict=True))
    taken = tokenizers.load(tmp_path / "arm")
    assert taken.tokenize("Åse") == tokenizers.load(checkpoints_by_name["bert"]).tokenize("Åse")
    written = json.loads((tmp_path / "arm" / "tokenizer_config.json").read_text())
    assert written.get("do_lower_case", True) is True and written.get("strip_accents") in (None, False)
    assert "padding_side" not in written


def test_what_is_baked_into_a_tokenizer_is_said_at_import(checkpoints_by_name, tmp_path):
    folder = shutil.copytree(checkpoints_by_name["modernbert"], tmp_path / "theirs")
    changed(folder, {}, truncation={"max_length": 6, "direction": "left"}, padding={"length": 9})
    card = imported(folder, "modernbert", tmp_path / "arm")
    assert card["notes"] == [
        "tokenizer.json has its own truncation; the recipe's is used",
        "tokenizer.json has its own padding; the recipe's is used",
    ]


class Text(str):
    """A text that is counted while it lives."""

    alive = most = 0

    def __new__(cls, text: str):
        Text.alive += 1
        Text.most = max(Text.most, Text.alive)
        return super().__new__(cls, text)

    def __del__(self):
        Text.alive -= 1


@pytest.mark.parametrize("architecture", sorted(TRAINED))
def test_a_corpus_is_never_held(architecture):
    Text.alive = Text.most = 0
    tokenizers.build(architecture, (Text(TEXTS[i % 20]) for i in range(2000)), ENCODER.vocabulary)
    assert 1 <= Text.most < 600


@pytest.mark.parametrize("architecture", sorted(TRAINED))
def test_what_is_wrong_in_a_corpus_is_said_as_it_is(architecture):
    def texts():
        yield from TEXTS
        raise DataError("corpus.jsonl, line 21: not JSON.", remedy="Fix it.")

    with pytest.raises(DataError, match="line 21"):
        tokenizers.build(architecture, texts(), ENCODER.vocabulary)
