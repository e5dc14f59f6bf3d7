"""The command `translate`: from a model and from a file, to data that the stages read, and what is said of them."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import samples
import tiny_translators

from harness import cli
from harness.artifacts import validated
from harness.data import sources
from harness.plugins import registry
from harness.report.export import croissant
from harness.stages import validate
from harness.system import files

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def project(tmp_path, repository, monkeypatch):
    """A repository with the task files, the default parameters and both English sets, small."""
    root = tmp_path / "project"
    shutil.copytree(repository / "tasks", root / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repository / "dvc.yaml", root)
    # Portable settings come before torch is imported, and another test of this process may have done so.
    params = (repository / "params.yaml").read_text().replace("reproducible: portable", "reproducible: fast")
    (root / "params.yaml").write_text(params)
    for name in ("medmqp", "medmcqa"):
        samples.put(root, name)
        english(root, name)
    monkeypatch.chdir(root)
    return root


def english(root, name, **more):
    folder = root / "data" / name
    sources.write_source(folder, sources.read_source(folder) | {"language": "English"} | more)


def given(root, name="medmqp", change=lambda rows: rows):
    """A file with the translation of every pair; `change` plants what a test is about."""
    records, *_ = validate.check(registry.get(root, name), root / "data" / name, root)
    rows = [
        {"id": r["id"], "text": f"Norsk: {r['label']}", "text_pair": f"Også norsk {i}"} for i, r in enumerate(records)
    ]
    path = root / "given.csv"
    with open(path, "w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, ("id", "text", "text_pair"))
        writer.writeheader()
        writer.writerows(change(rows))
    return path


def test_a_file_becomes_the_data_of_a_task_of_its_own(project, capsys):
    path = given(project)
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", str(path)]) == 0
    told = f"translated, from given.csv (sha256 {files.sha256(path)[:12]}…)"
    assert told in capsys.readouterr().out
    card = validate.run(project, "medmqp_nb")
    assert (card.kind, card.source["language"], card.rows) == ("public", "Norwegian (bokmål)", 4)
    assert card.source["translation"]["told"] == told == validated.translated(project, "medmqp_nb")
    assert card.source["translation"]["sha256"] == files.sha256(path)
    ours, theirs = validated.originals(project, "medmqp_nb"), validated.records(project, "medmqp_nb")
    assert [r["id"] for r in ours] == [r["id"] for r in theirs]
    assert all(r["text"].startswith("Norsk") for r in theirs) and not any(r["text"].startswith("Norsk") for r in ours)
    assert [r["label"] for r in ours] == [r["label"] for r in theirs]
    about = croissant.metadata(registry.get(project, "medmqp_nb"), card.plain(), "0" * 64, theirs)
    assert told[1:] in about["description"] and "a public set" in about["description"]
    assert not list((project / "artifacts" / "translations").glob("*/*"))


def test_an_item_without_translation_is_dropped_and_counted(project, capsys):
    path = given(project, change=lambda rows: [rows[0] | {"text": ""}, *rows[1:]])
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", str(path)]) == 0
    assert "empty translation 1 of 4 dropped" in " ".join(capsys.readouterr().out.split())
    card = validate.run(project, "medmqp_nb")
    assert (card.rows_in, card.rows, card.dropped) == (4, 3, {"empty translation": 1})
    assert len(validated.originals(project, "medmqp_nb")) == 4


def test_options_that_became_equal_are_dropped_and_other_faults_counted(project, capsys):
    items = [
        {"id": "mcqa-item-1", "question": "Hvilket vitamin hindrer skjørbuk?", "options": ["A", "B11", "C", "K"]},
        {"id": "mcqa-item-2", "question": "Største organ?", "options": ["Hud", "Lever", "hud", "Hjerne"]},
        {"id": "mcqa-item-3", "question": "Signifikant ved 5 %?", "options": ["p<0,05", "p>0,05", "p=1", "ingen"]},
    ]
    (project / "t.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    assert cli.main(["translate", "medmcqa", "--to", "nn", "--from", "t.jsonl"]) == 0
    checks = sources.read_source(project / "data" / "medmcqa_nn")["translation"]["checks"]
    assert {reason: n for reason, n in checks.items() if n} == {"options that became equal": 1, "numbers changed": 1}
    out = capsys.readouterr().out
    assert "mcqa-item-1" in out and "12 → 11" in out
    assert validate.run(project, "medmcqa_nn").dropped == {"options that became equal": 1}


def test_a_file_with_faults_is_refused_and_changes_nothing(project, capsys):
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", str(given(project))]) == 0
    before = files.sha256_files(project / "data")
    path = given(project, change=lambda rows: [rows[0], rows[0], *rows[2:]])
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", str(path)]) == 1
    err = capsys.readouterr().err
    assert "id occurs twice" in err and "item missing" in err and "nothing was written" in err
    assert files.sha256_files(project / "data") == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"language": "nb, nn", "kind": "synthetic"}, "synthetic and nb, nn: only public sets in English"),
        ({"kind": "restricted"}, "is restricted: only public sets in English"),
        ({"language": "Norwegian (bokmål)"}, "public and Norwegian"),
    ],
)
def test_only_public_english_sets_are_translated(project, capsys, more, said):
    path = given(project)
    english(project, "medmqp", **more)
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", str(path)]) == 1
    assert said in capsys.readouterr().err
    assert not (project / "data" / "medmqp_nb").exists()


def test_a_task_without_a_norwegian_version_says_how_to_declare_one(project, capsys):
    assert cli.main(["translate", "synergi", "--to", "nb", "--from", "t.csv"]) == 1
    assert 'translation_of="synergi"' in capsys.readouterr().err


def test_a_version_with_other_groups_than_its_original_is_refused(project, capsys):
    file = project / "tasks" / "medmqp_nb.py"
    file.write_text(file.read_text().replace("near_duplicate=0.7", "near_duplicate=0.8"))
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", "t.csv"]) == 1
    assert "TASK.groups is not that of" in capsys.readouterr().err


def test_a_memory_of_other_originals_is_refused(project):
    assert cli.main(["translate", "medmqp", "--to", "nb", "--from", str(given(project))]) == 0
    folder = project / "data" / "medmqp_nb"
    lines = (folder / "originals.jsonl").read_text().replace("penicillin", "paracetamol")
    (folder / "originals.jsonl").write_text(lines)
    source = sources.read_source(folder)
    changed = source["files"] | {"originals.jsonl": files.sha256(folder / "originals.jsonl")}
    sources.write_source(folder, source | {"files": changed})
    with pytest.raises(Exception, match="was translated from another text"):
        validate.run(project, "medmqp_nb")


def test_an_english_task_is_refused_for_a_norwegian_encoder(project, capsys):
    params = project / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("  nb_bert:\n", "  nb_bert:\n    language: Norwegian\n", 1))
    assert cli.main(["validate", "medmqp"]) == 1
    assert "the data of medmqp are in English" in capsys.readouterr().err
    assert cli.main(["checkpoint", "nb_bert"]) == 1
    assert "despite_language" in capsys.readouterr().err
    allowed = "  nb_bert:\n    language: Norwegian\n    despite_language: [medmqp, medmcqa]\n"
    params.write_text(text.replace("  nb_bert:\n", allowed, 1))
    assert cli.main(["validate", "medmqp"]) == 0


def many_pairs(root) -> None:
    """So many texts that a translation lasts long enough to be killed."""
    rows = []
    for i in range(16):
        word = LETTERS[i % 26] + LETTERS[(7 * i) % 26]
        rows += [["1", f"why does my knee {word}", f"how do i {word} {n}", str(n)] for n in range(2)]
    samples.put(root, "medmqp", {"mqp.csv": samples.to_csv(rows)})
    english(root, "medmqp")


def translate(root, model, *, wait=True):
    command = [sys.executable, "-m", "harness", "translate", "medmqp", "--to", "nb", "--model", str(model)]
    command += ["--batch", "2", "--beams", "2"]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if wait:
        out, err = process.communicate(timeout=900)
        assert process.returncode == 0, err
        return out
    return process


def test_a_killed_translation_goes_on_to_the_same_bytes(project, tmp_path):
    model = tiny_translators.marian(tmp_path / "opus")
    many_pairs(project)
    whole = tmp_path / "whole"
    shutil.copytree(project, whole)
    out = translate(whole, model)
    assert "machine-translated by opus at sha256 " in out
    killed = translate(project, model, wait=False)
    work = project / "artifacts" / "translations" / "work"
    until = time.monotonic() + 900
    while not any(path.read_bytes().count(b"\n") >= 2 for path in work.glob("*.jsonl")):
        assert time.monotonic() < until and killed.poll() is None
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    (before,) = work.glob("*.jsonl")
    part = before.read_bytes()
    assert not (project / "data" / "medmqp_nb").exists()
    translate(project, model)
    (there,) = (whole / "artifacts" / "translations" / "work").glob("*.jsonl")
    assert there.name == before.name and part.count(b"\n") < there.read_bytes().count(b"\n")
    assert files.sha256_files(project / "data" / "medmqp_nb") == files.sha256_files(whole / "data" / "medmqp_nb")
    memory = files.read_jsonl(project / "data" / "medmqp_nb" / "memory.jsonl")
    assert {"id", "field", "source_sha256", "text"} == set(memory[0]) and len(memory) > 50
