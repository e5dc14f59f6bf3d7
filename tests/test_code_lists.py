"""The lists of code: nothing that decides is left out, nothing else is in them."""

import ast
import shutil

import pytest
import test_architecture

from harness import code, code_lists, family_lists, task_lists
from harness.cli import main
from harness.errors import HarnessError
from harness.objectives import OBJECTIVES


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be changed."""
    target = tmp_path / "harness"
    shutil.copytree(code.PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


# Found only by a string, looked up when an architecture is asked for, or read beside a module; or imported by what is
# called of a head.
BY_NAME = {
    "data/synthetic/planted.toml",
    "models/norbert3.py", "models/norbert3_config.py", "models/norbert3_heads.py",
    "decisions/counts.py", "decisions/rows.py", "decisions/sets.py",
    "classic/baseline.py", "classic/linear.py", "classic/tagging.py",
    "determinism.py",
}  # fmt: skip


def listed(stage: str, package=code.PACKAGE) -> set[str]:
    return {line.split()[0].removeprefix("harness/") for line in code_lists.listing(stage, package).splitlines()}


def brought_in(stage: str, recipe: str, package=code.PACKAGE) -> set[str]:
    """What an objective adds to the list of a stage, for a family that is trained by it."""
    lines = family_lists.listing(stage, recipe, package).splitlines() if stage in family_lists.SECTIONS else ()
    return {line.split()[0].removeprefix("harness/") for line in lines}


@pytest.mark.parametrize("stage", code_lists.stages())
def test_a_list_names_what_a_plain_walk_over_the_imports_finds(stage):
    """The walk counts no names in strings, but every package's `__init__`, which a list names where it has code."""
    walked = {test_architecture.MODULES[other] for other in test_architecture.closure(stage)}
    walked = {path.relative_to(code.PACKAGE).as_posix() for path in walked}
    if stage not in code_lists.SCORING:
        walked -= set(task_lists.metric_files(code.PACKAGE))
    walked -= {f"{page.removeprefix('harness.').replace('.', '/')}.py" for page in code.PAGES}
    trained = {name for recipe in OBJECTIVES for name in brought_in(stage, recipe)}
    assert {name for name in walked if not name.endswith("__init__.py")} <= listed(stage) | trained
    assert listed(stage) - walked <= BY_NAME
    for name in listed(stage):
        assert not name.endswith("__init__.py") or "import " in (code.PACKAGE / name).read_text(encoding="utf-8"), name


def test_architectures_that_are_looked_up_by_name_count():
    names = listed("pretrain")
    assert {"models/norbert3_heads.py", "models/norbert3_config.py", "models/norbert3.py", "files.py"} <= names
    assert not {"stages/report.py", "training/predicting.py", "slurm.py", "cli.py"} & names


def test_of_a_head_a_stage_depends_on_what_it_calls(package):
    before, path = every(package), package / "heads" / "labelled.py"
    text = path.read_text(encoding="utf-8")

    def changed(old: str, new: str) -> set[str]:
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return {stage for stage, listing in every(package).items() if listing != before[stage]}

    assert changed("harness.classic.linear import regression", "harness.classic.tagging import tagger") == {"classic"}
    judged = changed("scores that do not add up to 1", "scores that add up to something else")
    assert {"score", "score_folds"} <= judged and not judged & {"classic", "split", "corpus", "finetune", "pretrain"}
    trained = changed("return labels[record[", "return 1 + labels[record[")
    assert {"finetune", "crossvalidate"} <= trained and not trained & {"corpus", "pretrain", "checkpoint", "validate"}


def test_a_file_that_a_package_finds_itself_counts(package):
    before = every(package)
    (package / "metrics" / "another.py").write_text("from harness.metrics.metric import Metric\n", encoding="utf-8")
    changed = {stage for stage, listing in every(package).items() if listing != before[stage]}
    assert "score" in changed and not changed & {"corpus", "pretrain", "checkpoint", "generate"}


