"""The passages of transcripts for the search in all recordings."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database, is_busy
from backend.recordings.tables import Recording
from backend.search import passages
from backend.search.tables import PassageState
from backend.search.terms import RULES
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.tables import Transcript

logger = logging.getLogger(__name__)

#: How long to wait before a recording that could not be indexed is tried again.
_PAUSE_SECONDS = 5.0


async def index_document(
    session: AsyncSession, *, owner_id: str, recording_id: str, version: int, document: Document
) -> None:
    """From this commit on, the words of this document are found."""
    names = {speaker.id: speaker.name for speaker in document.speakers}
    made = await asyncio.to_thread(passages.passages_of, document.segments, names)
    await passages.replace(session, owner_id=owner_id, recording_id=recording_id, version=version, passages=made)


async def index_missing(database: Database, stopping: asyncio.Event) -> None:
    """Index the recordings that are not indexed, or by other rules, the newest first. Can be stopped at any time."""
    while not stopping.is_set():
        async with database.read() as session:
            query = select(Recording.id).where(_needs_indexing()).order_by(Recording.created_at.desc())
            recording_id = await session.scalar(query.limit(1))
        if recording_id is None:
            return
        try:
            await _index_newest(database, recording_id)
        except SQLAlchemyError as error:
            if not (is_busy(error) or isinstance(error, IntegrityError)):
                raise
            logger.info("A recording will be indexed later", extra={"recording": recording_id})
            await asyncio.sleep(_PAUSE_SECONDS)


async def rebuild(database: Database) -> int:
    """Make the whole index anew; answers the number of recordings. Nothing is found until its recording is indexed."""
    async with database.write() as session:
        await passages.clear(session)
    async with database.read() as session:
        count = await count_missing(session)
    await index_missing(database, asyncio.Event())
    return count


async def count_missing(session: AsyncSession, owner_id: str | None = None) -> int:
    """Recordings, of this owner or of all, that have a transcript and are not indexed yet."""
    query = select(func.count()).select_from(Recording).where(_needs_indexing())
    if owner_id is not None:
        query = query.where(Recording.owner_id == owner_id)
    return await session.scalar(query) or 0


async def differences(session: AsyncSession, recording_id: str) -> Sequence[str]:
    """The segments whose passage is missing, or is not their text: none, if the index is right."""
    newest = await _newest(session, recording_id)
    found = await passages.texts(session, recording_id)
    wanted = {}
    if newest is not None:
        document = await asyncio.to_thread(_read, newest)
        wanted = {one.id: one.text for one in document.segments if one.text.strip()}
    return sorted(id for id in {*wanted, *found} if wanted.get(id) != found.get(id))


async def _index_newest(database: Database, recording_id: str) -> None:
    async with database.write() as session:
        # A save that comes in between waits, or makes this one wait: the newer version is the last to be indexed.
        await session.execute(select(Recording.id).where(Recording.id == recording_id).with_for_update())
        newest = await _newest(session, recording_id)
        if newest is None:
            return
        document = await asyncio.to_thread(_read, newest)
        await index_document(
            session, owner_id=newest.owner_id, recording_id=recording_id, version=newest.number, document=document
        )


def _read(transcript: Transcript) -> Document:
    """The document; an empty one where it is damaged, which a check tells of."""
    try:
        return document_from_json(transcript.document)
    except (KeyError, TypeError, ValueError):
        logger.warning("A document is damaged and not indexed", extra={"recording": transcript.recording_id})
        return Document(0.0)


async def _newest(session: AsyncSession, recording_id: str) -> Transcript | None:
    query = select(Transcript).where(Transcript.recording_id == recording_id, Transcript.aside.is_(False))
    newest: Transcript | None = await session.scalar(query.order_by(Transcript.number.desc()).limit(1))
    return newest


def _needs_indexing() -> ColumnElement[bool]:
    number = (
        select(func.max(Transcript.number))
        .where(Transcript.recording_id == Recording.id, Transcript.aside.is_(False))
        .correlate(Recording)
        .scalar_subquery()
    )
    current = (
        select(PassageState.recording_id)
        .where(PassageState.recording_id == Recording.id, PassageState.rules == RULES, PassageState.version >= number)
        .correlate(Recording)
        .exists()
    )
    return number.is_not(None) & ~current
