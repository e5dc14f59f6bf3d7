"""MLflow's pages in a real browser, without a network: what an auditor opens, sorts and reads.

HARNESS_SCREENSHOT names a file that the page of the comparisons is kept in.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import chromium
import fakes
import hostile
import pytest

from harness.stages import track
from harness.system import files
from harness.tracking import serve

TASKS, FAMILIES, SEEDS = ("medmqp", "nor_deid"), ("nb_bert", "norbert3"), (1, 2)
# A title that would act on every page which shows a description.
TITLE = f"Title {' '.join(hostile.LINES[:24])} | {' '.join(hostile.LINES[48:66])}"
SETTINGS = fakes.settings(TASKS, FAMILIES, SEEDS)
# As much of it as a profile's name, a label and a checkpoint's source may be, which are experiments, tags and notes.
PROFILE = f'{hostile.LINES[0]} [x](javascript:alert) ![x](https://evil.example/x.png) "><b>bold /../%2e%2e'
ACTING = " ".join(hostile.LINES[:20])
LOCAL = ("http://127.0.0.1:", "data:", "blob:", "about:")
CUT = """Object.fromEntries(['answer', 'interval', 'compared_with', 'p_adjusted'].map(name => {
  const column = 'tags.`' + name + '`';
  const cells = [...document.querySelectorAll('.ag-cell')].filter(c => c.getAttribute('col-id') === column);
  const whole = e => [e, ...e.querySelectorAll('*')].every(x => x.scrollWidth <= x.clientWidth || !x.clientWidth);
  const cut = cells.filter(c => !whole(c) || c.getBoundingClientRect().right > innerWidth || !c.innerText.trim());
  return [name, cells.length === 4 ? cut.length : -1]; }))"""
ROWS = "[...document.querySelectorAll('a')].map(a => a.innerText.trim()).filter(t => /^[a-z_]+.[a-z_0-9]+$/.test(t))"


@pytest.fixture(scope="module")
def root(tmp_path_factory, repository):
    if not chromium.executable():
        pytest.skip(f"no browser here: none of {', '.join(chromium.NAMES)}, and CHROMIUM names none")
    root = fakes.build(tmp_path_factory.mktemp("recorded"), TASKS, FAMILIES, SEEDS, rows=20)
    fakes.score(root, TASKS, FAMILIES, SEEDS)
    shutil.copy(repository / "params.yaml", root)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tasks = fakes.TASKS | {"medmqp": replace(fakes.TASKS["medmqp"], title=TITLE)}
        track.run(root, SETTINGS, tasks)
        card = root / "artifacts" / "checkpoints" / "norbert3" / "clinical" / "harness.json"
        kept, acting = card.read_bytes(), files.read_json(card)
        acting |= {"source": {"kind": "folder", "name": ACTING}, "architecture": ACTING, "engine": {"x": ACTING}}
        files.write_json(card, acting)
        track.run(root, replace(SETTINGS, run=replace(SETTINGS.run, profile=PROFILE)), tasks)
        card.write_bytes(kept)
    return root


# Notes every address that a process of the server, or one that it starts, binds or asks for.
NOTING = """
import sys

