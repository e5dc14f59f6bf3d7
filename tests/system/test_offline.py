"""No connection beyond the machine: the guard, the ways around it that do not exist, and the commands under it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import samples

from harness.errors import OfflineError
from harness.system import disks, offline
from harness.tracking import backend

# Each asks for another machine, by another way to a socket.
WAYS = {
    "urllib": "import urllib.request; urllib.request.urlopen('http://example.org/')",
    "requests": "import requests; requests.get('https://10.1.2.3/')",
    "httpx": "import httpx2; httpx2.get('https://example.org/')",
    "hub": "import huggingface_hub as h; h.HfApi().model_info('a/b')",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('example.org', 80))",
    "aiohttp": "import asyncio, aiohttp\nasync def f():\n async with aiohttp.ClientSession() as s: await s.get('http://9.9.9.9')"
    "\nasyncio.run(f())",
    "socket": "import socket; socket.create_connection(('example.org', 80))",
    "raw socket": "import _socket; _socket.socket().connect(('1.1.1.1', 80))",
    "connect_ex": "import _socket; _socket.socket().connect_ex(('1.1.1.1', 80))",
    "socket kept": "s.connect(('1.1.1.1', 80))",
    "IPv6": "import socket; socket.socket(socket.AF_INET6).connect(('2606:4700::1', 80))",
    "mapped": "import socket; socket.socket(socket.AF_INET6).connect(('::ffff:1.1.1.1', 80))",
    "UDP": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))",
    "UDP message": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('8.8.8.8', 53))",
    "name": "import socket; socket.gethostbyname('example.org')",
    "reverse name": "import socket; socket.gethostbyaddr('8.8.8.8')",
    "patched back": "import importlib, socket; importlib.reload(socket); socket.create_connection(('example.org', 80))",
    "fork": "import os; p = os.fork()\nif p: sys.exit(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]))\n"
    "import socket; socket.create_connection(('example.org', 80))",
}
START = "import socket, sys; s = socket.socket(); from harness.system import offline; offline.enforce()\n"


def python(code: str, repository, **environment) -> subprocess.CompletedProcess:
    env = {**os.environ, "PYTHONPATH": str(repository)} | environment
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_out(way, repository):
    # The hub's library is told to try, as somebody who wants the network would.
    done = python(START + WAYS[way], repository, HF_HUB_OFFLINE="0")
    last = done.stderr.strip().splitlines()
    assert done.returncode == 1 and any("OfflineError: No connection to " in text for text in last), done.stderr[-500:]
    assert "HARNESS_OFFLINE=0" in done.stderr


PROXIED = {way: WAYS[way] for way in ("urllib", "requests", "httpx", "hub")} | {
    "aiohttp": "import asyncio, aiohttp\nasync def f():\n async with aiohttp.ClientSession(trust_env=True) as s: "
    "await s.get('http://9.9.9.9')\nasyncio.run(f())",
}


@pytest.mark.parametrize("way", PROXIED)
def test_a_proxy_on_this_machine_leads_nowhere(way, repository):
    """It would take a request further, and the guard would see loopback alone."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.01)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        proxies = {f"{kind}_proxy": address for kind in ("http", "https", "all", "HTTP", "HTTPS", "ALL")}
        proxies |= {name.upper(): address for name in proxies} | {"NO_PROXY": "localhost", "HF_HUB_OFFLINE": "0"}
        done = python(f"import signal; signal.alarm(30)\n{START}{PROXIED[way]}", repository, **proxies)
        assert "OfflineError: No connection to " in done.stderr, done.stderr[-500:]
        with pytest.raises(TimeoutError):
            proxy.accept()


def test_what_stays_on_the_machine_goes_on(repository):
    code = """
import json, threading
out = []
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.9.9.9"), (socket.AF_UNIX, "\\0harness")):
    server = socket.socket(family); server.bind((address, 0) if family == socket.AF_INET else address); server.listen()
    client = socket.socket(family); client.connect(server.getsockname()); out.append(address.strip("\\0"))
left, right = socket.socketpair(); left.sendall(b"x"); out.append(right.recv(1).decode())
socket.getaddrinfo("localhost", 80); socket.getaddrinfo(None, 80); socket.getfqdn()
print(json.dumps(out), offline.enforce())
"""
    done = python(START + code, repository)
    assert done.stdout.strip() == '["127.0.0.1", "127.9.9.9", "harness", "x"] []', done.stderr


