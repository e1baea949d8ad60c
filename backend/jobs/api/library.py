"""The library over HTTP: recordings with who speaks in them and how far they are, searched, filtered and sorted."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Reader, Reading
from backend.jobs.api.access import House
from backend.jobs.state import JobState, states
from backend.jobs.tables import Job, Kind, Status
from backend.recordings import service
from backend.recordings.api import RecordingOut
from backend.recordings.tables import Recording
from backend.transcripts.tables import Transcript

router = APIRouter(prefix="/api/recordings", tags=["recordings"])

SORTS: dict[str, ColumnElement[Any]] = {
    "date": Recording.created_at.expression,
    "name": func.lower(Recording.name),
    "duration": func.coalesce(Recording.duration, -1.0),
}


class Voice(BaseModel):
    id: str
    name: str | None = Field(description="given by a person; null where nobody has")


class LibraryRecording(RecordingOut):
    speakers: list[Voice] | None = Field(description="of the newest transcript; null where there is none yet")
    job: JobState | None = Field(description="the newest that makes a transcript")


class RecordingsOut(BaseModel):
    items: list[LibraryRecording]
    total: int = Field(description="of your recordings that match, on all pages")


@router.get("")
async def list_recordings(
    user: Reader,
    session: Reading,
    house: House,
    q: Annotated[str, Query(max_length=255, description="part of the name")] = "",
    status: Annotated[list[Status] | None, Query(description="of the newest job that makes a transcript")] = None,
    sort: Annotated[Literal["date", "name", "duration"], Query()] = "date",
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=service.LARGEST_PAGE)] = 50,
) -> RecordingsOut:
    """Your recordings, the newest first unless another order is asked for."""
    by = SORTS[sort]
    page = await service.search(
        session,
        owner_id=user.id,
        text=q,
        where=[_newest(Job.status).in_([one.value for one in status])] if status else [],
        order=by.asc() if order == "asc" else by.desc(),
        offset=offset,
        limit=limit,
    )
    ids = [recording.id for recording in page.recordings]
    voices = await _voices(session, ids)
    jobs = await _jobs(session, ids)
    told = {one.recording_id: one for one in await states(session, jobs, house.limits)}
    return RecordingsOut(
        items=[
            LibraryRecording(
                **RecordingOut.model_validate(row).model_dump(), speakers=voices.get(row.id), job=told.get(row.id)
            )
            for row in page.recordings
        ],
        total=page.total,
    )


def _newest(column: Any) -> Any:
    """A column of the newest job that makes the transcript of the recording at hand."""
    mine = select(column).where(Job.recording_id == Recording.id, Job.kind == Kind.TRANSCRIPT.value)
    return mine.order_by(Job.created_at.desc(), Job.id.desc()).limit(1).correlate(Recording).scalar_subquery()


async def _jobs(session: AsyncSession, recordings: list[str]) -> list[Job]:
    newest = select(_newest(Job.id)).where(Recording.id.in_(recordings))
    ids = [id for id in (await session.scalars(newest)).all() if id is not None]
    return list((await session.scalars(select(Job).where(Job.id.in_(ids)))).all())


async def _voices(session: AsyncSession, recordings: list[str]) -> dict[str, list[Voice]]:
    """Only the list of speakers leaves the database: a document may be megabytes."""
    newest = (
        select(Transcript.recording_id, func.max(Transcript.number).label("number"))
        .where(Transcript.recording_id.in_(recordings), Transcript.aside.is_(False))
        .group_by(Transcript.recording_id)
        .subquery()
    )
    query = select(Transcript.recording_id, Transcript.document["speakers"]).join(
        newest, (newest.c.recording_id == Transcript.recording_id) & (newest.c.number == Transcript.number)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    return {id: [Voice(id=one["id"], name=one.get("name")) for one in speakers or []] for id, speakers in rows}
