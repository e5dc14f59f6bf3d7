"""Canaries: every field of every data set of a site holds one, and none may be found outside data/ and artifacts/.

The same run shows that nothing needs a network: where the machine allows it, it has no interface at all.
"""

import gzip
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import attacker
import hostile
import pytest
import restricted_site
import yaml
from dvc.utils.serialize import modify_yaml
from restricted_site import NUMBER, STAGES, TASKS, call, placing, sightings
from ruamel.yaml import YAML

from harness.privacy import even, restricted


@pytest.fixture(scope="module")
def finished(repository, tmp_path_factory) -> Path:
    """A site that has run everything."""
    site = restricted_site.build(repository, tmp_path_factory.mktemp("hospital"))
    corpus = ["data", "use", "corpus", str(site.parent / "qzxcangiven" / "corpus"), "--note", "Qzxcannote"]
    for commands in ([*placing(site), corpus], STAGES):
        done = call(site, commands, HARNESS_WORKERS="1")
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return site


def test_a_run_without_any_network_leaves_no_canary_outside(finished):
    assert (finished / "reports" / "comparison.csv").read_text(encoding="utf-8").count("restricted") == len(TASKS)
    assert (finished / "mlflow.db").is_file()
    assert sightings(finished) == {}


@pytest.mark.extended
def test_the_export_checks_what_it_releases_once_more_and_refuses_without(finished):
    bundle = finished.parent / "bundle"
    done = call(finished, [["export", str(bundle)]])
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((bundle / "MANIFEST.json").read_text(encoding="utf-8"))["told"]
    assert told.keys() == set(TASKS) and all(of["released"] and of["inferred"] for of in told.values())
    released = finished / "artifacts" / "scores" / "aismec" / "released.json"
    kept = released.read_bytes()
    finer = json.loads(kept) | {"rung": "seeds", "step": 1.0}
    for content, said in ((json.dumps(finer), "a new check allows figures that differ"), (None, "released.json")):
        released.unlink() if content is None else released.write_text(content, encoding="utf-8")
        done = call(finished, [["export", str(finished.parent / "none")]])
        assert done.returncode == 1 and said in done.stderr and "harness score aismec" in done.stderr
        assert not (finished.parent / "none").exists()
    released.write_bytes(kept)
    released.chmod(0o600)


def test_the_search_would_find_one(finished):
    for content in (b"a qzxcanid17 b", NUMBER):
        (finished / "reports" / "stray.txt").write_bytes(content)
        assert list(sightings(finished)) == ["reports/stray.txt"]
    (finished / "reports" / "stray.txt").unlink()
    data = b"".join(path.read_bytes() for path in (finished / "data").rglob("*") if path.is_file())
    for field in ("id", "group", "question", "option", "doctor", "transcript", "text", "unit", "Navn", "Sted", "type"):
        assert f"Qzxcan{field}".encode() in data
    if restricted_site.isolation() == []:
        pytest.skip("this machine refuses network namespaces: the run above had interfaces, and HARNESS_OFFLINE alone")


def test_no_figure_of_the_scores_stands_in_a_file_that_is_published(finished):
    """Nor do means, differences and words together confine a count."""
    for task, labels in (("aismec", 2), ("synergi", 8)):
        assert attacker.leaking(finished, task) == {}
        seen = attacker.read(finished / "reports", task, labels, 2)
        assert attacker.tight(attacker.possible(seen)) == {}
    scores = json.loads((finished / "artifacts" / "scores" / "synergi" / "norbert3.json").read_text(encoding="utf-8"))
    exact = next(m["value"] for m in scores["metrics"] if (100 * m["value"]) % 1 > 0.01 and m["value"] > 0.1)
    stray = finished / "reports" / "stray.txt"
    stray.write_text(f"macro-F1 {exact:.4f}", encoding="utf-8")
    assert attacker.leaking(finished, "synergi") == {"reports/stray.txt": [f"{exact:.4f}"]}
    stray.unlink()


