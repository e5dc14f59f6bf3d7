"""The audit of a run in which one comparison cannot be measured: what is left out is no finding, in MLflow either."""

import json

import pytest

from harness.audit.links import HOLDS
from harness.cli import main
from harness.data.synthetic import write
from harness.system import files
from harness.testing import repository as finished


@pytest.fixture
def root(repository, tmp_path, monkeypatch):
    """A single positive call, which the split gives to the training part."""
    generate = write.generate

    def one_positive(folder, seed):
        generate(folder, seed)
        path, record = folder / "aismec" / "calls.jsonl", folder / "aismec" / "source.json"
        calls = files.read_jsonl(path)
        first = next(call["call_id"] for call in calls if call["outcome"] == "stroke")
        kept = [call | {"outcome": "stroke" if call["call_id"] == first else "other"} for call in calls]
        path.write_text("".join(json.dumps(call, ensure_ascii=False) + "\n" for call in kept), encoding="utf-8")
        source = files.read_json(record)
        files.write_json(record, source | {"files": {"calls.jsonl": files.sha256(path)}})

    monkeypatch.setattr(write, "generate", one_positive)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    made = finished.build(repository, tmp_path / "root")
    monkeypatch.chdir(made)
    monkeypatch.setattr("harness.system.determinism.prepare_environment", lambda reproducible: None)
    return made


def test_what_cannot_be_measured_is_no_finding(root, capsys):
    report = (root / "reports" / "README.md").read_text(encoding="utf-8")
    assert "cannot be measured: no row of the test part has the label stroke" in report
    capsys.readouterr()
    code = main(["audit", "--json"])
    links = json.loads(capsys.readouterr().out)["links"]
    assert [link for link in links if link["state"] != HOLDS] == [] and code == 0
