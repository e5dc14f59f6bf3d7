"""A task far outside what is usual is named, and goes on."""

import dataclasses

import cards_given
import fakes

from harness.cli import main
from harness.plugins import unusual


def test_usual_tasks_get_no_notice(tmp_path):
    assert not [notice for task in fakes.TASKS.values() for notice in unusual.notices(tmp_path, task)]


def test_many_labels_and_many_rows_are_said(tmp_path):
    task = dataclasses.replace(fakes.TASKS["synergi"], labels=tuple(f"l{i}" for i in range(2000)))
    cards_given.write(tmp_path, "synergi", rows=3_000_000)
    labels, rows = unusual.notices(tmp_path, task)
    assert "2,000 labels" in labels and "macro mean" in labels and "3,000,000 rows" in rows


def test_check_says_so_and_finds_no_fault(repository, tmp_path, monkeypatch, capsys):
    (tmp_path / "tasks").mkdir()
    # In this process torch may be there already, and "portable" comes before it.
    params = (repository / "params.yaml").read_text(encoding="utf-8").replace("portable", "fast")
    (tmp_path / "params.yaml").write_text(params, encoding="utf-8")
    (tmp_path / "dvc.yaml").write_bytes((repository / "dvc.yaml").read_bytes())
    from harness.plugins import creating

    creating.create(tmp_path, "triage", "sequence", "csv")
    path = tmp_path / "tasks" / "triage.py"
    more = 'LABELS = ("no", "yes", *(f"code {i}" for i in range(600)))'
    path.write_text(path.read_text(encoding="utf-8").replace('LABELS = ("no", "yes")', more), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "triage"]) == 0
    assert "note: triage has 602 labels" in capsys.readouterr().out
