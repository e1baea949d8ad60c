"""Transcripts: versions are added, never changed. A save names the version it is based on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType

from sqlalchemy import ColumnElement, CursorResult, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now
from backend.errors import Conflict, NameChanged, NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.people.samples import keep_named
from backend.recordings.tables import not_trashed
from backend.transcripts.document import (
    Document,
    document_from_json,
    document_to_json,
    plain_text,
    rename_speaker,
)
from backend.transcripts.passages import index_document
from backend.transcripts.tables import Origin, Transcript

#: Saves of one person within this time are one version, because the editor saves automatically.
EDITING_SESSION = timedelta(minutes=10)

#: A save that leaves less than half of at least so many characters replaces no version: it may be a mistake.
_MANY_CHARACTERS = 100


class TranscriptNotFound(NotFound):
    code = "transcript_not_found"
    detail = "There is no such transcript, or it is not yours."


class SpeakerNotFound(NotFound):
    code = "speaker_not_found"
    detail = "This transcript has no such speaker."


class TranscriptChanged(Conflict):
    """`newest` is the number of the version that came in between."""

    code = "transcript_changed"
    detail = "The transcript was changed in the meantime. Load it again; the other version is unchanged."

    def __init__(self, newest: int) -> None:
        super().__init__(newest=newest)


@dataclass(frozen=True, slots=True)
class Version:
    """A version without its document."""

    number: int
    origin: str
    author_id: str | None
    job_id: str | None
    aside: bool
    created_at: datetime


async def newest(session: AsyncSession, *, owner_id: str, recording_id: str) -> Transcript:
    """The version people read and edit; side versions do not count."""
    query = select(Transcript).where(*_owned(owner_id, recording_id), Transcript.aside.is_(False))
    transcript = await session.scalar(query.order_by(Transcript.number.desc()).limit(1))
    if transcript is None:
        raise TranscriptNotFound
    return transcript


async def version(session: AsyncSession, *, owner_id: str, recording_id: str, number: int) -> Transcript:
    query = select(Transcript).where(*_owned(owner_id, recording_id))
    transcript = await session.scalar(query.where(Transcript.number == number))
    if transcript is None:
        raise TranscriptNotFound
    return transcript


async def versions(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Version]:
    """All versions, newest first. Numbers of replaced saves are missing."""
    columns = (Transcript.number, Transcript.origin, Transcript.author_id, Transcript.job_id)
    query = (
        select(*columns, Transcript.aside, Transcript.created_at)
        .where(*_owned(owner_id, recording_id))
        .order_by(Transcript.number.desc())
    )
    found = [Version(*row) for row in await session.execute(query)]
    if not found:
        raise TranscriptNotFound
    return found


async def of_job(session: AsyncSession, *, owner_id: str, recording_id: str, job_id: str) -> Transcript | None:
    """The version that a job published, or None."""
    query = select(Transcript).where(*_owned(owner_id, recording_id), Transcript.job_id == job_id)
    return await session.scalar(query.order_by(Transcript.number.desc()).limit(1))


async def existing(session: AsyncSession, *, owner_id: str, recording_ids: Sequence[str]) -> set[str]:
    """The recordings that have a transcript."""
    with_rows = Transcript.recording_id.in_(recording_ids) & (Transcript.owner_id == owner_id)
    query = select(Transcript.recording_id).where(with_rows, not_trashed(Transcript.recording_id))
    return set((await session.scalars(query.distinct())).all())


async def publish(
    session: AsyncSession,
    *,
    recording_id: str,
    owner_id: str,
    job_id: str | None,
    origin: Origin,
    document: Document,
    author_id: str | None = None,
    supersede_edits: bool = True,
    kind: EventKind = EventKind.TRANSCRIPT_PUBLISHED,
) -> Transcript:
    """Add a version after all others. The first must be the machine's.

    Without `supersede_edits` it is a side version where a person has edited since the machine's last version."""
    content, text = await asyncio.to_thread(_to_stored, document)
    aside = not supersede_edits and await _edited_by_people(session, owner_id, recording_id)
    for attempts_left in (2, 1, 0):
        last = await _last_number(session, owner_id, recording_id)
        if last == 0 and origin is not Origin.MACHINE:
            raise ValueError("version 1 must be the result of the engines")
        transcript = Transcript(
            recording_id=recording_id,
            owner_id=owner_id,
            job_id=job_id,
            number=last + 1,
            origin=origin.value,
            author_id=author_id,
            document=content,
            text=text,
            aside=aside,
            mirrored=aside,  # side versions have no mirrored files
        )
        try:
            async with session.begin_nested():
                session.add(transcript)
            _record(session, kind, transcript)
        except IntegrityError:  # a concurrent save took the number
            if not attempts_left:
                raise
            continue
        if not aside:
            await _apply(session, transcript, document)
        return transcript
    raise AssertionError("unreachable")


