"""The child process of one engine, as its host sees it: messages go in, answers come out, and a death is explained."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from backend.engines.protocols import EngineContext, EngineError

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
#: The module the child process runs. Benchmarks with made-up weights replace it.
_CHILD = "backend.engines.child"
#: The longest line a child process may send. Its answers are short: results are written to files.
_MAX_LINE_BYTES = 1 << 20
#: How long to wait for the rest of stderr of a child process that has ended.
_STDERR_SECONDS = 1.0


class ChildProcess:
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

    def send(self, message: Mapping[str, Any]) -> None:
        """Messages of a process that has ended are lost; `answers` then tells."""
        with suppress(ConnectionError):
            self._requests.write(json.dumps(message).encode() + b"\n")

    async def answers(self) -> AsyncIterator[dict[str, Any]]:
        """Endless; raises EngineError when the process dies or sends what is no answer."""
        try:
            while (line := await self._answers.readline()).endswith(b"\n"):
                answer = json.loads(line)
                if not isinstance(answer, dict):
                    raise ValueError("not an object")
                yield answer
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


async def start(name: str, context: EngineContext) -> ChildProcess:
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
    return ChildProcess(name, process)


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


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
