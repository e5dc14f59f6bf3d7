"""Restricted data are for their owner alone, or a declared group, and what could send them away is named."""

import argparse
import errno
import os
import stat
import subprocess
import sys

import pytest
from processes import no_waiting

from harness import cli
from harness.privacy import keeping, pseudonyms, restricted
from harness.system import files, messages, offline


@pytest.fixture
def root(tmp_path, repository):
    """A repository whose folders are as an ordinary umask makes them; data of `aismec` are restricted."""
    for place in keeping.PLACES:
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place).chmod(0o755)
    (tmp_path / ".dvc" / "config").write_text("", encoding="utf-8")
    local = f"[core]\n    site_cache_dir = {tmp_path}/.dvc/cache/site\n"
    (tmp_path / ".dvc" / "config.local").write_text(local, encoding="utf-8")
    files.write_bytes(tmp_path / "dvc.yaml", (repository / "dvc.yaml").read_bytes())
    files.write_text(tmp_path / "data.dvc", "outs:\n- path: data\n  push: false\n")
    files.write_json(tmp_path / "data" / "aismec" / "source.json", {"kind": "restricted"})
    return tmp_path


def modes(root) -> set[str]:
    return {f"{stat.S_IMODE((root / place).stat().st_mode):o}" for place in keeping.PLACES}


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_places_that_others_may_enter_are_found_and_closed(root, umask):
    found = keeping.exposures(root)
    assert [one.what for one in found] == ["data/", "artifacts/", ".dvc/cache/", ".dvc/tmp/"]
    assert str(found[0]) == "data/: mode 755 gives access to others → `chmod go-rwx data`"
    subprocess.run(found[0].remedy.strip("`"), shell=True, cwd=root, check=True)
    assert next(one.what for one in keeping.exposures(root)) == "artifacts/"
    keeping.close(root)
    assert modes(root) == {"700"} and keeping.exposures(root) == []
    files.write_text(root / "data" / "new" / "a.txt", "a")
    assert stat.S_IMODE((root / "data" / "new" / "a.txt").stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "data" / "new").stat().st_mode) == 0o700


def test_a_group_may_enter_where_dvc_is_told_that_it_shares_the_cache(root, umask):
    (root / ".dvc" / "config").write_text("[cache]\n    shared = group\n", encoding="utf-8")
    assert keeping.exposures(root)[0].remedy == "`chmod o-rwx data`"
    keeping.close(root)
    assert modes(root) == {"750"} and keeping.exposures(root) == []


def test_a_folder_that_a_link_leads_to_and_a_cache_elsewhere_are_looked_at_and_left(root, tmp_path_factory, umask):
    elsewhere = tmp_path_factory.mktemp("disk")
    for name in ("big", "cache"):
        (elsewhere / name).mkdir(mode=0o755)
        (elsewhere / name).chmod(0o755)
    (root / "artifacts" / "checkpoints").symlink_to(elsewhere / "big")
    (root / ".dvc" / "config").write_text(f"[cache]\n    dir = {elsewhere / 'cache'}\n", encoding="utf-8")
    keeping.close(root)
    told = [one.what for one in keeping.exposures(root)]
    assert told == [f"{elsewhere / 'cache'}/", "artifacts/checkpoints/"]


def test_another_users_folder_is_found(root, umask):
    keeping.close(root)
    try:
        os.chown(root / "data", 12345, -1)
    except PermissionError:
        pytest.skip("this user may give nothing away")
    assert [(one.what, one.found) for one in keeping.exposures(root)] == [("data/", "it belongs to another user")]