async def save(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    document: Document,
    based_on: int,
    origin: Origin = Origin.PERSON,
    now: datetime | None = None,
) -> Transcript:
    """Add a person's edit of version `based_on`. Raises TranscriptChanged when that is no longer the newest.

    Within an editing session it replaces the same person's version, under a new number so that a second window notices.
    A document equal to the newest adds nothing."""
    content, text = await asyncio.to_thread(_to_stored, document)
    now = now or utc_now()
    for attempts_left in (2, 1, 0):
        base = await newest(session, owner_id=owner_id, recording_id=recording_id)
        if base.number != based_on:
            raise TranscriptChanged(base.number)
        if base.document == content:
            return base
        same_session = (
            base.origin == Origin.PERSON.value
            and base.author_id == author_id
            and now - base.created_at < EDITING_SESSION
        )
        replaced = same_session and origin is Origin.PERSON and not _loses_most(base.text, text)
        transcript = Transcript(
            recording_id=recording_id,
            owner_id=owner_id,
            number=await _last_number(session, owner_id, recording_id) + 1,
            origin=origin.value,
            author_id=author_id,
            document=content,
            text=text,
            created_at=base.created_at if replaced else now,  # sessions end some time after their first save
        )
        try:
            async with session.begin_nested():
                if replaced:
                    await _remove(session, base)
                session.add(transcript)
            _record(session, EventKind.TRANSCRIPT_EDITED, transcript)
        except IntegrityError:  # the number was taken between read and write
            if not attempts_left:
                raise TranscriptChanged(await _last_number(session, owner_id, recording_id)) from None
            continue
        await _apply(session, transcript, document)
        return transcript
    raise AssertionError("unreachable")


async def restore(
    session: AsyncSession, *, owner_id: str, recording_id: str, author_id: str, number: int, based_on: int
) -> Transcript:
    """Make version `number` the newest again, as a new version of `author_id` that replaces none. Raises
    TranscriptChanged when `based_on` is no longer the newest."""
    last = await newest(session, owner_id=owner_id, recording_id=recording_id)
    if last.number != based_on:
        raise TranscriptChanged(last.number)
    restored = await version(session, owner_id=owner_id, recording_id=recording_id, number=number)
    return await publish(
        session,
        recording_id=recording_id,
        owner_id=owner_id,
        job_id=restored.job_id,
        origin=Origin.PERSON,
        document=await asyncio.to_thread(document_from_json, restored.document),
        author_id=author_id,
        kind=EventKind.TRANSCRIPT_RESTORED,
    )


async def rename(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    speaker: str,
    name: str | None,
    based_on: int | None = None,
    expected_name: str | EllipsisType | None = ...,
    now: datetime | None = None,
) -> Transcript:
    """Save a version in which `speaker` has this name; without `based_on`, based on the newest version. Raises
    NameChanged if the speaker is no longer called `expected_name`; None stands for no name, ... for any."""
    base = await newest(session, owner_id=owner_id, recording_id=recording_id)
    try:
        before = document_from_json(base.document)
        document = rename_speaker(before, speaker, name)
    except KeyError:
        raise SpeakerNotFound from None
    now_called = next(one.name for one in before.speakers if one.id == speaker)
    if expected_name is not ... and now_called != expected_name:
        raise NameChanged(now_called)
    return await save(
        session,
        owner_id=owner_id,
        recording_id=recording_id,
        author_id=author_id,
        document=document,
        based_on=base.number if based_on is None else based_on,
        now=now,
    )


def _loses_most(before: str, after: str) -> bool:
    return len(before) >= _MANY_CHARACTERS and 2 * len(after) < len(before)


def _owned(owner_id: str, recording_id: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions for versions of this owner. Recordings in the trash are not found."""
    owned = (Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    return (*owned, not_trashed(Transcript.recording_id))


async def _edited_by_people(session: AsyncSession, owner_id: str, recording_id: str) -> bool:
    """Whether a person's version is newer than the machine's last one, without side versions."""
    query = select(Transcript.origin).where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    query = query.where(Transcript.aside.is_(False), Transcript.origin != Origin.POLISH.value)
    by_people = (Origin.PERSON.value, Origin.REPAIR.value)  # a repair is what a person accepted
    return await session.scalar(query.order_by(Transcript.number.desc()).limit(1)) in by_people


async def _last_number(session: AsyncSession, owner_id: str, recording_id: str) -> int:
    query = select(Transcript.number).where(Transcript.recording_id == recording_id, Transcript.owner_id == owner_id)
    # A locking read sees the newest row on databases whose plain reads use the transaction's snapshot.
    return await session.scalar(query.order_by(Transcript.number.desc()).limit(1).with_for_update()) or 0


async def _remove(session: AsyncSession, transcript: Transcript) -> None:
    query = delete(Transcript).where(Transcript.id == transcript.id).execution_options(synchronize_session=False)
    removed = await session.execute(query)
    assert isinstance(removed, CursorResult)
    if removed.rowcount != 1:
        raise TranscriptChanged(transcript.number + 1)
    session.expunge(transcript)


def _record(session: AsyncSession, kind: EventKind, version: Transcript) -> None:
    record(
        session,
        kind,
        owner_id=version.owner_id,
        recording_id=version.recording_id,
        job_id=version.job_id,
        number=version.number,
        origin=version.origin,
        aside=version.aside,
    )


async def _apply(session: AsyncSession, transcript: Transcript, document: Document) -> None:
    """What follows from a new newest version, in its transaction."""
    names = {speaker.id: speaker.name for speaker in document.speakers}
    await keep_named(session, transcript.recording_id, names)
    await index_document(
        session,
        owner_id=transcript.owner_id,
        recording_id=transcript.recording_id,
        version=transcript.number,
        document=document,
    )


def _to_stored(document: Document) -> tuple[dict[str, object], str]:
    return document_to_json(document), plain_text(document)
