"""The event log of one's own recordings, for programs that cannot be called."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from backend.accounts.dependencies import Reader, ReadSession
from backend.delivery.errors import EventsGone
from backend.events import log

router = APIRouter(tags=["events"])


class EventOut(BaseModel):
    """Ids, numbers and codes of what happened; `facts` depend on `kind`."""

    id: int
    at: datetime
    kind: str
    recording_id: str | None
    job_id: str | None
    facts: dict[str, Any]


class EventPage(BaseModel):
    """`last` is the `after` of the next call. `more`: there are further events already."""

    events: list[EventOut]
    last: int
    more: bool


@router.get("/api/events/log", summary="My events after a position")
async def read_log(
    session: ReadSession,
    user: Reader,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="without it, only the present position")] = None,
) -> EventPage:
    """Each event once and in order. Begin without `after`, read the present state, and go on from `last`. Answers 410
    `events_gone` when events after the position have been deleted: then begin anew."""
    found = await log.state(session)
    if after is None:
        return EventPage(events=[], last=found.last, more=False)
    if not found.reaches(after):
        raise EventsGone(last=found.last)
    rows = await log.read_after(session, after, owner_id=user.id)
    more = len(rows) == log.BATCH
    last = rows[-1].position if more else max(found.last, *(row.position or 0 for row in rows), 0)
    assert last is not None
    events = [
        EventOut(
            id=row.position or 0,
            at=row.at,
            kind=row.kind,
            recording_id=row.recording_id,
            job_id=row.job_id,
            facts=row.facts,
        )
        for row in rows
    ]
    return EventPage(events=events, last=last, more=more)
