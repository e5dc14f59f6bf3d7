"""What an editor is told of `params.yaml` is what the harness holds it against."""

import dataclasses
import json

import pytest

from harness.cli import main
from harness.objectives import OBJECTIVES
from harness.params import profiles, schema
from harness.params.config import Hub, Recipe
from harness.params.whole import Params
from harness.pipeline import code_lists


@pytest.fixture(scope="module")
def told() -> dict:
    return json.loads(schema.text())


def test_each_section_tells_of_its_settings_and_of_no_others(told):
    for section, kind in ((told, Params), (told["$defs"]["Recipe"], Recipe), (told["$defs"]["Hub"], Hub)):
        assert list(section["properties"]) == [field.name for field in dataclasses.fields(kind)]
        assert section["additionalProperties"] is False and section["title"] and section["description"]
    assert told["$defs"]["Hub"]["required"] == ["source", "repository", "revision"]


def test_ranges_names_and_patterns_are_told(told):
    sections = told["$defs"]
    level, rate = sections["Statistics"]["properties"]["level"], sections["Recipe"]["properties"]["learning_rate"]
    assert (level["exclusiveMinimum"], level["exclusiveMaximum"]) == (0.5, 1)
    assert (rate["exclusiveMinimum"], rate["maximum"]) == (0, 1)
    assert sections["Engine"]["properties"]["precision"]["enum"] == ["fp32", "bf16"]
    files = sections["Hub"]["properties"]["files"]["anyOf"][0]
    assert list(files["patternProperties"]) == ["^[A-Za-z0-9_][A-Za-z0-9._-]*$"]
    assert files["additionalProperties"] is False is told["properties"]["families"]["additionalProperties"]


def test_a_setting_is_described_by_the_sentences_that_name_it(told):
    stride = told["$defs"]["Recipe"]["properties"]["stride"]["description"]
    assert stride.startswith("`stride` is the overlap of neighbouring windows") and "Lengths" not in stride


def test_a_training_has_the_settings_of_its_recipe_and_only_what_is_not_published_must_be_there(told):
    family = told["$defs"]["Family"]["properties"]
    assert {"$ref": "#/$defs/Training"} in family["general"]["anyOf"] and family["adaptation"] != family["general"]
    trainings = {one["properties"]["recipe"]["const"]: one for one in told["$defs"]["Training"]["oneOf"]}
    assert trainings.keys() == OBJECTIVES.keys()
    for name, objective in OBJECTIVES.items():
        settings, published = trainings[name]["properties"], objective.published
        assert set(settings) == {field.name for field in dataclasses.fields(objective.settings)}
        assert set(trainings[name]["required"]) == settings.keys() - published.keys()
        assert {key: settings[key]["default"] for key in published} == dict(published)
        assert "rises over" in settings["warmup"]["description"] and trainings[name]["title"] == name


def test_the_schema_stands_beside_the_parameters_that_name_it_and_is_renewed_with_the_lists_of_code(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    profiles.use(tmp_path, "lab")
    path = tmp_path / schema.NAME
    assert (tmp_path / "params.yaml").read_text(encoding="utf-8").splitlines()[0].endswith(f"$schema={path.name}")
    path.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(code_lists, "listings", lambda root: {})
    assert main(["pipeline", "--check"]) == 1 and f"{path.name} is out of date" in capsys.readouterr().out
    assert main(["pipeline"]) == 0 and path.read_text(encoding="utf-8") == schema.text()
    assert main(["pipeline", "--check"]) == 0