def test_what_another_user_keeps_to_himself_is_named_and_no_file_of_the_data(root, umask, monkeypatch, capsys):
    files.write_text(root / "params.yaml", "")
    monkeypatch.chdir(root)
    monkeypatch.setattr(offline, "enforce", lambda: [])
    monkeypatch.setattr(messages, "hide_messages", lambda: None)
    for given, said in (
        ("data/aismec/Kari Nordmann.jsonl", ": data/aismec."),
        ("data/aismec", ": data/aismec."),
        ("artifacts/.again.partial/data/aismec/Kari Nordmann.jsonl", ": artifacts/.again.partial/data/aismec."),
        ("artifacts/validated/aismec/records.jsonl", ": artifacts/validated/aismec/records.jsonl."),
        ("data/../.harness-key", ": .harness-key."),
        ("../Kari Nordmann.jsonl", "."),
    ):
        error = PermissionError(errno.EACCES, "Permission denied", given)

        def refused(_, error=error):
            raise error

        code = cli._run(argparse.Namespace(run=refused, only_looks=False, kind=None), for_good=False)
        assert (code, capsys.readouterr().err.splitlines()[0]) == (1, f"harness: Permission denied{said}")


def test_a_key_that_may_not_be_read_is_not_called_a_wrong_one(tmp_path, monkeypatch):
    (tmp_path / ".harness-key").touch()

    def refused(self, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(type(tmp_path), "read_text", refused)
    with pytest.raises(PermissionError):
        pseudonyms.read_key(tmp_path)


def test_every_output_of_the_pipeline_that_is_not_in_git_is_pushed_nowhere(root, umask):
    keeping.close(root)
    assert keeping.exposures(root) == []
    text = (root / "dvc.yaml").read_text(encoding="utf-8")
    (root / "dvc.yaml").write_text(text.replace("push: false", "push: true"), encoding="utf-8")
    (root / "data.dvc").write_text("outs:\n- path: data\n", encoding="utf-8")
    told = [one.what for one in keeping.exposures(root)]
    assert told[0] == "data.dvc: data" and "dvc.yaml: artifacts/validated/${item}" in told
    assert len(told) == 1 + text.count("push: false")


def test_a_pipe_in_the_place_of_a_record_is_nothing_to_wait_for(root):
    record = root / "data" / "aismec" / "source.json"
    record.unlink()
    os.mkfifo(record)
    with no_waiting():
        assert restricted.names(root) == ["aismec"]
        restricted.note(root)


def test_public_data_are_nobodys_business(root):
    files.write_json(root / "data" / "aismec" / "source.json", {"kind": "public"})
    (root / ".dvc" / "config").write_text("['remote \"r\"']\n    url = /there\n", encoding="utf-8")
    assert keeping.exposures(root) == [] and keeping.remotes(root) == [] and modes(root) == {"755"}


def test_a_remote_is_named_without_the_password_in_its_address(root):
    config = "['remote \"share\"']\n    url = ssh://kari:geheim@sykehus.example/lager\n"
    (root / ".dvc" / "config").write_text(config, encoding="utf-8")
    (said,) = keeping.remotes(root)
    assert "remote share (ssh://sykehus.example/lager)" in said and "geheim" not in said
    assert "nothing of data/ or artifacts/" in said and "HARNESS_OFFLINE" in said
    (root / "data.dvc").write_text("outs:\n- path: data\n", encoding="utf-8")
    assert "nothing of" not in keeping.remotes(root)[0]


def test_what_the_history_would_push_is_named_with_the_remote(root):
    """A pin from before it said `push: false` stays in git's history, and DVC can push every commit's data."""
    named = ["-c", "user.name=t", "-c", "user.email=t@example.org"]

    def committed(pin: str) -> None:
        (root / "data.dvc").write_text(pin, encoding="utf-8")
        for command in (["add", "data.dvc"], [*named, "commit", "-qm", "pin"]):
            subprocess.run(["git", *command], cwd=root, check=True)

    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (root / ".dvc" / "config").write_text("['remote \"r\"']\n    url = /there\n", encoding="utf-8")
    committed("outs:\n- path: data\n")  # of generated data
    committed("outs:\n- path: data\n  push: false\nmeta:\n  restricted: [aismec]\n")
    assert "--all-commits" not in keeping.remotes(root)[0]
    committed("outs:\n- path: data\nmeta:\n  restricted: [aismec]\n")
    committed("outs:\n- path: data\n  push: false\nmeta:\n  restricted: [aismec]\n")
    assert "`dvc push --all-commits` also sends the data of 1 earlier version of data.dvc" in keeping.remotes(root)[0]


@pytest.mark.parametrize("moved", ["[core]\n    site_cache_dir = /before/.dvc/cache/site\n", "", None])
def test_names_of_files_stay_inside_a_repository_that_was_moved_or_cloned(moved, root, umask):
    keeping.close(root)
    file = root / ".dvc" / "config.local"
    file.unlink() if moved is None else file.write_text(moved, encoding="utf-8")
    (found,) = keeping.exposures(root)
    assert found.what == "DVC's core.site_cache_dir" and found.expected == str(root / ".dvc" / "cache" / "site")
    keeping.close(root)
    assert keeping.exposures(root) == []
    file.write_text("[core", encoding="utf-8")
    keeping.close(root)
    assert file.read_text(encoding="utf-8") == "[core"


def test_a_signature_in_an_address_is_not_shown(root):
    config = "['remote \"blob\"']\n    url = azure://lager/calls?sv=1&sig=geheim\n"
    (root / ".dvc" / "config").write_text(config, encoding="utf-8")
    (said,) = keeping.remotes(root)
    assert "remote blob (azure://lager/calls)" in said and "geheim" not in said


@pytest.mark.parametrize("level", ["local", "repo", "global", "system"])
def test_what_is_said_to_remove_a_remote_removes_it_wherever_it_is_configured(level, root, monkeypatch):
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    places = {"repo": root / ".dvc" / "config", "local": root / ".dvc" / "config.local"}
    for other in ("global", "system"):
        places[other] = root / other / "config"
        places[other].parent.mkdir()
        monkeypatch.setenv(f"DVC_{other.upper()}_CONFIG_DIR", str(places[other].parent))
    for place in places.values():
        with open(place, "a", encoding="utf-8") as config:
            config.write("['remote \"kept\"']\n    url = /kept\n")
    with open(places[level], "a", encoding="utf-8") as config:
        config.write("['remote \"share\"']\n    url = /there\n")
    (said,) = (said for said in keeping.remotes(root) if "remote share (/there)" in said)
    command = said.split("`")[3]
    assert command.startswith("dvc remote remove")
    subprocess.run([sys.executable, "-m", *command.split()], cwd=root, check=True, capture_output=True)
    assert [("kept" in said, "share" in said) for said in keeping.remotes(root)] == [(True, False)] * 4


def test_what_somebody_else_gave_to_dvc_is_named_with_the_remote(root):
    (root / ".dvc" / "config").write_text("['remote \"r\"']\n    url = /there\n", encoding="utf-8")
    files.write_text(root / "given" / "calls.jsonl.dvc", "outs:\n- path: calls.jsonl\n  hash: md5\n")
    files.write_text(root / "given" / "mine.dvc", "outs:\n- path: mine\n  push: false\n")
    (said,) = keeping.remotes(root)
    sent = "nothing of data/ or artifacts/, and given/calls.jsonl (given/calls.jsonl.dvc) there."
    assert f"`dvc push` sends {sent}" in said


def test_the_commands_say_so_and_all_but_those_that_look_close(root, repository, umask):
    files.write_bytes(root / "params.yaml", (repository / "params.yaml").read_bytes())
    (root / "tasks").symlink_to(repository / "tasks")
    config = "['remote \"share\"']\n    url = /there\n"
    (root / ".dvc" / "config").write_text(config, encoding="utf-8")

    def harness(*arguments):
        command = [sys.executable, "-m", "harness", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, env={**os.environ})

    done = harness("check", "aismec")
    assert done.returncode == 1
    for said in ("data/: mode 755 gives access to others → `chmod go-rwx data`", "DVC has the remote share (/there)"):
        assert said in done.stdout, done.stdout + done.stderr
    assert modes(root) == {"755"}
    harness("tasks")
    assert modes(root) == {"700"}
    assert "protection of restricted data: no findings" in harness("check", "aismec").stdout
