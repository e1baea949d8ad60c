"""Each user's use of the language model in tokens, and the daily limit."""

import logging
import math
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import time_zones
from backend.database import Database, utc_now
from backend.engines.language_model_protocol import TokenUsage
from backend.errors import TooManyRequests
from backend.minutes.tables import LanguageUse

logger = logging.getLogger(__name__)

_LAST_24_HOURS = timedelta(days=1)


class BudgetSpent(TooManyRequests):
    code = "language_model_budget"
    detail = (
        "You have used up your tokens of the language model for today. Try again tomorrow, or ask an admin for more."
    )


#: Prompt and completion tokens.
_TOKENS = func.sum(LanguageUse.prompt_tokens + LanguageUse.completion_tokens)


async def tokens_used(session: AsyncSession, *, owner_id: str, now: datetime | None = None) -> int:
    """The owner's tokens of this day, which began at midnight in the owner's time zone."""
    midnight, _ = time_zones.day_of(await time_zones.local(session, owner_id, now or utc_now()))
    query = select(_TOKENS).where(LanguageUse.owner_id == owner_id, LanguageUse.created_at >= midnight)
    return int(await session.scalar(query) or 0)


async def by_endpoint(session: AsyncSession, *, owner_id: str | None) -> dict[str, int]:
    """The tokens of the last 24 hours at each endpoint; of all users where `owner_id` is None."""
    query = select(LanguageUse.endpoint, _TOKENS).where(LanguageUse.created_at > utc_now() - _LAST_24_HOURS)
    if owner_id is not None:
        query = query.where(LanguageUse.owner_id == owner_id)
    return {id: int(count) for id, count in await session.execute(query.group_by(LanguageUse.endpoint))}


async def check(session: AsyncSession, *, owner_id: str, daily_tokens: int, now: datetime | None = None) -> None:
    """Raise BudgetSpent where the owner has used up the limit, until the next midnight there; 0 means no limit."""
    now = now or utc_now()
    if daily_tokens and await tokens_used(session, owner_id=owner_id, now=now) >= daily_tokens:
        _, tomorrow = time_zones.day_of(await time_zones.local(session, owner_id, now))
        raise BudgetSpent(headers={"Retry-After": str(math.ceil((tomorrow - now).total_seconds()))})


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