def test_predictions_hold_no_text(finished):
    """Inside, too: what is scored needs ids, labels and offsets."""
    for path in (finished / "artifacts" / "predictions").rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert row.keys() <= {"id", "group", "part", "gold", "prediction", "scores", "length"}
            assert "qzxcan" not in json.dumps(row).lower()


def test_all_that_was_written_is_for_its_owner_alone(finished):
    """With an ordinary umask; what was put there by hand lies in a folder that others may not enter."""
    for place in ("data", "artifacts", ".dvc/cache"):
        assert stat.S_IMODE((finished / place).stat().st_mode) == 0o700, place
    written = [finished / "artifacts", finished / "data" / "aismec", finished / "data" / "notes"]
    loose = [path for folder in written for path in folder.rglob("*") if path.stat().st_mode & 0o077]
    assert loose == [] and len(list((finished / "data" / "notes").iterdir())) > 100


def test_the_pin_says_what_is_restricted_and_dvc_keeps_names_inside(finished):
    assert restricted.pinned(finished) == sorted([*TASKS, "corpus"])
    assert restricted.names(finished) == sorted([*TASKS, "corpus"])
    config = (finished / ".dvc" / "config.local").read_text(encoding="utf-8")
    assert f"site_cache_dir = {finished}/.dvc/cache/site" in config
    status = subprocess.run([sys.executable, "-m", "dvc", "status", "data.dvc"], cwd=finished, capture_output=True)
    assert b"up to date" in status.stdout
    assert any((finished / ".dvc" / "cache" / "site").rglob("*.db"))


def test_git_add_all_picks_up_no_data(finished):
    """Whatever is new to git after a run, none of it are data; nor do they come with -A from below data/ itself."""
    subprocess.run(["git", "add", "-A"], cwd=finished, check=True)
    subprocess.run(["git", "add", "-A"], cwd=finished / "data", check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=finished, check=True, capture_output=True).stdout
    names = [name for name in listed.decode().split("\0") if name]
    assert {"data.dvc", "reports/comparison.csv"} <= set(names)
    assert not [name for name in names if name.split("/")[0] in ("data", "artifacts", "mlflow.db", "mlartifacts")]
    assert not [name for name in names if name.startswith((".dvc/cache", ".dvc/tmp", ".dvc/config.local"))]
    staged = subprocess.run(["git", "grep", "--cached", "-il", "qzxcan"], cwd=finished, capture_output=True, text=True)
    held = staged.stdout.splitlines()
    assert held == []


NAMES = (
    "aismec (copy)",
    "aismec #2",
    "x]",
    "a: b",
    "a, b",
    "'x",
    "æøå",
    "[x",
    "&a",
    "*a",
    "- a",
    "O'Hara",
    'a"b',
    "a\\u2028b",
)


@pytest.mark.parametrize("name", [*hostile.ALL, "a\x7fb", "a\x85b", "\ufffe", "\U000e0001"])
def test_any_column_is_noted_in_the_pin_which_stays_yaml(name, tmp_path):
    folder, columns = tmp_path / "data" / "calls", {"text": name, name: "text"}
    folder.mkdir(parents=True)
    (folder / "source.json").write_text(json.dumps({"kind": "restricted", "columns": columns}), encoding="utf-8")
    (tmp_path / "data.dvc").write_text("outs:\n- path: data\n", encoding="utf-8")
    restricted.note(tmp_path)
    text = (tmp_path / "data.dvc").read_text(encoding="utf-8")
    for load in (YAML(typ="safe", pure=True).load, yaml.safe_load):
        assert load(text)["meta"] == {"restricted": ["calls"], "columns": {"calls": columns}}
    restricted.note(tmp_path)
    assert (tmp_path / "data.dvc").read_text(encoding="utf-8") == text


