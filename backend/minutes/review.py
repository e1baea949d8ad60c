"""Reviews of what a language model made of a transcript: store the result, read it, accept or reject its parts.

A polish and a repair differ in what they store and in what accepting does: each is a `ReviewKind`."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.engines.language_model_protocol import TokenUsage
from backend.errors import NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.minutes.tables import Polish, Repair
from backend.recordings.tables import not_trashed
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.tables import Origin, Transcript

Row = TypeVar("Row", Polish, Repair)
Id = TypeVar("Id", str, int)
Result = TypeVar("Result")
Standing = TypeVar("Standing", bound=str)


@dataclass(frozen=True, slots=True)
class ReviewKind(Generic[Row, Id, Result, Standing]):
    """What is special about one kind of result. `Id` names one part of a result in a review."""

    table: type[Row]
    not_found: type[NotFound]
    #: Columns of the stored row; may publish a version. Called with owner_id, recording_id and job_id.
    content: Callable[..., Awaitable[dict[str, Any]]]
    #: How each part stands in a document.
    standings: Callable[[Document, Row], list[Standing]]
    #: Raises InvalidInput for ids that no review may name, whatever the version.
    check_ids: Callable[[Row, Collection[Id], Collection[Id]], None]
    #: The document after a review, or None where there is nothing to save.
    decide: Callable[[AsyncSession, Row, Document, Sequence[Id], Sequence[Id]], Awaitable[Document | None]]
    origin: Origin  #: of the version that a review saves
    written: EventKind  #: the event of a stored result


async def publish(
    session: AsyncSession,
    kind: ReviewKind[Row, Id, Result, Standing],
    *,
    owner_id: str,
    recording_id: str,
    job_id: str,
    base: int,
    result: Result,
    model: str,
    used: TokenUsage,
) -> Row:
    """Store the result of a job that read version `base`."""
    scope = {"owner_id": owner_id, "recording_id": recording_id, "job_id": job_id}
    row: Row = kind.table(
        **scope,
        **await kind.content(session, result, **scope),
        base=base,
        model=model[:128],
        calls=used.calls,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
    )
    session.add(row)
    await session.flush()
    record(session, kind.written, **scope)
    return row


async def newest(
    session: AsyncSession, kind: ReviewKind[Row, Id, Result, Standing], *, owner_id: str, recording_id: str
) -> Row:
    """The newest result of this kind. Raises the kind's `not_found` where there is none."""
    table = kind.table
    owned = (table.recording_id == recording_id) & (table.owner_id == owner_id)
    query = select(table).where(owned, not_trashed(table.recording_id))
    found: Row | None = await session.scalar(query.order_by(table.created_at.desc(), table.id).limit(1))
    if found is None:
        raise kind.not_found
    return found


async def read(
    session: AsyncSession, kind: ReviewKind[Row, Id, Result, Standing], *, owner_id: str, recording_id: str
) -> tuple[Row, int, list[Standing]]:
    """The newest result, the number of the newest version, and how each part of the result stands in that version."""
    row = await newest(session, kind, owner_id=owner_id, recording_id=recording_id)
    number, document = await newest_document(session, owner_id=owner_id, recording_id=recording_id)
    return row, number, await asyncio.to_thread(kind.standings, document, row)


async def review(
    session: AsyncSession,
    kind: ReviewKind[Row, Id, Result, Standing],
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    based_on: int,
    accept: Sequence[Id],
    reject: Sequence[Id],
) -> Transcript:
    """Save a version in which the parts of `accept` are applied and those of `reject` are not; the newest version
    where there is nothing to save. Raises TranscriptChanged where `based_on` is not the newest version."""
    row = await newest(session, kind, owner_id=owner_id, recording_id=recording_id)
    kind.check_ids(row, accept, reject)
    number, document = await newest_document(session, owner_id=owner_id, recording_id=recording_id)
    if number != based_on:
        raise transcripts.TranscriptChanged(number)
    reviewed = await kind.decide(session, row, document, accept, reject)
    if reviewed is None:
        return await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    return await transcripts.save(
        session,
        owner_id=owner_id,
        recording_id=recording_id,
        author_id=author_id,
        document=reviewed,
        based_on=based_on,
        origin=kind.origin,
    )


async def newest_document(session: AsyncSession, *, owner_id: str, recording_id: str) -> tuple[int, Document]:
    """The number and the document of the newest version."""
    last = await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    return last.number, await asyncio.to_thread(document_from_json, last.document)
