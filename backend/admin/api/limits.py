"""Routes to read and change the limits of the job queue at run time."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.audit import Action, note
from backend.accounts.dependencies import Admin, ReadSession, WriteSession
from backend.database import after_commit
from backend.jobs import queue
from backend.jobs.api.dependencies import ServicesDep

router = APIRouter(prefix="/api/admin/limits", tags=["admin"])


class QueueLimits(BaseModel):
    max_concurrent: int  #: jobs running at once
    max_per_user: int  #: jobs of one user running at once
    max_size: int  #: jobs waiting

    @classmethod
    def of(cls, limits: queue.Limits) -> "QueueLimits":
        return cls(**{f"max_{name}": value for name, value in asdict(limits).items()})


class LimitsState(QueueLimits):
    """The current limits, and those of the settings."""

    settings: QueueLimits


class LimitsChange(BaseModel):
    """Omitted fields stay as they are; null restores the value of the settings."""

    model_config = ConfigDict(extra="forbid")

    max_concurrent: int | None = Field(default=None, ge=1, le=64)
    max_per_user: int | None = Field(default=None, ge=1, le=64)
    max_size: int | None = Field(default=None, ge=1, le=10_000)


@router.get("", summary="How many jobs may run and wait")
async def limits(_admin: Admin, session: ReadSession, services: ServicesDep) -> LimitsState:
    return _state(await queue.limits_now(session, services.limits), services.limits)


@router.patch("", summary="Set how many jobs may run and wait")
async def set_limits(body: LimitsChange, _admin: Admin, session: WriteSession, services: ServicesDep) -> LimitsState:
    """Stored across restarts. New limits apply when the next job is claimed; running jobs continue."""
    before = await queue.limits_now(session, services.limits)
    if body.model_fields_set:
        await queue.set_limits(session, **body.model_dump(exclude_unset=True))
    after = await queue.limits_now(session, services.limits)
    note(session, Action.LIMITS_CHANGED, before=asdict(before), after=asdict(after))
    after_commit(session, services.runner.wake)
    return _state(after, services.limits)


def _state(now: queue.Limits, settings: queue.Limits) -> LimitsState:
    return LimitsState(**QueueLimits.of(now).model_dump(), settings=QueueLimits.of(settings))
