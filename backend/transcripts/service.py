"""Transcripts: versions are added, not changed. Who saves says what the version was based on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now
from backend.errors import Conflict, NotFound
from backend.transcripts.document import (
    Document,
    document_from_json,
    document_to_json,
    plain_text,
    rename_speaker,
)
from backend.transcripts.tables import Origin, Transcript

#: Saves of one person within this time are one version: it is an editor that saves by itself.
SITTING = timedelta(minutes=10)


class TranscriptNotFound(NotFound):
    code = "transcript_not_found"
    detail = "There is no such transcript, or it is not yours."


class SpeakerNotFound(NotFound):
    code = "speaker_not_found"
    detail = "This transcript has no such speaker."


class TranscriptChanged(Conflict):
    """`newest` is the number of the version that came in between."""

    code = "transcript_changed"
    detail = "The transcript was changed elsewhere meanwhile. Load it again; nothing of the other version was touched."

    def __init__(self, newest: int) -> None:
        super().__init__(newest=newest)


@dataclass(frozen=True, slots=True)
class Version:
    """A version without its document."""

    number: int
    origin: str
    author_id: str | None
    job_id: str | None
    created_at: datetime


async def newest(session: AsyncSession, *, owner_id: str, recording_id: str) -> Transcript:
    query = select(Transcript).where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    transcript = await session.scalar(query.order_by(Transcript.number.desc()).limit(1))
    if transcript is None:
        raise TranscriptNotFound
    return transcript


async def version(session: AsyncSession, *, owner_id: str, recording_id: str, number: int) -> Transcript:
    query = select(Transcript).where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    transcript = await session.scalar(query.where(Transcript.number == number))
    if transcript is None:
        raise TranscriptNotFound
    return transcript


async def versions(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Version]:
    """All versions, newest first. Numbers only grow; those of saves that were replaced are missing."""
    query = (
        select(Transcript.number, Transcript.origin, Transcript.author_id, Transcript.job_id, Transcript.created_at)
        .where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
        .order_by(Transcript.number.desc())
    )
    found = [Version(*row) for row in await session.execute(query)]
    if not found:
        raise TranscriptNotFound
    return found


async def publish(
    session: AsyncSession,
    *,
    recording_id: str,
    owner_id: str,
    job_id: str | None,
    origin: Origin,
    document: Document,
    author_id: str | None = None,
) -> Transcript:
    """Add a version after all others, whatever they are based on. The first must be the machine's."""
    content, text = await asyncio.to_thread(_stored, document)
    for patience in (2, 1, 0):
        last = await _last_number(session, owner_id, recording_id)
        if last == 0 and origin is not Origin.MACHINE:
            raise ValueError("version 1 is what the machine heard")
        transcript = Transcript(
            recording_id=recording_id,
            owner_id=owner_id,
            job_id=job_id,
            number=last + 1,
            origin=origin.value,
            author_id=author_id,
            document=content,
            text=text,
        )
        try:
            async with session.begin_nested():
                session.add(transcript)
            return transcript
        except IntegrityError:  # somebody saved at this very moment and took the number
            if not patience:
                raise
    raise AssertionError("unreachable")


async def save(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    document: Document,
    based_on: int,
    now: datetime | None = None,
) -> Transcript:
    """Add what a person made of version `based_on`; raises TranscriptChanged when that is not the newest any more.

    It replaces the same person's own version of this sitting, under a new number so that a second window notices. A
    document like the newest adds nothing."""
    content, text = await asyncio.to_thread(_stored, document)
    now = now or utc_now()
    base = await newest(session, owner_id=owner_id, recording_id=recording_id)
    if base.number != based_on:
        raise TranscriptChanged(base.number)
    if base.document == content:
        return base
    replaced = base.origin == Origin.PERSON.value and base.author_id == author_id and now - base.created_at < SITTING
    transcript = Transcript(
        recording_id=recording_id,
        owner_id=owner_id,
        number=base.number + 1,
        origin=Origin.PERSON.value,
        author_id=author_id,
        document=content,
        text=text,
        created_at=base.created_at if replaced else now,  # the sitting began then; it does not go on for ever
    )
    try:
        async with session.begin_nested():
            if replaced:
                await _remove(session, base)
            session.add(transcript)
    except IntegrityError:  # the number was taken between the look and the write
        last = await _last_number(session, owner_id, recording_id)
        raise (TranscriptChanged(last) if last else TranscriptNotFound()) from None
    return transcript


async def rename(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    speaker: str,
    name: str | None,
    based_on: int | None = None,
    now: datetime | None = None,
) -> Transcript:
    """Save a version in which `speaker` has this name; without `based_on`, one of whatever is the newest."""
    base = await newest(session, owner_id=owner_id, recording_id=recording_id)
    try:
        document = rename_speaker(document_from_json(base.document), speaker, name)
    except KeyError:
        raise SpeakerNotFound from None
    return await save(
        session,
        owner_id=owner_id,
        recording_id=recording_id,
        author_id=author_id,
        document=document,
        based_on=base.number if based_on is None else based_on,
        now=now,
    )


async def _last_number(session: AsyncSession, owner_id: str, recording_id: str) -> int:
    query = select(Transcript.number).where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    # A locking read sees the newest row on databases whose plain reads look at the transaction's beginning.
    return await session.scalar(query.order_by(Transcript.number.desc()).limit(1).with_for_update()) or 0


async def _remove(session: AsyncSession, transcript: Transcript) -> None:
    query = delete(Transcript).where(Transcript.id == transcript.id).execution_options(synchronize_session=False)
    removed = await session.execute(query)
    assert isinstance(removed, CursorResult)
    if removed.rowcount != 1:
        raise TranscriptChanged(transcript.number + 1)
    session.expunge(transcript)


def _stored(document: Document) -> tuple[dict[str, object], str]:
    return document_to_json(document), plain_text(document)
