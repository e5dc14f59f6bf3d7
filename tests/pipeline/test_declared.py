"""`dvc.yaml` spelled out, and the hashes that DVC makes."""

import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from harness.pipeline.declared import read_yaml, stages, value_at
from harness.pipeline.hashes import Hashes


def test_every_stage_is_spelled_out_as_the_lock_names_it(repository):
    lock = read_yaml(repository / "dvc.lock")["stages"]
    declared = stages(repository, read_yaml(repository / "params.yaml"))
    assert declared.keys() == lock.keys()
    stage = declared["finetune@medmqp-nb_bert"]
    assert stage.cmd == "harness finetune medmqp nb_bert"
    assert {"pipeline/tasks/medmqp/runs.txt", "artifacts/checkpoints/nb_bert/clinical"} <= set(stage.deps)
    assert "families.nb_bert.control" in stage.params and stage.outs == ("artifacts/predictions/medmqp/nb_bert",)
    assert "reports/splits/medmqp.json" in declared["split@medmqp"].outs
    # DVC shows metrics and plots; they are written all the same.
    assert {"reports/metrics.json", "reports/plots"} <= set(declared["report"].outs)
    assert "${" not in str(declared)


def test_a_parameter_that_is_not_there_is_a_key_error():
    assert value_at({"a": {"b": 1}}, "a.b") == 1
    with pytest.raises(KeyError):
        value_at({"a": {}}, "a.b")


def test_files_and_folders_hash_as_dvc_hashes_them(tmp_path):
    """The same folder, added to a repository by DVC itself."""
    folder = tmp_path / "data"
    for name, content in (("b.txt", "b"), ("a/æ.txt", "æøå"), ("a.txt", "x" * 70_000), ("a/b/c.bin", "")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    (tmp_path / "one.txt").write_text("1\r\n", encoding="utf-8", newline="")
    for command in (["init", "-q", "--no-scm"], ["add", "-q", "data", "one.txt"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], cwd=tmp_path, check=True, capture_output=True)
    hashes = Hashes()
    for name in ("data", "one.txt"):
        (out,) = YAML(typ="safe", pure=True).load((tmp_path / f"{name}.dvc").read_text(encoding="utf-8"))["outs"]
        expected = {key: out[key] for key in ("md5", "size", "nfiles") if key in out}
        assert hashes.dvc(tmp_path / name) == expected
    assert hashes.dvc(tmp_path / "none") is None and hashes.sha256(tmp_path / "none") is None
    md5 = hashes.dvc(folder)["md5"]
    (folder / "a.txt").write_text("y", encoding="utf-8")
    (folder / "new.txt").write_text("y", encoding="utf-8")
    assert Hashes().changed_files(tmp_path, folder, md5) == ["a.txt", "new.txt"]
