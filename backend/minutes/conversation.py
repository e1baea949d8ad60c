"""The conversation about a recording: what its owner asked and was answered. It can be deleted."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.asked import Answer
from backend.minutes.tables import Exchange
from backend.recordings.tables import not_trashed


async def exchanges(session: AsyncSession, *, owner_id: str, recording_id: str, most: int = 200) -> Sequence[Exchange]:
    """The last of them, oldest first."""
    mine = (Exchange.recording_id == recording_id) & (Exchange.owner_id == owner_id)
    query = select(Exchange).where(mine, not_trashed(Exchange.recording_id))
    found = (await session.scalars(query.order_by(Exchange.created_at.desc(), Exchange.id).limit(most))).all()
    return list(reversed(found))


async def keep(
    session: AsyncSession, *, owner_id: str, recording_id: str, transcript: int, question: str, answer: Answer
) -> Exchange:
    row = Exchange(
        recording_id=recording_id,
        owner_id=owner_id,
        transcript=transcript,
        question=question,
        answer=answer.text,
        citations=answer.citations,
        prompt_tokens=answer.tally.prompt_tokens,
        completion_tokens=answer.tally.completion_tokens,
    )
    session.add(row)
    await session.flush()
    return row


async def forget(session: AsyncSession, *, owner_id: str, recording_id: str) -> None:
    """Delete all of it."""
    mine = (Exchange.recording_id == recording_id) & (Exchange.owner_id == owner_id)
    await session.execute(delete(Exchange).where(mine))