def test_the_pin_says_what_is_restricted_however_many_and_whatever_called_also_as_dvc_writes_it(tmp_path):
    """DVC breaks long lines and has other quotes; the data need not be there."""
    names = sorted([*NAMES, *(f"hospital_of_{i:02}" for i in range(20))])
    for name in names:
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "source.json").write_text('{"kind": "restricted"}', encoding="utf-8")
    pin = tmp_path / "data.dvc"
    pin.write_text("outs:\n- path: data\n", encoding="utf-8")
    restricted.note(tmp_path)
    shutil.rmtree(tmp_path / "data")
    written = pin.read_text(encoding="utf-8")
    assert restricted.names(tmp_path) == names
    with modify_yaml(str(pin)) as content:
        content["frozen"] = True
    assert len(pin.read_text(encoding="utf-8").splitlines()) > len(written.splitlines()) + 1
    assert restricted.names(tmp_path) == names
    pin.write_text(f"{written}{{", encoding="utf-8")  # damaged: nobody knows what it says
    assert restricted.names(tmp_path)


# Ways to fail. Each is a change to the files of one task, and what is said of it.
GOOD = {"aismec": "calls.jsonl", "medmqp": "mqp.csv", "medmcqa": "test.jsonl", "nor_deid": "training.json"}


def line(n: int, **changes):
    """JSON lines with other values in line `n`; None takes a key out."""

    def change(text: str) -> str:
        lines = text.splitlines()
        row = json.loads(lines[n - 1]) | changes
        lines[n - 1] = json.dumps({key: value for key, value in row.items() if value is not None}, ensure_ascii=False)
        return "\n".join(lines) + "\n"

    return change


def documents(change):
    def changed(text: str) -> str:
        value = json.loads(text)
        change(value)
        return json.dumps(value, ensure_ascii=False)

    return changed


BAD = [
    ("aismec", line(2, transcript="Qzxcanbad \u001b"), "control character"),
    ("aismec", line(2, outcome="Qzxcanlabel"), "label allowed"),
    ("aismec", line(2, written_standard="Qzxcanstandard"), "value allowed"),
    ("aismec", line(2, outcome=None), "missing column"),
    ("aismec", line(2, transcript=5), "a whole number where a text belongs"),
    ("aismec", line(2, transcript=["Qzxcanlist"]), "a list where a text belongs"),
    ("aismec", line(2, qzxcankey="Qzxcanvalue"), "unknown column"),
    ("aismec", lambda text: text + text.splitlines()[0] + "\n", "unique"),
    ("aismec", lambda text: text[:-40], "not JSON"),
    ("aismec", lambda text: text.replace("Qzxcan", '"Qzxcan', 1), "not JSON"),
    ("aismec", lambda text: text.replace('"outcome": "other"', '"outcome": "Qzxcan\\ud800"', 1), "control character"),
    ("aismec", lambda text: "Qzxcanheader\n" + text, "not JSON"),
    ("medmqp", lambda text: '"x' + text, "not separated values"),
    ("medmqp", lambda text: text.replace('","', '","Qzxcancell","', 1), "5 cells instead of 4"),
    ("medmqp", lambda text: "dr_id,question_1,question_2,Qzxcanheader\n" + text, "a header, although names="),
    ("medmqp", lambda text: text.replace(',"1"', ',"Qzxcanlabel"', 1), "label allowed"),
    ("medmcqa", line(3, answer="Qzxcananswer"), "not the text of the right option"),
    (
        "medmcqa",
        line(3, options={"A": "Qzxcanone", "Qzxcanletter": "Qzxcantwo"}),
        "keys that are neither A, B, C, D nor numbers",
    ),
    ("nor_deid", documents(lambda v: v["cleaned_results"].pop()), "differ in length"),
    ("nor_deid", documents(lambda v: v["scenarios"][0].update(noteType=None)), "null where a text belongs"),
    ("nor_deid", documents(lambda v: v["cleaned_results"].__setitem__(1, "Qzxcan\u0000")), "control character"),
    ("nor_deid", documents(lambda v: v.update(scenarios="Qzxcanscenarios")), "scenarios is missing"),
    ("notes", lambda text: text.replace("<Place>", "<Qzxcantag>"), "unknown tag"),
    ("notes", lambda text: text.replace("og", "\udcff", 1), "not UTF-8"),
    ("notes", lambda text: text.replace("og", "\u0007"), "control character"),
]


