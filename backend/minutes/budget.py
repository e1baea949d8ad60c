"""What each user asked of the language model, in tokens, and whether they may ask more today."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database, utc_now
from backend.engines.language import Tally
from backend.errors import TooManyRequests
from backend.minutes.tables import LanguageUse

logger = logging.getLogger(__name__)

_DAY = timedelta(days=1)


class BudgetSpent(TooManyRequests):
    code = "language_model_budget"
    detail = (
        "You have used up your tokens of the language model for today. Try again tomorrow, or ask an admin for more."
    )


async def used(session: AsyncSession, *, owner_id: str, now: datetime | None = None) -> int:
    """Tokens, asked and answered, of the last twenty-four hours."""
    return sum((await by_endpoint(session, owner_id=owner_id, now=now)).values())


async def by_endpoint(session: AsyncSession, *, owner_id: str | None, now: datetime | None = None) -> dict[str, int]:
    """The same for each endpoint; of everybody where the owner is none."""
    tokens = func.sum(LanguageUse.prompt_tokens + LanguageUse.completion_tokens)
    query = select(LanguageUse.endpoint, tokens).where(LanguageUse.created_at > (now or utc_now()) - _DAY)
    if owner_id is not None:
        query = query.where(LanguageUse.owner_id == owner_id)
    return {id: int(count) for id, count in await session.execute(query.group_by(LanguageUse.endpoint))}


async def check(session: AsyncSession, *, owner_id: str, daily_tokens: int) -> None:
    """Raise BudgetSpent where the owner may ask no more; 0 means no limit."""
    if daily_tokens and await used(session, owner_id=owner_id) >= daily_tokens:
        raise BudgetSpent(headers={"Retry-After": "3600"})


async def note(database: Database, *, owner_id: str, purpose: str, model: str, endpoint: str, tally: Tally) -> None:
    """Write down what was asked, whatever came of it. What is paid is paid: a database in trouble is no reason to lose
    the answer."""
    if tally.calls == 0:
        return
    row = LanguageUse(
        owner_id=owner_id,
        purpose=purpose,
        model=model[:128],
        endpoint=endpoint,
        calls=tally.calls,
        prompt_tokens=tally.prompt_tokens,
        completion_tokens=tally.completion_tokens,
    )
    try:
        async with database.write() as session:
            session.add(row)
    except SQLAlchemyError:  # the user was deleted meanwhile, or the database is busy
        logger.warning("Use of the language model could not be noted", exc_info=True)
