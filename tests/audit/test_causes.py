"""Which finding is the cause of which."""

from harness.audit.causes import roots, traced
from harness.audit.links import Chain

FILE = Chain("dvc.lock", "restore it", ("artifacts/checkpoints/a/clinical/README.md",))
READ = Chain(
    "medmqp/a", "restore it", ("artifacts/predictions/medmqp/a/runs.json",), ("artifacts/checkpoints/a/clinical",)
)
SCORE = Chain("medmqp/a", "restore it", ("reports/results.csv",), ("artifacts/predictions/medmqp/a", "harness"))


def test_what_rests_on_a_changed_file_follows_from_it_in_whatever_order_they_stand():
    links = traced([READ.wrong("inputs", 1, 2), SCORE.holds("rows"), FILE.wrong("the card", 1, 2)])
    assert [link.follows for link in links] == ["dvc.lock: the card", "", ""]
    assert [link.name for link in roots(links)] == ["the card"]


def test_a_record_that_names_another_file_is_no_cause_of_what_is_made_from_it():
    links = traced([FILE.wrong("the card", 1, 2), READ.wrong("inputs", 1, 2), SCORE.wrong("rows", 1, 2)])
    assert [link.follows for link in links] == ["", "dvc.lock: the card", ""]


def test_a_file_with_another_name_that_begins_alike_is_another():
    other = FILE.of("artifacts/checkpoints/a/clinical-2/README.md")
    links = traced([other.wrong("the other card", 1, 2), READ.wrong("inputs", 1, 2)])
    assert [link.follows for link in links] == ["", ""]


def test_causes_are_told_from_the_data_to_the_reports():
    paths = ("mlflow.db", "reports/splits/a.json", "reports/README.md", "artifacts/checkpoints/a/clinical/x",
             "artifacts/checkpoints/a/baseline/x", "data/a/x.csv", "params.yaml")  # fmt: skip
    links = traced([FILE.of(path).wrong(path, 1, 2) for path in paths])
    assert [link.name for link in roots(links)] == [
        "params.yaml", "data/a/x.csv", "reports/splits/a.json", "artifacts/checkpoints/a/baseline/x",
        "artifacts/checkpoints/a/clinical/x", "reports/README.md", "mlflow.db",
    ]  # fmt: skip
