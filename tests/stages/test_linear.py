"""The stage `linear` on generated data: better than constant answers, the same bytes again, and no text."""

from collections import Counter

import pytest

from harness.data.synthetic import write
from harness.errors import DataError, MissingInputError
from harness.heads.linear import linear as model
from harness.params import profiles
from harness.params.reading import parse
from harness.plugins import registry
from harness.stages import linear, score, split, validate
from harness.statistics.task_metrics import primary
from harness.system import files

TASKS = ("aismec", "medmqp")


@pytest.fixture(scope="module")
def root(repository, tmp_path_factory):
    root = tmp_path_factory.mktemp("linear")
    (root / "tasks").symlink_to(repository / "tasks")
    write.generate(root / "data", 2026)
    params = parse(profiles.text("embedded"))
    for name in TASKS:
        validate.run(root, name)
        split.run(root, name, params.split())
        linear.run(root, registry.get(root, name))
    return root


@pytest.mark.parametrize("name", TASKS)
def test_it_beats_constant_answers_where_words_decide_and_has_an_answer_for_every_row(root, name):
    task = registry.get(root, name)
    score.run_linear(root, task)
    scores = files.read_json(root / "artifacts" / "scores" / name / "linear" / "linear.json")
    value = next(m["value"] for m in scores["metrics"] if (m["part"], m["metric"]) == ("test", "binary_f1"))
    floor = max(constant["binary_f1"] for constant in scores["constants"]["test"].values())
    # Whether a pair agrees, no word of it tells.
    assert (floor < value if name == "aismec" else value > 0) and value < 0.95
    lines = files.read_jsonl(root / "artifacts" / "linear" / name / "predictions.jsonl")
    places = files.read_json(root / "reports" / "splits" / f"{name}.json")["splits"]
    assert {line["id"]: line["part"] for line in lines} == {i: p for i, p in places.items() if p != "train"}
    assert primary(task, [line for line in lines if line["part"] == "test"]) == value


def test_the_same_inputs_give_the_same_bytes(root):
    folder = root / "artifacts" / "linear" / "medmqp"
    before = files.sha256_tree(folder)
    linear.run(root, registry.get(root, "medmqp"))
    assert files.sha256_tree(folder) == before


def test_no_text_is_stored(root):
    texts = [r["text"] for r in files.read_jsonl(root / "artifacts" / "validated" / "aismec" / "records.jsonl")]
    stored = "".join(p.read_text(encoding="utf-8") for p in (root / "artifacts" / "linear" / "aismec").iterdir())
    assert not any(text[:40] in stored for text in texts)


def test_test_rows_do_not_decide_anything(root, tmp_path):
    """Other labels in the test part leave every answer as it was."""
    (tmp_path / "tasks").symlink_to(root / "tasks")
    places = files.read_json(root / "reports" / "splits" / "medmqp.json")["splits"]
    rows = files.read_jsonl(root / "artifacts" / "validated" / "medmqp" / "records.jsonl")
    turned = [r | {"label": str(1 - int(r["label"]))} if places[r["id"]] == "test" else r for r in rows]
    files.write_jsonl(tmp_path / "artifacts" / "validated" / "medmqp" / "records.jsonl", turned)
    files.write_json(tmp_path / "reports" / "splits" / "medmqp.json", {"splits": places})
    linear.run(tmp_path, registry.get(tmp_path, "medmqp"))
    one, other = (
        files.read_jsonl(folder / "artifacts" / "linear" / "medmqp" / "predictions.jsonl")
        for folder in (root, tmp_path)
    )
    assert [line["prediction"] for line in one] == [line["prediction"] for line in other]


def test_a_split_without_training_rows_is_refused(root, tmp_path):
    task = registry.get(root, "medmqp")
    with pytest.raises(MissingInputError, match="records"):
        linear.run(tmp_path, task)
    rows = [{"id": "a", "group": "a", "text": "x", "text_pair": "y", "label": "1"}]
    files.write_jsonl(tmp_path / "artifacts" / "validated" / "medmqp" / "records.jsonl", rows)
    files.write_json(tmp_path / "reports" / "splits" / "medmqp.json", {"splits": {"a": "test"}})
    with pytest.raises(DataError, match="no training rows"):
        linear.run(tmp_path, task)


def test_of_many_rows_some_are_fitted_and_every_label_among_them(root, tmp_path, monkeypatch):
    task = registry.get(root, "aismec")
    (tmp_path / "tasks").symlink_to(root / "tasks")
    for folder in ("artifacts/validated", "reports/splits"):
        (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / folder).symlink_to(root / folder)
    fitted = []
    fit = model.Regression.fit
    monkeypatch.setattr(model.Regression, "fit", lambda *given: fitted.append(given[2]) or fit(*given))
    linear.run(tmp_path, task)
    every = len(fitted[-1])
    (run,) = files.read_json(tmp_path / "artifacts" / "linear" / "aismec" / "runs.json")["runs"]
    assert "rows" not in run["settings"]

    monkeypatch.setattr(model, "MOST", 100)
    linear.run(tmp_path, task)
    (run,) = files.read_json(tmp_path / "artifacts" / "linear" / "aismec" / "runs.json")["runs"]
    assert every > 200 and run["settings"]["rows"] == len(fitted[-1]) == 101
    assert {len(records) for records in fitted[-3:]} == {101}, "each strength sees the same rows"


def test_a_sample_keeps_shares_and_rare_labels():
    records = [{"id": i, "label": "rare" if i == 7 else "ab"[i % 2]} for i in range(1000)]
    strata = {record["id"]: record["label"] for record in records}
    chosen = model.sample(records, 50, strata)
    held = Counter(record["label"] for record in chosen)
    assert held["rare"] == 1 and {held["a"], held["b"]} <= {25, 26}
    assert [record["id"] for record in chosen] == sorted(record["id"] for record in chosen)
    assert model.sample(records, 1000, strata) is records and model.sample(records, 50, strata) == chosen