def note(event, arguments):
    if event in ("socket.bind", "socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        with open({path!r}, "a") as asked:
            asked.write(f"{{event}} {{arguments[1] if len(arguments) == 2 else arguments[0]!r}}\\n")

sys.addaudithook(note)
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A folder for PYTHONPATH, and the file in which is noted what was asked for."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "sitecustomize.py").write_text(NOTING.format(path=str(folder / "asked.txt")), encoding="utf-8")
    return folder / "asked.txt"


@pytest.fixture(scope="module")
def ui(root, repository, asked):
    """`harness ui`, and the addresses that it prints, by experiment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    environment |= {"PYTHONPATH": f"{asked.parent}{os.pathsep}{repository}"}
    # Each would have it listen to everybody, or ask another machine.
    environment |= {
        "MLFLOW_UVICORN_OPTS": "--host 0.0.0.0",
        "MLFLOW_GUNICORN_OPTS": "--bind 0.0.0.0",
        "MLFLOW_REGISTRY_STORE_URI": "postgresql://u:p@far.example/db",
        "MLFLOW_READ_REPLICA_BACKEND_STORE_URI": "postgresql://u:p@far.example/db",
        "MLFLOW_REGISTRY_URI": "http://far.example",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://far.example",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "ui", "--port", str(port)],
        cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        addresses = {}
        for line in process.stdout:
            if ": http" not in line:
                break
            name, _, address = line.strip().partition(": ")
            addresses[name] = address
        until = time.monotonic() + 240
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert process.poll() is None and time.monotonic() < until, "the pages are not served"
            time.sleep(0.5)
        yield port, addresses
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert socket.socket().connect_ex(("127.0.0.1", port)), "the server outlives `harness ui`"


_CLOSED, _ALONE = "OfflineError: No connection to ", "PermissionError: [Errno 1] Starting programs is blocked"
_EXEC = [sys.executable, "-c", "import os; os.execvp('true', ['true'])"]
HELD = {
    "a connection": ("import urllib.request; urllib.request.urlopen('http://far.example')", _CLOSED),
    "a daemon elsewhere": ("import socket; socket.create_connection(('9.9.9.9', 2375))", _CLOSED),
    "an assistant": ("import subprocess; subprocess.run(['claude', '-p', 'x'])", _ALONE),
    "a shell": ("import os; os.system('true')", _ALONE),
    "a process": (f"import subprocess, sys; sys.exit(subprocess.run({_EXEC}).returncode)", _ALONE),
}


@pytest.mark.parametrize("way", HELD)
def test_where_nothing_may_leave_the_machine_the_servers_processes_are_held(way, monkeypatch):
    """MLflow's pages offer assistants, which are programs, and models of other companies."""
    code, said = HELD[way]
    for name, value in (("DOCKER_HOST", "tcp://9.9.9.9:2375"), ("HARNESS_OFFLINE", "1")):
        monkeypatch.setenv(name, value)
    environment = serve._environment()
    assert "DOCKER_HOST" not in environment
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and said in done.stderr
    # What MLflow itself asks of the machine goes on, and elsewhere nothing is held.
    done = subprocess.run([sys.executable, "-c", "import platform; platform.processor()"], env=environment)
    assert done.returncode == 0
    monkeypatch.setenv("HARNESS_OFFLINE", "0")
    started = [sys.executable, "-c", "import subprocess; subprocess.run(['true'])"]
    assert subprocess.run(started, env=serve._environment()).returncode == 0


@pytest.fixture(scope="module")
def page(ui, tmp_path_factory):
    with chromium.tab(tmp_path_factory.mktemp("profile")) as page:
        page.look(1300)
        yield page


def test_it_listens_on_loopback_only(ui):
    port, _ = ui
    listening = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    bound = {words[1].split(":")[0] for words in listening if words[1].endswith(f":{port:04X}") and words[3] == "0A"}
    assert bound == {"0100007F"}


def link(text: str) -> str:
    return f"[...document.querySelectorAll('a')].find(a => a.innerText.trim() === {text!r})"


def test_from_the_experiment_to_the_charts_of_a_run(page, ui, root):
    """The experiment stands sorted by difference; a comparison, a child of it and its charts are opened."""
    from mlflow.tracking import MlflowClient

    from harness.tracking import backend

    client = MlflowClient(tracking_uri=backend.store_uri(root))
    experiment = client.get_experiment_by_name("embedded / synthetic").experiment_id
    stored = {r.info.run_name: r for r in client.search_runs([experiment], "tags.level = 'comparison'")}
    by_difference = sorted(stored, key=lambda name: -stored[name].data.metrics["primary_improvement"])
    page.open(ui[1]["embedded / synthetic"])
    page.wait(f"{ROWS}.filter(t => t.includes('/')).length === 4", 120)
    if page.evaluate("!!document.querySelector('[aria-label=Close]')"):
        page.click("document.querySelector('[aria-label=Close]')")  # the assistant
    assert page.evaluate(f"{ROWS}.filter(t => t.includes('/'))") == by_difference
    shown = page.evaluate("document.body.innerText")
    assert all(word in shown for word in ("answer", "interval", "compared_with", "p_adjusted", "means"))
    # Nothing of what is read first is cut or lies outside the window.
    assert page.evaluate(CUT) == {"answer": 0, "interval": 0, "compared_with": 0, "p_adjusted": 0}
    if target := os.environ.get("HARNESS_SCREENSHOT"):
        Path(target).write_bytes(page.screenshot())
    name = by_difference[0]
    page.click(link(name))
    page.wait("document.body.innerText.includes('Over documents and seeds')")
    page.click(link(f"{name} clinical seed 2"))
    page.wait("document.body.innerText.includes('fine-tuned with seed 2')")
    page.click("[...document.querySelectorAll('[role=tab], a')].find(e => e.innerText.trim() === 'Model metrics')")
    # Charts below the window are drawn when they are scrolled to, so the first is looked for, and the curve's points.
    page.wait("document.querySelectorAll('.js-plotly-plot').length > 0", 120)
    (child,) = client.search_runs([experiment], f"attributes.run_name = '{name} clinical seed 2'")
    assert len(client.get_metric_history(child.info.run_id, "train_loss")) > 1
    assert [r for r in page.requests if not r.startswith(("http://127.0.0.1:", "data:", "blob:"))] == []


def test_a_title_that_would_act_is_text_in_a_description(page, ui, root):
    from mlflow.tracking import MlflowClient

    from harness.tracking import backend

    client = MlflowClient(tracking_uri=backend.store_uri(root))
    experiment = client.get_experiment_by_name("embedded / synthetic").experiment_id
    before = len(page.requests)
    for level, said in (("comparison", "Over documents and seeds"), ("run", "fine-tuned with seed")):
        query = f"tags.level = '{level}' and tags.task = 'medmqp'"
        run = client.search_runs([experiment], query)[0].info.run_id
        page.open("about:blank")
        page.open(f"{ui[1]['embedded / synthetic'].split('?')[0].removesuffix('/runs')}/runs/{run}")
        shown = page.wait(f"document.body.innerText.includes({said!r}) && document.body.innerText", 120)
        flat = " ".join(shown.split())
        assert all(" ".join(line.split()) in flat for line in (hostile.LINES[0], hostile.LINES[12], hostile.LINES[18]))
        assert "CANARY" not in page.evaluate("document.title")
        assert page.evaluate("[...document.images].filter(i => /evil|\\/x$/.test(i.src)).length") == 0
        assert page.evaluate("[...document.links].filter(a => /evil|javascript|someone/.test(a.href)).length") == 0
        marks = "[...document.querySelectorAll('h1, h4, b, code')].filter(e => /^out|bold|^Heading/.test(e.innerText))"
        assert page.evaluate(f"{marks}.length") == 0
    assert [address for address in page.requests[before:] if not address.startswith(LOCAL)] == []


def test_names_that_would_act_are_text_on_every_page(page, ui, root):
    """The list of experiments, the runs of one, and each of its kinds of run with its tags and parameters."""
    from mlflow.tracking import MlflowClient

    from harness.tracking import backend

    client = MlflowClient(tracking_uri=backend.store_uri(root))
    port, addresses = ui
    home = f"http://127.0.0.1:{port}/#/experiments"
    pages, seen = [(home, "embedded / synthetic")], 0
    for name in sorted(name for name in addresses if "evil" in name):
        (experiment,) = (e for e in client.search_experiments() if e.name == name)
        runs = client.search_runs([experiment.experiment_id])
        first = {run.data.tags["level"]: run for run in runs}
        first["imported"] = next((run for run in runs if ACTING in run.data.params.get("architecture", "")), None)
        listed = next(run for run in runs if run.data.tags["level"] in ("comparison", "pre-training"))
        pages.append((addresses[name], listed.info.run_name))
        pages += [
            (f"{home}/{experiment.experiment_id}/runs/{run.info.run_id}", run.info.run_name)
            for run in first.values()
            if run
        ]
        seen += len(first)
    assert seen > 4
    for address, said in pages:
        page.requests.clear()
        page.open("about:blank")
        page.open(address)
        shown = page.wait(f"document.body.innerText.includes({said!r}) && document.body.innerText", 120)
        assert "CANARY" not in page.evaluate("document.title"), address
        assert page.evaluate("[...document.images].filter(i => /evil|\\/x$/.test(i.src)).length") == 0, address
        marks = "[...document.querySelectorAll('b, h1, [onerror], [onload], iframe[srcdoc]')]"
        assert page.evaluate(f"{marks}.filter(e => /^bold|^out/.test(e.innerText) || e.onerror).length") == 0, address
        links = "[...document.links].map(a => a.href).filter(h => /evil|javascript:/.test(h) && !/127.0.0.1/.test(h))"
        assert page.evaluate(links) == [], address
        assert [asked for asked in page.requests if not asked.startswith(LOCAL)] == [], address
        if address == home:
            assert hostile.LINES[0] in " ".join(shown.split())


def test_the_pictures_can_be_looked_at(page, ui, root):
    parent = next(root.joinpath("mlartifacts").rglob("confusion.png")).parents[1].name
    experiment = ui[1]["embedded / synthetic"].split("?")[0]
    page.open(f"{experiment}/{parent}/artifacts/confusion.png")
    wide = "[...document.images].some(i => i.complete && i.naturalWidth > 400)"
    page.wait(wide, 120)
    assert page.evaluate(wide)


def test_a_checkpoint_says_how_it_was_made(page, ui):
    page.open(ui[1]["embedded / pre-training"])
    page.click(link("nb_bert clinical"))
    page.wait("document.body.innerText.includes('trained from the baseline')")
    assert "nb_bert clinical" in page.evaluate("document.body.innerText")


def test_no_process_of_the_server_asks_for_another_machine(page, ui, asked):
    """Nothing holds it: the guard of `harness ui` does not reach the processes that it starts."""
    lines = set(asked.read_text(encoding="utf-8").splitlines())
    assert any(line.startswith("socket.bind") and f"('127.0.0.1', {ui[0]})" in line for line in lines)
    here = ("('127.0.0.1', ", "('::1', ", "'localhost'", " '/")
    assert [line for line in lines if not any(place in line for place in here)] == []
