"""The limits of the queue, to see and to set while the server runs."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import Admin, Reading, Writing
from backend.accounts.audit import Action, note
from backend.database import after_commit
from backend.jobs import queue
from backend.jobs.api.access import House

router = APIRouter(prefix="/api/admin/limits", tags=["admin"])


class QueueLimits(BaseModel):
    max_concurrent: int  #: jobs running at once
    max_per_user: int  #: of these, one user's
    max_size: int  #: jobs waiting

    @classmethod
    def of(cls, limits: queue.Limits) -> "QueueLimits":
        return cls(**{f"max_{name}": value for name, value in asdict(limits).items()})


class LimitsState(QueueLimits):
    """The limits in force, and those of the settings: what null goes back to."""

    settings: QueueLimits


class LimitsChange(BaseModel):
    """What is left out stays as it is; null goes back to the settings."""

    model_config = ConfigDict(extra="forbid")

    max_concurrent: int | None = Field(default=None, ge=1, le=64)
    max_per_user: int | None = Field(default=None, ge=1, le=64)
    max_size: int | None = Field(default=None, ge=1, le=10_000)


@router.get("", summary="How many jobs may run and wait")
async def limits(_admin: Admin, session: Reading, house: House) -> LimitsState:
    return _state(await queue.limits_now(session, house.limits), house.limits)


@router.patch("", summary="Say how many jobs may run and wait")
async def set_limits(body: LimitsChange, _admin: Admin, session: Writing, house: House) -> LimitsState:
    """Kept across restarts. The next claim feels it; what runs already goes on."""
    before = await queue.limits_now(session, house.limits)
    if body.model_fields_set:
        await queue.set_limits(session, **body.model_dump(exclude_unset=True))
    after = await queue.limits_now(session, house.limits)
    note(session, Action.LIMITS_CHANGED, before=asdict(before), after=asdict(after))
    after_commit(session, house.runner.wake)
    return _state(after, house.limits)


def _state(now: queue.Limits, settings: queue.Limits) -> LimitsState:
    return LimitsState(**QueueLimits.of(now).model_dump(), settings=QueueLimits.of(settings))
