"""Pseudonyms: the same under one key, unrelated under another, and a key that is kept as a key is kept."""

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError, MissingInputError
from harness.privacy import pseudonyms
from harness.privacy.pseudonyms import Key
from harness.system import scratch

KEY = Key(bytes(range(32)))


def test_the_key_is_for_its_owner_alone_and_is_made_once(tmp_path):
    old = os.umask(0)
    try:
        assert pseudonyms.ensure_key(tmp_path)
    finally:
        os.umask(old)
    path = tmp_path / pseudonyms.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert not pseudonyms.ensure_key(tmp_path) and path.read_bytes() == before
    assert pseudonyms.read_key(tmp_path) == pseudonyms.read_key(tmp_path)


def test_whoever_is_killed_making_the_key_leaves_a_whole_one_or_none(tmp_path):
    """Half a key passes for one that was lost, and `data use` would never make another."""
    making = "from pathlib import Path; from harness.privacy import pseudonyms; pseudonyms.ensure_key(Path.cwd())"
    for call in ("secrets.token_hex", "os.fsync", "os.link"):
        killed = f"import os, secrets, signal; {call} = lambda *_: os.kill(os.getpid(), signal.SIGKILL); {making}"
        assert subprocess.run([sys.executable, "-c", killed], cwd=tmp_path).returncode == -signal.SIGKILL
        assert not (tmp_path / pseudonyms.KEY_FILE).exists(), call
    assert pseudonyms.ensure_key(tmp_path) and pseudonyms.read_key(tmp_path)
    scratch.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [pseudonyms.KEY_FILE]


def test_a_key_is_made_once_where_files_have_no_second_name(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    assert pseudonyms.ensure_key(tmp_path)
    key = pseudonyms.read_key(tmp_path)
    assert not pseudonyms.ensure_key(tmp_path) and pseudonyms.read_key(tmp_path) == key


def test_two_sites_have_two_keys(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pseudonyms.ensure_key(tmp_path / name)
    one, other = (pseudonyms.read_key(tmp_path / name) for name in ("a", "b"))
    assert one.fingerprint != other.fingerprint
    assert one.pseudonym("t", "id", "1") != other.pseudonym("t", "id", "1")


def test_git_never_sees_the_key(repository):
    assert f"/{pseudonyms.KEY_FILE}" in (repository / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [("ab" * 32, 0o644, "read by others"),
     ("", 0o600, "not a key"), ("xyz", 0o600, "not a key"), ("ab", 0o600, "not a key"),
     ("å", 0o600, "not a key")],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_showing_it(tmp_path, content, mode, message):
    path = tmp_path / pseudonyms.KEY_FILE
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(DataError, match=message) as caught:
        pseudonyms.read_key(tmp_path)
    assert not content or len(content) < 3 or content not in str(caught.value)


def test_a_missing_key_says_what_to_do(tmp_path):
    with pytest.raises(MissingInputError) as caught:
        pseudonyms.read_key(tmp_path)
    assert "Put back this site's key" in caught.value.remedy


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=2, max_size=2, unique=True))
def test_task_column_and_value_each_count(names):
    """Also where one part begins as another ends: ("ab", "c") is not ("a", "bc")."""
    one, other = names
    assert KEY.pseudonym(*one) == KEY.pseudonym(*one)
    assert KEY.pseudonym(*one) != KEY.pseudonym(*other)


def test_neither_the_key_nor_the_value_shows():
    assert KEY.secret.hex() not in repr(KEY) and "call-1" not in KEY.pseudonym("aismec", "id", "call-1")


def test_only_names_are_replaced():
    record = {"id": "1", "group": "2", "ward": "3", "text": "4", "spans": [{"start": 0}], "note": None}
    made = pseudonyms.replaced([record], "t", ("ward", None), KEY)[0]
    assert {name for name in record if made[name] != record[name]} == {"id", "group", "ward"}
    assert pseudonyms.replaced([{"id": None}], "t", (), KEY) == [{"id": None}]


@pytest.mark.parametrize("other", ["P\u00ad1", "P1\u200b", "\ufeffP1 ", "\uff301"])
def test_a_group_with_a_character_that_nobody_sees_is_the_same_group(other):
    rows = [{"id": "1", "group": "P1", "ward": "P1"}, {"id": "2", "group": other, "ward": other}]
    one, two = pseudonyms.replaced(rows, "t", ["ward"], KEY)
    assert (one["group"], one["ward"]) == (two["group"], two["ward"])
    assert one["group"] == KEY.pseudonym("t", "group", "P1") and one["id"] != two["id"]