def test_a_file_of_words_beside_a_module_counts(package):
    before = code_lists.listing("generate", package)
    words = package / "data" / "synthetic" / "planted.toml"
    assert "data/synthetic/planted.toml" in listed("generate", package)
    words.write_text(words.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert code_lists.listing("generate", package) != before


def every(package) -> dict[str, str]:
    return {stage: code_lists.listing(stage, package) for stage in code_lists.stages(package)}


def test_no_comment_docstring_or_line_break_changes_a_list(package):
    before = every(package)
    assert before == every(code.PACKAGE)
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body[0].value.value = "Other words."
        # As Python itself writes the tree: no comment, other quotes, other lines.
        path.write_text("# Changed.\n\n" + ast.unparse(tree), encoding="utf-8")
    assert every(package) == before


# A line that a file cannot hold already, and the stages that are made of it.
@pytest.mark.parametrize(
    ("path", "stages"),
    [
        ("stages/split.py", {"split"}),
        ("models/norbert3.py", {"checkpoint", "pretrain", "finetune", "crossvalidate"}),
        ("training/runs.py", {"finetune", "crossvalidate"}),
        ("evaluation/selection.py", {"finetune", "crossvalidate", "classic"}),
        ("evaluation/statistics.py", {"score", "report", "track"}),
        ("evaluation/curves.py", {"score"}),
        ("reporting/page.py", {"report"}),
        ("tracking.py", {"track"}),
        ("data/brat.py", {"validate"}),
        ("training/loop.py", {"finetune", "crossvalidate"}),
        ("training/batching.py", {"finetune", "crossvalidate"}),
        ("models/cards.py", {"checkpoint", "pretrain"}),
        ("models/readme.py", set()),
        ("cli.py", set()),
    ],
)
def test_a_changed_module_changes_the_lists_of_the_stages_that_use_it(package, path, stages):
    before = every(package)
    file = package / path
    file.write_text(file.read_text(encoding="utf-8") + "\nCHANGED = 1\n", encoding="utf-8")
    after = every(package)
    assert {stage for stage in before if after[stage] != before[stage]} == stages


def test_the_lists_are_written_and_only_those_that_changed(package):
    root = package.parent
    assert code_lists.write_lists(root) == [f"pipeline/{stage}.txt" for stage in code_lists.stages()]
    assert code_lists.write_lists(root) == code_lists.outdated(root) == []
    path = package / "stages" / "split.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nCHANGED = 1\n", encoding="utf-8")
    assert code_lists.outdated(root) == ["pipeline/split.txt"] == code_lists.write_lists(root)
    assert code_lists.outdated(root) == []


def test_the_lists_of_tasks_come_and_go_with_their_files(package, repository):
    root = package.parent
    code_lists.write_lists(root)
    shutil.copytree(repository / "tasks", root / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    mine = [f"pipeline/tasks/medmqp/{name}.txt" for name in ("report", "runs", "score", "split", "validate")]
    code_lists.write_task(root, "medmqp")
    code_lists.refuse_other(root, "finetune", "medmqp")
    others = code_lists.write_lists(root)
    assert others and not set(mine) & set(others) and code_lists.outdated(root) == []
    path = root / "tasks" / "medmqp.py"
    path.write_text(path.read_text(encoding="utf-8").replace('positive="1"', 'positive="0"'), encoding="utf-8")
    assert code_lists.outdated(root) == [
        "pipeline/tasks/medmqp/" + name for name in ("report.txt", "runs.txt", "score.txt")
    ]
    code_lists.refuse_other(root, "split", "medmqp")
    with pytest.raises(HarnessError, match=r"tasks/medmqp/runs.txt does not name the present code: tasks/medmqp.py\."):
        code_lists.refuse_other(root, "finetune", "medmqp")
    path.unlink()
    code_lists.refuse_other(root, "finetune", "medmqp")  # that there is no such task, the stage says
    assert code_lists.write_lists(root) == mine and not (root / mine[0]).exists()


def test_a_stage_is_not_run_by_code_that_its_list_does_not_name(package):
    root = package.parent
    code_lists.refuse_other(root, "split")  # no lists: no repository of the harness
    code_lists.write_lists(root)
    code_lists.refuse_other(root, "split")
    path = root / "pipeline" / "split.txt"
    path.write_text(
        path.read_text(encoding="utf-8").replace("harness/files.py ", "harness/files.py 0"), encoding="utf-8"
    )
    with pytest.raises(HarnessError, match=r"pipeline/split.txt does not name the present code: harness/files.py\."):
        code_lists.refuse_other(root, "split")


def test_the_command_says_what_is_outdated_and_mends_it(package, monkeypatch, capsys):
    root = package.parent
    (root / "params.yaml").write_text("families: {}\n", encoding="utf-8")
    monkeypatch.chdir(root)
    assert main(["pipeline", "--check"]) == 1
    assert "pipeline/finetune.txt does not name the present code; run `harness pipeline`" in capsys.readouterr().out
    assert main(["pipeline"]) == 0 == main(["pipeline", "--check"])
    assert "pipeline/ names the present code and tasks of every stage." in capsys.readouterr().out
