"""README.md of a checkpoint: a header the hub's own library reads back, escaped text, an example that runs."""

import dataclasses
import re
import shutil

import cards_made
import hostile
import pytest
from huggingface_hub import EvalResult, ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.encoders import cards, readme
from harness.encoders.architectures import ARCHITECTURES
from harness.encoders.readme_header import stated_header
from harness.objectives import OBJECTIVES
from harness.text import printable

RESULTS = [
    {
        "task": {"type": "token-classification"},
        "dataset": {"name": "Nor-DeID (synthetic stand-in)", "type": "nor_deid"},
        "metrics": [{"type": "f1", "value": 0.5188, "name": "strict entity F1, mean of 5 seeds"}],
    }
]


def text(facts, results=()) -> str:
    return readme.model_card(cards.card(facts), results)


def header(content: str) -> dict:
    return ModelCard(content).data.to_dict()


def test_the_header_of_an_arm_that_was_trained_here():
    found = header(text(cards_made.built()))
    assert found == {
        "language": ["no", "nb", "nn"],
        "library_name": "transformers",
        "pipeline_tag": "fill-mask",
        "tags": ["norbert3", "encoder", "clinical"],
        "base_model": "ltg/norbert3-large",
        "base_model_relation": "finetune",
    }


def test_the_header_of_an_import_keeps_what_its_source_states():
    found = header(text(cards_made.imported()))
    assert found["license"] == "cc-by-4.0" and found["language"] == ["no"]
    assert "base_model" not in found and "datasets" not in found
    nothing = header(text(cards_made.imported(stated=None)))
    assert not {"license", "language"} & nothing.keys()


def test_nothing_is_made_up_without_a_parent_of_the_hub():
    found = header(text(cards_made.built(parent=None)))
    assert not {"base_model", "license", "datasets", "model-index"} & found.keys()
    assert "began from random weights" in text(cards_made.built(parent=None))


def test_the_header_survives_the_hubs_library():
    """Parsed and written again it is the same text, and results are read as results."""
    for facts in (cards_made.built(), cards_made.imported()):
        content = text(facts, RESULTS)
        parsed = ModelCard(content)
        assert parsed.content == content
        [result] = parsed.data.eval_results
        assert isinstance(result, EvalResult)
        assert (result.metric_value, result.dataset_type) == (0.5188, "nor_deid")
        assert header(content)["model-index"] == [
            {"name": f"{facts.family}-{facts.arm}", "results": header(content)["model-index"][0]["results"]}
        ]


def test_malformed_results_are_refused():
    with pytest.raises(ValueError, match="model_index"):
        text(cards_made.built(), [{"task": {}}])


def test_the_same_card_gives_the_same_bytes_whatever_the_order_of_its_keys():
    card = cards.card(cards_made.built())

    def turned(value):
        return {k: turned(v) for k, v in reversed(value.items())} if isinstance(value, dict) else value

    assert readme.model_card(turned(card)) == readme.model_card(card)


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_it_says_in_words_what_the_encoder_was_trained_to_guess(name):
    training = cards_made.training(recipe=name)
    assert f"| objective | {OBJECTIVES[name].in_words()} |" in text(cards_made.built(training=training))


def test_it_says_how_it_was_made_in_numbers():
    content = text(cards_made.built())
    for said in (
        "| recipe | `bert_mlm` |",
        "| learning_rate | `0.004` |",
        "256 = 16 per device × 4 accumulated × 4 devices",
        "| updates | 450 |",
        "| tokens seen | 345\u202f600 |",
        "| synthetic (written by a program) | 4\u202f483 | 291\u202f759 | bokmål 3\u202f605, nynorsk 878 | CC0-1.0 |",
        "epikrise 816, nødsamtale 746",
        "| clinical | all | 40 | 9.50 | 4.50 | 10 % | 48 % |",
        "| clinical | epikrise | 10 | 8.00 | 3.00 | 10 % | 40 % |",
        f"at commit `{cards_made.COMMIT}`",
        "Licence: not provided. It depends on the training data and on the parent. The checkpoint it began from "
        "states `apache-2.0`.",
        "c" * 64,
        "d" * 64,
        "e" * 64,
    ):
        assert said in content, said


def test_what_did_not_meet_on_loading_is_named():
    missing = ("cls.seq_relationship.bias", "cls.seq_relationship.weight")
    content = text(cards_made.built(architecture="bert", missing=missing))
    assert "Not in the source's weights: `cls.seq_relationship.bias`, `cls.seq_relationship.weight`." in content
    assert "In the source's weights, but left out: `cls.seq_relationship.weight`." in text(cards_made.imported())


