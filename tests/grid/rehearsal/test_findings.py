"""What would fail after hours is named before anything is trained."""

from argparse import Namespace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from harness.grid.rehearsal import disk, findings, sizes
from harness.grid.rehearsal.findings import Room
from harness.params import profiles, reading

ROOT = Path(__file__).resolve().parents[3]
LARGE = sizes.Shape("bert", 1024, 24, 16, 4096, 50_000, 512, 355_000_000, 302_000_000)
GRID = {"on": "local", "at_once": None, "cpus": None, "gpus": None, "hours": 24, "memory_gb": 32, "partition": None,
        "sbatch": [], "gpus_per_node": 4}  # fmt: skip


def params(profile: str = "embedded", **changes):
    import io

    values = YAML().load(profiles.text(profile))
    values["run"]["families"] = ["nb_bert"]
    for path, value in changes.items():
        *parents, key = path.split("__")
        section = values
        for parent in parents:
            section = section[parent]
        section[key] = value
    out = io.StringIO()
    YAML().dump(values, out)
    return reading.parse(out.getvalue())


def test_rows_longer_than_the_positions_are_named_with_the_key_of_each():
    given = params(tasks__synergi__max_length=600, families__nb_bert__adaptation__length=513)
    found = list(findings.positions(given, {"nb_bert": LARGE}))
    assert [one.where for one in found] == ["finetune synergi nb_bert", "pretrain nb_bert"]
    assert "tasks.synergi.max_length is 600 tokens, and nb_bert reads at most 512" in found[0].message
    assert found[1].remedy == "Set families.nb_bert.adaptation.length to 512 or less."
    anywhere = sizes.Shape(**{**vars(LARGE), "positions": None})
    assert not list(findings.positions(given, {"nb_bert": anywhere}))


def room(gb: float, at_once: int = 1) -> Room:
    return Room(round(gb * 1e9), "this machine", lambda jobs: min(jobs, at_once))


def test_a_batch_that_does_not_fit_is_named_with_one_that_does():
    given = params(
        "paper", families__nb_bert__adaptation__device_batch=64, families__nb_bert__adaptation__effective_batch=256
    )
    (found,) = findings.memory(given, {"nb_bert": LARGE}, {}, room(48))
    assert found.where == "pretrain nb_bert"
    assert found.message.startswith("families.nb_bert.adaptation.device_batch is 64 rows, which need about")
    fitting = int(found.remedy.split(" to ")[1].split()[0])
    engine, length = given.everything().engine, 512
    assert sizes.training_memory(LARGE, engine, fitting, length, guesses=True) <= 48e9
    assert sizes.training_memory(LARGE, engine, fitting + 1, length, guesses=True) > 48e9


def test_processes_that_run_side_by_side_share_the_memory():
    given = params("paper", run__tasks=["aismec"])
    needs = sizes.training_memory(LARGE, findings.alone(given.everything().engine), 16, 512, guesses=False)
    one, two = (list(findings.memory(given, {"nb_bert": LARGE}, {}, room(1.5 * needs / 1e9, n))) for n in (1, 2))
    assert not [found for found in one if found.where.startswith("finetune")]
    assert "in each of 2 processes" in next(found for found in two if found.where.startswith("finetune")).message


def test_the_published_batches_fit_the_published_gpus():
    everything = params("paper")
    assert not list(findings.memory(everything, {"nb_bert": LARGE}, {"medmcqa": 4}, room(48)))


def test_a_disk_that_is_too_small_is_named_with_what_takes_most_of_it():
    writes = {"pretrain nb_bert": disk.Writes(3_000_000_000, 9_000_000_000), "corpus": disk.Writes(1_000, 0)}
    needed = disk.total(writes)
    assert needed == 2 * 3_000_001_000 + 9_000_000_000
    largest = {name: one.most for name, one in writes.items()}
    (found,) = findings.space(needed, needed - 1, largest)
    assert "About 15.0 GB will be written, and 15.0 GB are free (most: pretrain nb_bert 15.0 GB" in found.message
    assert not list(findings.space(needed, needed, largest))


def slurm(tmp_path, profile="paper", **asked):
    options = Namespace(**{**GRID, "on": "slurm", **asked})
    return list(findings.slurm(tmp_path, params(profile), options))


@pytest.mark.parametrize(
    ("asked", "where", "said"),
    [
        ({"sbatch": ["acount=p1"]}, "grid", "sbatch has no option 'acount'. Did you mean 'account'?"),
        ({"sbatch": ["account"]}, "grid", "is not KEY=VALUE"),
        ({"gpus": 0}, "grid", "--gpus is 0, but engine.device is cuda"),
        ({"hours": 0}, "grid", "--hours must be 1 or more"),
        ({"gpus_per_node": 3}, "pretrain nb_bert", "4 devices do not fill whole nodes of 3 GPUs"),
    ],
)
def test_options_that_slurm_would_refuse_are_named(tmp_path, monkeypatch, asked, where, said):
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = slurm(tmp_path, **asked)
    assert found.where == where and said in found.message


def test_slurm_itself_is_asked_where_it_is_there(tmp_path, monkeypatch):
    sbatch = tmp_path / "sbatch"
    sbatch.write_text(
        "#!/bin/sh\n/bin/cat > /dev/null\necho 'sbatch: error: invalid partition specified: gpuu' >&2\nexit 1\n"
    )
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    found = slurm(tmp_path, partition="gpuu")
    assert {one.where for one in found} == {"grid", "pretrain nb_bert"}
    assert all("Slurm would refuse the job: invalid partition specified: gpuu" in one.message for one in found)


def test_options_that_are_right_are_no_finding(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slurm(tmp_path, sbatch=["account=p123"], hours=12) == []
