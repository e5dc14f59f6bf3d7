"""Sockets that are asked of the kernel and not of Python: by native code, and by programs that are started."""

import errno
import os
import platform
import shutil
import socket
import subprocess
import sys

import pytest
import samples

from harness.system import sockets

HELD = platform.system() == "Linux" and platform.machine() in ("x86_64", "aarch64")
linux = pytest.mark.skipif(not HELD, reason="Linux on x86_64 or aarch64 alone holds native code")

# What a library in another language does: each ends with what it got, or with the number of the error.
NATIVE = """
import ctypes, errno, socket, struct, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)

def reach(family=socket.AF_INET, kind=socket.SOCK_STREAM):
    opened = libc.socket(int(family), int(kind), 0)
    if opened < 0:
        return errno.errorcode[ctypes.get_errno()]
    return "connected" if libc.connect(opened, ctypes.create_string_buffer(there), len(there)) == 0 else "opened"

def started():
    command = [sys.executable, "-S", "-c", "import _socket; _socket.socket()"]
    done = subprocess.run(command, capture_output=True, text=True)
    return "opened" if done.returncode == 0 else done.stderr.strip().rsplit("[", 1)[-1]

def in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(reach()))
    thread.start()
    thread.join()
    return found[0]
"""
WAYS = {
    "TCP": "reach()",
    "UDP": "reach(kind=socket.SOCK_DGRAM)",
    "IPv6": "reach(socket.AF_INET6)",
    "a host's machine": "reach(40)",
    "a raw packet": "reach(17, socket.SOCK_RAW)",
    "a thread": "in_a_thread()",
    "a program that is started": "started()",
}


@pytest.fixture
def listening():
    """An address of this machine, so that a connection that is not refused would be made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def site(tmp_path, repository, code):
    """A repository with restricted data, where a task's file does what a library would."""
    (tmp_path / "params.yaml").write_text((repository / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "tasks").mkdir()
    text = (repository / "tasks" / "medmqp.py").read_text(encoding="utf-8")
    (tmp_path / "tasks" / "medmqp.py").write_text(text + code, encoding="utf-8")
    samples.put(tmp_path, "aismec")
    return tmp_path


def harness(place, repository, *arguments, **environment):
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HARNESS_", "MLFLOW_"))}
    env = {**inherited, "PYTHONPATH": str(repository)} | environment
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True)


def native(address) -> str:
    host, port = address
    packed = port.to_bytes(2, "big") + socket.inet_aton(host)
    family = "struct.pack('H', socket.AF_INET)"
    return f"{NATIVE}\nthere = {family} + {packed!r} + bytes(8)\n"


@linux
def test_native_code_gets_no_socket_beyond_the_kernel(tmp_path, repository, listening):
    asked = "".join(f"print({way!r}, {call}, sep=': ', file=sys.stderr)\n" for way, call in WAYS.items())
    place = site(tmp_path, repository, native(listening) + asked)
    done = harness(place, repository, "tasks")
    assert done.returncode == 0, done.stderr
    answers = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    program = answers.pop("a program that is started")
    assert answers == dict.fromkeys(answers, "EACCES") and len(answers) == len(WAYS) - 1
    assert program == "Errno 13] Permission denied"


@linux
def test_where_somebody_says_so_and_on_other_data_it_is_open(tmp_path, repository, listening):
    place = site(tmp_path, repository, native(listening) + "print(reach(), file=sys.stderr)\n")
    assert harness(place, repository, "tasks", HARNESS_OFFLINE="0").stderr == "connected\n"
    shutil.rmtree(place / "data")
    assert harness(place, repository, "tasks").stderr == "connected\n"
    assert harness(place, repository, "tasks", HARNESS_OFFLINE="1").stderr == "EACCES\n"


