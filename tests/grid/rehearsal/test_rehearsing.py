"""A miniature profile is rehearsed from end to end, and what would fail is named before the first update."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from harness import cli
from harness.data import sources
from harness.data.synthetic import write
from harness.grid.rehearsal import disk, printing, rehearsing
from harness.params import profiles
from harness.system import files
from harness.system.files import sha256

REPOSITORY = Path(__file__).resolve().parents[3]
FAMILY, TASK = "nb_bert", "aismec"


def write_params(root: Path, change=lambda values: None) -> None:
    values = YAML().load(profiles.text("embedded"))
    values["run"].update(profile="miniature", tasks=[TASK], families=[FAMILY], seeds=[1, 2])
    values["engine"]["reproducible"] = "fast"
    family = values["families"][FAMILY]
    family["encoder"].update(hidden=32, intermediate=64, vocabulary=900)
    for phase in ("general", "adaptation"):
        family[phase].update(steps=40, effective_batch=4, device_batch=4)
    values["tasks"][TASK].update(steps=20, evaluate_every=10, batch=4)
    change(values)
    with open(root / "params.yaml", "w", encoding="utf-8") as handle:
        YAML().dump(values, handle)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A checkout with generated data in it, as `dvc repro` finds it."""
    root = tmp_path_factory.mktemp("rehearsing") / "project"
    root.mkdir()
    shutil.copytree(REPOSITORY / "tasks", root / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "harness").symlink_to(REPOSITORY / "harness")
    shutil.copytree(REPOSITORY / "pipeline", root / "pipeline")
    for name in (".gitignore", "dvc.yaml", "params.schema.json"):
        shutil.copy(REPOSITORY / name, root / name)
    write_params(root)
    generated = root.parent / "generated"
    write.generate(generated, 2026)
    for name in (TASK, "corpus"):
        shutil.copytree(generated / name, root / "data" / name)
    rows = (root / "data/corpus/general.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:400]
    for part in ("general", "clinical"):
        lines = (root / f"data/corpus/{part}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[: len(rows)]
        (root / f"data/corpus/{part}.jsonl").write_text("".join(lines), encoding="utf-8")
    pinned(root / "data/corpus")
    files.write_text(root / "dvc.lock", "schema: '2.0'\n")
    files.write_text(root / "artifacts/kept.json", "{}\n")
    commit = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "code")
    for command in (("git", "init", "-q"), ("git", "add", "-A"), commit):
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    return root


def pinned(folder: Path) -> None:
    source = sources.read_source(folder)
    sources.write_source(folder, source | {"files": {name: sha256(folder / name) for name in source["files"]}})


@pytest.fixture
def rehearse(project, monkeypatch, capsys):
    """Runs the command in the project; its exit code and what it said. Its parameters are put back."""

    def run(*arguments: str, change=lambda values: None) -> tuple[int, str]:
        monkeypatch.chdir(project)
        write_params(project, change)
        try:
            code = cli.main(["rehearse", *arguments])
        finally:
            write_params(project)
        return code, capsys.readouterr().out

    return run


def everything(root: Path) -> dict[str, str]:
    left_out = {".git", "harness", "__pycache__"}
    found = (path for path in sorted(root.rglob("*")) if not left_out & set(path.relative_to(root).parts))
    return {path.relative_to(root).as_posix(): sha256(path) for path in found if path.is_file()}


def test_a_miniature_is_rehearsed_and_nothing_of_it_changes(project, rehearse, tmp_path):
    before = everything(project)
    code, said = rehearse("--json", str(tmp_path / "forecast.json"), "--minutes", "0.1")
    assert code == 0, said
    assert everything(project) == before
    status = subprocess.run(["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True)
    assert status.stdout == ""
    forecast = json.loads((tmp_path / "forecast.json").read_text(encoding="utf-8"))
    stages = {f"{one['stage']} {one['name']}".strip(): one for one in forecast["stages"]}
    assert list(stages) == [
        f"validate {TASK}", f"split {TASK}", "corpus", f"checkpoint {FAMILY}", f"pretrain {FAMILY}",
        f"finetune {TASK} {FAMILY}",
    ]  # fmt: skip
    # Clinical and control arm of 40 updates; three arms by two seeds of 20.
    assert [stages[f"{name} {FAMILY}"]["updates"] for name in ("checkpoint", "pretrain")] == [40, 80]
    tuned = stages[f"finetune {TASK} {FAMILY}"]
    assert (tuned["runs"], tuned["updates"]) == (6, 120)
    for name in (f"checkpoint {FAMILY}", f"pretrain {FAMILY}", f"finetune {TASK} {FAMILY}"):
        assert stages[name]["seconds"] > 0 and stages[name]["memory"] > 50e6 and stages[name]["disk"] > 0, name
    assert forecast["findings"] == [] and forecast["free"] > forecast["written"] > 0
    assert "most of it" in said and "together" in said and "harness repro" in said


@pytest.fixture
def without_strokes(project):
    """The calls, of which one is about a stroke."""
    folder = project / "data" / TASK
    stored = {path: path.read_bytes() for path in folder.iterdir()}
    rows = files.read_jsonl(folder / "calls.jsonl")
    one = next(row for row in rows if row["outcome"] == "stroke")
    files.write_jsonl(folder / "calls.jsonl", [one, *(row for row in rows if row["outcome"] != "stroke")])
    pinned(folder)
    yield
    for path, content in stored.items():
        path.write_bytes(content)


def test_a_task_without_positives_in_test_is_named(without_strokes, rehearse):
    code, said = rehearse("--check")
    assert code == 1
    assert f"FINDING: split {TASK}: {TASK}: binary_f1 cannot be measured: no row of the test part has" in said


def test_generated_rows_stand_in_for_a_translation_that_is_not_made_yet(rehearse):
    def change(values):
        values["run"]["tasks"] = [TASK, "medmqp_nb"]
        values["tasks"]["medmqp_nb"] = dict(values["tasks"][TASK])

    code, said = rehearse("--check", "--json", "-", change=change)
    assert json.loads(said)["findings"] == [] and code == 0


def missing_pin(values) -> None:
    at = values["families"][FAMILY]
    at["baseline"] = {"source": "hub", "repository": "NbAiLab/nb-bert-large", "revision": 40 * "1"}
    at["general"] = None


def test_all_that_would_fail_is_named_at_once(rehearse, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))

    def change(values):
        missing_pin(values)
        values["tasks"][TASK]["max_length"] = 600
        values["families"][FAMILY]["adaptation"].update(device_batch=50_000, effective_batch=50_000, length=512)

    asked = ("--disk-gb", "0.1", "--on", "slurm", "--sbatch", "acount=p1", "--device-memory-gb", "4")
    code, said = rehearse("--check", *asked, change=change)
    assert code == 1
    found = [line for line in said.splitlines() if line.startswith("FINDING")]
    named = (
        "NbAiLab/nb-bert-large at 1111", f"tasks.{TASK}.max_length is 600 tokens", "device_batch is 50000 rows",
        "GB are free", "sbatch has no option 'acount'",
    )  # fmt: skip
    for words in named:
        assert any(words in line for line in found), words
    assert "s an update" not in said


def test_one_missing_file_of_a_pin_is_named(rehearse, monkeypatch, tmp_path):
    from harness.encoders import hub

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = hub.snapshot_folder("NbAiLab/nb-bert-large", 40 * "1")
    files.write_json(folder / "tokenizer.json", {})
    files.write_bytes(folder / "model.safetensors", b"")
    memory = ("--device-memory-gb", "64")  # whatever else runs on this machine
    code, said = rehearse("--check", *memory, change=missing_pin)
    assert code == 1 and f"{folder} lacks config.json" in said


@pytest.mark.extended  # of published files; those of another repository are below
def test_random_weights_stand_in_for_a_missing_pin(rehearse, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    code, said = rehearse("--check", "--random-weights", "--device-memory-gb", "64", change=missing_pin)
    assert code == 0, said
    assert f"note: checkpoint {FAMILY}: NbAiLab/nb-bert-large" in said


def test_without_a_gpu_and_without_files_random_weights_are_measured_on_the_cores(rehearse, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))

    def change(values):
        missing_pin(values)
        values["families"][FAMILY]["baseline"]["repository"] = "somebody/else"
        # More rows than the generated corpus has: a real one fills them.
        values["families"][FAMILY]["adaptation"].update(steps=None, device_batch=2, effective_batch=2_000)
        values["engine"].update(device="cuda", precision="bf16", devices=2)

    asked = ("--minutes", "0.1", "--json", "-", "--corpus-tokens", "1e7", "--device-flops", "1e9")
    code, said = rehearse(*asked, change=change)
    forecast = json.loads(said)
    # The pin is a finding, and all of it is forecast nevertheless.
    assert code == 1 and [one["where"] for one in forecast["findings"]] == [f"checkpoint {FAMILY}"]
    stages = {one["stage"]: one for one in forecast["stages"]}
    measured = forecast["measured"][f"pretrain {FAMILY}"]
    assert not measured["cut"]["whole"] and measured["cut"]["micro_batches"] == 1
    assert stages["pretrain"]["updates"] == 2 * round(1e7 / (2_000 * measured["width"]))
    # Two devices share the arithmetic of an update: 1e9 operations a second, each.
    assert stages["pretrain"]["parts"]["updates"] > stages["pretrain"]["updates"] * measured["flops"] / 2 / 1e9
    assert stages["pretrain"]["busy"] == pytest.approx(2 * stages["pretrain"]["seconds"])
    assert not stages["finetune"]["memory_measured"]
    notes = " ".join(forecast["notes"])
    assert "random weights" in notes and "no GPU here" in notes and f"replace the data of {TASK}" in notes


def test_a_bad_figure_is_refused(rehearse, capsys):
    assert rehearse("--minutes", "0")[0] == 1
    assert rehearse("--update-seconds", "nb_bert=1")[0] == 1


def test_the_table_marks_what_is_an_estimate():
    from harness.grid.rehearsal.forecast import Stage
    from harness.grid.rehearsal.model import Rehearsal
    from harness.params.config import Engine

    stage = Stage("pretrain", "f", 2, 100, 100, 7200, 28_800, 20e9, False, 10**9, {"updates": 7000.0})
    made = Rehearsal(stages=[stage], writes={"pretrain f": disk.Writes(10**9, 0)})
    engine = Engine("cuda", "bf16", "sdpa", "fast", 1, 4, "ddp", False, False)
    lines = list(printing.lines(made, engine, 2))
    assert "~20.0 GB" in lines[1] and "8.00" in lines[1] and "2.0 h" in lines[1] and lines[1].endswith("updates")
    assert "device h" in lines[0]


def test_threads_multiply_the_speed_of_a_cpu_only():
    one = rehearsing.training_flops(1e10, 1, "cpu")
    assert rehearsing.training_flops(1e10, 4, "cpu") == pytest.approx(4 * one)
    assert rehearsing.training_flops(1e14, 4, "cuda") == pytest.approx(1e4 * one)
