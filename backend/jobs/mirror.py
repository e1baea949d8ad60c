"""Published transcripts and minutes are mirrored as files under uploads/transcripts/; the row says whether they are."""

import asyncio
import json
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Select, func, or_, select, true, update

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

_Version = TypeVar("_Version", Transcript, Minutes)


async def mirror_new(database: Database, storage: Storage) -> int:
    """Mirror the newest version of every recording that is not mirrored yet; answers how many were written.

    Raises OSError when the disk refuses; it is safe to call again."""
    async with database.read() as session:
        transcripts = (await session.execute(_newest(Transcript))).all()
        numbers = {row.recording_id: row.number for row, _ in transcripts}
        minutes = []
        for row, name in (await session.execute(_newest(Minutes))).all():
            stale = numbers.get(row.recording_id, row.transcript) != row.transcript
            if row.mirrored and await asyncio.to_thread(_says, storage, row, stale):
                continue
            with suppress(TranscriptNotFound):  # deleted meanwhile
                minutes.append((row, name, *await rests_on(session, row)))
    for transcript, name in transcripts:
        await asyncio.to_thread(_write, storage, transcript, name)
    for row, name, document, stale in minutes:
        await asyncio.to_thread(_write_minutes, storage, row, name, document, stale)
    # Marked only now: minutes that a new transcript has made stale are found by its missing mark.
    for transcript, _ in transcripts:
        await _mark(database, Transcript, transcript)
    for row, *_ in minutes:
        await _mark(database, Minutes, row)
    return len(transcripts) + len(minutes)


async def unmirror_trashed(database: Database, storage: Storage) -> int:
    """Take away the mirrors of what lies in the trash; answers of how many recordings.

    The rows say so afterwards: a mirror that a row promises is there, and what is restored is mirrored again."""
    async with database.read() as session:
        trashed = select(Recording.id).where(Recording.trashed_at.is_not(None))
        found: set[str] = set()
        for table in (Transcript, Minutes):
            mirrored = select(table.recording_id).where(table.mirrored, table.recording_id.in_(trashed))
            found |= set(await session.scalars(mirrored.distinct()))
    for recording in sorted(found):
        await storage.delete_mirrors(recording)
        async with database.write() as session:
            for table in (Transcript, Minutes):
                await session.execute(
                    update(table).where(table.recording_id == recording, table.mirrored).values(mirrored=False)
                )
    return len(found)


def _newest(kind: type[_Version]) -> "Select[_Version, str]":
    """The newest version of each recording that has one which is not mirrored, with the recording's name; minutes also
    where a transcript is not, since they may be stale now. What lies in the trash has no mirror; what was laid aside is
    no newest."""
    standing = Transcript.aside.is_(False)
    heard = select(Transcript.recording_id).where(Transcript.mirrored.is_(False), standing)
    waiting = [kind.recording_id.in_(select(kind.recording_id).where(kind.mirrored.is_(False)))]
    if kind is Minutes:
        waiting.append(kind.recording_id.in_(heard))
    newest = (
        select(kind.recording_id, func.max(kind.number).label("number"))
        .where(or_(*waiting), standing if kind is Transcript else true())
        .group_by(kind.recording_id)
        .subquery()
    )
    return (
        select(kind, Recording.name)
        .join(newest, (newest.c.recording_id == kind.recording_id) & (newest.c.number == kind.number))
        .join(Recording, Recording.id == kind.recording_id)
        .where(Recording.trashed_at.is_(None))
    )


async def _mark(database: Database, kind: type[_Version], row: Transcript | Minutes) -> None:
    older = (kind.recording_id == row.recording_id) & (kind.number <= row.number)
    async with database.write() as session:
        await session.execute(update(kind).where(older).values(mirrored=True))


def _says(storage: Storage, minutes: Minutes, stale: bool) -> bool:
    """Whether the mirror is already of these minutes, and says whether they are stale."""
    try:
        mirrored = json.loads(storage.mirror(minutes.recording_id, "minutes.json").read_bytes())
        return (mirrored["number"], mirrored["stale"]) == (minutes.number, stale)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write_minutes(storage: Storage, minutes: Minutes, name: str, document: Document, stale: bool) -> None:
    for format in ("md", "docx", "json"):
        path = storage.mirror(minutes.recording_id, f"minutes.{format}")
        storage.make(path.parent)
        write_durably(path, written(minutes, document, format, name, stale))


def _write(storage: Storage, transcript: Transcript, name: str) -> None:
    document = document_from_json(transcript.document)
    for format in ("txt", "json"):
        path = storage.mirror(transcript.recording_id, format)
        storage.make(path.parent)
        write_durably(path, export(document, format, name))
