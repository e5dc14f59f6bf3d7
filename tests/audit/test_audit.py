"""The audit of a finished repository: silent where nothing was touched, and not where anything was."""

import json

import pytest
from audit import tampering
from audit.asking import audit, findings

from harness.audit import all_checks, lock, outside
from harness.audit.checks import DIFFERS, HOLDS, MISSING
from harness.cli import main
from harness.params.reading import load
from harness.pipeline.hashes import Hashes
from harness.system import files
from harness.testing import repository as finished


def state(root) -> dict[str, str]:
    folders = {name: files.sha256_tree(root / name) for name in ("artifacts", "data", "reports", "harness")}
    return folders | {"mlflow.db": files.sha256(root / "mlflow.db")}


def test_an_untouched_repository_has_no_finding_and_the_audit_changes_nothing(root, capsys, walked_once):
    before = state(root)
    code, checks = audit(capsys)
    assert state(root) == before
    assert findings(checks) == [] and code == 0
    subjects = {check["subject"] for check in checks}
    comparisons = {f"{task}/{family}" for task in finished.TASKS for family in (finished.FAMILY, "linear")}
    assert subjects == {
        "dvc.lock", "DVC's cache", "data/aismec", "data/medmqp", "corpus", "checkpoints/norbert3", "reports", "MLflow",
        *comparisons,
    }  # fmt: skip
    assert main(["audit"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(subjects) + 1 and said[-1] == f"{len(checks)} hold: every number can be traced to its bytes"


@pytest.mark.parametrize("ways", tampering.TOGETHER, ids=lambda ways: f"{next(iter(ways))} and {len(ways) - 1} more")
def test_what_was_tampered_with_is_found_and_named(ways, root, capsys):
    """An audit takes seconds, and each finding stands for itself."""
    for tamper, _, _ in ways.values():
        tamper(root)
    code, checks = audit(capsys)
    assert code == 1
    for way, (_, subject, words) in ways.items():
        assert named(checks, subject, words), (way, findings(checks))
    assert all(check["remedy"] for check in findings(checks))
    assert all(check["state"] == MISSING or check["expected"] != check["found"] for check in findings(checks))


@pytest.mark.extended
@pytest.mark.parametrize("way", tampering.WAYS)
def test_what_is_said_of_one_way_to_tamper_is_not_said_of_another_that_is_done_with_it(way, root, capsys):
    (ways,) = (group for group in tampering.TOGETHER if way in group)
    done = ways[way][0]
    done(root)
    _, checks = audit(capsys)
    said = [other for other, (_, subject, words) in ways.items() if named(checks, subject, words)]
    assert said == [other for other, (tamper, _, _) in ways.items() if tamper is done]


def named(checks: list[dict], subject: str, words: str) -> bool:
    found = (check for check in findings(checks) if subject in check["subject"])
    return any(words in f"{check['name']} {check['expected']} {check['found']}" for check in found)


# What is removed together, and the command that makes each of them.
GONE = (
    {
        "mlflow.db": "harness track",
        "artifacts/checkpoints/norbert3/clinical": "harness pretrain norbert3",
        "artifacts/scores/medmqp/norbert3.json": "harness score medmqp norbert3",
        "reports/comparison.csv": "harness report",
    },
    {
        "dvc.lock": "dvc repro",
        "artifacts/linear/medmqp": "harness linear medmqp",
        "artifacts/predictions": "harness finetune medmqp norbert3",
        "artifacts/validated/medmqp": "harness validate medmqp",
    },
    {"data": "dvc repro"},
    {"artifacts": "harness corpus"},
    {"reports": "harness report"},
)


@pytest.mark.parametrize("gone", GONE, ids=" ".join)
def test_what_is_missing_is_named_with_the_command_that_makes_it(gone, root, capsys):
    for path in gone:
        tampering.removed(path)(root)
    code, checks = audit(capsys)
    assert code == 1
    remedies = " ".join(check["remedy"] for check in findings(checks) if check["state"] == MISSING)
    assert [path for path, command in gone.items() if command not in remedies] == []
    assert not any("Error:" in check["found"] for check in findings(checks)), findings(checks)


def test_one_run_follows_only_its_comparison(root, capsys):
    from harness.tracking.read import read

    runs = [run for run in read(root) if run.tags.get("task") == "aismec"]
    child = next(run for run in runs if run.tags.get("arm") == "clinical")
    tampering.WAYS["a score in the scores"][0](root)
    for name in (child.id, child.parent, child.id[:10], "aismec/norbert3"):
        scope = all_checks.one_run(root, load(root / "params.yaml"), name)
        assert scope == all_checks.Scope((("aismec", "norbert3"),), whole=False), name
    code, checks = audit(capsys, child.id[:10])
    assert code == 0 and findings(checks) == []
    assert "aismec/norbert3" in {check["subject"] for check in checks}
    assert not {"medmqp/norbert3", "data/medmqp"} & {check["subject"] for check in checks}
    code, checks = audit(capsys, "medmqp/norbert3")
    assert code == 1 and {check["subject"] for check in findings(checks)} == {"medmqp/norbert3"}


def test_one_run_does_not_see_what_another_lost(root, capsys):
    tampering.WAYS["predictions of two seeds exchanged"][0](root)
    assert audit(capsys, "aismec/norbert3")[0] == 0
    code, checks = audit(capsys, "medmqp/norbert3")
    assert code == 1 and {check["subject"] for check in findings(checks)} == {"medmqp/norbert3", "dvc.lock"}
    assert any(check["found"].startswith("the content of ") for check in findings(checks))


def test_a_run_that_is_not_there_is_an_error_with_a_remedy(root, capsys):
    assert main(["audit", "feedbeef"]) == 1
    said = capsys.readouterr().err
    assert "'feedbeef' is neither a comparison in params.yaml nor" in said and "aismec/norbert3" in said


def test_people_see_findings_once_and_every_link_when_they_ask(root, capsys, walked_once):
    tampering.replaced("constraints.txt", "^torch==.*$", "torch==9.9")(root)
    tampering.removed("reports/figures/arms.png")(root)
    assert main(["audit"]) == 1
    said = capsys.readouterr().out
    assert "✗ reports: " in said and "✓ data/medmqp: " in said
    assert "missing  reports/figures/arms.png → `harness report`" in said
    assert "version of torch, as constraints.txt pins it: expected 9.9, found " in said
    # Two cards and two comparisons name their version of torch: it is said once.
    assert "and 3 findings that follow from it, in checkpoints/norbert3, aismec/norbert3, medmqp/norbert3" in said
    assert "holds " not in said and said.splitlines()[-1].endswith("version of torch, as constraints.txt pins it")
    main(["audit", "--all"])
    assert "holds    runs.json against params.yaml" in capsys.readouterr().out


def test_people_see_the_first_dozen_findings_of_a_chain(root, capsys, walked_once):
    tampering.replaced("reports/results.csv", "synthetic", "restricted", 0)(root)
    assert main(["audit"]) == 1
    said = capsys.readouterr().out.splitlines()
    at_first = sum("differs  results.csv" in line for line in said)
    main(["audit", "--all"])
    rows = len((root / "reports" / "results.csv").read_text(encoding="utf-8").splitlines()) - 1
    listed = [line for line in capsys.readouterr().out.splitlines() if "differs  results.csv" in line]
    assert len(listed) == rows > 12 >= at_first > 0


def test_the_first_cause_comes_first_and_what_follows_from_it_is_counted(root, capsys, walked_once):
    """One edited model card: its comparisons and its run in MLflow name another checkpoint."""
    readme = f"{tampering.CHECKPOINTS}/clinical/README.md"
    tampering.replaced(readme, r"\Z", "Trained on real patients.\n")(root)
    _, checks = audit(capsys)
    causes = [check for check in findings(checks) if not check["follows"]]
    assert 1 <= len(causes) <= 2 and all("README.md" in cause["name"] for cause in causes), causes
    names = [f"{cause['subject']}: {cause['name']}" for cause in causes]
    after = [check for check in findings(checks) if check["follows"]]
    assert {check["subject"] for check in after} >= {"aismec/norbert3", "medmqp/norbert3"} and len(
        findings(checks)
    ) < 12
    assert {check["follows"] for check in after} <= set(names)
    main(["audit"])
    said = capsys.readouterr().out.splitlines()
    assert "dvc.lock" in said[0] and "README.md" in said[1] and "findings that follow from it" in said[2]
    assert "fix this first: artifacts/checkpoints/norbert3/clinical" in said[-1]


def test_a_cause_does_not_hide_what_does_not_follow_from_it(root, capsys):
    tampering.replaced(f"{tampering.CHECKPOINTS}/clinical/README.md", r"\Z", "More.\n")(root)
    tampering.WAYS["a number in comparison.csv"][0](root)
    tampering.WAYS["a loss of a pre-training in MLflow"][0](root)
    _, checks = audit(capsys)
    causes = " ".join(check["name"] for check in findings(checks) if not check["follows"])
    assert "README.md" in causes and "comparison.csv baseline: reference" in causes and "metrics: loss" in causes


def test_the_root_of_changed_data_is_the_data(root, capsys):
    tampering.WAYS["raw data"][0](root)
    _, checks = audit(capsys)
    causes = [check["name"] for check in findings(checks) if not check["follows"]]
    assert all("data" in name and "artifacts" not in name for name in causes), causes
    assert any(check["subject"] == "data/medmqp" for check in findings(checks) if check["follows"])


def test_benchmarks_are_held_against_the_commit_and_named_as_not_measured_again(root, capsys):
    import subprocess

    folder = root / "benchmarks"
    folder.mkdir()
    (folder / "speed.md").write_text("| twice as fast | 2.0 |\n", encoding="utf-8")
    subprocess.run(["git", "add", "benchmarks"], check=True)
    subprocess.run([*finished.COMMIT, "speed"], check=True)
    assert main(["audit", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "benchmarks" in {check["subject"] for check in told["checks"]}
    assert "the measurements in benchmarks/*.md, docs/*.md and README.md" in " ".join(told["outside"])
    (folder / "speed.md").write_text("| twice as fast | 9.0 |\n", encoding="utf-8")
    (folder / "more.md").write_text("| 9.0 |\n", encoding="utf-8")
    uncommitted, changed = (check for check in outside.benchmarks(root) if check.state != HOLDS)
    assert uncommitted.name == "benchmarks/more.md"
    assert changed.name == "benchmarks/speed.md, line 1" and "2.0" in changed.expected


def test_a_damaged_file_of_the_cache_is_named_by_its_output(root):
    tampering.WAYS["a file in DVC's cache"][0](root)
    (found,) = (check for check in lock.checks(root, Hashes()) if check.state != HOLDS)
    assert found.name == f"DVC's copy of {tampering.RUNS}/runs.json"
    assert ".dvc/cache/files/md5/" in found.found and ".dvc/cache/files/md5/" in found.remedy


def test_tags_of_others_are_welcome_and_named(root, capsys, walked_once):
    tampering.tagged("reviewed_by", "us", tampering._CLINICAL)(root)
    code, checks = audit(capsys)
    assert code == 0 and findings(checks) == []
    main(["audit"])
    assert "tags in MLflow that the pipeline does not write: reviewed_by" in capsys.readouterr().out


def test_no_text_of_any_document_is_shown(root, capsys):
    path = root / "artifacts/validated/medmqp/records.jsonl"
    row = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    tampering.replaced("artifacts/validated/medmqp/records.jsonl", '"text": "', '"text": "SECRET ')(root)
    code, checks = audit(capsys)
    assert code == 1 and any(row["id"] in check["name"] for check in findings(checks))
    assert "SECRET" not in json.dumps(checks) and row["text_pair"] not in json.dumps(checks)


def test_new_code_with_the_same_results_is_followed_after_it_was_recorded(root, capsys):
    """Runs keep their place in the store, and name the code that made their results again."""
    from harness.plugins import registry
    from harness.stages import track

    path = root / "harness" / "report" / "text" / "formats.py"
    path.write_text(path.read_text(encoding="utf-8") + "MORE = 1\n", encoding="utf-8")
    settings = load(root / "params.yaml").report()
    tasks = registry.chosen(root, finished.TASKS)
    _, checks = audit(capsys)
    assert [check for check in findings(checks) if "MLflow run" in check["name"] and "tags: code" in check["name"]]
    track.run(root, settings, tasks)
    _, checks = audit(capsys)
    assert not [check for check in findings(checks) if "MLflow" in check["name"] and check["state"] == DIFFERS]
