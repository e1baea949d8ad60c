"""The newest transcripts and minutes as files under uploads/transcripts/; their rows record whether the files exist."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Select, func, or_, select, update

from backend.database import Database
from backend.durable import write_durably
from backend.minutes.files import file_of, source_document
from backend.minutes.render import render
from backend.minutes.tables import Minutes
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.transcripts.document import Document
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.render_pool import ExportTooLarge, RenderFailed, RenderPool
from backend.transcripts.service import TranscriptNotFound
from backend.transcripts.tables import Transcript

logger = logging.getLogger(__name__)

_Version = TypeVar("_Version", Transcript, Minutes)

#: In the render pool the mirrors wait for one another, as the exports of one user do.
_OWNER = "mirror"


async def mirror_new(database: Database, storage: Storage, render_pool: RenderPool) -> int:
    """Write the files of every newest version that has none yet; answers how many versions were written.

    A file past the limits of the pool is left out, and `check` reports it. Raises OSError when the disk fails; it is
    safe to call again, and does again what failed."""
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
    written: list[Transcript | Minutes] = []
    for transcript, name in transcripts:
        with _logged_failure(transcript.recording_id):
            await _write(storage, render_pool, transcript, name)
            written.append(transcript)
    for row, name, document, stale in minutes:
        with _logged_failure(row.recording_id):
            await _write_minutes(storage, render_pool, row, name, document, stale)
            written.append(row)
    # Marked last: minutes that a new transcript makes stale are found by the transcript not being marked.
    for version in written:
        await _mark_mirrored(database, version)
    return len(written)


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
    when a transcript is not mirrored, since that may make them stale. Recordings in the trash, side versions and
    proposals are left out."""
    is_main_version = Transcript.aside.is_(False) if kind is Transcript else Minutes.proposal.is_(None)
    newly_transcribed = select(Transcript.recording_id).where(
        Transcript.mirrored.is_(False), Transcript.aside.is_(False)
    )
    conditions = [kind.recording_id.in_(select(kind.recording_id).where(kind.mirrored.is_(False), is_main_version))]
    if kind is Minutes:
        conditions.append(kind.recording_id.in_(newly_transcribed))
    newest = (
        select(kind.recording_id, func.max(kind.number).label("number"))
        .where(or_(*conditions), is_main_version)
        .group_by(kind.recording_id)
        .subquery()
    )
    return (
        select(kind, Recording.name)
        .join(newest, (newest.c.recording_id == kind.recording_id) & (newest.c.number == kind.number))
        .join(Recording, Recording.id == kind.recording_id)
        .where(Recording.trashed_at.is_(None))
    )


async def _mark_mirrored(database: Database, row: Transcript | Minutes) -> None:
    kind = type(row)
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


async def _write_minutes(
    storage: Storage, render_pool: RenderPool, minutes: Minutes, name: str, document: Document, stale: bool
) -> None:
    for format in ("md", "docx", "json"):
        rendering = render_pool.run(render, file_of(minutes, document, name, stale), format, user_id=_OWNER)
        await _write_file(storage.mirror(minutes.recording_id, f"minutes.{format}"), storage, rendering)


async def _write(storage: Storage, render_pool: RenderPool, transcript: Transcript, name: str) -> None:
    for format in ("txt", "json"):
        rendering = render_pool.render(transcript.document, format, name, ExportStyle(), user_id=_OWNER)
        await _write_file(storage.mirror(transcript.recording_id, format), storage, rendering)


async def _write_file(path: Path, storage: Storage, rendering: Awaitable[bytes]) -> None:
    try:
        content = await rendering
    except ExportTooLarge:
        logger.warning("A file is too large to be mirrored", extra={"file": path.name})
        await asyncio.to_thread(path.unlink, missing_ok=True)  # it is that of an older version
        return
    await asyncio.to_thread(_store, path, storage, content)


def _store(path: Path, storage: Storage, content: bytes) -> None:
    storage.make_folder(path.parent)
    write_durably(path, content)


@contextmanager
def _logged_failure(recording_id: str) -> Iterator[None]:
    """A version that cannot be rendered does not keep the others from being mirrored."""
    try:
        yield
    except RenderFailed:
        logger.warning("A transcript could not be mirrored", extra={"recording": recording_id}, exc_info=True)
