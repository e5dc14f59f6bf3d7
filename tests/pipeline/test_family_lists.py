"""What a family's checkpoints depend on of the objectives: the one that trains them, and no other."""

import shutil

import pytest

from harness.cli import main
from harness.errors import HarnessError
from harness.objectives import OBJECTIVES
from harness.params import profiles
from harness.pipeline import code, code_lists, family_lists

STAGES = {stage: f"harness.stages.{stage}" for stage in family_lists.SECTIONS}
FAMILIES = {"nb_bert": "mlm_nsp", "norbert3": "span", "modernbert": "dynamic"}
# By file, the objectives that are made of it.
MADE_OF = {
    "span.py": {"span"},
    "dynamic.py": {"dynamic"},
    "mlm_nsp.py": {"mlm_nsp"},
    "mlm.py": {"mlm", "mlm_nsp"},
    "masked.py": set(OBJECTIVES),
    "objective.py": set(OBJECTIVES),
    "common/packing.py": {"dynamic"},
    "common/segments.py": {"mlm_nsp"},
    "common/masking.py": set(OBJECTIVES),
    "another.py": set(),
}


@pytest.fixture
def root(tmp_path):
    """A copy of the package, to be changed, beside the parameters of a profile."""
    shutil.copytree(code.PACKAGE, tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    profiles.use(tmp_path, "embedded")
    return tmp_path


def identities(package) -> dict[tuple, str]:
    return {
        (stage, name): code.code_hash(module, package, objectives=(name,))
        for stage, module in STAGES.items()
        for name in OBJECTIVES
    }


@pytest.fixture(scope="module")
def before() -> dict[tuple, str]:
    """The identities that the package gives as it is."""
    return identities(code.PACKAGE)


@pytest.mark.parametrize("file", MADE_OF)
def test_a_changed_objective_makes_stale_what_was_trained_by_it_and_nothing_else(root, before, file):
    lists = code_lists.listings(root)
    path = root / "harness" / "objectives" / file
    path.write_text((path.read_text(encoding="utf-8") if path.is_file() else "") + "\nCHANGED = 1\n", encoding="utf-8")
    after, now = identities(root / "harness"), code_lists.listings(root)
    assert {key for key in before if after[key] != before[key]} == {(s, name) for s in STAGES for name in MADE_OF[file]}
    stale = {(stage, family) for stage in STAGES for family in FAMILIES if any(
        lists[path] != now[path] for path in code_lists.of_stage(stage, family=family))}  # fmt: skip
    assert stale == {(stage, family) for stage in STAGES for family, by in FAMILIES.items() if by in MADE_OF[file]}
    others = {path for path in lists if lists[path] != now[path]} - {path for s in STAGES for path in (
        f"pipeline/{s}.txt", *(f"pipeline/families/{f}/{s}.txt" for f in FAMILIES))}  # fmt: skip
    assert not others


def test_what_a_card_or_a_check_says_of_an_objective_trains_nothing_anew(root):
    before = code_lists.listings(root)
    for file, was, now in (
        ("objectives/span.py", "of whole spans", "of spans"),
        ("objectives/span.py", "Interval(ge=2)", "Interval(ge=3)"),
        ("objectives/dynamic.py", "0 (the recipe", "zero (the recipe"),
        ("params/config.py", "ge=1, le=4_096", "ge=1, le=4_097"),
        ("params/config.py", "a multiple of heads", "a product of heads"),
    ):
        path = root / "harness" / file
        text = path.read_text(encoding="utf-8")
        assert was in text
        path.write_text(text.replace(was, now), encoding="utf-8")
        assert code_lists.listings(root) == before, was


def test_an_import_is_made_of_no_objective(root):
    for module in STAGES.values():
        before = code.code_hash(module, root / "harness", objectives=())
        for path in (root / "harness" / "objectives").glob("*.py"):
            if path.stem in OBJECTIVES:
                path.write_text("CHANGED = 1\n", encoding="utf-8")
        assert code.code_hash(module, root / "harness", objectives=()) == before


@pytest.mark.parametrize(
    ("families", "found"),
    [
        ("{a: {general: {recipe: span}, adaptation: null}}", {"a/checkpoint": True, "a/pretrain": False}),
        ("{a: {general: {recipe: spam}, adaptation: [1]}}", {"a/checkpoint": False, "a/pretrain": False}),
        ("{a: 5, ../b: {general: {recipe: span}}, 1: {}}", {"a/checkpoint": False, "a/pretrain": False}),
        ("[a]", {}),
    ],
)
def test_a_list_for_every_family_whatever_else_is_wrong_with_it(root, families, found):
    (root / "params.yaml").write_text(f"families: {families}\n", encoding="utf-8")
    lists = family_lists.listings(root, code.Source(root / "harness"))
    listed = {path.removeprefix("families/").removesuffix(".txt"): text for path, text in lists.items()}
    assert {path: "harness/objectives" in text for path, text in listed.items()} == found
    assert all(listed.values())  # DVC warns of an empty file


def test_a_stage_is_not_run_for_a_family_whose_list_names_another_objective(root):
    code_lists.write_lists(root)
    code_lists.refuse_other(root, "pretrain", family="norbert3")
    path = root / "params.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("recipe: span, span_p: 0.5, span_modulus: 3", "recipe: mlm"), encoding="utf-8")
    with pytest.raises(HarnessError, match=r"norbert3/pretrain.txt is out of date .*mlm.py") as caught:
        code_lists.refuse_other(root, "pretrain", family="norbert3")
    assert "harness pipeline" in caught.value.remedy
    code_lists.refuse_other(root, "pretrain", family="nb_bert")
    assert code_lists.write_lists(root) == [f"pipeline/families/norbert3/{stage}.txt" for stage in STAGES]


def test_choosing_a_profile_writes_the_lists_of_its_families(root, monkeypatch, capsys):
    code_lists.write_lists(root)
    monkeypatch.chdir(root)
    path = root / "params.yaml"
    path.write_text("families: {mine: {}}\n", encoding="utf-8")
    code_lists.write_lists(root)
    assert main(["profile", "use", "embedded"]) == 0
    assert code_lists.outdated(root) == []
