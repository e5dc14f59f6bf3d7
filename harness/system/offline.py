"""Refuse every connection beyond this machine if HARNESS_OFFLINE=1 is set.

The guard is an audit hook of the Python interpreter. Every Python socket passes the hook, whichever library opens the
socket, and nothing can remove the hook until the process ends. Forked workers inherit the hook. A worker that is
started afresh calls `follow`.
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
from harness.system.determinism import UNTOLD

VARIABLE = "HARNESS_OFFLINE"
_OFF = ("0", "false", "no", "off")

# For libraries that would try the network first, or report how they are used.
_QUIET = {
    **UNTOLD,
    VARIABLE: "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    # The hub's second transport is native code, which no hook of Python sees.
    "HF_HUB_DISABLE_XET": "1",
    "DVC_NO_ANALYTICS": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    # No proxy: a proxy on this machine would forward connections, and the guard would only see loopback.
    "NO_PROXY": "*",
    "no_proxy": "*",
}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_PEERS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_STARTED = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"}
# Socket families that stay within this machine's kernel.
LOCAL = [int(getattr(socket, name)) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)]


def wanted(restricted: bool) -> bool:
    """Whether connections must be blocked, as the variable HARNESS_OFFLINE says.

    If HARNESS_OFFLINE is not set, connections are blocked if the repository has `restricted` data.
    """
    said = os.environ.get(VARIABLE, "").strip().lower()
    return said not in _OFF if said else restricted


def enforce() -> list[str]:
    """Block connections of this process, and of the Python workers that it starts. Returns a list of the refused hosts.

    Each host that is asked for in spite of the block is appended to the list. A library may swallow the error, so the
    command line looks at the list again at its end.
    """
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(_QUIET)
    # A user's own 0 is kept, and the guard then says what is blocked.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return _guard()


def follow() -> None:
    """Block connections in a worker process that was started afresh, if its parent process blocks them."""
    if os.environ.get(VARIABLE) == "1":
        _guard()


def start_no_program() -> None:
    """From now on, let this process start no program except Python.

    The guard of `enforce` does not reach other programs.
    """

    def hook(event: str, arguments: tuple) -> None:
        # The standard library starts `uname` to learn the type of this machine.
        if event in _STARTED and os.fsdecode(arguments[0]) not in (sys.executable, "uname"):
            said = f"Starting programs is blocked: they could use the network ({VARIABLE}=1)"
            raise PermissionError(errno.EPERM, said, os.fsdecode(arguments[0]))

    sys.addaudithook(hook)


def refuse_store(uri: str, root: Path) -> None:
    """Raise OfflineError if connections are blocked and the MLflow store at the address `uri` is not on this machine.

    Database drivers are native code, and the guard of `enforce` does not see their connections. An address may also
    hide its host in a setting. So only addresses that are known to be local pass. A file on a network share counts as
    another machine's, unless the repository at `root` is on the same share.
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


def error(host: str = "") -> OfflineError:
    """The error for a refused connection to `host` ("": the host is not known)."""
    allowed = f"If this command may use the network, run it with {VARIABLE}=0."
    return OfflineError(
        f"No connection to {host or 'another machine'}: this process may not use the network ({VARIABLE}=1, "
        "which is the default if data are restricted).",
        remedy=f"Remove the setting that names {host}, or give files instead (--mirror, source: folder). {allowed}"
        if host
        else allowed,
    )


@functools.cache
def _guard() -> list[str]:
    refused: list[str] = []
    own = socket.gethostname()

    def hook(event: str, arguments: tuple) -> None:
        if not event.startswith("socket."):
            return
        host = _other_host(event, arguments)
        # Servers look up their own name. A connection to the address they find still has to pass.
        if host is not None and not (event in _NAMES and host == own):
            refused.append(host)
            raise error(host)

    sys.addaudithook(hook)
    return refused


def _other_host(event: str, arguments: tuple) -> str | None:
    """The host of a socket event, if it is not this machine."""
    if event in _NAMES:
        host = arguments[0][0] if event == "socket.getnameinfo" else arguments[0]
    elif event in _PEERS:
        peer, address = arguments[0], arguments[1]
        if address is None or int(peer.family) in LOCAL:
            return None
        host = address[0] if isinstance(address, tuple) and address else repr(address)
    else:
        return None
    host = host.decode(errors="replace") if isinstance(host, bytes) else host
    # A server that is to listen asks for no host.
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
