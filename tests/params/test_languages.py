"""A Norwegian encoder is not compared on an English task unless the family names it."""

import dataclasses

import pytest

from harness.errors import ConfigError
from harness.params import languages, profiles, reading


@pytest.fixture(scope="module")
def families():
    return reading.parse(profiles.text("paper")).everything().families


def test_an_english_task_is_refused_with_its_translation(families):
    with pytest.raises(ConfigError, match=r"medmqp are in English.*families\.nb_bert") as refused:
        languages.hold(families, {"medmqp": "medmqp_nb"})
    assert "medmqp_nb" in refused.value.remedy and "despite_language: [medmqp]" in refused.value.remedy


def test_it_is_allowed_by_name(families):
    allowed = {name: dataclasses.replace(family, despite_language=("medmqp",)) for name, family in families.items()}
    languages.hold(allowed, {"medmqp": "medmqp_nb"})
    with pytest.raises(ConfigError, match="medmcqa"):
        languages.hold(allowed, {"medmqp": "medmqp_nb", "medmcqa": ""})


def test_an_english_encoder_and_one_that_says_nothing_are_let_be(families):
    norwegian = families["nb_bert"]
    assert (families["modernbert"].language, norwegian.language) == ("English", "Norwegian")
    languages.hold({"modernbert": families["modernbert"]}, {"medmqp": ""})
    languages.hold({"nb_bert": dataclasses.replace(norwegian, language=None)}, {"medmqp": ""})
    with pytest.raises(ConfigError):
        languages.hold({"nb_bert": norwegian}, {"medmqp": ""})


def test_the_paper_has_the_norwegian_versions():
    run = reading.parse(profiles.text("paper")).everything().run
    assert {"medmqp_nb", "medmcqa_nb"} <= set(run.tasks) and not {"medmqp", "medmcqa"} & set(run.tasks)
