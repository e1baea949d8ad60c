"""Each user's use of the language model in tokens, and the daily limit."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database, utc_now
from backend.engines.language_model_protocol import TokenUsage
from backend.errors import TooManyRequests
from backend.minutes.tables import LanguageUse

logger = logging.getLogger(__name__)

_DAY = timedelta(days=1)


class BudgetSpent(TooManyRequests):
    code = "language_model_budget"
    detail = (
        "You have used up your tokens of the language model for today. Try again tomorrow, or ask an admin for more."
    )


async def tokens_used(session: AsyncSession, *, owner_id: str, now: datetime | None = None) -> int:
    """Prompt and completion tokens of the last 24 hours."""
    return sum((await by_endpoint(session, owner_id=owner_id, now=now)).values())


async def by_endpoint(session: AsyncSession, *, owner_id: str | None, now: datetime | None = None) -> dict[str, int]:
    """The same for each endpoint; of all users where `owner_id` is None."""
    tokens = func.sum(LanguageUse.prompt_tokens + LanguageUse.completion_tokens)
    query = select(LanguageUse.endpoint, tokens).where(LanguageUse.created_at > (now or utc_now()) - _DAY)
    if owner_id is not None:
        query = query.where(LanguageUse.owner_id == owner_id)
    return {id: int(count) for id, count in await session.execute(query.group_by(LanguageUse.endpoint))}


async def check(session: AsyncSession, *, owner_id: str, daily_tokens: int) -> None:
    """Raise BudgetSpent where the owner has used up the limit; 0 means no limit."""
    if daily_tokens and await tokens_used(session, owner_id=owner_id) >= daily_tokens:
        raise BudgetSpent(headers={"Retry-After": "3600"})


async def record_usage(
    database: Database, *, owner_id: str, purpose: str, model: str, endpoint: str, usage: TokenUsage
) -> None:
    """Store the usage, also that of failed calls. A database error is only logged, so that the answer is not lost."""
    if usage.calls == 0:
        return
    row = LanguageUse(
        owner_id=owner_id,
        purpose=purpose,
        model=model[:128],
        endpoint=endpoint,
        calls=usage.calls,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )
    try:
        async with database.write() as session:
            session.add(row)
    except SQLAlchemyError:  # the user was deleted meanwhile, or the database is busy
        logger.warning("Use of the language model could not be noted", exc_info=True)
