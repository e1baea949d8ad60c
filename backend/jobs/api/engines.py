"""The HTTP route that lists the engines of jobs and whether they are installed."""

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.dependencies import Reader, SettingsDep
from backend.engines.registry import ENGINES, installed

router = APIRouter(tags=["engines"])


class EngineOut(BaseModel):
    name: str
    label: str
    task: str  #: transcribe or diarize
    installed: bool
    languages: list[str]  #: it can recognise; empty for a diarizer
    hotwords: bool  #: whether it makes use of them


@router.get("/api/engines", summary="Speech recognition and diarization engines, in order of preference")
async def list_engines(_user: Reader, settings: SettingsDep) -> list[EngineOut]:
    return [
        EngineOut(
            name=engine.name,
            label=engine.label,
            task=engine.task,
            installed=engine.demo or installed(engine, settings.models_dir),
            languages=list(engine.languages) if engine.task == "transcribe" else [],
            hotwords=engine.hotwords,
        )
        for engine in ENGINES.values()
        if settings.demo or not engine.demo
    ]
