"""Published transcripts and minutes are mirrored as files under uploads/transcripts/; the row says whether they are."""

import asyncio
from contextlib import suppress

from sqlalchemy import func, select, update

from backend.database import Database
from backend.durable import write_durably
from backend.minutes.files import rests_on, written
from backend.minutes.tables import Minutes
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.export import export
from backend.transcripts.service import TranscriptNotFound
from backend.transcripts.tables import Transcript


async def mirror_new(database: Database, storage: Storage) -> int:
    """Mirror the newest version of every recording that is not mirrored yet; answers how many were written.

    Raises OSError when the disk refuses; it is safe to call again."""
    newest = (
        select(Transcript.recording_id, func.max(Transcript.number).label("number"))
        .where(Transcript.recording_id.in_(select(Transcript.recording_id).where(Transcript.mirrored.is_(False))))
        .group_by(Transcript.recording_id)
        .subquery()
    )
    query = (
        select(Transcript, Recording.name)
        .join(newest, (newest.c.recording_id == Transcript.recording_id) & (newest.c.number == Transcript.number))
        .join(Recording, Recording.id == Transcript.recording_id)
    )
    async with database.read() as session:
        found = list(await session.execute(query))
    for transcript, name in found:
        await asyncio.to_thread(_write, storage, transcript, name)
        async with database.write() as session:
            await session.execute(
                update(Transcript)
                .where(Transcript.recording_id == transcript.recording_id, Transcript.number <= transcript.number)
                .values(mirrored=True)
            )
    return len(found) + await _mirror_minutes(database, storage)


async def _mirror_minutes(database: Database, storage: Storage) -> int:
    newest = (
        select(Minutes.recording_id, func.max(Minutes.number).label("number"))
        .where(Minutes.recording_id.in_(select(Minutes.recording_id).where(Minutes.mirrored.is_(False))))
        .group_by(Minutes.recording_id)
        .subquery()
    )
    query = (
        select(Minutes, Recording.name)
        .join(newest, (newest.c.recording_id == Minutes.recording_id) & (newest.c.number == Minutes.number))
        .join(Recording, Recording.id == Minutes.recording_id)
    )
    async with database.read() as session:
        found = []
        for row, name in await session.execute(query):
            with suppress(TranscriptNotFound):  # deleted meanwhile
                found.append((row, name, *await rests_on(session, row)))
    for minutes, name, document, stale in found:
        await asyncio.to_thread(_write_minutes, storage, minutes, name, document, stale)
        async with database.write() as session:
            await session.execute(
                update(Minutes)
                .where(Minutes.recording_id == minutes.recording_id, Minutes.number <= minutes.number)
                .values(mirrored=True)
            )
    return len(found)


def _write_minutes(storage: Storage, minutes: Minutes, name: str, document: Document, stale: bool) -> None:
    for format in ("md", "json"):
        path = storage.mirror(minutes.recording_id, f"minutes.{format}")
        storage.make(path.parent)
        write_durably(path, written(minutes, document, format, name, stale))


def _write(storage: Storage, transcript: Transcript, name: str) -> None:
    document = document_from_json(transcript.document)
    for format in ("txt", "json"):
        path = storage.mirror(transcript.recording_id, format)
        storage.make(path.parent)
        write_durably(path, export(document, format, name).encode())
