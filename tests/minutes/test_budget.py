"""The daily tokens of the language model, which begin anew at midnight where the owner is."""

from datetime import datetime, timedelta, timezone

import pytest

from backend.accounts.tables import User
from backend.database import Database
from backend.minutes import budget
from backend.minutes.tables import LanguageUse

#: 16:00 UTC is midnight in Shanghai.
MIDNIGHT = datetime(2026, 11, 30, 16, 0, tzinfo=timezone.utc)


@pytest.fixture
async def owners(database: Database) -> dict[str, str]:
    """The ids of a user in Shanghai and of one without a time zone, both with 100 tokens a minute before midnight."""
    async with database.write() as session:
        users = [
            User(username=name, username_key=name, time_zone=zone)
            for name, zone in (("li", "Asia/Shanghai"), ("ann", None))
        ]
        session.add_all(users)
        await session.flush()
        for user in users:
            use = LanguageUse(owner_id=user.id, purpose="test", model="m", endpoint="e", calls=1, completion_tokens=40)
            use.prompt_tokens, use.created_at = 60, MIDNIGHT - timedelta(minutes=1)
            session.add(use)
    return {user.username: user.id for user in users}


async def test_tokens_count_until_midnight_where_their_owner_is(database: Database, owners: dict[str, str]) -> None:
    async with database.read() as session:
        used = {
            (name, hours): await budget.tokens_used(session, owner_id=id, now=MIDNIGHT + timedelta(hours=hours))
            for name, id in owners.items()
            for hours in (-0.01, 0, 9)
        }

    assert used == {
        ("li", -0.01): 100, ("li", 0): 0, ("li", 9): 0,
        ("ann", -0.01): 100, ("ann", 0): 100, ("ann", 9): 0,
    }  # fmt: skip


async def test_a_budget_that_is_spent_names_the_seconds_to_midnight(database: Database, owners: dict[str, str]) -> None:
    before = MIDNIGHT - timedelta(seconds=30)

    async with database.read() as session:
        with pytest.raises(budget.BudgetSpent) as spent:
            await budget.check(session, owner_id=owners["li"], daily_tokens=100, now=before)
        await budget.check(session, owner_id=owners["li"], daily_tokens=101, now=before)
        await budget.check(session, owner_id=owners["li"], daily_tokens=100, now=MIDNIGHT)

    assert spent.value.headers == {"Retry-After": "30"}
