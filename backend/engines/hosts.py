"""All engines of the server. Each engine has a host, and each host runs one child process."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.engines.cores import threads_for
from backend.engines.host import STOPPING, EngineHost
from backend.engines.protocols import (
    DEFAULT_APPROXIMATION,
    Approximation,
    EngineContext,
    EngineError,
    ProgressCallback,
    SpeakerHints,
    TranscribeOptions,
)
from backend.engines.registry import Task, with_whisper_models
from backend.settings import Settings


class Engines:
    """An engine starts with its first request. With `threads` 0 a transcriber and a diarizer share the cores."""

    def __init__(
        self,
        models_dir: Path,
        *,
        threads: int = 0,
        idle_minutes: float = 10.0,
        memory_gb: float = 8.0,
        script: Path | None = None,
        demo: bool = False,
        approximation: Approximation = DEFAULT_APPROXIMATION,
        whisper_models: Mapping[str, Path] | None = None,
    ) -> None:
        script = None if script is None else script.absolute()
        self._context = EngineContext(models_dir.absolute(), threads, script, approximation, whisper_models or {})
        self._engines = with_whisper_models(self._context.whisper_models)
        self._idle_seconds = idle_minutes * 60
        self._memory_bytes = memory_gb * 1024**3
        self._demo = demo
        self._hosts: dict[str, EngineHost] = {}
        self._closed = False

    async def transcribe(
        self, name: str, audio: Path, options: TranscribeOptions, result: Path, progress: ProgressCallback
    ) -> None:
        """Write the sentences of `audio` to `result`, as a list of `sentence_to_json`. Raises EngineError."""
        request_options = {
            "language": options.language,
            "hotwords": list(options.hotwords),
            "checkpoint_file": _absolute(options.checkpoint_file),
        }
        await self._run(name, "transcribe", audio, request_options, result, progress, options)

    async def diarize(
        self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: ProgressCallback
    ) -> None:
        """Write who speaks when to `result`, as `diarization_to_json`. Raises EngineError."""
        request_options = {
            "min_speakers": options.min_speakers,
            "max_speakers": options.max_speakers,
            "cache_file": _absolute(options.cache_file),
            "voices_file": _absolute(options.voices_file),
        }
        await self._run(name, "diarize", audio, request_options, result, progress, options)

    async def close(self) -> None:
        """Kill every child process. Requests that run or wait get an EngineError."""
        self._closed = True
        await asyncio.gather(*(host.close() for host in self._hosts.values()))

    async def unload(self, name: str, *, at_work: bool = False) -> bool:
        """Free the memory of an engine; see `EngineHost.unload`. KeyError for an engine that was never used."""
        return await self._hosts[name].unload(at_work=at_work)

    async def restart(self, name: str, *, at_work: bool = False) -> bool:
        """Start a new process of an engine; see `EngineHost.restart`. KeyError for an engine that was never used."""
        return await self._hosts[name].restart(at_work=at_work)

    def state(self) -> list[dict[str, Any]]:
        """One entry for each engine that was used: name, alive, pid, memory, busy, waiting, served."""
        return [host.state() for host in self._hosts.values()]

    async def _run(
        self,
        name: str,
        task: Task,
        audio: Path,
        request_options: dict[str, Any],
        result: Path,
        progress: ProgressCallback,
        options: TranscribeOptions | SpeakerHints,
    ) -> None:
        if self._closed:
            raise EngineError("engine_died", STOPPING, retry=True)
        request = {"audio": str(audio.absolute()), "result": str(result.absolute()), "options": request_options}
        await self._host(name, task).run(request, progress, options.priority, options.on_wait)

    def _host(self, name: str, task: Task) -> EngineHost:
        engine = self._engines.get(name)
        if engine is None or engine.task != task or (engine.demo and not self._demo):
            raise EngineError("model_missing", f"There is no engine {name!r} that can {task} here.")
        if name not in self._hosts:
            context = replace(self._context, threads=self._context.threads or threads_for(task))
            self._hosts[name] = EngineHost(
                name, context, idle_seconds=self._idle_seconds, memory_bytes=self._memory_bytes
            )
        return self._hosts[name]


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def open_engines(settings: Settings) -> Engines:
    """The engines for these settings."""
    return Engines(
        settings.models_dir,
        threads=settings.engine_threads,
        idle_minutes=settings.engine_idle_minutes,
        memory_gb=settings.engine_memory_gb,
        script=settings.script,
        demo=settings.demo,
        approximation=Approximation(
            settings.diarizer_precision,
            settings.diarizer_pass_seconds,
            settings.diarizer_step_seconds,
            settings.transcriber_precision,
        ),
        whisper_models=settings.whisper_models,
    )
