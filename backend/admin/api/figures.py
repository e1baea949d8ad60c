"""The route for the charts of the admin console."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from backend.accounts.dependencies import Admin, ReadSession
from backend.admin.figures import Day, combine, daily_figures
from backend.database import utc_now

router = APIRouter(prefix="/api/admin/figures", tags=["admin"])


class Figures(BaseModel):
    """Statistics of one day, or of all requested days; null if there was nothing to measure."""

    day: date | None
    started: int
    wait_p50_seconds: float | None  #: in the queue, from when a job was created or queued again, and at engines
    wait_p95_seconds: float | None
    done: int
    failed: int
    failure_rate: float | None  #: of the jobs that ended as done or failed
    audio_minutes: float  #: of the recordings that were transcribed

    @classmethod
    def of(cls, day: Day) -> "Figures":
        return cls(
            day=day.day,
            started=day.started,
            wait_p50_seconds=day.wait_percentile(0.5),
            wait_p95_seconds=day.wait_percentile(0.95),
            done=day.done,
            failed=day.failed,
            failure_rate=day.failure_rate,
            audio_minutes=round(day.audio_seconds / 60, 2),
        )


class FiguresByDay(BaseModel):
    days: list[Figures]  #: oldest first, without gaps; the last is today
    overall: Figures


@router.get("", summary="Waits, failures and minutes of audio, day by day")
async def figures(
    _admin: Admin,
    session: ReadSession,
    days: Annotated[int, Query(ge=1, le=90)] = 30,
    offset_minutes: Annotated[int, Query(ge=-840, le=840, description="of local time, east of UTC")] = 0,
) -> FiguresByDay:
    found = await daily_figures(session, utc_now(), days, timedelta(minutes=offset_minutes))
    return FiguresByDay(days=[Figures.of(day) for day in found], overall=Figures.of(combine(found)))