def test_workers_that_are_started_afresh_are_closed_off_too(tmp_path, repository):
    """Forked ones inherit the hook; `parallel` and `pool` call `follow` in the others."""
    (tmp_path / "work.py").write_text(
        "import multiprocessing, os\n"
        "from harness.system import offline, parallel\n"
        "def reach(host):\n"
        "    import socket\n"
        "    socket.create_connection((host, 80))\n"
        "if __name__ == '__main__':\n"
        "    offline.enforce()\n"
        "    from concurrent.futures import ProcessPoolExecutor\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    pool = ProcessPoolExecutor(1, context, parallel._start, (reach, os.getpid()))\n"
        "    pool.submit(parallel._run, 'example.org').result()\n",
        encoding="utf-8",
    )
    env = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run([sys.executable, tmp_path / "work.py"], env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "OfflineError: No connection to example.org" in done.stderr


@pytest.mark.parametrize(
    ("said", "restricted", "off"),
    [("", False, False), ("", True, True), ("1", False, True), ("0", True, False), ("no", True, False)],
)
def test_restricted_data_close_a_process_off_unless_somebody_says_otherwise(monkeypatch, said, restricted, off):
    monkeypatch.setenv("HARNESS_OFFLINE", said)
    assert offline.wanted(restricted) is off


@pytest.mark.parametrize(
    ("uri", "refused"),
    [
        ("sqlite:////x/mlflow.db", False),
        ("http://127.0.0.1:5000", False),
        ("http://localhost:5000", False),
        ("http://[::1]:5000", False),
        ("https://tracking.example.org", True),
        ("postgresql://user:secret@db.example.org/mlflow", True),
    ],
)
def test_a_store_on_another_machine_is_refused_before_it_is_asked(monkeypatch, tmp_path, uri, refused):
    from harness.errors import OfflineError
    from harness.tracking import backend

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    if refused:
        with pytest.raises(OfflineError, match=r"example\.org") as caught:
            backend.store_uri(tmp_path)
        assert "secret" not in str(caught.value)
    else:
        assert backend.store_uri(tmp_path) == uri
    monkeypatch.setenv("HARNESS_OFFLINE", "0")
    assert backend.store_uri(tmp_path) == uri


@pytest.fixture
def site(tmp_path, repository):
    """A repository with one task, whose file asks for the network and swallows what comes of it."""
    (tmp_path / "params.yaml").write_text((repository / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "tasks").mkdir()
    text = (repository / "tasks" / "medmqp.py").read_text(encoding="utf-8")
    asks = (
        "import urllib.request\ntry:\n    urllib.request.urlopen('http://example.org')\nexcept Exception:\n    pass\n"
    )
    (tmp_path / "tasks" / "medmqp.py").write_text(text + asks, encoding="utf-8")
    return tmp_path


def harness(site, repository, *arguments, **environment):
    inherited = {key: value for key, value in os.environ.items() if key not in ("HARNESS_OFFLINE", "HF_HUB_OFFLINE")}
    env = {**inherited, "PYTHONPATH": str(repository)} | environment
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(command, cwd=site, env=env, capture_output=True, text=True)


def test_an_attempt_that_a_library_swallows_still_fails_the_command(site, repository):
    done = harness(site, repository, "tasks", HARNESS_OFFLINE="1")
    assert done.returncode == 1 and "harness: No connection to example.org" in done.stderr
    assert "Traceback" not in done.stderr


def test_restricted_data_in_the_repository_are_enough(site, repository):
    samples.put(site, "aismec")
    assert json.loads((site / "data" / "aismec" / "source.json").read_text(encoding="utf-8"))["kind"] == "restricted"
    done = harness(site, repository, "tasks")
    assert done.returncode == 1 and "No connection to example.org" in done.stderr
    fetched = harness(site, repository, "data", "fetch", "medmqp")
    assert fetched.returncode == 1 and "HARNESS_OFFLINE=1" in fetched.stderr and "--mirror DIR" in fetched.stderr


@pytest.mark.parametrize("command", [["ui"], ["track"]])
def test_a_tracking_server_elsewhere_is_named_and_nothing_sent(site, repository, command):
    (site / "tasks" / "medmqp.py").write_text((repository / "tasks" / "medmqp.py").read_text(encoding="utf-8"))
    for name in ("medmcqa", "nor_deid", "aismec", "synergi"):
        (site / "tasks" / f"{name}.py").write_text((repository / "tasks" / f"{name}.py").read_text(encoding="utf-8"))
    away = {"HARNESS_OFFLINE": "1", "MLFLOW_TRACKING_URI": "http://tracking.example.org"}
    done = harness(site, repository, *command, **away)
    assert done.returncode == 1 and "No connection to tracking.example.org" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 2


def test_dvc_asks_nobody(repository):
    config = (repository / ".dvc" / "config").read_text(encoding="utf-8")
    assert "analytics = false" in config and "check_update = false" in config


@pytest.mark.parametrize(
    "uri",
    [
        "http://far.example:5000",
        "http://127.0.0.1@far.example/",
        "databricks",
        "databricks-uc",
        "databricks://profile",
        "uc:far.example",
        "postgresql://u:p@far.example/db",
        "postgresql:///db?host=far.example",
        "mssql+pyodbc:///?odbc_connect=SERVER%3Dfar.example",
        "file://far.example/share",
        "sqlite://far.example/x.db",
        "s3://bucket/x",
    ],
)
def test_a_tracking_store_elsewhere_is_refused_also_where_a_setting_hides_its_host(uri, monkeypatch, tmp_path):
    """A database's driver is native code, which the guard does not see."""
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(OfflineError) as caught:
        backend.store_uri(tmp_path)
    assert "u:p" not in str(caught.value)
    monkeypatch.setenv("HARNESS_OFFLINE", "0")
    assert backend.store_uri(tmp_path) == uri


def test_stores_on_this_machine_pass(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    for uri in (
        "http://127.0.0.1:5000",
        "https://localhost/",
        f"sqlite:///{tmp_path}/x.db",
        "sqlite:///x.db",
        f"file://{tmp_path}",
    ):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert backend.store_uri(tmp_path) == uri


def test_a_store_on_a_share_is_refused_unless_the_repository_lies_there_too(monkeypatch, tmp_path):
    def mounted(path):
        path = str(path)
        share = ("server:/", "/mnt/share", "nfs4", set())
        return share if path.startswith("/mnt/share") else ("/dev/vda", "/", "ext4", set())

    monkeypatch.setattr(disks, "mount_of", mounted)
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////mnt/share/group/mlflow.db")
    with pytest.raises(OfflineError, match="the share /mnt/share"):
        backend.store_uri(tmp_path)
    assert backend.store_uri(Path("/mnt/share/repository")).endswith("mlflow.db")
