"""The host of one engine: it owns the child the engine lives in, and lets one request in at a time."""

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

from backend.engines.ports import EngineError, Home, Progress

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
#: The module a child runs; benchmarks with made-up weights have one of their own.
_CHILD = "backend.engines.child"
#: Why nothing is begun any more.
STOPPING = "The server is stopping."
#: The longest line a child may say. Its answers are short: results go by file.
_LINE = 1 << 20
#: How long the last words of a dead child are waited for.
_LAST_WORDS_SECONDS = 1.0


class Host:
    """Starts the child on the first request and again after its death; stops it when idle or too big."""

    def __init__(self, name: str, home: Home, *, idle_seconds: float, memory_bytes: float) -> None:
        self.name = name
        self._home = home
        self._idle_seconds = idle_seconds
        self._memory_bytes = memory_bytes
        self._turn = asyncio.Lock()  # first come, first served
        self._child: _Child | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._served = 0
        self._closed = False

    async def ask(self, request: Mapping[str, Any], progress: Progress) -> None:
        """Have one request done; it waits for those before it. Raises EngineError.

        Cancelling kills the child, and only if it is this request that the child is at.
        """
        async with self._turn:
            if self._closed:
                raise EngineError("engine_died", STOPPING, retry=True)
            self._stay()
            child = await self._living_child()
            try:
                if self._closed:
                    raise EngineError("engine_died", STOPPING, retry=True)
                memory = await child.ask(request, _only_growing(progress))
            except EngineError as error:
                if error.code in ("engine_died", "out_of_memory"):
                    await child.end()
                raise
            except BaseException:
                await child.end()
                raise
            finally:
                self._leave_when_idle()
            self._served += 1
            if memory > self._memory_bytes:
                logger.info("Engine recycled", extra={"engine": self.name, "memory": memory})
                await child.end()

    async def close(self) -> None:
        """Kill the child, whatever it is at, and take no more requests."""
        self._closed = True
        self._stay()
        if self._child is not None:
            await self._child.end()

    async def unload(self, *, at_work: bool = False) -> bool:
        """Stop the child until the next request, and answer whether that was done. One that is at work is left alone
        unless `at_work` is said: its request then dies with it, and its job begins again."""
        if self._turn.locked() and not at_work:
            return False
        if self._child is not None and self._child.alive:
            await self._child.end()
        return True

    async def restart(self, *, at_work: bool = False) -> bool:
        """`unload`, and start a new child at once, where no request is waiting that will start it anyway."""
        if not await self.unload(at_work=at_work):
            return False
        if not self._turn.locked() and not self._closed:
            async with self._turn:
                await self._living_child()
                self._leave_when_idle()
        return True

    def state(self) -> dict[str, Any]:
        """What an administrator wants to know of it."""
        child = self._child if self._child is not None and self._child.alive else None
        return {
            "name": self.name,
            "alive": child is not None,
            "pid": child.pid if child else None,
            "memory": child.memory() if child else 0,
            "busy": self._turn.locked(),
            "served": self._served,
        }

    async def _living_child(self) -> "_Child":
        if self._child is None or not self._child.alive:
            self._child = await _start(self.name, self._home)
        return self._child

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave_when_idle(self) -> None:
        self._stay()
        if not self._closed:
            self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._leave)

    def _leave(self) -> None:
        if self._child is not None and self._child.alive and not self._turn.locked():
            logger.info("Engine stopped", extra={"engine": self.name, "idle_seconds": self._idle_seconds})
            self._child.kill()


class _Child:
    """One living process and its pipes."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._name = name
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._last_words: deque[str] = deque(maxlen=40)
        self._listener = asyncio.create_task(_listen(process.stderr, self._last_words))
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

    async def ask(self, request: Mapping[str, Any], progress: Progress) -> int:
        """The memory it holds after the request, in bytes."""
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
            pass  # it died: say so below
        except ValueError as problem:  # a line too long, or not JSON
            raise EngineError("engine_died", f"{self._name} said what nobody understands.", retry=True) from problem
        raise EngineError("engine_died", await self._obituary(), retry=True)

    def kill(self) -> None:
        """Kill it and all it has started. The event loop's watcher takes the body away."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._killed = True

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.kill()
        await self._process.wait()
        self._listener.cancel()

    async def _obituary(self) -> str:
        self.kill()  # it may live on with its pipes closed
        await self._process.wait()
        await asyncio.wait([self._listener], timeout=_LAST_WORDS_SECONDS)
        code = self._process.returncode or 0
        cause = f"by signal {_signal_name(-code)}" if code < 0 else f"with status {code}"
        words = list(self._last_words)
        logger.warning(
            "Engine died", extra={"engine": self._name, "pid": self.pid, "cause": cause, "last_words": words}
        )
        return "\n".join([f"{self._name} ended {cause}.", *words[-5:]])


async def _start(name: str, home: Home) -> _Child:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _CHILD,
            name,
            home.to_json(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            env=_environment(),
            limit=_LINE,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError("engine_died", f"{name} could not be started: {error}", retry=True) from error
    logger.info("Engine started", extra={"engine": name, "pid": process.pid})
    return _Child(name, process)


def _environment() -> dict[str, str]:
    """The server's, without its secrets: a model file is code, and has no use for them."""
    secret = ("SECRET", "TOKEN", "PASSWORD", "API_KEY", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not any(word in name.upper() for word in secret)}


async def _listen(stderr: asyncio.StreamReader, lines: "deque[str]") -> None:
    """Keep the pipe empty and the newest lines, however much and however long they are."""
    rest = b""
    while chunk := await stderr.read(1 << 16):
        *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        lines.extend(line[:300].decode(errors="replace") for line in whole[-40:] if line.strip())
        rest = rest[:300]
    if rest.strip():
        lines.append(rest[:300].decode(errors="replace"))


def _only_growing(progress: Progress) -> Callable[[float, float], None]:
    """Progress as promised: finite, never beyond the total, never backwards."""
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
