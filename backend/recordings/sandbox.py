"""Runs FFmpeg in a sandbox. Started as a script, it gives up the rights that FFmpeg does not need and then executes it.

On every Linux it limits CPU time, memory and file size, lowers the priority and ends FFmpeg together with the server.
Where the kernel supports it, seccomp forbids sockets and Landlock forbids all files except the named ones. Only the
standard library is imported, because this script runs before every child.
"""

import contextlib
import ctypes
import json
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Sandbox:
    """The resources that the child may use, and the paths that it may read and write."""

    cpu_seconds: int
    file_bytes: int
    memory_bytes: int
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


#: The folders of programs and their libraries.
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/dev/urandom")

#: CPU time after which the kernel kills a child that has disabled the timer.
_GRACE_SECONDS = 5

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  #: audit number, number of socket()
_IO_URING_SETUP = 425


def sandboxed(sandbox: Sandbox, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` in `sandbox`."""
    return [sys.executable, "-I", "-S", "-B", os.path.abspath(__file__), json.dumps(asdict(sandbox)), *command]


def _main() -> None:
    fields = json.loads(sys.argv[1])
    command = sys.argv[2:]
    # At SIGXCPU FFmpeg would end as if it were done. It does not handle SIGPROF, so that one kills it. The timer
    # survives the exec.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, fields["cpu_seconds"])
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CPU, fields["cpu_seconds"] + _GRACE_SECONDS),
        (resource.RLIMIT_FSIZE, fields["file_bytes"]),
        (resource.RLIMIT_AS, fields["memory_bytes"]),
    ]
    for kind, requested in limits:
        with contextlib.suppress(OSError, ValueError):  # macOS has no limit for the address space
            _, hard_limit = resource.getrlimit(kind)
            value = requested if hard_limit == resource.RLIM_INFINITY else min(requested, hard_limit)
            resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError):
        os.nice(10)
    if sys.platform == "linux":
        program = os.path.realpath(command[0])
        libraries = os.path.join(os.path.dirname(os.path.dirname(program)), "lib")
        loader = os.environ.get("LD_LIBRARY_PATH", "").split(":")
        end_with_parent()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            readable = [*_SYSTEM, *fields["read"], os.path.dirname(program), libraries, *filter(None, loader)]
            _restrict_files(libc, readable, [*fields["write"], "/dev/null"])
            _forbid_sockets(libc)
    # Python ignores these two, and FFmpeg would inherit that: it would go on writing past its limit.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent dies."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)  # it has just died


def _restrict_files(libc: ctypes.CDLL, readable: Iterable[str], writable: Iterable[str]) -> None:
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        return
    execute, write, read, read_folder, remove, make, truncate = 1, 2, 4, 8, 1 << 5, 1 << 8, 1 << 14
    handled_rights = (1 << 13) - 1 | (truncate if version >= 3 else 0)
    file_rights = (execute | write | read | truncate) & handled_rights
    attributes = struct.pack("=Q", handled_rights)
    ruleset = libc.syscall(444, attributes, len(attributes), 0)
    if ruleset < 0:
        return
    rules = [(path, execute | read | read_folder) for path in readable]
    rules += [(path, write | read | read_folder | remove | make | truncate) for path in writable]
    for path, allowed in rules:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed &= handled_rights if os.path.isdir(path) else file_rights
        libc.syscall(445, ruleset, 1, struct.pack("=Qi", allowed, descriptor), 0)
        os.close(descriptor)
    libc.syscall(446, ruleset, 0)
    os.close(ruleset)


def _forbid_sockets(libc: ctypes.CDLL) -> None:
    if platform.machine() not in _ARCHITECTURES:
        return
    architecture, socket = _ARCHITECTURES[platform.machine()]
    load, equal, at_least, return_action = 0x20, 0x15, 0x35, 0x06
    program = [
        (load, 0, 0, 4),
        (equal, 0, 5, architecture),
        (load, 0, 0, 0),
        (at_least, 3, 0, 0x40000000),  # the x32 variants of the calls
        (equal, 2, 0, socket),
        (equal, 1, 0, _IO_URING_SETUP),
        (return_action, 0, 0, 0x7FFF0000),
        (return_action, 0, 0, 0x00050000 | 1),  # EPERM
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    # struct sock_fprog: a count, padded to the size of a pointer, then the pointer
    header = struct.pack("HP", len(program), ctypes.addressof(code))
    libc.prctl(_PR_SET_SECCOMP, 2, header, 0, 0)


if __name__ == "__main__":
    _main()
