"""Minutes of one owner's recordings. Versions are added, never changed."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.minutes.schema import MinutesContent
from backend.minutes.tables import Minutes
from backend.minutes.templates import Template
from backend.recordings.tables import not_trashed
from backend.transcripts.tables import Transcript


class MinutesNotFound(NotFound):
    code = "minutes_not_found"
    detail = "There are no such minutes, or they are not yours."


async def newest(session: AsyncSession, *, owner_id: str, recording_id: str) -> Minutes:
    query = select(Minutes).where(*_owned(owner_id, recording_id))
    found = await session.scalar(query.order_by(Minutes.number.desc()).limit(1))
    if found is None:
        raise MinutesNotFound
    return found


async def version(session: AsyncSession, *, owner_id: str, recording_id: str, number: int) -> Minutes:
    query = select(Minutes).where(*_owned(owner_id, recording_id))
    found = await session.scalar(query.where(Minutes.number == number))
    if found is None:
        raise MinutesNotFound
    return found


async def versions(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Minutes]:
    """All versions, newest first."""
    query = select(Minutes).where(*_owned(owner_id, recording_id))
    return (await session.scalars(query.order_by(Minutes.number.desc()))).all()


async def newest_transcript(session: AsyncSession, *, owner_id: str, recording_id: str) -> int:
    """The number of the transcript's newest version, 0 where there is none. Minutes of another version are stale."""
    query = select(func.max(Transcript.number)).where(Transcript.aside.is_(False))
    return await session.scalar(
        query.where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    ) or 0  # fmt: skip


async def publish(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    job_id: str | None,
    transcript: int,
    template: Template,
    model: str,
    content: MinutesContent,
) -> Minutes:
    """Add a version after all others."""
    for attempts_left in (2, 1, 0):
        query = select(func.max(Minutes.number)).where(
            Minutes.recording_id == recording_id, Minutes.owner_id == owner_id
        )
        row = Minutes(
            recording_id=recording_id,
            owner_id=owner_id,
            job_id=job_id,
            number=(await session.scalar(query) or 0) + 1,
            transcript=transcript,
            template=asdict(template) | {"parts": list(template.parts)},
            model=model[:128],
            content=content.model_dump(mode="json"),
        )
        try:
            async with session.begin_nested():
                session.add(row)
            scope = {"owner_id": owner_id, "recording_id": recording_id}
            record(session, EventKind.MINUTES_WRITTEN, **scope, job_id=job_id, number=row.number)
            return row
        except IntegrityError:  # another job took the number in the meantime
            if not attempts_left:
                raise
    raise AssertionError("unreachable")


def _owned(owner_id: str, recording_id: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions for minutes of this owner. Recordings in the trash are not found."""
    owned = (Minutes.recording_id == recording_id, Minutes.owner_id == owner_id)
    return (*owned, not_trashed(Minutes.recording_id))
