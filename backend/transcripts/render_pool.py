"""Renders export files in child processes: a few at a time, one of them for a user, each with limits."""

import asyncio
import pickle
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from backend.errors import AppError, TooManyRequests
from backend.recordings.timeouts import with_timeout
from backend.settings import ROOT
from backend.transcripts.export import export_stored
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.file_properties import NO_PROPERTIES, FileProperties
from backend.transcripts.fonts import fonts_of
from backend.transcripts.render_child import ERROR, FILE, NO_MEMORY

#: The longest legal transcript (two million characters) takes about half a minute and 300 MB.
_SECONDS, _MEMORY_BYTES = 120.0, 2 * 1024**3
#: Exports of one user that may wait for their turn.
_MAX_WAITING = 20
#: A child is kept this long for the next request, but not after a large one, whose memory it would keep as well.
_IDLE_SECONDS, _LARGE_BYTES = 30.0, 4 * 1024**2


class ExportTooLarge(AppError):
    status = 422
    code = "export_too_large"
    detail = "This file would take too much time or memory. Choose another format, such as txt."


class RenderFailed(RuntimeError):
    """The function failed in the child, or the child was killed."""


class TooManyExports(TooManyRequests):
    code = "too_many_exports"
    detail = "Too many of your exports are waiting. Let some of them finish first."


class RenderPool:
    """`models_dir` contains the font for PDF files. `seconds` and `memory_bytes` limit each file."""

    def __init__(
        self,
        models_dir: Path,
        *,
        max_concurrent: int = 2,
        seconds: float = _SECONDS,
        memory_bytes: int = _MEMORY_BYTES,
    ) -> None:
        self._models_dir = models_dir
        self._slots = asyncio.Semaphore(max_concurrent)
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._turns: dict[str, _Turn] = {}
        self._idle: list[_Child] = []

    async def check(self, format: str) -> list[Path]:
        """The fonts for this format. Raises FontMissing, as `render` does."""
        return await asyncio.to_thread(fonts_of, self._models_dir) if format == "pdf" else []

    async def render(
        self,
        document: dict[str, Any],
        format: str,
        title: str,
        style: ExportStyle,
        properties: FileProperties = NO_PROPERTIES,
        *,
        user_id: str,
    ) -> bytes:
        """The file of a stored document. Raises as `run` does."""
        fonts = await self.check(format)
        return await self.run(export_stored, document, format, title, style, fonts, properties, user_id=user_id)

    async def run(self, function: Callable[..., bytes], *arguments: object, user_id: str) -> bytes:
        """What `function` returns in a child process; one call of a user at a time. The function and its arguments are
        pickled. Raises ExportTooLarge past the limits, TooManyExports and RenderFailed. A caller that is cancelled ends
        the call."""
        async with self._turn(user_id), self._slots:
            request = await asyncio.to_thread(pickle.dumps, (function, arguments))
            how, content = await self._call(request)
        if how == NO_MEMORY:
            raise ExportTooLarge
        if how == ERROR:
            raise RenderFailed(f"{function.__name__} failed: {content.decode()}")
        return content

    async def close(self) -> None:
        """End the idle children. Calls in progress end theirs themselves."""
        while self._idle:
            await self._idle.pop().end()

    @asynccontextmanager
    async def _turn(self, user_id: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault(user_id, _Turn())
        if turn.waiting >= _MAX_WAITING:
            raise TooManyExports(headers={"Retry-After": "10"})
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[user_id]

    async def _call(self, request: bytes) -> tuple[bytes, bytes]:
        idle = self._idle.pop() if self._idle else None
        child = idle or await _Child.start(self._memory_bytes)
        keep = False
        try:
            how, content = await with_timeout(self._seconds, child.call(request))
            keep = how == FILE and len(request) + len(content) < _LARGE_BYTES
            return how, content
        except asyncio.TimeoutError:
            raise ExportTooLarge from None
        except (asyncio.IncompleteReadError, ConnectionError):
            if idle is None:
                raise RenderFailed("a file was not rendered: the process ended") from None
        finally:
            if keep:
                self._keep(child)
            else:
                await child.end()
        return await self._call(request)  # the idle child had been killed meanwhile

    def _keep(self, child: "_Child") -> None:
        self._idle.append(child)
        child.expire = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._expire, child)

    def _expire(self, child: "_Child") -> None:
        if child in self._idle:
            self._idle.remove(child)
            child.process.kill()  # asyncio reaps it


class _Turn:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


class _Child:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.expire: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls, memory_bytes: int) -> "_Child":
        pipe = asyncio.subprocess.PIPE
        command = [sys.executable, "-m", "backend.transcripts.render_child", str(memory_bytes)]
        null = asyncio.subprocess.DEVNULL
        return cls(await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=null))

    async def call(self, request: bytes) -> tuple[bytes, bytes]:
        """How the call ended, and its bytes."""
        if self.expire is not None:
            self.expire.cancel()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(struct.pack("!Q", len(request)) + request)
        await self.process.stdin.drain()
        how, length = struct.unpack("!cQ", await self.process.stdout.readexactly(9))
        return how, await self.process.stdout.readexactly(length)

    async def end(self) -> None:
        if self.expire is not None:
            self.expire.cancel()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()  # closes the pipes, too
