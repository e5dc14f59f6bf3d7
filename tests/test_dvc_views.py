"""`dvc metrics` and `dvc plots` on a repository with two commits, as the README offers them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm"]
CURVE = "reports/plots/aismec-norbert3.csv"


def run(root: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dvc(root: Path, *arguments: str) -> str:
    return run(root, sys.executable, "-m", "dvc", *arguments)


@pytest.fixture(scope="module")
def two_commits(repository, tmp_path_factory) -> Path:
    """The committed reports; then a commit in which one mean and one point of a curve are others."""
    root = tmp_path_factory.mktemp("views")
    for name in ("dvc.yaml", "params.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(repository / name, root / name)
    shutil.copytree(repository / "reports", root / "reports")
    run(root, "git", "init", "-q")
    dvc(root, "init", "-q")
    for message in ("before", "after"):
        if message == "after":
            metrics = json.loads((root / "reports" / "metrics.json").read_text())
            metrics["aismec"]["norbert3"][primary(metrics)]["clinical"] = 0.9999
            (root / "reports" / "metrics.json").write_text(json.dumps(metrics))
            lines = (root / CURVE).read_text().splitlines()
            cells = dict(zip(lines[0].split(","), lines[-1].split(","), strict=True)) | {"clinical": "0.9999"}
            lines[-1] = ",".join(cells.values())
            (root / CURVE).write_text("\n".join(lines) + "\n")
        run(root, "git", "add", "-A")
        run(root, *COMMIT, message)
    return root


def test_metrics_show_holds_every_comparison(two_commits):
    shown = json.loads(dvc(two_commits, "metrics", "show", "--json"))[""]["data"]["reports/metrics.json"]["data"]
    assert shown == json.loads((two_commits / "reports" / "metrics.json").read_text())
    assert shown["aismec"]["norbert3"].keys() >= {primary(shown), "against_baseline"}


def primary(metrics) -> str:
    """The name that the one score of a comparison stands under."""
    (name,) = [key for key in metrics["aismec"]["norbert3"] if not key.startswith("against_")]
    return name


def test_metrics_diff_names_the_one_number_that_changed(two_commits):
    changed = json.loads(dvc(two_commits, "metrics", "diff", "HEAD~1", "--json"))["reports/metrics.json"]
    metrics = json.loads((two_commits / "reports" / "metrics.json").read_text())
    (name,) = changed
    assert name == f"aismec.norbert3.{primary(metrics)}.clinical" and changed[name]["new"] == 0.9999


def test_plots_show_and_diff_draw_a_curve_per_comparison_from_both_commits(two_commits):
    curves = sorted(path.name for path in (two_commits / "reports" / "plots").iterdir())
    dvc(two_commits, "plots", "show")
    page = (two_commits / "dvc_plots" / "index.html").read_text()
    assert curves and all(f'"text": "reports/plots/{name}"' in page for name in curves)
    dvc(two_commits, "plots", "diff", "HEAD~1")
    page = (two_commits / "dvc_plots" / "index.html").read_text()
    last = (two_commits / CURVE).read_text().splitlines()[-1].split(",")[0]
    assert f'"step": "{last}"' in page and '"clinical": "0.9999"' in page
    assert '"rev": "HEAD~1"' in page and '"rev": "workspace"' in page


def test_what_they_draw_is_not_picked_up_by_git(two_commits):
    (two_commits / "dvc_plots").mkdir(exist_ok=True)
    (two_commits / "dvc_plots" / "index.html").touch()
    assert run(two_commits, "git", "status", "--porcelain", "-uall") == ""
