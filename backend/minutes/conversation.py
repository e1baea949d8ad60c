"""The conversation about a recording: the owner's questions and their answers. It can be deleted."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.answering import Answer
from backend.minutes.tables import Exchange
from backend.recordings.tables import not_trashed


async def list_exchanges(
    session: AsyncSession, *, owner_id: str, recording_id: str, limit: int = 200
) -> Sequence[Exchange]:
    """The last `limit` exchanges, oldest first."""
    owned = (Exchange.recording_id == recording_id) & (Exchange.owner_id == owner_id)
    query = select(Exchange).where(owned, not_trashed(Exchange.recording_id))
    found = (await session.scalars(query.order_by(Exchange.created_at.desc(), Exchange.id).limit(limit))).all()
    return list(reversed(found))


async def add_exchange(
    session: AsyncSession, *, owner_id: str, recording_id: str, transcript: int, question: str, answer: Answer
) -> Exchange:
    row = Exchange(
        recording_id=recording_id,
        owner_id=owner_id,
        transcript=transcript,
        question=question,
        answer=answer.text,
        citations=answer.citations,
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
    )
    session.add(row)
    await session.flush()
    return row


async def delete_conversation(session: AsyncSession, *, owner_id: str, recording_id: str) -> None:
    """Delete all of it."""
    owned = (Exchange.recording_id == recording_id) & (Exchange.owner_id == owner_id)
    await session.execute(delete(Exchange).where(owned))
