"""Let the Linux kernel refuse every socket that could reach another machine.

The guard in `harness.system.offline` sees only Python. Native code and started programs ask the kernel for sockets, and
there a seccomp filter refuses them. The filter needs no rights of root. It applies to this process, its threads and all
processes that they start, and nothing can remove the filter.
"""

import ctypes
import errno
import platform
import struct

from harness.system.offline import LOCAL

# By machine: the kernel's code for the architecture, and the numbers of the system calls `seccomp` and `socket`.
_MACHINES = {"x86_64": (0xC000003E, 317, 41), "aarch64": (0xC00000B7, 277, 198)}
_IO_URING_SETUP = 425  # io_uring makes and connects sockets without calls that a filter sees
_X32 = 0x40000000  # from this number on, calls belong to another ABI of x86_64
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES, _FILTER, _ALL_THREADS = 38, 1, 1
# Opcodes of the filter's language, and the offsets of a call's number, architecture and first argument.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT = 0, 4, 16


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def close() -> bool:
    """From now on, allow only sockets that stay within this machine's kernel. Returns False if this cannot be enforced.

    Connections to this machine itself (loopback) are blocked as well, because a program asks for a socket before it
    says which address the socket connects to.
    """
    known = _known()
    if known is None:
        return False
    architecture, seccomp, asked = known
    instructions = b"".join(_filter(architecture, asked))
    program = _Program(len(instructions) // 8, instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    # Give up the extra rights of set-user-id programs. Otherwise only root may set a filter.
    if libc.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3):
        return False
    return libc.syscall(ctypes.c_long(seccomp), _FILTER, _ALL_THREADS, ctypes.byref(program)) == 0


def not_held() -> str | None:
    """A sentence for the user if `close` can do nothing on this machine. None on a machine on which `close` works."""
    if _known() is not None:
        return None
    return (
        f"On {platform.system()} {platform.machine()} native code and programs that are started can use the network; "
        "only Python is blocked. Linux on x86_64 or aarch64 blocks them all."
    )


def refused(error: BaseException | None) -> bool:
    """Whether `error` or one of its causes says that the kernel refused a socket.

    The error number is that of a file without permission. But an error about a file also has the file's name.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.EACCES and error.filename is None:
            return True
        error = error.__cause__ or error.__context__
    return False


def _known() -> tuple[int, int, int] | None:
    # A 32-bit Python on a 64-bit kernel has other numbers.
    linux = platform.system() == "Linux" and struct.calcsize("P") == 8
    return _MACHINES.get(platform.machine()) if linux else None


def _filter(architecture: int, asked: int) -> list[bytes]:
    """The instructions of the filter. Each one decides about a call, or leaves it to the next. All families of sockets
    but the `LOCAL` ones are refused, known or not."""

    def step(code: int, operand: int, true: int = 0, false: int = 0) -> bytes:
        # `true` and `false`: how many instructions a comparison skips if it holds, and if it does not.
        return struct.pack("HBBI", code, true, false, operand)

    absent, allowed = step(_RETURN, _REFUSE | errno.ENOSYS), step(_RETURN, _ALLOW)
    return [
        step(_LOAD, _ARCHITECTURE), step(_EQUAL, architecture, true=1), absent,  # a 32-bit program has other numbers
        step(_LOAD, _NUMBER), step(_AT_LEAST, _X32, false=1), absent,
        step(_EQUAL, _IO_URING_SETUP, false=1), absent,
        step(_EQUAL, asked, true=1), allowed,
        step(_LOAD, _ARGUMENT), *(part for family in LOCAL for part in (step(_EQUAL, family, false=1), allowed)),
        step(_RETURN, _REFUSE | errno.EACCES),
    ]  # fmt: skip