@linux
def test_a_socket_that_is_refused_is_a_sentence_and_no_traceback(tmp_path, repository):
    place = site(tmp_path, repository, "")
    code = "import _socket, sys\nfrom harness import cli\nfrom harness.commands import data\n"
    code += "data._tasks = lambda options: _socket.socket()\nsys.argv = ['harness', 'tasks']\nsys.exit(cli.main())\n"
    env = {key: value for key, value in os.environ.items() if not key.startswith("HARNESS_")}
    env |= {"PYTHONPATH": str(repository)}
    done = subprocess.run([sys.executable, "-c", code], cwd=place, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("harness: No connection to another machine: this process may not use the network")


CLOSED = "from harness.system import offline, sockets\noffline.enforce()\nassert sockets.close() and sockets.close()\n"


def closed(code: str, repository) -> subprocess.CompletedProcess:
    env = {**os.environ, "PYTHONPATH": str(repository)}
    return subprocess.run([sys.executable, "-c", CLOSED + code], env=env, capture_output=True, text=True)


@linux
def test_what_processes_of_one_command_say_to_each_other_goes_on(repository):
    done = closed(
        """
import asyncio, multiprocessing, socket
import torch
from torch.utils.data import DataLoader

if __name__ == "__main__":
    left, right = socket.socketpair()
    left.sendall(b"x")
    print(right.recv(1).decode(), socket.getfqdn() != "", socket.getaddrinfo("localhost", 80) != [])
    for way in ("fork", "forkserver"):
        context = multiprocessing.get_context(way)
        queue = context.Queue()
        process = context.Process(target=queue.put, args=(way,))
        process.start()
        print(queue.get())
        process.join()
    with multiprocessing.Manager() as manager:
        print(list(manager.list([1])))
    print(asyncio.run(asyncio.sleep(0, "slept")), [int(n) for n in DataLoader(range(2), num_workers=1)])
""",
        repository,
    )
    said = ["x True True", "fork", "forkserver", "[1]", "slept [0, 1]"]
    assert done.stdout.splitlines() == said, done.stderr[-2000:]


@linux
def test_a_name_is_still_refused_by_the_guard_that_can_name_it(repository):
    done = closed("import urllib.request; urllib.request.urlopen('http://example.org/')", repository)
    assert "OfflineError: No connection to example.org" in done.stderr


@linux
def test_a_ring_of_calls_and_calls_of_another_abi_are_not_there(repository):
    code = "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    code += "for number in (425, 0x40000000 + 41):\n"
    code += "    print(libc.syscall(ctypes.c_long(number), 8, 0), errno.errorcode[ctypes.get_errno()])\n"
    done = closed(code, repository)
    assert done.stdout == "-1 ENOSYS\n-1 ENOSYS\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "open_"),
    [
        (["ui"], {}, True),
        (["grid"], {}, True),
        (["repro"], {}, True),
        (["track"], {}, False),
        (["track"], {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"}, True),
        (["pretrain", "nb_bert"], {}, False),
        (["pretrain", "nb_bert"], {"WORLD_SIZE": "2"}, True),
        (["checkpoint", "nb_bert"], {"MLFLOW_TRACKING_URI": "HTTP://localhost:5000"}, True),
        (["validate", "aismec"], {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"}, False),
        (["export", "bundle"], {}, False),
    ],
)
def test_commands_that_need_loopback_say_so(arguments, environment, open_, repository, monkeypatch):
    from harness import cli
    from harness.system import determinism

    # In this process torch may be there already, and "portable" comes before it.
    monkeypatch.setattr(determinism, "prepare_environment", lambda reproducible: None)
    monkeypatch.chdir(repository)
    for name in ("MLFLOW_TRACKING_URI", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = cli._parser().parse_args(arguments)
    assert options.connects(options) is open_


def test_on_other_systems_nothing_is_done_and_check_says_so(monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert sockets.close() is False
    assert "On Darwin arm64 native code" in sockets.not_held()
    socket.socket().close()


def test_only_a_socket_is_taken_for_one():
    assert sockets.refused(PermissionError(errno.EACCES, "no"))
    assert not sockets.refused(PermissionError(errno.EACCES, "no", "a file"))
    assert not sockets.refused(ValueError("no"))
    outer = RuntimeError("x")
    outer.__cause__ = PermissionError(errno.EACCES, "no")
    assert sockets.refused(outer)
