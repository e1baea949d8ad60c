"""Minutes of a month count where their user is."""

from datetime import datetime, timezone

import pytest

from backend.accounts.tables import User
from backend.database import Database
from backend.jobs import quotas
from backend.jobs.tables import Usage


@pytest.mark.parametrize(("zone", "minutes"), [("Asia/Shanghai", 5.0), (None, 2.0), ("America/New_York", 2.0)])
async def test_a_month_begins_at_midnight_where_the_user_is(
    database: Database, zone: str | None, minutes: float
) -> None:
    now = datetime(2026, 11, 30, 17, 0, tzinfo=timezone.utc)
    async with database.write() as session:
        user = User(username="li", username_key="li", time_zone=zone)
        session.add(user)
        await session.flush()
        session.add_all(
            Usage(user_id=user.id, month=month, seconds=seconds)
            for month, seconds in (("2026-11", 120), ("2026-12", 300))
        )
        await session.flush()

        used = await quotas.quota_usage(session, user.id, now)

    assert used.minutes_this_month == minutes
