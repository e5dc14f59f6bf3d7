"""A miniature of the whole pipeline, twice, under different circumstances, to the same bytes.

One copy is made by `dvc repro`, a process for each stage, in a folder with spaces and non-ASCII letters; the other
command by command, in one process, in a plain folder, with another hash seed, time zone, umask and number of workers.
What must agree is everything that any stage wrote: `dvc.lock` holds the hash of each output.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import one_node_slurm
import pytest
from ruamel.yaml import YAML

from harness.params import profiles
from harness.pipeline.hashes import Hashes

DVC, PLAIN = "xyzzy æøå mappe", "plain"
CIRCUMSTANCES = {
    DVC: {"PYTHONHASHSEED": "77", "TZ": "Pacific/Auckland", "HARNESS_WORKERS": "1", "LC_ALL": "C"},
    PLAIN: {"PYTHONHASHSEED": "1", "TZ": "UTC", "HARNESS_WORKERS": "2"},
}
TASKS = ("aismec", "nor_deid")
COMMANDS = (
    ["generate"], *(["validate", task] for task in TASKS), *(["split", task] for task in TASKS), ["corpus"],
    ["checkpoint", "norbert3"], ["pretrain", "norbert3"], *(["finetune", task, "norbert3"] for task in TASKS),
    *(["linear", task] for task in TASKS), *(["score", task] for task in TASKS), ["report"], ["track"],
)  # fmt: skip
IN_ONE_PROCESS = """
import json, shutil, sys
from harness import cli
from harness.system import determinism

# Once, before torch is there, as the first command would do; the others find torch loaded.
determinism.prepare_environment("portable")
determinism.prepare_environment = lambda reproducible: None
for arguments in json.loads(sys.argv[1]):
    if cli.main(arguments) != 0:
        sys.exit(f"harness {' '.join(arguments)}")
    if arguments == ["generate"]:
        shutil.copytree("artifacts/generated", "data")
"""


def miniature(repository: Path, target: Path) -> None:
    """The repository's own files in a new git checkout, with parameters that take seconds."""
    names = ("harness", "pipeline", "tasks", "dvc.yaml", ".dvcignore", ".gitignore", "constraints.txt")
    for name in names:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    (target / "data.dvc").write_text("deps:\n- path: artifacts/generated\nouts:\n- path: data\n", encoding="utf-8")
    yaml = YAML()
    params = yaml.load(profiles.text("embedded"))
    params["run"].update(profile="miniature", tasks=list(TASKS), families=["norbert3"], seeds=[1, 2])
    params["robustness"]["kinds"] = ["misspelled", "nynorsk"]
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