@pytest.mark.parametrize(
    ("architecture", "missing", "tag"),
    [
        ("bert", (), "fill-mask"),
        ("bert", ("cls.seq_relationship.weight",), "fill-mask"),
        *((name, (kind.masked_lm_head[0] + "bias",), "feature-extraction") for name, kind in ARCHITECTURES.items()),
    ],
)
def test_an_import_without_its_masked_lm_head_is_not_offered_for_filling_masks(architecture, missing, tag):
    content = text(cards_made.imported(architecture=architecture, missing=missing))
    assert header(content)["pipeline_tag"] == tag
    assert ("AutoModelForMaskedLM" in content) == (tag == "fill-mask")


@pytest.mark.parametrize(
    ("kind", "said", "unsaid"),
    [
        ("synthetic", "Generated text", "memorised"),
        ("restricted", "memorised", "Generated text"),
        ("public", "", "memor"),
    ],
)
def test_limits_follow_from_the_kind_of_data(kind, said, unsaid):
    part = dataclasses.replace(cards_made.CLINICAL, kind=kind)
    content = text(cards_made.built(training=cards_made.training(corpora={"clinical": part})))
    assert said in content and unsaid not in content


# Without U+0085: PyYAML writes it bare, and reading it back folds it into a space.
NASTY = st.text(
    st.sampled_from(list("ab |`*_<>[]\\\n\r\t#-:'\"{}&!%@æ\u2028\x07"))
    | st.characters(codec="utf-8", exclude_characters="\x85"),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(NASTY, NASTY)
def test_names_from_data_and_strangers_cannot_break_the_page(one, other):
    part = dataclasses.replace(cards_made.CLINICAL, document_types={one: 1}, licence=other)
    trained = cards_made.training(corpora={"clinical": part}, recipe=one, parameters={"name": other})
    licence = {"id": one or None, "name": other or None, "link": None}
    stated = {"licence": licence, "language": [other] if other else None}
    for facts in (cards_made.built(training=trained), cards_made.imported(stated=stated)):
        content = text(facts)
        data = header(content)
        if facts.stated:
            assert data.get("license") == licence["id"] and data.get("license_name") == licence["name"]
        body = content.split("\n---\n", 1)[1]
        titles = re.findall(r"^## (.*)$", body, re.M)
        assert titles == ["What it is", "How it was made", "Training data", "Losses", "Intended use", "Limits",
                          "How to load it", "Provenance"]  # fmt: skip
        for table in re.findall(r"(?:^\|.*\n)+", body, re.M):
            rows = [re.sub(r"\\.", "", row) for row in table.splitlines()]
            assert len({row.count("|") for row in rows}) == 1, table


@pytest.mark.parametrize("acting", hostile.ALL)
def test_what_a_site_or_a_source_writes_is_text_in_the_card(acting):
    """In every field of a card: no mark, and no link of a renderer."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def marks(facts):
        tokens = markdown.parse(text(facts).split("\n---\n", 1)[1])
        children = [child for token in tokens for child in token.children or ()]
        assert not re.search(r"://|www\.|mailto:|\S@\S", "\n".join(c.content for c in children if c.type == "text"))
        kept = [(token.type, token.tag, token.level) for token in tokens]
        return kept, {child.type for child in children} - {"text_special"}

    for facts, harmless in zip(cards_made.said_by(acting), cards_made.said_by("harmless"), strict=True):
        blocks, kinds = marks(facts)
        assert blocks == marks(harmless)[0]
        assert kinds <= {"text", "code_inline", "softbreak"}
        body = text(facts).split("\n---\n", 1)[1]
        outside = re.sub(r"(`+)(?!`)[^`\n]*\1", "", body)
        # A page that draws formulas needs no parser of Markdown for them.
        assert "$" not in outside and not any(printable.acts(c) for c in body if c != "\n")
        assert header(text(facts))["tags"] == [facts.architecture, "encoder", facts.arm]


def test_the_example_runs(checkpoint, architecture, tmp_path):
    folder = tmp_path / "arm"
    shutil.copytree(checkpoint, folder)
    card = cards.card(cards_made.built(architecture=architecture))
    cards.write(folder, card)
    [code] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.S)
    found: dict = {}
    exec(code.replace('folder = "."', f"folder = {str(folder)!r}"), found)
    assert "MaskedLM" in type(found["model"]).__name__
    assert found["tokenizer"]("en pasient").input_ids
    assert ("norbert3_heads" in code) == (architecture == "norbert3")


def test_a_written_header_is_read_back_as_a_source_states_it(tmp_path):
    facts = cards_made.imported()
    cards.write(tmp_path, cards.card(facts))
    assert stated_header(tmp_path) == facts.stated
