"""The HTTP route that lists the engines of jobs and whether they are installed."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.dependencies import Reader, SettingsDep
from backend.engines import measurement
from backend.engines.protocols import EngineError
from backend.engines.registry import Engine, Task, choose, installed, with_whisper_models
from backend.settings import Settings

router = APIRouter(tags=["engines"])


class MeasuredCost(BaseModel):
    """What the engine cost on this server, with `python -m backend engines measure`."""

    cpu_seconds_a_minute: float  #: CPU seconds for each minute of audio
    real_time_factor: float  #: seconds for each second of audio
    peak_bytes: int  #: the most memory its process held
    measured_at: datetime


class EngineOut(BaseModel):
    name: str
    label: str
    task: str  #: transcribe or diarize
    installed: bool
    languages: list[str]  #: it can recognise; empty for a diarizer
    hotwords: bool  #: whether it makes use of them
    times: bool  #: whether it gives the time of each word
    default: bool  #: whether it is taken for jobs that name none
    measured: MeasuredCost | None  #: null until it was measured with the models that are installed now


@router.get("/api/engines", summary="Speech recognition and diarization engines, in order of preference")
async def list_engines(_user: Reader, settings: SettingsDep) -> list[EngineOut]:
    return await asyncio.to_thread(_list_engines, settings)


def _list_engines(settings: Settings) -> list[EngineOut]:
    engines = with_whisper_models(settings.whisper_models)
    defaults = {
        _default("transcribe", settings.transcriber, settings, engines),
        _default("diarize", settings.diarizer, settings, engines),
    }
    return [
        _describe(engine, settings, default=engine.name in defaults)
        for engine in engines.values()
        if settings.demo or not engine.demo
    ]


def _default(task: Task, configured: str | None, settings: Settings, engines: Mapping[str, Engine]) -> str | None:
    try:
        return choose(task, configured, settings.models_dir, settings.demo, engines)
    except EngineError:
        return None  # no engine can do it: the next job says so


def _describe(engine: Engine, settings: Settings, *, default: bool) -> EngineOut:
    measured = measurement.stored(settings.models_dir, engine)
    return EngineOut(
        name=engine.name,
        label=engine.label,
        task=engine.task,
        installed=engine.demo or installed(engine, settings.models_dir),
        languages=list(engine.languages) if engine.task == "transcribe" else [],
        hotwords=engine.hotwords is not None,
        times=engine.times,
        default=default,
        measured=None if measured is None else MeasuredCost.model_validate(measured, from_attributes=True),
    )
