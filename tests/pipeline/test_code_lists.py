"""The lists of code: nothing that decides is left out, nothing else is in them."""

import ast
import shutil

import pytest
import test_architecture

from harness.cli import main
from harness.errors import HarnessError
from harness.objectives import OBJECTIVES
from harness.pipeline import code, code_lists, family_lists, task_lists


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be changed."""
    target = tmp_path / "harness"
    shutil.copytree(code.PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    """The lists of the package as it is."""
    return every(code.PACKAGE)


def every(package) -> dict[str, str]:
    source = code.Source(package)
    return {stage: code_lists.listing(stage, source) for stage in code_lists.stages(package)}


# Found only by a string, looked up when an architecture is asked for, or read beside a module; or imported by what is
# called of a head.
BY_NAME = {
    *(f"data/synthetic/{path.name}" for path in (code.PACKAGE / "data" / "synthetic").glob("*.toml")),
    *(f"text/perturbing/{path.name}" for path in (code.PACKAGE / "text" / "perturbing").glob("*.toml")),
    "encoders/norbert3.py", "encoders/norbert3_config.py", "encoders/norbert3_heads.py",
    "metrics/decided/counts.py", "metrics/decided/rows.py", "metrics/decided/sets.py",
    "heads/linear/baseline.py", "heads/linear/linear.py", "heads/linear/tagging.py",
    "system/determinism.py",
}  # fmt: skip


def listed(stage: str, package=code.PACKAGE) -> set[str]:
    lines = code_lists.listing(stage, code.Source(package)).splitlines()
    return {line.split()[0].removeprefix("harness/") for line in lines}


def brought_in(stage: str, recipe: str, package=code.PACKAGE) -> set[str]:
    """What an objective adds to the list of a stage, for a family that is trained by it."""
    source = code.Source(package)
    lines = family_lists.listing(stage, recipe, source).splitlines() if stage in family_lists.SECTIONS else ()
    return {line.split()[0].removeprefix("harness/") for line in lines}


@pytest.mark.parametrize("stage", code_lists.stages())
def test_a_list_names_what_a_plain_walk_over_the_imports_finds(stage):
    """The walk counts no names in strings, but every package's `__init__`, which a list names where it has code."""
    walked = {test_architecture.MODULES[other] for other in test_architecture.closure(stage)}
    walked = {path.relative_to(code.PACKAGE).as_posix() for path in walked}
    if stage not in code_lists.SCORING:
        walked -= set(task_lists.metric_files(code.PACKAGE))
    trained = {name for recipe in OBJECTIVES for name in brought_in(stage, recipe)}
    assert {name for name in walked if not name.endswith("__init__.py")} <= listed(stage) | trained
    assert listed(stage) - walked <= BY_NAME
    for name in listed(stage):
        assert not name.endswith("__init__.py") or "import " in (code.PACKAGE / name).read_text(encoding="utf-8"), name


def test_architectures_that_are_looked_up_by_name_count():
    names = listed("pretrain")
    assert {
        "encoders/norbert3_heads.py",
        "encoders/norbert3_config.py",
        "encoders/norbert3.py",
        "system/files.py",
    } <= names
    assert not {"stages/report.py", "training/finetune/predicting.py", "grid/slurm.py", "cli.py"} & names


def test_of_a_head_a_stage_depends_on_what_it_calls(package, before):
    path = package / "heads" / "labelled.py"
    text = path.read_text(encoding="utf-8")

    def changed(old: str, new: str) -> set[str]:
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return {stage for stage, listing in every(package).items() if listing != before[stage]}

    assert changed("harness.heads.linear.linear import Regression", "harness.heads.linear.tagging import tagger") == {
        "linear"
    }
    judged = changed("the scores do not add up to 1", "the scores add up to something else")
    assert {"score", "score_folds"} <= judged and not judged & {"linear", "split", "corpus", "finetune", "pretrain"}
    trained = changed("return labels[record[", "return 1 + labels[record[")
    assert {"finetune", "crossvalidate"} <= trained and not trained & {"corpus", "pretrain", "checkpoint", "validate"}


def test_a_file_that_a_package_finds_itself_counts(package, before):
    (package / "metrics" / "another.py").write_text("from harness.metrics.metric import Metric\n", encoding="utf-8")
    changed = {stage for stage, listing in every(package).items() if listing != before[stage]}
    assert "score" in changed and not changed & {"corpus", "pretrain", "checkpoint", "generate"}


def test_the_words_of_a_file_beside_a_module_count_and_its_comments_do_not(package, before):
    texts = {path: path.read_text(encoding="utf-8") for path in (package / "data" / "synthetic").glob("*.toml")}
    for path, text in texts.items():
        path.write_text("# Changed.\n" + text, encoding="utf-8")
    assert texts and every(package) == before
    for path, text in texts.items():
        path.write_text(text.replace("o", "O"), encoding="utf-8")
        after = every(package)
        assert {stage for stage in before if after[stage] != before[stage]} == {"generate"}, path.name
        path.write_text(text, encoding="utf-8")


def test_no_comment_docstring_or_line_break_changes_a_list(package, before):
    assert every(package) == before
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
        ("encoders/norbert3.py", {"checkpoint", "pretrain", "finetune", "crossvalidate"}),
        ("training/finetune/runs.py", {"finetune", "crossvalidate"}),
        ("statistics/selection.py", {"finetune", "crossvalidate", "linear", "score"}),
        ("statistics/paired.py", {"score", "report", "track"}),
        ("statistics/curves.py", {"score"}),
        ("report/render/page.py", {"report"}),
        ("tracking/backend.py", {"track"}),
        ("data/brat.py", {"validate"}),
        ("training/finetune/loop.py", {"finetune", "crossvalidate"}),
        ("training/finetune/batching.py", {"finetune", "crossvalidate"}),
        ("encoders/cards.py", {"checkpoint", "pretrain"}),
        ("encoders/readme.py", set()),
        ("cli.py", set()),
    ],
)
def test_a_changed_module_changes_the_lists_of_the_stages_that_use_it(package, before, path, stages):
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
    with pytest.raises(HarnessError, match=r"tasks/medmqp/runs.txt is out of date \(tasks/medmqp.py\)\."):
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
        path.read_text(encoding="utf-8").replace("harness/system/files.py ", "harness/system/files.py 0"),
        encoding="utf-8",
    )
    with pytest.raises(HarnessError, match=r"pipeline/split.txt is out of date \(harness/system/files.py\)\."):
        code_lists.refuse_other(root, "split")


def test_the_command_says_what_is_outdated_and_mends_it(package, monkeypatch, capsys):
    root = package.parent
    (root / "params.yaml").write_text("families: {}\n", encoding="utf-8")
    monkeypatch.chdir(root)
    assert main(["pipeline", "--check"]) == 1
    assert "pipeline/finetune.txt is out of date; run `harness pipeline`" in capsys.readouterr().out
    assert main(["pipeline"]) == 0 == main(["pipeline", "--check"])
    assert "pipeline/ is up to date with the code and the tasks." in capsys.readouterr().out
