"""One child process: its lines are heard as they come, its errors are bounded, and it never outlives its call."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.recordings.patience import within

#: Kept of what a child writes to stderr: the beginning, which has the headers, and the end, which has the reason.
_HEAD_CHARACTERS = 64 * 1024
_TAIL_LINES = 100
_LINE_CHARACTERS = 1000

#: The environment of a child: nothing of ours but what its loader needs.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


#: Signals that a program brings upon itself: a crash, or a limit it was given. All others were sent to it.
_ITS_OWN = frozenset(
    getattr(signal, name)
    for name in (
        *("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"),
        *("SIGPIPE", "SIGPROF", "SIGXCPU", "SIGXFSZ"),
    )
)


class OutOfTime(Exception):
    """The child was killed: it ran past its time, or said nothing for too long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int  #: exit status; minus the signal where one ended it
    errors: str  #: what it wrote to stderr, shortened in the middle

    @property
    def killed(self) -> bool:
        """Whether somebody else ended it: the kernel for want of memory, or a person. It says nothing of its input."""
        return self.code < 0 and -self.code not in _ITS_OWN


async def run(
    command: Sequence[str],
    *,
    seconds: float,
    quiet_seconds: float,
    on_output: Callable[[str], None] | None = None,
    on_error: Callable[[str], None] | None = None,
    folder: str | None = None,
) -> Outcome:
    """Run `command` to its end. When the caller is cancelled, or a listener raises, the child is killed first."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=folder,
        env={**{name: os.environ[name] for name in _KEPT if name in os.environ}, "LC_ALL": "C", "HOME": "/"},
    )
    kept = _Kept()

    def hear_error(line: str) -> None:
        kept.add(line)
        if on_error:
            on_error(line)

    reading = [
        asyncio.ensure_future(_lines(process.stdout, on_output or _ignore, quiet_seconds)),
        asyncio.ensure_future(_lines(process.stderr, hear_error, None)),
        asyncio.ensure_future(process.wait()),
    ]
    try:
        await within(seconds, asyncio.gather(*reading))
    except asyncio.TimeoutError:
        raise OutOfTime from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        for task in reading:
            task.cancel()
        await process.wait()
        await asyncio.gather(*reading, return_exceptions=True)
        process._transport.close()  # type: ignore[attr-defined]  # a pipe left unread would stay open
    return Outcome(process.returncode or 0, kept.text())


async def _lines(
    stream: asyncio.StreamReader | None, hear: Callable[[str], object], quiet_seconds: float | None
) -> None:
    """Hear every line; what is longer than a line should be is cut, never gathered."""
    assert stream is not None
    line, cut = b"", False
    while chunk := await within(quiet_seconds, stream.read(64 * 1024)):
        *whole, rest = (line + chunk).split(b"\n")
        for number, text in enumerate(whole):
            if not (cut and number == 0):
                hear(text[:_LINE_CHARACTERS].decode(errors="replace").rstrip("\r"))
        cut = len(rest) > _LINE_CHARACTERS or (cut and not whole)
        line = rest[:_LINE_CHARACTERS]
    if line and not cut:
        hear(line.decode(errors="replace"))


def _ignore(_line: str) -> None:
    pass


class _Kept:
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
