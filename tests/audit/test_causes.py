"""Which finding is the cause of which."""

from harness.audit.causes import roots, traced
from harness.audit.checks import Subject

FILE = Subject("dvc.lock", "restore it", ("artifacts/checkpoints/a/clinical/README.md",))
READ = Subject(
    "medmqp/a", "restore it", ("artifacts/predictions/medmqp/a/runs.json",), ("artifacts/checkpoints/a/clinical",)
)
SCORE = Subject("medmqp/a", "restore it", ("reports/results.csv",), ("artifacts/predictions/medmqp/a", "harness"))


def test_what_rests_on_a_changed_file_follows_from_it_in_whatever_order_they_stand():
    checks = traced([READ.wrong("inputs", 1, 2), SCORE.holds("rows"), FILE.wrong("the card", 1, 2)])
    assert [check.follows for check in checks] == ["dvc.lock: the card", "", ""]
    assert [check.name for check in roots(checks)] == ["the card"]


def test_a_record_that_names_another_file_is_no_cause_of_what_is_made_from_it():
    checks = traced([FILE.wrong("the card", 1, 2), READ.wrong("inputs", 1, 2), SCORE.wrong("rows", 1, 2)])
    assert [check.follows for check in checks] == ["", "dvc.lock: the card", ""]


def test_a_file_with_another_name_that_begins_alike_is_another():
    other = FILE.of("artifacts/checkpoints/a/clinical-2/README.md")
    checks = traced([other.wrong("the other card", 1, 2), READ.wrong("inputs", 1, 2)])
    assert [check.follows for check in checks] == ["", ""]


def test_causes_are_told_from_the_data_to_the_reports():
    paths = ("mlflow.db", "reports/splits/a.json", "reports/README.md", "artifacts/checkpoints/a/clinical/x",
             "artifacts/checkpoints/a/baseline/x", "data/a/x.csv", "params.yaml")  # fmt: skip
    checks = traced([FILE.of(path).wrong(path, 1, 2) for path in paths])
    assert [check.name for check in roots(checks)] == [
        "params.yaml", "data/a/x.csv", "reports/splits/a.json", "artifacts/checkpoints/a/baseline/x",
        "artifacts/checkpoints/a/clinical/x", "reports/README.md", "mlflow.db",
    ]  # fmt: skip
