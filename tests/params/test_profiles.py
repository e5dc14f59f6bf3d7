"""A profile is what one purpose changes of the base, and `params.yaml` is both together."""

import hashlib
import itertools
import json
from collections.abc import Mapping

import pytest
from ruamel.yaml import YAML

from harness.cli import main
from harness.errors import ConfigError
from harness.params import document, profiles, reading, schema


def of(file: str) -> dict:
    return YAML(typ="safe", pure=True).load((profiles.FOLDER / f"{file}.yaml").read_text(encoding="utf-8"))


def merged(base, changes):
    if not (isinstance(base, Mapping) and isinstance(changes, Mapping)):
        return changes
    return {**base, **{key: merged(base.get(key), value) for key, value in changes.items()}}


def repeated(base, changes, path: str = "") -> list[str]:
    """The paths of values that `changes` has as `base` has them."""
    found = []
    for key in base.keys() & changes.keys():
        if base[key] == changes[key]:
            found.append(f"{path}{key}")
        elif isinstance(base[key], Mapping) and isinstance(changes[key], Mapping):
            found += repeated(base[key], changes[key], f"{path}{key}.")
    return found


@pytest.mark.parametrize("name", profiles.names())
def test_a_profile_is_the_base_with_its_changes_and_repeats_nothing_of_it(name):
    assert document.sections(profiles.text(name), name) == merged(of("base"), of(name))
    assert repeated(of("base"), of(name)) == []


def test_what_a_change_repeats_is_found():
    base = {"a": {"b": 1, "c": [1]}, "d": {"e": 1}}
    assert sorted(repeated(base, {"a": {"b": 1, "c": [2]}, "d": {"e": 1, "f": 2}})) == ["a.b", "d.e"]


# Figures are known by the name of their profile: who changes one on purpose puts its new digest here.
DIGESTS = {
    "embedded": "9bdfe17df44cfd9c",
    "lab": "973755620bf34bc3",
    "paper": "08ec04f9c0909913",
    "public": "1b081bd9e5666ea7",
}


@pytest.mark.parametrize("name", profiles.names())
def test_a_profile_has_the_values_that_are_known_by_its_name(name):
    values = json.dumps(document.sections(profiles.text(name), name), sort_keys=True)
    assert hashlib.sha256(values.encode()).hexdigest()[:16] == DIGESTS[name]


@pytest.mark.parametrize("name", profiles.names())
def test_comments_of_both_files_are_kept_where_they_belong(name):
    text = profiles.text(name)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 120 and not any(line.endswith(" ") for line in lines)
    assert lines[:3] == [f"# yaml-language-server: $schema={schema.NAME}", f"# {profiles.purpose(name)}", "run:"]
    for file in ("base", name):
        for line in (profiles.FOLDER / f"{file}.yaml").read_text(encoding="utf-8").splitlines():
            replaced = file == "base" and line.startswith("# What a recipe leaves out")
            assert not line.lstrip().startswith("#") or line in lines or replaced, line
    # An empty line before each section at the top and its comment, and nowhere else.
    for before, line in itertools.pairwise(lines):
        begins = line[:1].strip() != "" and not before.startswith("#")
        assert line == "" or (before == "") == begins, line
    elsewhere = lines.index("  elsewhere:")
    assert lines[elsewhere - 1].startswith("  # Existing checkpoints")


def test_an_unknown_profile_gets_the_nearest_name():
    with pytest.raises(ConfigError, match="Did you mean 'paper'") as caught:
        profiles.text("papr")
    assert caught.value.remedy == "Profiles: embedded, lab, paper, public."
    with pytest.raises(ConfigError, match="no profile 'base'"):
        profiles.text("base")


def test_the_list_says_what_each_is_for_and_which_is_in_use(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").touch()
    for name in profiles.names():
        assert main(["profile", "use", name]) == 0
        capsys.readouterr()
        assert main(["profile", "list"]) == 0
        rows = [line.split() for line in capsys.readouterr().out.splitlines()[3:] if line.strip()]
        assert {row[0]: row[-1] == "yes" for row in rows} == {other: other == name for other in profiles.names()}
    with open(tmp_path / "params.yaml", "a", encoding="utf-8") as handle:
        handle.write("# mine\n")
    assert main(["profile", "list"]) == 0 and "yes" not in capsys.readouterr().out.split()


def test_the_committed_parameters_are_the_embedded_profile_and_name_the_present_schema(repository):
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    assert text == profiles.text("embedded"), "run `harness profile use embedded`"
    assert (repository / schema.NAME).read_text(encoding="utf-8") == schema.text(), "run `harness pipeline`"
    assert reading.parse(text).everything().run.profile == "embedded"
