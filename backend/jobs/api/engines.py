"""The HTTP route that lists the engines of jobs and whether they are installed."""

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.dependencies import Reader, SettingsDep
from backend.engines.protocols import EngineError
from backend.engines.registry import ENGINES, Task, choose, installed
from backend.settings import Settings

router = APIRouter(tags=["engines"])


class EngineOut(BaseModel):
    name: str
    label: str
    task: str  #: transcribe or diarize
    installed: bool
    languages: list[str]  #: it can recognise; empty for a diarizer
    hotwords: bool  #: whether it makes use of them
    default: bool  #: whether it is taken for jobs that name none


@router.get("/api/engines", summary="Speech recognition and diarization engines, in order of preference")
async def list_engines(_user: Reader, settings: SettingsDep) -> list[EngineOut]:
    defaults = {
        _default("transcribe", settings.transcriber, settings),
        _default("diarize", settings.diarizer, settings),
    }
    return [
        EngineOut(
            name=engine.name,
            label=engine.label,
            task=engine.task,
            installed=engine.demo or installed(engine, settings.models_dir),
            languages=list(engine.languages) if engine.task == "transcribe" else [],
            hotwords=engine.hotwords is not None,
            default=engine.name in defaults,
        )
        for engine in ENGINES.values()
        if settings.demo or not engine.demo
    ]


def _default(task: Task, configured: str | None, settings: Settings) -> str | None:
    try:
        return choose(task, configured, settings.models_dir, settings.demo)
    except EngineError:
        return None  # no engine can do it: the next job says so
