"""Refuse every connection beyond this machine where HARNESS_OFFLINE=1 is set.

The guard is an audit hook of the interpreter. Every socket of Python passes it, whichever library opens it and
however it got hold of the socket, and nothing can take it off again. It lasts for the life of the process and is
inherited by forked workers; a worker that is started afresh calls `follow`.
"""

import errno
import functools
import ipaddress
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import OfflineError
from harness.system import disks

VARIABLE = "HARNESS_OFFLINE"
_OFF = ("0", "false", "no", "off")

# Libraries that would ask first, and those that tell their makers how they are used.
_QUIET = {
    VARIABLE: "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # The hub's second transport is native code, which no hook of Python sees.
    "HF_HUB_DISABLE_XET": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DVC_NO_ANALYTICS": "1",
    "DO_NOT_TRACK": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    # No proxy: one on this machine would take what it is given further, and the guard would see loopback alone.
    "NO_PROXY": "*",
    "no_proxy": "*",
}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_PEERS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_STARTED = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"}
# The kernel of this machine is at the other end of these.
_LOCAL = {int(getattr(socket, name)) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)}


def wanted(restricted: bool) -> bool:
    """Does HARNESS_OFFLINE say so, or, where it says nothing, does the repository hold `restricted` data?"""
    said = os.environ.get(VARIABLE, "").strip().lower()
    return said not in _OFF if said else restricted


def enforce() -> list[str]:
    """Close this process off, and the ones it starts; returns the hosts that are asked for in spite of it.

    A list that grows: a library may swallow the error, so the command line looks at it once more in the end.
    """
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(_QUIET)
    # Somebody who says 0 here and means it is told by the guard what is in the way.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return _guard()


def follow() -> None:
    """The same in a worker, where the process that started it is closed off."""
    if os.environ.get(VARIABLE) == "1":
        _guard()


def start_no_program() -> None:
    """From now on this process starts no other program than Python: the guard would not reach it."""

    def hook(event: str, arguments: tuple) -> None:
        # `uname` is how the standard library learns what machine this is.
        if event in _STARTED and os.fsdecode(arguments[0]) not in (sys.executable, "uname"):
            said = f"Starting programs is blocked: they could use the network ({VARIABLE}=1)"
            raise PermissionError(errno.EPERM, said, os.fsdecode(arguments[0]))

    sys.addaudithook(hook)


def refuse_store(uri: str, root: Path) -> None:
    """Raise OfflineError where this process is closed off and a tracking store is not on this machine.

    Drivers of databases are native code, and an address may hide its host in a setting: only what is known to be here
    passes. A file on a share, too, is another machine's, unless the repository at `root` lies there with it.
    """
    if os.environ.get(VARIABLE) != "1":
        return
    parts = urlsplit(uri)
    if parts.hostname and not _is_here(parts.hostname):
        raise error(parts.hostname)
    served = parts.scheme in ("http", "https")
    if parts.scheme not in ("", "file", "sqlite", "http", "https") or served != bool(parts.netloc) or "/" not in uri:
        raise error(f"the store {parts.scheme or uri}")
    if not served:
        place = Path(parts.path[1:] if parts.scheme == "sqlite" else parts.path).absolute()
        share = disks.share_of(place)
        if share is not None and share != disks.share_of(Path(root)):
            raise error(f"the share {share}")


def error(host: str) -> OfflineError:
    return OfflineError(
        f"No connection to {host}: this process may not leave the machine ({VARIABLE}=1, "
        "which is the default where data are restricted).",
        remedy=f"Take away what names {host}, give files instead (--mirror, source: folder), or, where that host may "
        f"be reached, run the command with {VARIABLE}=0.",
    )


@functools.cache
def _guard() -> list[str]:
    refused: list[str] = []
    own = socket.gethostname()

    def hook(event: str, arguments: tuple) -> None:
        if not event.startswith("socket."):
            return
        host = _other_host(event, arguments)
        # Servers look up their own name; what they find there still has to pass when it is connected to.
        if host is not None and not (event in _NAMES and host == own):
            refused.append(host)
            raise error(host)

    sys.addaudithook(hook)
    return refused


def _other_host(event: str, arguments: tuple) -> str | None:
    """The host that a socket's event is about, where it is not this machine."""
    if event in _NAMES:
        host = arguments[0][0] if event == "socket.getnameinfo" else arguments[0]
    elif event in _PEERS:
        peer, address = arguments[0], arguments[1]
        if address is None or int(peer.family) in _LOCAL:
            return None
        host = address[0] if isinstance(address, tuple) and address else repr(address)
    else:
        return None
    host = host.decode(errors="replace") if isinstance(host, bytes) else host
    # No host at all is what a server asks for that is to listen.
    return None if not host or _is_here(str(host)) else str(host)


def _is_here(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