def bad_folder(site: Path, number: int, task: str, change) -> Path:
    folder = site.parent / "bad" / str(number)
    shutil.copytree(site.parent / "qzxcangiven" / task, folder)
    file = folder / GOOD[task] if task in GOOD else sorted(folder.iterdir())[0]
    file.write_bytes(change(file.read_bytes().decode("utf-8")).encode("utf-8", "surrogatepass"))
    restricted_site.record(folder)
    return folder


def test_bad_rows_of_every_kind_are_refused_and_told_without_a_canary(finished):
    commands = []
    for number, (task, change, _) in enumerate(BAD):
        folder = bad_folder(finished, number, task, change)
        commands += [["put", str(folder), f"data/{task}"], ["validate", task], ["check", task]]
        commands += [["put", str(finished.parent / "qzxcangiven" / task), f"data/{task}"]]
    done = call(finished, commands, go_on=True)
    told = done.stderr.split("$ harness validate ")[1:]
    assert len(told) == len(BAD) and "Traceback" not in done.stderr
    for (task, _, said), text in zip(BAD, told, strict=True):
        assert said in text, text
        assert text.startswith(f"{task}\nharness: {task}"), text
    assert done.stdout.count("\n= 1\n") == 2 * len(BAD)
    for task in ("aismec", "medmqp", "medmcqa", "nor_deid", "notes"):
        restricted_site.record(finished / "data" / task)
    assert sightings(finished) == {}


def test_files_that_are_not_as_recorded_are_told_by_number(finished):
    """A file is easily called by a patient's name."""
    folder, commands = finished.parent / "files", []
    given = finished.parent / "qzxcangiven" / "notes"
    ways = {
        "gone": lambda place, first: first.unlink(),
        "changed": lambda place, first: first.write_text("Qzxcanchanged", encoding="utf-8"),
        "more": lambda place, first: (place / "Qzxcanmore.txt").write_text("x", encoding="utf-8"),
        "a folder": lambda place, first: (first.unlink(), first.mkdir()),
        "record": lambda place, first: (place / "source.json").write_text('{"Qzxcankey": 1}', encoding="utf-8"),
        "escape": lambda place, first: _renamed(place, first, "../Qzxcanout.txt"),
        "unreadable": lambda place, first: (place / "source.json").write_text('{"Qzxcan', encoding="utf-8"),
    }
    for way, change in ways.items():
        place = folder / way
        shutil.copytree(given, place)
        restricted_site.record(place)
        change(place, sorted(path for path in place.iterdir() if path.suffix == ".txt")[0])
        commands += [["put", str(place), "data/notes"], ["validate", "notes"], ["check", "notes"]]
    commands += [
        ["put", str(given), "data/notes"],
        ["data", "use", "notes", str(folder / "nowhere" / "Qzxcanfile.txt")],
    ]
    done = call(finished, commands, go_on=True)
    restricted_site.record(finished / "data" / "notes")
    assert done.stdout.count("\n= 1\n") == 2 * len(ways) + 1 and "Traceback" not in done.stderr
    for said in (
        "notes, file 1 is missing",
        "file 1 has changed",
        "is not listed",
        "what was given for notes is missing",
    ):
        assert said in done.stderr, done.stderr
    assert sightings(finished) == {}


def _renamed(place: Path, first: Path, name: str) -> None:
    record = json.loads((place / "source.json").read_text(encoding="utf-8"))
    record["files"][name] = record["files"].pop(first.name)
    (place / "source.json").write_text(json.dumps(record), encoding="utf-8")


RAISING = """
import logging, threading, warnings
from dataclasses import replace
from tasks_aismec_as_it_was import TASK as ORDINARY

def read(folder):
    text = (folder / "calls.jsonl").read_text(encoding="utf-8")
    warnings.warn(text[:200])
    logging.getLogger("library").warning("cannot read %s", text[:200])
    try:
        int(text[:200])
    except ValueError:
        logging.exception(text[:200])
        logging.getLogger("other").error("as above", stack_info=True, exc_info=True)
    thread = threading.Thread(target=int, args=(text[:200],))
    thread.start()
    thread.join()
    try:
        float(text[:300])
    except ValueError as error:
        raise KeyError(text[:100]) from error

TASK = replace(ORDINARY, reader=read)
"""


