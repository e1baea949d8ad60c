"""Runs a child process, reports its output line by line, bounds the stored stderr, and never leaves it running."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.recordings.timeouts import with_timeout

#: What is stored of stderr: the beginning, which contains the headers, and the end, which contains the reason.
_HEAD_CHARACTERS = 64 * 1024
_TAIL_LINES = 100
_LINE_CHARACTERS = 1000

#: The environment variables that a child inherits: only those that its loader needs.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")

#: Signals that a program causes itself, by a crash or by exceeding a limit. All others were sent to it.
_FAULT_SIGNALS = frozenset(
    getattr(signal, name)
    for name in (
        *("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"),
        *("SIGPIPE", "SIGPROF", "SIGXCPU", "SIGXFSZ"),
    )
)


class ChildTimeout(Exception):
    """The child was killed because it ran for too long or wrote nothing for too long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int  #: exit status, or the negative number of the signal that ended it
    errors: str  #: stderr, shortened in the middle

    @property
    def killed(self) -> bool:
        """Whether the kernel (out of memory) or a person killed it. Then its input is not the cause."""
        return self.code < 0 and -self.code not in _FAULT_SIGNALS


async def run(
    command: Sequence[str],
    *,
    seconds: float,
    quiet_seconds: float,
    on_output: Callable[[str], None] | None = None,
    on_error: Callable[[str], None] | None = None,
    folder: str | None = None,
) -> Outcome:
    """Run `command` until it ends. If the caller is cancelled or a callback raises, the child is killed first."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=folder,
        env={**{name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}, "LC_ALL": "C", "HOME": "/"},
    )
    log = _BoundedLog()

    def on_error_line(line: str) -> None:
        log.add(line)
        if on_error:
            on_error(line)

    tasks = [
        asyncio.ensure_future(_read_lines(process.stdout, on_output or _ignore, quiet_seconds)),
        asyncio.ensure_future(_read_lines(process.stderr, on_error_line, None)),
        asyncio.ensure_future(process.wait()),
    ]
    try:
        await with_timeout(seconds, asyncio.gather(*tasks))
    except asyncio.TimeoutError:
        raise ChildTimeout from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        for task in tasks:
            task.cancel()
        await process.wait()
        await asyncio.gather(*tasks, return_exceptions=True)
        process._transport.close()  # type: ignore[attr-defined]  # an unread pipe would stay open
    return Outcome(process.returncode or 0, log.text())


async def _read_lines(
    stream: asyncio.StreamReader | None, on_line: Callable[[str], object], quiet_seconds: float | None
) -> None:
    """Pass on every line. Overlong lines are cut, never collected."""
    assert stream is not None
    line, cut = b"", False
    while chunk := await with_timeout(quiet_seconds, stream.read(64 * 1024)):
        *whole, rest = (line + chunk).split(b"\n")
        for number, text in enumerate(whole):
            if not (cut and number == 0):
                on_line(text[:_LINE_CHARACTERS].decode(errors="replace").rstrip("\r"))
        cut = len(rest) > _LINE_CHARACTERS or (cut and not whole)
        line = rest[:_LINE_CHARACTERS]
    if line and not cut:
        on_line(line.decode(errors="replace"))


def _ignore(_line: str) -> None:
    pass


class _BoundedLog:
    def __init__(self) -> None:
        self._head: list[str] = []
        self._head_size = 0
        self._tail: list[str] = []

    def add(self, line: str) -> None:
        if self._head_size < _HEAD_CHARACTERS:
            self._head.append(line)
            self._head_size += len(line) + 1
        else:
            self._tail = [*self._tail[-_TAIL_LINES:], line]

    def text(self) -> str:
        return "\n".join([*self._head, *self._tail])
