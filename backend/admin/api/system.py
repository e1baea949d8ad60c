"""Admin routes for the results of the doctor's checks and for the models with their licences."""

import asyncio
from collections.abc import Iterable
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import Admin, SettingsDep
from backend.doctor import CheckResult, checks
from backend.settings import Settings
from backend.weights import store
from backend.weights.catalogue import MODELS, page_url

router = APIRouter(prefix="/api/admin", tags=["admin"])


class Finding(BaseModel):
    """The result of one check. `mend` is a command that fixes the problem, or empty."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: Literal["ok", "warn", "fail"]
    code: str = Field(description="what was found, for translation")
    facts: dict[str, str] = Field(description="values for the translated text")
    found: str = Field(description="what was found, in English")
    mend: str


class ModelState(BaseModel):
    """A known model, whether it is installed, and its licence and attribution."""

    name: str
    task: str
    licence: str
    attribution: str
    page: str  #: its web page, with the licence
    installed: bool
    size: int  #: bytes on this disk; 0 if it is not installed
    mend: str  #: the command that installs it


@router.get("/system", summary="Run the doctor's checks")
async def system(_admin: Admin, settings: SettingsDep, request: Request) -> list[Finding]:
    """It hashes every installed model, which takes seconds, so only one request runs at a time."""
    doctor_lock: asyncio.Lock = request.app.state.doctor_lock
    async with doctor_lock:
        lines = await asyncio.to_thread(_findings, settings, request.app.state.untrusted_proxies)
    return [Finding.model_validate(line) for line in lines]


@router.get("/models", summary="The models with their licences")
async def models(_admin: Admin, settings: SettingsDep) -> list[ModelState]:
    return await asyncio.to_thread(_models, settings)


def _findings(settings: Settings, untrusted_proxies: Iterable[str]) -> list[CheckResult]:
    return list(checks(settings, untrusted_proxies))


def _models(settings: Settings) -> list[ModelState]:
    return [_model(settings, name) for name in MODELS]


def _model(settings: Settings, name: str) -> ModelState:
    model = MODELS[name]
    manifest = store.read_manifest(settings.models_dir / name)
    is_installed = manifest is not None and store.installed(settings.models_dir, name)
    return ModelState(
        name=name,
        task=model.task,
        licence=model.licence,
        attribution=model.attribution,
        page=page_url(model),
        installed=is_installed,
        size=manifest.size if manifest is not None and is_installed else 0,
        mend=store.install_command(name),
    )
