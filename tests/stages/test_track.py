"""The stage that fills the MLflow store: what DVC can bring back is its record alone, never the store."""

import subprocess
import sys

from ruamel.yaml import YAML

FILL = """
from pathlib import Path
scores = Path("scores").read_text()
with open("store", "a") as store:
    store.write(scores)
Path("artifacts").mkdir(exist_ok=True)
Path("artifacts/tracking.json").write_text(scores)
"""


def test_what_a_run_has_tracked_once_is_tracked_again_where_another_run_came_between(repository, tmp_path):
    """A run over fewer families, and then the larger one again: DVC remembers what the larger one wrote."""
    declared = YAML(typ="safe").load((repository / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["track"]
    stage = {"cmd": f"{sys.executable} fill.py", "deps": ["scores"], "outs": declared["outs"]}
    (tmp_path / "fill.py").write_text(FILL, encoding="utf-8")
    with open(tmp_path / "dvc.yaml", "w", encoding="utf-8") as handle:
        YAML().dump({"stages": {"track": stage}}, handle)
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    for scores in ("large ", "small ", "large "):
        (tmp_path / "scores").write_text(scores, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "dvc", "repro", "-q"], cwd=tmp_path, check=True)
    assert (tmp_path / "store").read_text(encoding="utf-8") == "large small large "
    status = subprocess.run([sys.executable, "-m", "dvc", "status"], cwd=tmp_path, capture_output=True, text=True)
    assert "up to date" in status.stdout