def start(target: Path, circumstances: dict, *command: str) -> subprocess.Popen:
    """`dvc repro`, or another command of Python's."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(target), **circumstances}
    umask = 0o077 if "LC_ALL" in circumstances else 0o022
    return subprocess.Popen(
        [sys.executable, *(command or ("-m", "dvc", "repro"))], cwd=target, env=environment, umask=umask, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(repository, tmp_path_factory) -> dict[str, Path]:
    """Both copies; they run side by side."""
    base = tmp_path_factory.mktemp("end to end")
    running, commands = {}, {DVC: (), PLAIN: ("-c", IN_ONE_PROCESS, json.dumps(COMMANDS))}
    for name, circumstances in CIRCUMSTANCES.items():
        miniature(repository, base / name)
        running[name] = start(base / name, circumstances, *commands[name])
    for name, process in running.items():
        output, _ = process.communicate(timeout=580)
        assert process.returncode == 0, f"{name}:\n{output[-3000:]}"
    return {name: base / name for name in running}


def outputs(root: Path) -> dict[str, str]:
    """What `dvc.lock` and `data.dvc` hold of everything that was written, by its path."""
    lock, pin = (YAML(typ="safe", pure=True).load((root / f).read_text("utf-8")) for f in ("dvc.lock", "data.dvc"))
    return {out["path"]: out["md5"] for stage in (*lock["stages"].values(), pin) for out in stage["outs"]}


def test_every_output_of_every_stage_has_the_same_bytes(finished):
    recorded, hashes = outputs(finished[DVC]), Hashes()
    found = {path: (hashes.dvc(finished[PLAIN] / path) or {}).get("md5") for path in recorded}
    assert len(recorded) > 20 and found == recorded


def test_reports_have_the_same_bytes(finished):
    files = [
        {p.relative_to(root): p.read_bytes() for p in (root / "reports").rglob("*") if p.is_file()}
        for root in finished.values()
    ]
    assert len(files[0]) >= 10 and files[0].keys() == files[1].keys()
    assert [file for file, content in sorted(files[0].items()) if content != files[1][file]] == []


def test_a_second_run_runs_nothing_and_status_is_clean(finished):
    root = finished[DVC]
    process = start(root, CIRCUMSTANCES[DVC])
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "Running stage" not in output and "up to date" in output
    status = subprocess.run([sys.executable, "-m", "dvc", "status"], cwd=root, capture_output=True, text=True)
    assert "up to date" in status.stdout


def test_what_git_sees_is_only_what_belongs_there(finished):
    root = finished[DVC]
    status = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=root, capture_output=True, text=True).stdout
    changed = {line[3:].strip('"') for line in status.splitlines()}
    assert {"dvc.lock", "data.dvc", "reports/comparison.csv"} <= changed
    assert all(path in ("dvc.lock", "data.dvc") or path.startswith("reports/") for path in changed), changed


def harness(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def test_the_audit_finds_nothing_wrong_with_it(finished):
    done = harness(finished[DVC], "audit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("hold: every number can be traced to its bytes")


def test_a_comparison_made_again_gives_the_same_bytes(finished):
    done = harness(finished[DVC], "reproduce", "aismec/norbert3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "aismec/norbert3: same bytes in 6 of 6 runs"


def test_no_machine_path_stands_in_any_output(finished):
    """Nor the user's name or the host's: outputs depend on inputs alone."""
    root = finished[DVC]
    needles = [str(root), str(Path.home()) + "/", "xyzzy"]
    for folder in ("artifacts", "reports", "data"):
        for path in (p for p in (root / folder).rglob("*") if p.is_file()):
            content = path.read_bytes()
            assert not any(needle.encode() in content for needle in needles), path


def test_a_changed_learning_rate_makes_only_that_task_stale(finished):
    root = finished[DVC]
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


@pytest.mark.extended
@pytest.mark.parametrize("choice", ["resume", "anew"])
def test_a_pretraining_interrupted_before_an_edit_asks_and_then_dvc_goes_on(finished, tmp_path, choice):
    """Through DVC: stopped, refused after an edit of the code, settled by the user's word, and made."""
    root = tmp_path / "interrupted"
    shutil.copytree(finished[DVC], root, symlinks=True)
    text = (root / "params.yaml").read_text(encoding="utf-8")
    params = YAML().load(text)
    params["families"]["norbert3"]["adaptation"].update(steps=400, save_steps=20)
    with open(root / "params.yaml", "w", encoding="utf-8") as handle:
        YAML().dump(params, handle)
    stage = [sys.executable, "-m", "dvc", "repro", "-s", "pretrain@norbert3"]
    environment = {**os.environ, "PYTHONPATH": str(root), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def told() -> subprocess.CompletedProcess:
        return subprocess.run(stage, cwd=root, env=environment, text=True, capture_output=True, timeout=200)

    first = subprocess.Popen(stage, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)  # fmt: skip
    states = root / "artifacts" / "states" / "norbert3" / "clinical"
    while not list(states.glob("*/*.json")):
        assert first.poll() is None
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    edited = root / "harness" / "training" / "pretrain" / "plan.py"
    edited.write_text(edited.read_text(encoding="utf-8") + "\n# Another comment.\n", encoding="utf-8")
    refused = told()
    assert refused.returncode and f"--{choice}" in refused.stdout + refused.stderr, refused.stdout + refused.stderr
    assert not (root / "artifacts/checkpoints/norbert3/clinical/config.json").exists()
    settled = harness(root, "pretrain", "norbert3", f"--{choice}")
    assert settled.returncode == 0, settled.stderr
    made = told()
    assert made.returncode == 0, made.stdout + made.stderr
    card = json.loads((root / "artifacts/checkpoints/norbert3/clinical/harness.json").read_text(encoding="utf-8"))
    assert card["steps"] == 400 and ("mixed" in card) == (choice == "resume")
    assert not list(states.glob("*/*.json"))


@pytest.fixture
def unfinished(finished, tmp_path) -> Path:
    """A copy in which no comparison has been fine-tuned, as far as DVC and its caches know."""
    root = tmp_path / "with a grid"
    shutil.copytree(finished[DVC], root, symlinks=True)
    lock = root / "dvc.lock"
    content = YAML().load(lock.read_text(encoding="utf-8"))
    for name in [name for name in content["stages"] if name.startswith("finetune@")]:
        del content["stages"][name]
    with open(lock, "w", encoding="utf-8") as handle:
        YAML().dump(content, handle)
    for folder in ("artifacts/predictions", ".dvc/cache/runs"):
        shutil.rmtree(root / folder)
    return root


def grid(root: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "harness", "grid", *arguments]
    return subprocess.Popen(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root), **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def the_training(root: Path, task: str) -> int:
    """The process id of `harness finetune TASK …` below `root`, as soon as there is one."""
    for _ in range(1200):
        for entry in sorted((p for p in Path("/proc").iterdir() if p.name.isdigit()), key=lambda p: int(p.name)):
            try:
                words, place = (entry / "cmdline").read_bytes().split(b"\0"), Path(os.readlink(entry / "cwd"))
            except OSError:
                continue
            if words[3:6] == [b"finetune", task.encode(), b"norbert3"] and place == root:
                return int(entry.name)
        time.sleep(0.1)
    raise AssertionError(f"no training of {task} was started")


def assert_as_dvc_repro_left_it(root: Path, finished: Path) -> None:
    """The lock entry by entry, the predictions byte by byte, and nothing for DVC to do."""
    read = YAML(typ="safe", pure=True).load
    assert read((root / "dvc.lock").read_text()) == read((finished / "dvc.lock").read_text())
    files = sorted(p.relative_to(finished) for p in (finished / "artifacts/predictions").rglob("*") if p.is_file())
    assert len(files) == 14, "three arms, two seeds and the record of the runs, for each of two tasks"
    for file in files:
        assert (root / file).read_bytes() == (finished / file).read_bytes(), file
    status = subprocess.run([sys.executable, "-m", "dvc", "status"], cwd=root, capture_output=True, text=True)
    assert "up to date" in status.stdout, status.stdout
    assert "Running stage" not in start(root, CIRCUMSTANCES[PLAIN]).communicate(timeout=120)[0]


def test_the_grid_makes_what_dvc_repro_makes_and_a_killed_job_costs_only_itself(unfinished, finished):
    first = grid(unfinished, "--on", "local", "--at-once", "2")
    os.kill(the_training(unfinished, "nor_deid"), signal.SIGKILL)
    said = first.communicate(timeout=500)[0]
    assert first.returncode == 1 and "Traceback" not in said, said
    assert "1 of 2 comparisons were not made" in said and "nor_deid/norbert3 was killed by signal 9" in said
    log = said.partition("killed by signal 9. Log: ")[2].split()[0]
    assert "killed by signal 9" in (unfinished / log).read_text()
    second = grid(unfinished, "--on", "local")
    said = second.communicate(timeout=500)[0]
    assert second.returncode == 0 and "aismec" not in said, said
    assert "1 comparisons made, 1 were up to date" in said
    assert_as_dvc_repro_left_it(unfinished, finished[DVC])


@pytest.mark.extended
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_grid_that_is_killed_goes_on_with_what_is_missing(unfinished, finished, how):
    first = grid(unfinished, "--on", "local", "--at-once", "1")
    for line in first.stdout:
        if "done (1 of 2)" in line:
            break
    the_training(unfinished, "nor_deid")
    first.send_signal(how)
    rest = first.communicate(timeout=200)[0]
    if how != signal.SIGKILL:
        assert first.returncode == 130 and "its jobs were stopped" in rest and "Traceback" not in rest, rest
    second = grid(unfinished, "--on", "local")
    said = second.communicate(timeout=500)[0]
    assert second.returncode == 0 and "aismec" not in said, said
    assert_as_dvc_repro_left_it(unfinished, finished[DVC])


def test_a_grid_does_not_start_before_its_inputs_are_up_to_date(unfinished):
    params = unfinished / "params.yaml"
    text = params.read_text(encoding="utf-8").replace("train: 0.75", "train: 0.74").replace("test: 0.15", "test: 0.16")
    params.write_text(text, encoding="utf-8")
    done = harness(unfinished, "grid", "--on", "local")
    assert done.returncode == 1 and "Not up to date: split@aismec, split@nor_deid" in done.stderr, done.stderr
    assert (
        done.stderr.rstrip().endswith("Run `dvc repro split pretrain` first.")
        and not (unfinished / "artifacts/grid").exists()
    )


@pytest.mark.extended
@pytest.mark.skipif(one_node_slurm.why_not() is not None, reason=str(one_node_slurm.why_not()))
def test_the_grid_on_a_real_slurm_of_one_node(unfinished, finished, tmp_path):
    """An array; one of its jobs is cancelled, the grid interrupted and taken up again."""
    with one_node_slurm.cluster(tmp_path / "slurm") as environment:
        asked = ("--cpus", "1", "--memory-gb", "1")
        refused = grid(unfinished, *asked, "--partition", "none", **environment)
        assert "Slurm refused the jobs: sbatch" in refused.communicate(timeout=120)[0] and refused.returncode == 1
        first = grid(unfinished, *asked, **environment)
        lines = [first.stdout.readline() for _ in range(2)]
        ids = {line.split("/")[0]: line.split("job ")[1].split(",")[0] for line in lines}
        the_training(unfinished, "nor_deid")
        first.send_signal(signal.SIGINT)
        said = first.communicate(timeout=200)[0]
        assert first.returncode == 130 and "continues in Slurm" in said, said
        subprocess.run(["scancel", ids["nor_deid"]], env=environment, check=True)
        second = grid(unfinished, *asked, **environment)
        said = second.communicate(timeout=500)[0]
        third = grid(unfinished, *asked, **environment)
        more = third.communicate(timeout=500)[0]
        assert third.returncode == 0, said + more
        assert "aismec/norbert3: job" not in said + more
    assert_as_dvc_repro_left_it(unfinished, finished[DVC])
