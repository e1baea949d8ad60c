"""The host of one engine: it owns the child process that runs the engine, and sends it one request at a time."""

import asyncio
import json
import logging
import math
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from backend.engines.protocols import EngineContext, EngineError, ProgressCallback

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
#: The module the child process runs. Benchmarks with made-up weights replace it.
_CHILD = "backend.engines.child"
#: The detail of the error for requests that come during shutdown.
STOPPING = "The server is stopping."
#: The longest line a child process may send. Its answers are short: results are written to files.
_MAX_LINE_BYTES = 1 << 20
#: How long to wait for the rest of stderr of a child process that has ended.
_STDERR_SECONDS = 1.0


class EngineHost:
    """Starts the child process on the first request and again after it died; stops it when it is idle or uses too
    much memory."""

    def __init__(self, name: str, context: EngineContext, *, idle_seconds: float, memory_bytes: float) -> None:
        self.name = name
        self._context = context
        self._idle_seconds = idle_seconds
        self._memory_bytes = memory_bytes
        self._lock = asyncio.Lock()  # first come, first served
        self._child: _Child | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._served = 0
        self._closed = False

    async def run(self, request: Mapping[str, Any], progress: ProgressCallback) -> None:
        """Run one request after those that wait before it. Raises EngineError.

        Cancelling a request kills the child process only if the process is working on that request.
        """
        async with self._lock:
            if self._closed:
                raise EngineError("engine_died", STOPPING, retry=True)
            self._cancel_idle_timer()
            child = await self._running_child()
            try:
                if self._closed:
                    raise EngineError("engine_died", STOPPING, retry=True)
                memory = await child.run(request, _monotonic(progress))
            except EngineError as error:
                if error.code in ("engine_died", "out_of_memory"):
                    await child.end()
                raise
            except BaseException:
                await child.end()
                raise
            finally:
                self._start_idle_timer()
            self._served += 1
            if memory > self._memory_bytes:
                logger.info("Engine recycled", extra={"engine": self.name, "memory": memory})
                await child.end()

    async def close(self) -> None:
        """Kill the child process, busy or not, and accept no more requests."""
        self._closed = True
        self._cancel_idle_timer()
        if self._child is not None:
            await self._child.end()

    async def unload(self, *, at_work: bool = False) -> bool:
        """Stop the child process until the next request. Returns whether that was done: a busy process is stopped only
        with `at_work`. Its request then fails, and its job starts again."""
        if self._lock.locked() and not at_work:
            return False
        if self._child is not None and self._child.alive:
            await self._child.end()
        return True

    async def restart(self, *, at_work: bool = False) -> bool:
        """Like `unload`, then start a new child process at once, unless a waiting request does."""
        if not await self.unload(at_work=at_work):
            return False
        if not self._lock.locked() and not self._closed:
            async with self._lock:
                await self._running_child()
                self._start_idle_timer()
        return True

    def state(self) -> dict[str, Any]:
        """The state that administrators see."""
        child = self._child if self._child is not None and self._child.alive else None
        return {
            "name": self.name,
            "alive": child is not None,
            "pid": child.pid if child else None,
            "memory": child.memory() if child else 0,
            "busy": self._lock.locked(),
            "served": self._served,
        }

    async def _running_child(self) -> "_Child":
        if self._child is None or not self._child.alive:
            self._child = await _start(self.name, self._context)
        return self._child

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _start_idle_timer(self) -> None:
        self._cancel_idle_timer()
        if not self._closed:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._stop_if_idle)

    def _stop_if_idle(self) -> None:
        if self._child is not None and self._child.alive and not self._lock.locked():
            logger.info("Engine stopped", extra={"engine": self.name, "idle_seconds": self._idle_seconds})
            self._child.kill()


class _Child:
    """One running child process and its pipes."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._name = name
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._stderr_tail: deque[str] = deque(maxlen=40)
        self._stderr_reader = asyncio.create_task(_read_stderr(process.stderr, self._stderr_tail))
        self._killed = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._killed and self._process.returncode is None

    def memory(self) -> int:
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    async def run(self, request: Mapping[str, Any], progress: ProgressCallback) -> int:
        """Returns the memory of the process after the request, in bytes."""
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            await self._requests.drain()
            while (line := await self._answers.readline()).endswith(b"\n"):
                answer = json.loads(line)
                if "progress" in answer:
                    progress(*answer["progress"])
                elif "done" in answer:
                    return int(answer["memory"])
                else:
                    error = EngineError(**answer["error"])
                    if error.code == "engine_failed":
                        logger.warning("Engine failed", extra={"engine": self._name, "trace": answer["trace"]})
                    raise error
        except ConnectionError:
            pass  # the process ended: handled below
        except ValueError as problem:  # a line too long, or not JSON
            raise EngineError("engine_died", f"{self._name} sent an invalid answer.", retry=True) from problem
        raise EngineError("engine_died", await self._exit_message(), retry=True)

    def kill(self) -> None:
        """Kill the process and all processes it started. The event loop's child watcher reaps it."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._killed = True

    async def end(self) -> None:
        """Kill the process and wait until it has ended."""
        self.kill()
        await self._process.wait()
        self._stderr_reader.cancel()

    async def _exit_message(self) -> str:
        self.kill()  # it may still run with closed pipes
        await self._process.wait()
        await asyncio.wait([self._stderr_reader], timeout=_STDERR_SECONDS)
        code = self._process.returncode or 0
        cause = f"by signal {_signal_name(-code)}" if code < 0 else f"with status {code}"
        lines = list(self._stderr_tail)
        logger.warning("Engine died", extra={"engine": self._name, "pid": self.pid, "cause": cause, "stderr": lines})
        return "\n".join([f"{self._name} ended {cause}.", *lines[-5:]])


async def _start(name: str, context: EngineContext) -> _Child:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _CHILD,
            name,
            context.to_json(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            env=_child_environment(),
            limit=_MAX_LINE_BYTES,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError("engine_died", f"{name} could not be started: {error}", retry=True) from error
    logger.info("Engine started", extra={"engine": name, "pid": process.pid})
    return _Child(name, process)


def _child_environment() -> dict[str, str]:
    """The server's environment without its secrets: a model file is code and must not read them."""
    secret = ("SECRET", "TOKEN", "PASSWORD", "API_KEY", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not any(word in name.upper() for word in secret)}


async def _read_stderr(stderr: asyncio.StreamReader, lines: "deque[str]") -> None:
    """Empty the pipe and keep the last lines; long lines are cut."""
    rest = b""
    while chunk := await stderr.read(1 << 16):
        *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        lines.extend(line[:300].decode(errors="replace") for line in whole[-40:] if line.strip())
        rest = rest[:300]
    if rest.strip():
        lines.append(rest[:300].decode(errors="replace"))


def _monotonic(progress: ProgressCallback) -> Callable[[float, float], None]:
    """Passes progress on only if it is finite and grows; cut at the total."""
    best = -1.0

    def report(done: float, total: float) -> None:
        nonlocal best
        if not (math.isfinite(done) and math.isfinite(total)) or total <= 0:
            return
        done = min(max(done, 0.0), total)
        if done > best:
            best = done
            progress(done, total)

    return report


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
