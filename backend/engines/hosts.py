"""All engines of one house: each has its host, and a host its child. The pipeline asks here."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.engines.cores import threads_of
from backend.engines.host import STOPPING, Host
from backend.engines.ports import EVERYDAY, EngineError, Home, Listening, Progress, SpeakerHints, Thrift
from backend.engines.table import ENGINES, Task
from backend.settings import Settings


class Engines:
    """Nothing is started before it is asked for. `threads` 0 shares the cores between a transcriber and a diarizer."""

    def __init__(
        self,
        models_dir: Path,
        *,
        threads: int = 0,
        idle_minutes: float = 10.0,
        memory_gb: float = 8.0,
        script: Path | None = None,
        demo: bool = False,
        thrift: Thrift = EVERYDAY,
    ) -> None:
        script = None if script is None else script.absolute()
        self._home = Home(models_dir.absolute(), threads, script, thrift)
        self._idle_seconds = idle_minutes * 60
        self._memory_bytes = memory_gb * 1024**3
        self._demo = demo
        self._hosts: dict[str, Host] = {}
        self._closed = False

    async def transcribe(self, name: str, audio: Path, options: Listening, result: Path, progress: Progress) -> None:
        """Write what `name` hears in `audio` to `result`, as a list of `sentence_to_json`. Raises EngineError."""
        asked = {
            "language": options.language,
            "hotwords": list(options.hotwords),
            "finished": _absolute(options.finished),
        }
        await self._ask(name, "transcribe", audio, asked, result, progress)

    async def diarize(self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: Progress) -> None:
        """Write who speaks when, as `diarization_to_json`, to `result`. Raises EngineError."""
        asked = {
            "min_speakers": options.min_speakers,
            "max_speakers": options.max_speakers,
            "passes": _absolute(options.passes),
        }
        await self._ask(name, "diarize", audio, asked, result, progress)

    async def close(self) -> None:
        """Kill every child; whoever waits for one gets an EngineError."""
        self._closed = True
        await asyncio.gather(*(host.close() for host in self._hosts.values()))

    async def unload(self, name: str, *, at_work: bool = False) -> bool:
        """Free the memory of an engine; see `Host.unload`. KeyError for one that was never asked."""
        return await self._hosts[name].unload(at_work=at_work)

    async def restart(self, name: str, *, at_work: bool = False) -> bool:
        """Have a new process of an engine; see `Host.restart`. KeyError for one that was never asked."""
        return await self._hosts[name].restart(at_work=at_work)

    def state(self) -> list[dict[str, Any]]:
        """One entry for each engine that has been asked: name, alive, pid, memory, busy, served."""
        return [host.state() for host in self._hosts.values()]

    async def _ask(
        self, name: str, task: Task, audio: Path, options: dict[str, Any], result: Path, progress: Progress
    ) -> None:
        if self._closed:
            raise EngineError("engine_died", STOPPING, retry=True)
        request = {"audio": str(audio.absolute()), "result": str(result.absolute()), "options": options}
        await self._host(name, task).ask(request, progress)

    def _host(self, name: str, task: Task) -> Host:
        engine = ENGINES.get(name)
        if engine is None or engine.task != task or (engine.demo and not self._demo):
            raise EngineError("model_missing", f"There is no engine {name!r} that can {task} here.")
        if name not in self._hosts:
            home = replace(self._home, threads=self._home.threads or threads_of(task))
            self._hosts[name] = Host(name, home, idle_seconds=self._idle_seconds, memory_bytes=self._memory_bytes)
        return self._hosts[name]


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def open_engines(settings: Settings) -> Engines:
    """The engines of a house with these settings."""
    return Engines(
        settings.models_dir,
        threads=settings.engine_threads,
        idle_minutes=settings.engine_idle_minutes,
        memory_gb=settings.engine_memory_gb,
        script=settings.script,
        demo=settings.demo,
        thrift=Thrift(
            settings.diarizer_precision,
            settings.diarizer_pass_seconds,
            settings.diarizer_step_seconds,
            settings.transcriber_precision,
        ),
    )
