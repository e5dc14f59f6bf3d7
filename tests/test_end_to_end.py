"""A miniature of the whole pipeline, twice, under different circumstances, to the same bytes.

One copy runs in a plain folder, the other in a folder with spaces and non-ASCII letters, with another
hash seed, time zone, umask and number of workers. What must agree is everything that any stage wrote:
`dvc.lock` holds the hash of each output.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

CIRCUMSTANCES = {
    "plain": {"PYTHONHASHSEED": "1", "TZ": "UTC", "HARNESS_WORKERS": "2"},
    "xyzzy æøå mappe": {"PYTHONHASHSEED": "77", "TZ": "Pacific/Auckland", "HARNESS_WORKERS": "1", "LC_ALL": "C"},
}


def miniature(repository: Path, target: Path) -> None:
    """The repository's own files in a new git checkout, with parameters that take seconds."""
    names = ("harness", "tasks", "dvc.yaml", ".dvcignore", ".gitignore", "constraints.txt")
    for name in names:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    (target / "data.dvc").write_text("deps:\n- path: artifacts/generated\nouts:\n- path: data\n", encoding="utf-8")
    yaml = YAML()
    params = yaml.load((repository / "harness" / "profiles" / "embedded.yaml").read_text(encoding="utf-8"))
    params["run"].update(profile="miniature", tasks=["aismec", "nor_deid"], families=["norbert3"], seeds=[1, 2])
    family = params["families"]["norbert3"]
    family["encoder"].update(hidden=32, intermediate=64)
    for phase in ("general", "adaptation"):
        family[phase].update(steps=6)
    for task in params["run"]["tasks"]:
        params["tasks"][task].update(steps=6, evaluate_every=3)
    with open(target / "params.yaml", "w", encoding="utf-8") as handle:
        yaml.dump(params, handle)
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=target, check=True, capture_output=True)
    commit = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "miniature"]
    subprocess.run(commit, cwd=target, check=True, capture_output=True)


def start(target: Path, circumstances: dict) -> subprocess.Popen:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(target), **circumstances}
    umask = 0o077 if "LC_ALL" in circumstances else 0o022
    return subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"], cwd=target, env=environment, umask=umask, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(repository, tmp_path_factory) -> dict[str, Path]:
    """Both copies after `dvc repro`; they run side by side."""
    base = tmp_path_factory.mktemp("end to end")
    running = {}
    for name, circumstances in CIRCUMSTANCES.items():
        miniature(repository, base / name)
        running[name] = start(base / name, circumstances)
    for name, process in running.items():
        output, _ = process.communicate(timeout=580)
        assert process.returncode == 0, f"{name}:\n{output[-3000:]}"
    return {name: base / name for name in running}


def outputs(root: Path) -> dict[str, str]:
    lock = YAML(typ="safe", pure=True).load((root / "dvc.lock").read_text(encoding="utf-8"))
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}


def test_every_output_of_every_stage_has_the_same_bytes(finished):
    first, second = (outputs(root) for root in finished.values())
    assert len(first) > 20 and first == second


def test_reports_and_pin_have_the_same_bytes(finished):
    plain, other = finished.values()
    files = sorted(p.relative_to(plain) for p in (plain / "reports").rglob("*") if p.is_file())
    assert len(files) >= 10
    for file in [*files, Path("data.dvc")]:
        assert (plain / file).read_bytes() == (other / file).read_bytes(), file


def test_a_second_run_runs_nothing_and_status_is_clean(finished):
    root = finished["plain"]
    process = start(root, CIRCUMSTANCES["plain"])
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "Running stage" not in output and "up to date" in output
    status = subprocess.run([sys.executable, "-m", "dvc", "status"], cwd=root, capture_output=True, text=True)
    assert "up to date" in status.stdout


def test_what_git_sees_is_only_what_belongs_there(finished):
    root = finished["plain"]
    status = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=root, capture_output=True, text=True).stdout
    changed = {line[3:].strip('"') for line in status.splitlines()}
    assert {"dvc.lock", "data.dvc", "reports/comparison.csv"} <= changed
    assert all(path in ("dvc.lock", "data.dvc") or path.startswith("reports/") for path in changed), changed


def harness(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", CIRCUMSTANCES)
def test_the_audit_finds_nothing_wrong_with_it(finished, name):
    done = harness(finished[name], "audit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("hold: every number leads back to its bytes")


def test_a_comparison_made_again_gives_the_same_bytes(finished):
    done = harness(finished["plain"], "reproduce", "aismec/norbert3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "aismec/norbert3: same bytes in 4 of 4 runs"


def test_no_machine_path_stands_in_any_output(finished):
    """Nor the user's name or the host's: outputs depend on inputs alone."""
    root = finished["xyzzy æøå mappe"]
    needles = [str(root), str(Path.home()) + "/", "xyzzy"]
    for folder in ("artifacts", "reports", "data"):
        for path in (p for p in (root / folder).rglob("*") if p.is_file()):
            content = path.read_bytes()
            assert not any(needle.encode() in content for needle in needles), path


def test_a_changed_learning_rate_makes_only_that_task_stale(finished):
    root = finished["plain"]
    text = (root / "params.yaml").read_text(encoding="utf-8")
    yaml = YAML()
    params = yaml.load(text)
    params["tasks"]["aismec"]["learning_rate"] = 1e-3
    with open(root / "params.yaml", "w", encoding="utf-8") as handle:
        yaml.dump(params, handle)
    result = subprocess.run([sys.executable, "-m", "dvc", "status"], cwd=root, capture_output=True, text=True)
    (root / "params.yaml").write_text(text, encoding="utf-8")
    stale = [line.rstrip(":") for line in result.stdout.splitlines() if line and not line.startswith((" ", "\t"))]
    assert stale == ["finetune@aismec-norbert3"]
