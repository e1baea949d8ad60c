"""The newest transcripts and minutes as files under uploads/transcripts/; their rows record whether the files exist."""

import asyncio
import json
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Select, func, or_, select, true, update

from backend.database import Database
from backend.durable import write_durably
from backend.minutes.files import file_of, source_document
from backend.minutes.render import render
from backend.minutes.tables import Minutes
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.export import export
from backend.transcripts.service import TranscriptNotFound
from backend.transcripts.tables import Transcript

_Version = TypeVar("_Version", Transcript, Minutes)


async def mirror_new(database: Database, storage: Storage) -> int:
    """Write the files of every newest version that has none yet; answers how many versions were written.

    Raises OSError when the disk fails; it is safe to call again."""
    async with database.read() as session:
        transcripts = (await session.execute(_newest(Transcript))).all()
        numbers = {row.recording_id: row.number for row, _ in transcripts}
        minutes = []
        for row, name in (await session.execute(_newest(Minutes))).all():
            stale = numbers.get(row.recording_id, row.transcript) != row.transcript
            if row.mirrored and await asyncio.to_thread(_is_mirrored, storage, row, stale):
                continue
            with suppress(TranscriptNotFound):  # deleted meanwhile
                minutes.append((row, name, *await source_document(session, row)))
    for transcript, name in transcripts:
        await asyncio.to_thread(_write, storage, transcript, name)
    for row, name, document, stale in minutes:
        await asyncio.to_thread(_write_minutes, storage, row, name, document, stale)
    # Marked last: minutes that a new transcript makes stale are found by the transcript not being marked.
    for transcript, _ in transcripts:
        await _mark_mirrored(database, Transcript, transcript)
    for row, *_ in minutes:
        await _mark_mirrored(database, Minutes, row)
    return len(transcripts) + len(minutes)


async def remove_trashed_mirrors(database: Database, storage: Storage) -> int:
    """Delete the mirrors of recordings in the trash; answers of how many recordings.

    The rows are changed after the files, so a row never claims a file that is gone. A restored recording is mirrored
    again."""
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
    """The newest version of each recording with a version that is not mirrored, and the recording's name; minutes also
    when a transcript is not mirrored, since that may make them stale. Recordings in the trash and side versions are
    left out."""
    is_main_version = Transcript.aside.is_(False)
    newly_transcribed = select(Transcript.recording_id).where(Transcript.mirrored.is_(False), is_main_version)
    conditions = [kind.recording_id.in_(select(kind.recording_id).where(kind.mirrored.is_(False)))]
    if kind is Minutes:
        conditions.append(kind.recording_id.in_(newly_transcribed))
    newest = (
        select(kind.recording_id, func.max(kind.number).label("number"))
        .where(or_(*conditions), is_main_version if kind is Transcript else true())
        .group_by(kind.recording_id)
        .subquery()
    )
    return (
        select(kind, Recording.name)
        .join(newest, (newest.c.recording_id == kind.recording_id) & (newest.c.number == kind.number))
        .join(Recording, Recording.id == kind.recording_id)
        .where(Recording.trashed_at.is_(None))
    )


async def _mark_mirrored(database: Database, kind: type[_Version], row: Transcript | Minutes) -> None:
    older = (kind.recording_id == row.recording_id) & (kind.number <= row.number)
    async with database.write() as session:
        await session.execute(update(kind).where(older).values(mirrored=True))


def _is_mirrored(storage: Storage, minutes: Minutes, stale: bool) -> bool:
    """Whether the mirror has these minutes and the right `stale`."""
    try:
        mirrored = json.loads(storage.mirror(minutes.recording_id, "minutes.json").read_bytes())
        return (mirrored["number"], mirrored["stale"]) == (minutes.number, stale)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write_minutes(storage: Storage, minutes: Minutes, name: str, document: Document, stale: bool) -> None:
    for format in ("md", "docx", "json"):
        path = storage.mirror(minutes.recording_id, f"minutes.{format}")
        storage.make_folder(path.parent)
        write_durably(path, render(file_of(minutes, document, name, stale), format))


def _write(storage: Storage, transcript: Transcript, name: str) -> None:
    document = document_from_json(transcript.document)
    for format in ("txt", "json"):
        path = storage.mirror(transcript.recording_id, format)
        storage.make_folder(path.parent)
        write_durably(path, export(document, format, name))