def test_what_a_library_says_when_it_fails_is_not_shown(finished):
    """A reader that raises, warns, logs, and fails in a thread, each time with the data in its message."""
    ordinary = (finished / "tasks" / "aismec.py").read_text(encoding="utf-8")
    (finished / "tasks_aismec_as_it_was.py").write_text(ordinary, encoding="utf-8")
    (finished / "tasks" / "aismec.py").write_text(RAISING, encoding="utf-8")
    done = call(finished, [["validate", "aismec"], ["check", "aismec"]], go_on=True)
    (finished / "tasks" / "aismec.py").write_text(ordinary, encoding="utf-8")
    (finished / "tasks_aismec_as_it_was.py").unlink()
    assert done.stdout.count("\n= 1\n") == 2
    # Where it happened is what fixes it.
    assert "ValueError" in done.stderr and "UserWarning" in done.stderr
    assert re.search(r"ValueError, .*aismec\.py:\d+ \(messages are left out", done.stderr)
    assert re.search(r"tasks/aismec\.py, line \d+: TASK\.reader fails with KeyError\.", done.stdout)
    assert sightings(finished) == {}


def test_stages_that_fail_half_way_say_nothing_of_the_data(finished):
    """A split that leaks, a training that fails in a worker, a folder that cannot be written, a broken artifact."""
    broken = finished.parent / "broken"
    broken.mkdir()
    kept = {name: finished / "artifacts" / name for name in ("validated", "predictions", "splits")}
    for name, folder in kept.items():
        shutil.copytree(folder, broken / name)
    shutil.copytree(finished / "reports", broken / "reports")
    records = (kept["validated"] / "aismec" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    manifest = json.loads((finished / "reports" / "splits" / "aismec.json").read_text(encoding="utf-8"))
    (broken / "file").write_text("Qzxcan", encoding="utf-8")

    def at(name: str, text: str) -> str:
        (broken / name).write_text(text, encoding="utf-8")
        return str(broken / name)

    # Two calls of one text in different parts: the leakage gate looks at texts.
    parts = {part: next(i for i, p in manifest["splits"].items() if p == part) for part in ("train", "test")}
    rows = {row["id"]: row for row in map(json.loads, records)}
    rows[parts["test"]]["text"] = rows[parts["train"]]["text"]
    leaking = "".join(json.dumps(row) + "\n" for row in rows.values())
    cut = "\n".join(records).rstrip()[:-30]
    foreign = "\n".join([json.dumps(json.loads(records[0]) | {"label": "Qzxcanlabel"}), *records[1:]]) + "\n"
    # In training: the corpus compares with the texts of held-out records, and fails at one that is a list.
    train = parts["train"]
    rows_of = map(json.loads, records)
    spoilt = (row | {"text": ["Qzxcantext"]} if row["id"] == train else row for row in rows_of)
    textless = "".join(json.dumps(row) + "\n" for row in spoilt)
    target, predictions = "artifacts/validated/aismec/records.jsonl", "artifacts/predictions/aismec/norbert3"
    commands = [["put", at("leaking.jsonl", leaking), target], ["split", "aismec"]]
    for name, text in (("cut", cut), ("foreign", foreign), ("textless", textless)):
        commands += [["put", at(f"{name}.jsonl", text), target], ["finetune", "aismec", "norbert3"]]
        commands += [["score", "aismec"], ["corpus"] if name != "foreign" else ["score", "aismec"]]
    commands += [["put", str(broken / "validated"), "artifacts/validated"]]
    commands += [["put", str(broken / "file"), "artifacts/validated"], ["validate", "aismec"]]
    commands += [["put", str(broken / "validated"), "artifacts/validated"]]
    commands += [["put", str(broken / "file"), predictions], ["score", "aismec"], ["report"]]
    commands += [["put", str(broken / "predictions"), "artifacts/predictions"]]
    done = call(finished, commands, go_on=True, HARNESS_WORKERS="2")
    runs = sum(command[0] != "put" for command in commands)
    failed = done.stdout.count("\n= 1\n")
    assert "the split leaks" in done.stderr
    shutil.rmtree(finished / "reports")
    shutil.copytree(broken / "reports", finished / "reports")
    # The corpus takes that list for a text, and the report needs no predictions.
    assert failed == runs - 2, done.stdout + done.stderr
    assert sightings(finished) == {}


def test_a_restricted_corpus_that_cannot_be_used_names_no_document_and_no_file(finished):
    folder, commands = finished.parent / "corpora", []
    given = finished.parent / "qzxcangiven" / "corpus"
    ways = {
        "cut": lambda text: text[:-20],
        "no text": lambda text: text.replace('"text"', '"Qzxcantext"', 1),
        "number": lambda text: text.replace("Qzxcancorpus", "Qzxcan 01010750160 epost@qzxcan.no", 1),
    }
    for way, change in ways.items():
        shutil.copytree(given, folder / way)
        file = folder / way / "clinical.jsonl"
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
        restricted_site.record(folder / way)
        commands += [["put", str(folder / way), "data/corpus"], ["corpus"]]
    params = (finished / "params.yaml").read_text(encoding="utf-8")
    (finished / "params.yaml").write_text(params.replace("allow_phi: true", "allow_phi: false"), encoding="utf-8")
    done = call(finished, [*commands, ["put", str(given), "data/corpus"]], go_on=True)
    (finished / "params.yaml").write_text(params, encoding="utf-8")
    restricted_site.record(finished / "data" / "corpus")
    assert done.stdout.count("\n= 1\n") == len(ways) and "Traceback" not in done.stderr
    for said in ("line 80: not JSON", "'text' is missing", "identifying details", "document "):
        assert said in done.stderr, done.stderr
    assert sightings(finished) == {}


@pytest.mark.extended
def test_audit_and_records_of_what_was_tampered_with(finished):
    """An audit prints what differs; a store that cannot be reached costs a warning."""
    commands = [["audit", "--all"], ["reproduce", "aismec/norbert3"], ["track"]]
    good = call(finished, commands, go_on=True, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    folder = finished.parent / "tampered"
    for task in ("aismec", "notes"):
        shutil.copytree(finished / "data" / task, folder / task)
        file = next(path for path in sorted((folder / task).iterdir()) if path.name != "source.json")
        file.write_bytes(file.read_bytes().replace(b"Qzxcan", b"Qzxcanother", 3))
        (folder / task / "Qzxcanextra.txt").write_text("x", encoding="utf-8")
        source = json.loads((folder / task / "source.json").read_text(encoding="utf-8"))
        source["files"]["Qzxcanlost.txt"], source["note"] = "0" * 64, "Qzxcannew"
        (folder / task / "source.json").write_text(json.dumps(source), encoding="utf-8")
    bad = call(
        finished,
        [["put", str(folder / task), f"data/{task}"] for task in ("aismec", "notes")] + [["audit", "--all"]],
        go_on=True,
    )
    for task in ("aismec", "notes"):
        shutil.rmtree(finished / "data" / task)
        shutil.copytree(finished.parent / "qzxcangiven" / task, finished / "data" / task)
        restricted_site.record(finished / "data" / task)
    assert "MLflow was not updated" in good.stderr and bad.returncode == 1
    assert "Traceback" not in good.stderr + bad.stderr
    assert "data/aismec" in bad.stdout and "differs" in bad.stdout
    assert sightings(finished) == {}


def dvc(site: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=site, capture_output=True, text=True)


def unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    return content + (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else b"")


def test_sizes_tell_nothing_of_labels_and_answers(finished):
    """DVC's lock notes the size of every output, and labels are words of different lengths."""
    held = ("validated", "splits", "predictions", "linear", "scores")
    found = [path for name in held for path in (finished / "artifacts" / name).rglob("*") if path.is_file()]
    assert len(found) > 5 * len(TASKS)
    assert [str(path) for path in found if path.stat().st_size % even.BLOCK] == []


@pytest.fixture(scope="module")
def committed(finished) -> Path:
    """The site after `dvc repro` has recorded every stage and has all outputs in its cache."""
    declared = ("validate", "split", "corpus", "checkpoint", "pretrain", "finetune", "linear", "score", "report")
    done = dvc(finished, "commit", "--force", *declared, "track")
    assert done.returncode == 0, done.stderr[-2000:]
    return finished


PUSHES = [["push", "--run-cache"], ["push", "data.dvc"]]
if os.environ.get("HARNESS_TEST_ALL"):
    PUSHES += [["push"], ["push", "--recursive", "."], ["push", "--with-deps"], ["push", "report"],
               ["push", "artifacts/validated/aismec", "artifacts/predictions/aismec/norbert3"]]  # fmt: skip


def canaries(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in found if b"qzxcan" in unpacked(path).lower() or NUMBER in unpacked(path)]


def add_remote(site: Path, name: str, place: Path) -> None:
    place.mkdir()
    with open(site / ".dvc" / "config.local", "a", encoding="utf-8") as config:
        config.write(f"['remote \"{name}\"']\n    url = {place}\n")


def test_a_push_to_a_remote_carries_nothing_of_the_data(committed, tmp_path):
    site, remote, other = committed, tmp_path / "remote", tmp_path / "other"
    add_remote(site, "r", remote)
    for arguments in PUSHES:
        done = dvc(site, *arguments, "--remote", "r")
        assert done.returncode == 0, done.stderr
    assert canaries(remote) == []
    # Which stages were run may be told: by their commands and the hashes of what they read and wrote.
    assert [path for path in remote.rglob("*") if path.is_file() and "runs" not in path.parts] == []
    said = call(site, [["check", "aismec"], ["export", "bundle"]], go_on=True).stdout
    assert said.count(f"DVC has the remote r ({remote}): `dvc push` sends nothing of data/ or artifacts/ there") == 2
    # Without what the pipeline and the pin declare, it would have been sent.
    declared = {name: (site / name).read_text(encoding="utf-8") for name in ("dvc.yaml", "data.dvc")}
    add_remote(site, "other", other)
    for name, text in declared.items():
        (site / name).write_text(text.replace("push: false", "push: true"), encoding="utf-8")
    assert dvc(site, "push", "--remote", "other").returncode == 0
    for name, text in declared.items():
        (site / name).write_text(text, encoding="utf-8")
    shutil.rmtree(site / "bundle", ignore_errors=True)
    assert canaries(other)


def git(site: Path, *arguments: str) -> bytes:
    named = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(["git", *named, *arguments], cwd=site, check=True, capture_output=True).stdout


@pytest.mark.extended
def test_neither_the_history_nor_an_experiment_carries_any(committed, tmp_path):
    """Experiments go to a git remote, by a command or, where a variable says so, by themselves after each run."""
    site, remote, others = committed, tmp_path / "remote", tmp_path / "others.git"
    add_remote(site, "history", remote)
    assert dvc(site, "remote", "default", "--local", "history").returncode == 0
    git(tmp_path, "init", "-q", "--bare", str(others))
    git(site, "remote", "add", "others", str(others))
    assert call(site, [["generate"]]).returncode == 0 and dvc(site, "commit", "--force", "generate").returncode == 0
    (site / ".gitignore").open("a").write("*.pyc\n")
    for message in ("one", "two"):
        git(site, "add", "-A")
        git(site, "commit", "-qm", message)
        (site / "reports" / "loose.txt").write_text("Qzxcanloose", encoding="utf-8")
        done = dvc(site, "exp", "save", "--name", f"e-{message}")
        (site / "reports" / "loose.txt").unlink()
        assert done.returncode == 0, done.stderr[-2000:]
        (site / ".gitignore").open("a").write("*.pyo\n")
    pushes = [["push", "--all-commits", "--run-cache"], ["exp", "push", "--all-commits", "--run-cache", "others"]]
    for arguments in pushes:
        done = dvc(site, *arguments)
        assert done.returncode == 0, done.stderr[-2000:]
    objects = git(others, "cat-file", "--batch-all-objects", "--batch").lower()
    assert b"data.dvc" in objects and b"qzxcan" not in objects and NUMBER not in objects
    assert canaries(remote) == []
    assert [path for path in remote.rglob("*") if path.is_file() and "runs" not in path.parts] == []
