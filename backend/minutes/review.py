"""What a language model made of a transcript for people to review: the newest of its kind, and the version it is
reviewed in."""

import asyncio
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import NotFound
from backend.minutes.tables import Polish, Repair
from backend.recordings.tables import not_trashed
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json

Reviewed = TypeVar("Reviewed", Polish, Repair)


class PolishNotFound(NotFound):
    code = "polish_not_found"
    detail = "This transcript was not polished, or it is not yours."


class RepairNotFound(NotFound):
    code = "repair_not_found"
    detail = "Nobody looked for torn segments in this transcript, or it is not yours."


_MISSING: dict[type[Polish] | type[Repair], type[NotFound]] = {Polish: PolishNotFound, Repair: RepairNotFound}


async def newest(session: AsyncSession, kind: type[Reviewed], *, owner_id: str, recording_id: str) -> Reviewed:
    """Raises PolishNotFound or RepairNotFound where there is none."""
    mine = (kind.recording_id == recording_id) & (kind.owner_id == owner_id)
    query = select(kind).where(mine, not_trashed(kind.recording_id))
    found: Reviewed | None = await session.scalar(query.order_by(kind.created_at.desc(), kind.id).limit(1))
    if found is None:
        raise _MISSING[kind]
    return found


async def standing_in(session: AsyncSession, *, owner_id: str, recording_id: str) -> tuple[int, Document]:
    """The newest version's number and document: how things stand, they stand there."""
    last = await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    return last.number, await asyncio.to_thread(document_from_json, last.document)


async def looked_at(session: AsyncSession, *, owner_id: str, recording_id: str, based_on: int) -> Document:
    """The document of the version that a person looked at. Raises TranscriptChanged where it is not the newest."""
    number, document = await standing_in(session, owner_id=owner_id, recording_id=recording_id)
    if number != based_on:
        raise transcripts.TranscriptChanged(number)
    return document
