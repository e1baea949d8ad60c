"""Brings the index of the search up to what the recordings are: after an update, a restore, or damage."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database, is_busy
from backend.minutes.search_texts import index_minutes, statements
from backend.minutes.tables import Minutes
from backend.recordings.tables import Recording
from backend.search import full_text, passages, texts
from backend.search.index import current_state
from backend.search.tables import PassageState
from backend.search.terms import RULES
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.passages import index_document, named_speakers
from backend.transcripts.tables import Transcript

logger = logging.getLogger(__name__)

#: How long to wait before a recording that could not be indexed is tried again.
_PAUSE_SECONDS = 5.0


async def index_missing(database: Database, stopping: asyncio.Event) -> None:
    """Index the recordings that are not indexed, or by other rules, the newest first. Until all are, an index by other
    rules answers as well. Can be stopped at any time, and goes on where it was."""
    while not stopping.is_set():
        async with database.read() as session:
            query = select(Recording.id).where(_needs_indexing()).order_by(Recording.created_at.desc())
            recording_id = await session.scalar(query.limit(1))
        if recording_id is None:
            await _drop_old(database)
            return
        try:
            async with database.write() as session:
                await _index(session, recording_id)
        except SQLAlchemyError as error:
            if not (is_busy(error) or isinstance(error, IntegrityError)):
                raise
            logger.info("A recording will be indexed later", extra={"recording": recording_id})
            await asyncio.sleep(_PAUSE_SECONDS)


async def rebuild(database: Database) -> int:
    """Make the whole index anew from the recordings; answers their number. A search tells how many are left."""
    async with database.write() as session:
        await session.run_sync(lambda sync: full_text.make_anew(sync.connection()))
        await session.execute(update(PassageState).values(rules=0, version=-1, minutes=-1))
    async with database.read() as session:
        count = await count_missing(session)
    await index_missing(database, asyncio.Event())
    return count


async def count_missing(session: AsyncSession) -> int:
    """Recordings that are not indexed yet, or not as they are."""
    return await session.scalar(select(func.count()).select_from(Recording).where(_needs_indexing())) or 0


async def differences(session: AsyncSession, recording_id: str) -> Sequence[str]:
    """The segments, names and statements that are not found by their text: none, if the index is right."""
    recording = await session.get(Recording, recording_id)
    wanted: dict[tuple[str, str], str] = {} if recording is None else {(texts.Kind.NAME, "name"): recording.name}
    if (transcript := await newest_transcript(session, recording_id)) is not None:
        document = await asyncio.to_thread(_read, transcript)
        wanted |= {("segment", one.id): one.text for one in document.segments if one.text.strip()}
        wanted |= {(texts.Kind.SPEAKER, id): name for id, name in named_speakers(document).items()}
    if (minutes := await _newest_minutes(session, recording_id)) is not None:
        wanted |= {(texts.Kind.MINUTES, part): statement for part, statement in statements(minutes.content).items()}
    found = await texts.texts_of(session, recording_id)
    found |= {("segment", id): said for id, said in (await passages.texts(session, recording_id)).items()}
    return sorted("/".join(part) for part in {*wanted, *found} if wanted.get(part) != found.get(part))


async def _index(session: AsyncSession, recording_id: str) -> None:
    # A save that comes in between waits, or makes this one wait: the newer version is the last to be indexed.
    query = select(Recording).where(Recording.id == recording_id).with_for_update()
    recording = await session.scalar(query)
    if recording is None:
        return
    scope = {"owner_id": recording.owner_id, "recording_id": recording_id}
    state = await current_state(session, recording_id)
    session.add(state)
    await texts.replace(session, **scope, kind=texts.Kind.NAME, texts={"name": recording.name})
    transcript = await newest_transcript(session, recording_id)
    if transcript is not None and state.version < transcript.number:
        document = await asyncio.to_thread(_read, transcript)
        await index_document(session, **scope, version=transcript.number, document=document)
    minutes = await _newest_minutes(session, recording_id)
    if minutes is not None and state.minutes < minutes.number:
        await index_minutes(session, minutes)
    state.version, state.minutes = max(state.version, 0), max(state.minutes, 0)


async def _drop_old(database: Database) -> None:
    async with database.read() as session:
        old = await session.run_sync(lambda sync: full_text.old_fts5_tables(sync.connection()))
    for name in old:
        async with database.write() as session:
            await session.execute(text(f"DROP TABLE IF EXISTS {name}"))


def _read(transcript: Transcript) -> Document:
    """The document; an empty one where it is damaged, which a check tells of."""
    try:
        return document_from_json(transcript.document)
    except (KeyError, TypeError, ValueError):
        logger.warning("A document is damaged and not indexed", extra={"recording": transcript.recording_id})
        return Document(0.0)


async def newest_transcript(session: AsyncSession, recording_id: str) -> Transcript | None:
    """The newest version, whoever its owner is and even in the trash."""
    query = select(Transcript).where(Transcript.recording_id == recording_id, Transcript.aside.is_(False))
    newest: Transcript | None = await session.scalar(query.order_by(Transcript.number.desc()).limit(1))
    return newest


async def _newest_minutes(session: AsyncSession, recording_id: str) -> Minutes | None:
    query = select(Minutes).where(Minutes.recording_id == recording_id, Minutes.proposal.is_(None))
    newest: Minutes | None = await session.scalar(query.order_by(Minutes.number.desc()).limit(1))
    return newest


def _needs_indexing() -> ColumnElement[bool]:
    transcript = select(func.coalesce(func.max(Transcript.number), 0)).where(
        Transcript.recording_id == Recording.id, Transcript.aside.is_(False)
    )
    minutes = select(func.coalesce(func.max(Minutes.number), 0)).where(
        Minutes.recording_id == Recording.id, Minutes.proposal.is_(None)
    )
    current = select(PassageState.recording_id).where(
        PassageState.recording_id == Recording.id,
        PassageState.rules == RULES,
        PassageState.version >= transcript.correlate(Recording).scalar_subquery(),
        PassageState.minutes >= minutes.correlate(Recording).scalar_subquery(),
    )
    return ~current.correlate(Recording).exists()
