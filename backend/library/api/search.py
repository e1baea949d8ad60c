"""Lists the recordings of a user with their speakers and their newest job: searched, filtered and sorted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import Reader, ReadSession
from backend.jobs.api.dependencies import ServicesDep
from backend.jobs.state import JobState, states
from backend.jobs.tables import Job, Kind, Status
from backend.library.api.tags import TagOut
from backend.library.folders import folders_of
from backend.library.tables import has_tag, in_folder
from backend.library.tags import tags_of
from backend.minutes.tables import Minutes
from backend.query_parameters import FolderFilter, Offset, TagFilter
from backend.recordings import service
from backend.recordings.api.recordings import RecordingOut
from backend.recordings.tables import Recording
from backend.transcripts.tables import Transcript

EXCERPT_CHARACTERS = 160

router = APIRouter(prefix="/api/recordings", tags=["recordings"])

SORTS: dict[str, ColumnElement[Any]] = {
    "date": Recording.created_at.expression,
    "name": func.lower(Recording.name),
    "duration": func.coalesce(Recording.duration, -1.0),
}


class RecordingSpeaker(BaseModel):
    id: str
    name: str | None = Field(description="given by a person; null if nobody has named the speaker")


class LibraryRecording(RecordingOut):
    speakers: list[RecordingSpeaker] | None = Field(description="of the newest transcript; null without a transcript")
    excerpt: str | None = Field(
        description="what it was about: the headline or first decision of the newest minutes, else the beginning of "
        "the newest transcript"
    )
    job: JobState | None = Field(description="the newest transcription job")
    tags: list[TagOut]
    folder_id: str | None = Field(description="the folder it lies in; null for none")


class RecordingsOut(BaseModel):
    items: list[LibraryRecording]
    total: int = Field(description="number of matching recordings on all pages")


@router.get("")
async def list_recordings(
    user: Reader,
    session: ReadSession,
    services: ServicesDep,
    q: Annotated[str, Query(max_length=255, description="part of the name")] = "",
    status: Annotated[list[Status] | None, Query(description="of the newest transcription job")] = None,
    tag: TagFilter = None,
    folder: FolderFilter = None,
    sort: Annotated[Literal["date", "name", "duration"], Query()] = "date",
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=service.MAX_PAGE_SIZE)] = 50,
) -> RecordingsOut:
    """Your recordings, newest first unless another order is given."""
    sort_column = SORTS[sort]
    page = await service.search(
        session,
        owner_id=user.id,
        text=q,
        where=[
            *([_newest_job(Job.status).in_([one.value for one in status])] if status else []),
            *(has_tag(Recording.id, one) for one in tag or ()),
            *([in_folder(Recording.id, folder or None)] if folder is not None else []),
        ],
        order=sort_column.asc() if order == "asc" else sort_column.desc(),
        offset=offset,
        limit=limit,
    )
    ids = [recording.id for recording in page.recordings]
    transcripts = await _load_transcripts(session, ids)
    conclusions = await _load_conclusions(session, ids)
    tags = await tags_of(session, ids)
    folders = await folders_of(session, ids)
    jobs = await _load_newest_jobs(session, ids)
    job_states = {one.recording_id: one for one in await states(session, jobs, services.limits)}
    return RecordingsOut(
        items=[
            LibraryRecording(
                **RecordingOut.model_validate(row).model_dump(),
                speakers=transcripts[row.id].speakers if row.id in transcripts else None,
                excerpt=conclusions.get(row.id) or (transcripts[row.id].beginning if row.id in transcripts else None),
                job=job_states.get(row.id),
                tags=[TagOut.model_validate(one) for one in tags.get(row.id, [])],
                folder_id=folders.get(row.id),
            )
            for row in page.recordings
        ],
        total=page.total,
    )


def _newest_job(column: Any) -> Any:
    """A column of the newest transcription job of the recording in the outer query.

    A cancelled one hides no other: what was made before is still there."""
    query = select(column).where(Job.recording_id == Recording.id, Job.kind == Kind.TRANSCRIPT.value)
    cancelled_last = case((Job.status == Status.CANCELLED.value, 1), else_=0)
    query = query.order_by(cancelled_last, Job.created_at.desc(), Job.id.desc())
    return query.limit(1).correlate(Recording).scalar_subquery()


async def _load_newest_jobs(session: AsyncSession, recordings: list[str]) -> list[Job]:
    newest = select(_newest_job(Job.id)).where(Recording.id.in_(recordings))
    ids = [id for id in (await session.scalars(newest)).all() if id is not None]
    return list((await session.scalars(select(Job).where(Job.id.in_(ids)))).all())


@dataclass(frozen=True, slots=True)
class _Newest:
    speakers: list[RecordingSpeaker]
    beginning: str | None


async def _load_transcripts(session: AsyncSession, recordings: list[str]) -> dict[str, _Newest]:
    """Of a document, which may be several megabytes, only the speakers and the first sentences are loaded."""
    newest = (
        select(Transcript.recording_id, func.max(Transcript.number).label("number"))
        .where(Transcript.recording_id.in_(recordings), Transcript.aside.is_(False))
        .group_by(Transcript.recording_id)
        .subquery()
    )
    beginning = func.substr(Transcript.text, 1, EXCERPT_CHARACTERS)
    query = select(Transcript.recording_id, Transcript.document["speakers"], beginning).join(
        newest, (newest.c.recording_id == Transcript.recording_id) & (newest.c.number == Transcript.number)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    return {
        id: _Newest(
            [RecordingSpeaker(id=one["id"], name=one.get("name")) for one in speakers or []],
            " ".join((text or "").split()) or None,
        )
        for id, speakers, text in rows
    }


async def _load_conclusions(session: AsyncSession, recordings: list[str]) -> dict[str, str]:
    """The headline of the newest minutes of each recording; without one the first decision."""
    newest = (
        select(Minutes.recording_id, func.max(Minutes.number).label("number"))
        .where(Minutes.recording_id.in_(recordings))
        .group_by(Minutes.recording_id)
        .subquery()
    )
    query = select(Minutes.recording_id, Minutes.content["headline"], Minutes.content["decisions"]).join(
        newest, (newest.c.recording_id == Minutes.recording_id) & (newest.c.number == Minutes.number)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    statements = {id: headline or next(iter(decisions or []), None) for id, headline, decisions in rows}
    return {id: str(one["text"])[:EXCERPT_CHARACTERS] for id, one in statements.items() if one}
