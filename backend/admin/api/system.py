"""The routes of the machine under the service: what the doctor finds, and the models with their licences."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import Admin, Configured
from backend.doctor import Line, checks
from backend.settings import Settings
from backend.weights import store
from backend.weights.catalogue import MODELS, page_of

router = APIRouter(prefix="/api/admin", tags=["admin"])


class Finding(BaseModel):
    """One thing that was looked at. `mend` is a command, or empty where nothing is to mend."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: Literal["ok", "warn", "fail"]
    code: str = Field(description="what was found, for texts in other languages")
    facts: dict[str, str] = Field(description="what such a text names")
    found: str = Field(description="the same in English")
    mend: str


class ModelState(BaseModel):
    """A model we know, whether it is installed, and what is owed to those who made it."""

    name: str
    task: str
    licence: str
    attribution: str
    page: str  #: where it is had, and its licence read
    installed: bool
    size: int  #: bytes on this disk; 0 where it is not installed
    mend: str  #: the command that brings it


@router.get("/system", summary="What the doctor finds")
async def system(_admin: Admin, settings: Configured, request: Request) -> list[Finding]:
    """Every installed model is hashed, so this takes seconds; one at a time looks."""
    looking: asyncio.Lock = request.app.state.looking
    async with looking:
        lines = await asyncio.to_thread(_lines, settings)
    return [Finding.model_validate(line) for line in lines]


@router.get("/models", summary="The models with their licences")
async def models(_admin: Admin, settings: Configured) -> list[ModelState]:
    return await asyncio.to_thread(_models, settings)


def _lines(settings: Settings) -> list[Line]:
    return list(checks(settings, serving=True))


def _models(settings: Settings) -> list[ModelState]:
    return [_model(settings, name) for name in MODELS]


def _model(settings: Settings, name: str) -> ModelState:
    model = MODELS[name]
    manifest = store.read_manifest(settings.models_dir / name)
    there = manifest is not None and store.installed(settings.models_dir, name)
    return ModelState(
        name=name,
        task=model.task,
        licence=model.licence,
        attribution=model.attribution,
        page=page_of(model),
        installed=there,
        size=manifest.size if manifest is not None and there else 0,
        mend=store.mend(name),
    )
