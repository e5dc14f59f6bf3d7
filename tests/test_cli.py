"""The command line as a user meets it: help with examples, exit codes, errors without tracebacks."""

import pathlib
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from disks import mounted

from harness import cli
from harness.cli import main

COMMANDS = [
    ["tasks"], ["new-task"], ["check"], ["data", "generate"], ["data", "fetch"], ["data", "use"],
    ["profile", "list"], ["profile", "use"], ["generate"],
    ["validate"], ["split"], ["corpus"], ["checkpoint"], ["pretrain"], ["finetune"], ["score"], ["report"],
    ["repro"], ["grid"], ["rehearse"], ["translate"], ["pin"], ["linear"], ["crossvalidate"], ["export"], ["track"],
    ["ui"], ["audit"], ["reproduce"],
]  # fmt: skip


def harness(*arguments, cwd):
    return subprocess.run([sys.executable, "-m", "harness", *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path, repository):
    """A copy of what a command needs: parameters, pipeline and task files."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(repository / name, tmp_path / name)
    shutil.copytree(repository / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert f"Example: harness {' '.join(command)}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("arguments", [[], ["tassks"], ["finetune", "medmqp"], ["ui", "--port", "x"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said", "remedy"),
    [
        (["validate", "medmpq"], "no task 'medmpq'. Did you mean 'medmqp'?", "Known tasks"),
        (["validate", "medmqp"], "data/medmqp", "dvc repro"),
        (["split", "medmqp"], "artifacts/validated/medmqp", "harness validate medmqp"),
        (["checkpoint", "nb_brt"], "no family 'nb_brt'. Did you mean 'nb_bert'?", "It has"),
        (["checkpoint", "nb_bert"], "artifacts/corpus", "harness corpus"),
        (["pretrain", "nb_bert"], "artifacts/checkpoints/nb_bert/baseline", "harness checkpoint nb_bert"),
        (["finetune", "medmqp", "nb_bert"], "artifacts/validated/medmqp", "harness validate medmqp"),
        (["score", "medmqp", "nb_bert"], "artifacts/validated/medmqp", "harness validate medmqp"),
        (["report"], "artifacts/scores", "harness score"),
        (["profile", "use", "labb"], "no profile 'labb'. Did you mean 'lab'?", "Profiles:"),
        (["data", "fetch", "aismec"], "aismec has no public original", "harness data use aismec PATH"),
        (["data", "fetch", "medmqp", "--mirror", "nowhere"], "nowhere", "mirror"),
        (["data", "use", "medmqp", "nowhere.csv"], "what was given for medmqp is missing", "Give the file"),
        (["new-task", "dose", "--head", "regression"], "is not supported", "Heads: sequence, pair"),
        (["new-task", "codes", "--head", "multi-label"], "Did you mean 'multilabel'?", "Heads: sequence, pair"),
        (["new-task", "triage", "--head", "sequense"], "Did you mean 'sequence'?", "Heads: sequence, pair"),
        (["new-task", "triage", "--head", "tokens", "--format", "csv"], "no format 'csv'", "conll, brat, tags, jsonl"),
        (["new-task", "medmqp", "--head", "pair"], "tasks/medmqp.py exists already", "another name"),
        (["new-task", "2fast", "--head", "pair"], "'2fast' is not a valid task name", "small letters"),
    ],
)
def test_errors_name_the_thing_and_the_remedy_in_a_few_lines(project, arguments, said, remedy, monkeypatch, capsys):
    monkeypatch.chdir(project)
    # Other tests have loaded torch already, which a portable run must not find; none of these gets so far.
    monkeypatch.setattr("harness.system.determinism.prepare_environment", lambda reproducible: None)
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert said in told and remedy in told
    assert "Traceback" not in told and len(told.strip().splitlines()) <= 5


@pytest.mark.parametrize(
    ("arguments", "said", "remedy"),
    [
        (["pin", "a/b@dev"], "cannot be asked for the commit of a/b@dev",
         "HF_HUB_OFFLINE=0 harness pin a/b@dev"),
        (["finetune", "medmqp", "nb_bert"], "artifacts/validated/medmqp", "harness validate medmqp"),
    ],
)  # fmt: skip
def test_they_do_so_in_a_process_of_their_own(project, arguments, said, remedy):
    result = harness(*arguments, cwd=project)
    assert result.returncode == 1, result.stderr
    assert said in result.stderr and remedy in result.stderr
    assert "Traceback" not in result.stderr and len(result.stderr.strip().splitlines()) <= 5


def test_outside_a_repository_the_error_says_where_to_go(tmp_path):
    result = harness("tasks", cwd=tmp_path)
    assert result.returncode == 1 and "No params.yaml" in result.stderr


def test_a_broken_parameter_stops_every_stage_with_its_path(project):
    text = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(text.replace("precision: fp32", "precison: fp32"), encoding="utf-8")
    result = harness("split", "medmqp", cwd=project)
    assert result.returncode == 1
    assert "engine.precison is not a setting. Did you mean 'precision'?" in result.stderr


def test_square_brackets_and_escapes_are_text_for_a_terminal(project):
    """rich reads `[red]` as a colour, `[link=…]` as a link, and fails on `[/]`."""
    path = project / "tasks" / "synergi.py"
    text = path.read_text(encoding="utf-8")
    title = "[red]x[/red] [link=https://evil.example]y[/link] [/] z"
    path.write_text(re.sub(r'title="[^"]*"', f'title="{title}"', text), encoding="utf-8")
    result = harness("tasks", cwd=project)
    assert result.returncode == 0 and "".join(title.split()) in "".join(result.stdout.split())
    path.write_text(text + "\nraise RuntimeError('a\\x1b[31mred')\n", encoding="utf-8")
    result = harness("tasks", cwd=project)
    assert result.returncode == 1 and "a\\x1b[31mred" in result.stderr and "\x1b" not in result.stderr


def test_names_of_files_and_of_experiments_are_text_for_a_terminal_too(project, monkeypatch, capsys):
    """A task's file is called as a plugin's author likes, an experiment on a server as anybody does."""
    (project / "tasks" / "a\x1b[31mb.py").write_text("x = 1\n", encoding="utf-8")
    for command in ("check", "tasks"):
        result = harness(command, cwd=project)
        assert result.returncode == 1 and "\x1b" not in result.stdout + result.stderr
        assert "a\\x1b[31mb" in result.stdout + result.stderr
    from harness.tracking import serve

    experiment = SimpleNamespace(name="a\x1b]8;;https://evil.example\x07x", experiment_id="1")
    client = SimpleNamespace(search_experiments=lambda: [experiment])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/x.db")
    (project / "x.db").touch()
    monkeypatch.setattr(serve.backend, "connect", lambda uri: client)
    monkeypatch.setattr(serve.backend, "close", lambda *given: None)
    monkeypatch.setattr(serve.subprocess, "Popen", _Ended)
    monkeypatch.setattr(serve.os, "killpg", lambda *given: None)
    monkeypatch.setattr(serve.signal, "signal", lambda *given: None)
    serve.serve(project, 5000)
    said = capsys.readouterr().out
    assert "\x1b" not in said and "a\\x1b]8;;https://evil.example" in said


class _Ended:
    pid = 0

    def __init__(self, *given, **more):
        pass

    def wait(self):
        return 0


def test_tasks_lists_the_registry(project):
    result = harness("tasks", cwd=project)
    assert result.returncode == 0
    for name in ("aismec", "medmcqa", "medmqp", "nor_deid", "synergi"):
        assert name in result.stdout
    (project / "tasks" / "synergi.py").unlink()
    result = harness("tasks", cwd=project)
    assert result.returncode == 0 and "synergi" not in result.stdout and "aismec" in result.stdout


def test_check_tells_of_every_task_and_fails_on_a_finding(project):
    made = harness("new-task", "triage", "--head", "sequence", cwd=project)
    assert made.returncode == 0 and "tasks: [medmcqa, medmqp, nor_deid, aismec, synergi, triage]" in made.stdout
    alone = harness("check", "triage", cwd=project)
    assert alone.returncode == 0 and "no findings (not under run.tasks" in alone.stdout
    every = harness("check", cwd=project)
    assert every.returncode == 1 and "medmqp: 1 finding" in every.stdout and "triage: no findings" in every.stdout
    # A version that nobody has translated yet is no fault of a run without it; one that is asked for is.
    assert "medmqp_nb: no findings, no data (not under run.tasks" in every.stdout
    asked = harness("check", "medmqp_nb", cwd=project)
    assert asked.returncode == 1 and "`harness translate` for a translation" in asked.stdout


def test_profiles_are_written_and_recognised(project):
    assert harness("profile", "use", "paper", cwd=project).returncode == 0
    listed = harness("profile", "list", cwd=project).stdout
    assert [line.split()[0] for line in listed.splitlines() if line.rstrip().endswith("yes")] == ["paper"]


def test_a_reader_that_went_away_is_no_traceback(project):
    result = subprocess.run(
        f"{sys.executable} -m harness tasks | true", shell=True, cwd=project, capture_output=True, text=True
    )
    assert "Traceback" not in result.stderr


def test_a_pin_is_printed_as_params_yaml_takes_it(monkeypatch, capsys):
    from ruamel.yaml import YAML

    from harness import cli
    from harness.encoders import pins
    from harness.params.config import Hub

    found = Hub("hub", "a/b", "1" * 40, {"config.json": "2" * 40})
    monkeypatch.setattr(pins, "pin", lambda name: found if name == "a/b@dev" else None)
    monkeypatch.setattr("harness.system.determinism.prepare_environment", lambda reproducible: None)
    assert cli.main(["pin", "a/b@dev"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# a/b@dev: ")
    assert Hub(**YAML(typ="safe", pure=True).load(printed)) == found


def test_a_full_disk_below_what_is_printed_is_no_traceback(project):
    command = f"{sys.executable} -m harness tasks > /dev/full"
    result = subprocess.run(command, shell=True, cwd=project, capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr.startswith("harness: No space left"), result.stderr
    assert len(result.stderr.splitlines()) == 2


VALIDATE, USE = ["validate", "triage"], ["data", "use", "triage", "given/sample.csv"]


@pytest.mark.parametrize(
    ("place", "size", "arguments", "said"),
    [
        ("artifacts", "4k", VALIDATE, "No space left while writing artifacts/validated/triage"),
        ("artifacts", "read-only", VALIDATE, "The file system is read-only while writing artifacts/validated/triage"),
        ("artifacts/validated/triage", "64k", VALIDATE, "Device or resource busy: artifacts/validated/triage"),
        ("data", "12k", USE, "No space left while writing data/triage"),
        ("data", "read-only", USE, "The file system is read-only while writing data"),
        ("data/triage", "64k", USE, "Device or resource busy: data/triage"),
        ("more", "4k", ["data", "generate", "more"], "No space left while writing more."),
    ],
)
def test_a_disk_that_takes_nothing_is_named_and_the_last_good_state_stays(place, size, arguments, said, project):
    assert harness("new-task", "triage", "--head", "sequence", "--format", "csv", cwd=project).returncode == 0
    (project / "given").mkdir()
    shutil.copy(project / "data" / "triage" / "sample.csv", project / "given")
    before = shutil.move(project / "data", project / "before")
    (project / "data").mkdir()
    (project / place).parent.mkdir(parents=True, exist_ok=True)
    place = project / place
    if place.exists():
        place.rmdir()
    with mounted(place, "size=64k" if size == "read-only" else f"size={size}") as disk:
        shutil.copytree(before, project / "data", dirs_exist_ok=True)
        if size == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        result = harness(*arguments, cwd=project)
        assert result.returncode == 1 and said in result.stderr.replace(f"{project}/", ""), result.stderr
        # `validate` says first what it has read.
        message = [line for line in result.stderr.splitlines() if not line.startswith("triage: ")]
        assert len(message) == 2 and ".partial" not in result.stderr
        for path in before.rglob("*.*"):
            assert (project / "data" / path.relative_to(before)).read_bytes() == path.read_bytes()
        assert not list(project.rglob("*.partial"))


def test_a_place_that_takes_no_folder_is_named(project):
    result = harness("data", "generate", "/proc/harness", cwd=project)
    assert result.returncode == 1
    assert result.stderr.startswith("harness: The harness cannot make a folder at /proc/harness.")


@pytest.mark.parametrize(
    ("arguments", "what_now"),
    [(["check"], "run the command again"), (["corpus"], "`dvc repro` starts this stage again")],
)
def test_an_interrupted_command_says_what_starts_it_again(arguments, what_now, monkeypatch, capsys):
    def interrupted(options, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    assert cli.main(arguments) == 130
    assert capsys.readouterr().err == f"harness: interrupted; {what_now}.\n"


def test_a_profile_says_what_data_are_in_place_and_what_to_type(tmp_path):
    project = tmp_path / "project"
    root = pathlib.Path(__file__).resolve().parent.parent
    shutil.copytree(root / "tasks", project / "tasks")
    shutil.copy(root / "dvc.yaml", project)
    assert harness("profile", "use", "embedded", cwd=project).returncode == 0
    assert harness("data", "generate", "data", cwd=project).returncode == 0
    shutil.rmtree(project / "data" / "synergi")
    said = harness("profile", "use", "paper", cwd=project).stdout
    assert "nor_deid: its data are generated; `harness data fetch nor_deid`" in said
    assert "medmqp_nb: it has no data; `harness translate medmqp --to nb --model …` (or --from FILE)" in said
    assert "aismec: its data are generated; restricted: `harness data use aismec PATH`" in said
    assert "synergi: it has no data; restricted: `harness data use synergi PATH`" in said
    assert "in place" not in harness("profile", "use", "embedded", cwd=project).stdout


def test_a_profile_of_generated_data_names_those_in_place_that_are_not(tmp_path):
    project = tmp_path / "project"
    root = pathlib.Path(__file__).resolve().parent.parent
    shutil.copytree(root / "tasks", project / "tasks")
    shutil.copy(root / "dvc.yaml", project)
    assert harness("profile", "use", "paper", cwd=project).returncode == 0
    assert harness("data", "generate", "data", cwd=project).returncode == 0
    for task, kind in (("medmqp", "public"), ("aismec", "restricted")):
        record = project / "data" / task / "source.json"
        record.write_text(record.read_text(encoding="utf-8").replace('"synthetic"', f'"{kind}"'), encoding="utf-8")
    said = harness("profile", "use", "embedded", cwd=project).stdout.splitlines()[1:]
    assert said == ["  medmqp: its data are public, not generated",
                    "  aismec: its data are restricted, not generated"]  # fmt: skip


def test_a_profile_says_what_data_are_in_place_where_one_task_file_is_broken_or_gone(tmp_path):
    project = tmp_path / "project"
    root = pathlib.Path(__file__).resolve().parent.parent
    shutil.copytree(root / "tasks", project / "tasks")
    shutil.copy(root / "dvc.yaml", project)
    (project / "tasks" / "medmcqa_nb.py").write_text("TASK = (", encoding="utf-8")
    (project / "tasks" / "medmqp_nb.py").unlink()
    done = harness("profile", "use", "paper", cwd=project)
    assert done.returncode == 0 and not done.stderr
    assert "  medmcqa_nb: " in done.stdout and "line 1: SyntaxError" in done.stdout
    assert "  medmqp_nb: There is no task 'medmqp_nb'." in done.stdout
    assert "  nor_deid: it has no data; `harness data fetch nor_deid`" in done.stdout


def test_a_profile_is_written_where_there_is_nothing_else(tmp_path):
    done = harness("profile", "use", "paper", cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "params.yaml").is_file() and not done.stderr
