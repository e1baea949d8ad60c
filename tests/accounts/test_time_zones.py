"""The time zone of a person, and the days and months that begin by it."""

from datetime import datetime, timezone

import pytest
from sqlalchemy import update

from backend.accounts import time_zones
from backend.accounts.tables import User
from backend.database import Database
from tests.accounts.people import Api

#: In Shanghai it is the first of December already, at half past seven in the morning.
LATE = datetime(2026, 11, 30, 23, 30, tzinfo=timezone.utc)


async def test_a_person_chooses_a_time_zone(api: Api) -> None:
    before = await api.client.get("/api/auth/me", headers=api.bearer("mary"))
    chosen = await api.client.put(
        "/api/auth/me/time-zone", json={"time_zone": "Asia/Shanghai"}, headers=api.bearer("mary")
    )
    after = await api.client.get("/api/auth/me", headers=api.bearer("mary"))
    other = await api.client.get("/api/auth/me", headers=api.bearer("ada"))

    assert before.json()["time_zone"] is None
    assert chosen.json() == after.json()
    assert after.json()["time_zone"] == "Asia/Shanghai"
    assert other.json()["time_zone"] is None


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "Asia/上海", "asia\x00", "UTC+8"]
)
async def test_a_time_zone_that_is_not_known_is_refused(api: Api, name: str) -> None:
    answer = await api.client.put("/api/auth/me/time-zone", json={"time_zone": name}, headers=api.bearer("mary"))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_time_zone")


async def test_the_local_time_is_in_the_chosen_zone_and_else_in_utc(api: Api, database: Database) -> None:
    mary, ada = api.people["mary"].id, api.people["ada"].id
    async with database.write() as session:
        await session.execute(update(User).where(User.id == mary).values(time_zone="Asia/Shanghai"))

    async with database.read() as session:
        here, there = await time_zones.local(session, ada, LATE), await time_zones.local(session, mary, LATE)

    assert here == there == LATE
    assert (f"{here:%Y-%m-%d %H:%M}", f"{there:%Y-%m-%d %H:%M}") == ("2026-11-30 23:30", "2026-12-01 07:30")


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        (None, "2026-11-30T00:00+00:00", "2026-12-01T00:00+00:00"),
        ("Removed/Zone", "2026-11-30T00:00+00:00", "2026-12-01T00:00+00:00"),
        ("Asia/Shanghai", "2026-11-30T16:00+00:00", "2026-12-01T16:00+00:00"),
        ("America/New_York", "2026-11-30T05:00+00:00", "2026-12-01T05:00+00:00"),
    ],
)
def test_a_day_begins_at_local_midnight(zone: str | None, begins: str, ends: str) -> None:
    local = LATE.astimezone(time_zones._zone(zone))

    assert time_zones.day_of(local) == (datetime.fromisoformat(begins), datetime.fromisoformat(ends))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_on_which_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00+00:00").astimezone(time_zones._zone("Europe/Berlin"))

    begins, ends = time_zones.day_of(noon)

    assert (ends - begins).total_seconds() == hours * 3600
