"""The audit of a run in which one comparison cannot be measured: what is left out is no finding, in MLflow either."""

import json

import fakes
import pytest
from audit.asking import audit, findings

from harness.params.reading import load
from harness.stages import split, validate
from harness.system import files
from harness.testing import repository as finished


@pytest.fixture
def unmeasured(root):
    """A single positive call, which the split gives to the training part."""
    for folder in (root / "artifacts" / "generated" / "aismec", root / "data" / "aismec"):
        path, record = folder / "calls.jsonl", folder / "source.json"
        calls = files.read_jsonl(path)
        first = next(call["call_id"] for call in calls if call["outcome"] == "stroke")
        kept = [call | {"outcome": "stroke" if call["call_id"] == first else "other"} for call in calls]
        path.write_text("".join(json.dumps(call, ensure_ascii=False) + "\n" for call in kept), encoding="utf-8")
        source = files.read_json(record)
        files.write_json(record, source | {"files": {"calls.jsonl": files.sha256(path)}})
    (root / "reports" / "splits" / "aismec.json").unlink()
    validate.run(root, "aismec")
    split.run(root, "aismec", load(root / "params.yaml").split())
    finished.again(root)
    return root


def test_what_cannot_be_measured_is_no_finding(unmeasured, capsys):
    report = fakes.report_text(unmeasured)
    assert "cannot be measured: no row of the test part has the label stroke" in report
    code, checks = audit(capsys)
    assert findings(checks) == [] and code == 0
