"""Which engines a job may name, and which of them are installed."""

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.access import Configured, Reader
from backend.engines.table import ENGINES, installed

router = APIRouter(tags=["engines"])


class EngineOut(BaseModel):
    name: str
    label: str
    task: str  #: transcribe or diarize
    installed: bool


@router.get("/api/engines", summary="Recognisers and diarizers, in order of preference")
async def engines(_user: Reader, settings: Configured) -> list[EngineOut]:
    return [
        EngineOut(
            name=engine.name,
            label=engine.label,
            task=engine.task,
            installed=engine.demo or installed(engine, settings.models_dir),
        )
        for engine in ENGINES.values()
        if settings.demo or not engine.demo
    ]
