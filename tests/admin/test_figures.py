from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.admin.figures import Day, by_day, together
from backend.database import Database
from backend.jobs.tables import Job, Kind, Status
from backend.recordings.tables import Recording
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)

NOW = datetime(2026, 3, 10, 1, 30, tzinfo=timezone.utc)
CHINA = timedelta(hours=8)


def job(recording: str, started: datetime, waited: float, status: Status, kind: Kind = Kind.TRANSCRIPT) -> Job:
    return Job(
        owner_id="a",
        recording_id=recording,
        kind=kind.value,
        options={},
        status=status.value,
        created_at=started - timedelta(days=1),
        not_before=started - timedelta(seconds=waited),
        started_at=started,
        finished_at=started + timedelta(minutes=1),
    )


@pytest.fixture
async def filled(database: Database, recording_of: MakeRecording) -> Database:  # noqa: F811
    recording = await recording_of("a")
    yesterday = NOW - timedelta(days=1)
    async with database.write() as session:
        (await session.get_one(Recording, recording)).duration = 60.0
        session.add_all(job(recording, yesterday, waited, Status.DONE) for waited in range(1, 21))
        session.add(job(recording, yesterday, 1.0, Status.FAILED))
        session.add(job(recording, NOW - timedelta(days=3), 7.0, Status.DONE, Kind.MINUTES))
        session.add(job(recording, NOW - timedelta(days=30), 7.0, Status.FAILED))
    return database


async def test_every_day_is_there_with_what_happened_on_it(filled: Database) -> None:
    async with filled.read() as session:
        days = await by_day(session, NOW, 5, timedelta(0))

    assert [day.day for day in days] == [date(2026, 3, number) for number in range(6, 11)]
    counts = [(day.started, day.done, day.failed) for day in days]
    assert counts == [(0, 0, 0), (1, 1, 0), (0, 0, 0), (21, 20, 1), (0, 0, 0)]
    assert (days[3].wait(0.5), days[3].wait(0.95)) == (10.0, 19.0)
    assert days[3].failure_rate == pytest.approx(1 / 21)
    assert (days[0].wait(0.5), days[0].failure_rate) == (None, None)


async def test_minutes_of_audio_are_those_of_transcripts_that_were_done(filled: Database) -> None:
    async with filled.read() as session:
        days = await by_day(session, NOW, 5, timedelta(0))

    assert [day.audio_seconds for day in days] == [0.0, 0.0, 0.0, 20 * 60.0, 0.0]


async def test_midnight_is_that_of_the_place(filled: Database) -> None:
    late = datetime(2026, 3, 9, 17, 0, tzinfo=timezone.utc)  # one in the morning of the tenth in China

    async with filled.read() as session:
        (today,) = await by_day(session, late, 1, CHINA)
        (day_of_utc,) = await by_day(session, late, 1, timedelta(0))

    assert (today.day, today.started) == (date(2026, 3, 10), 0)
    assert (day_of_utc.day, day_of_utc.started) == (date(2026, 3, 9), 21)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_wait_that_happened_and_covers_its_share(waits: list[float], share: float) -> None:
    day = Day(None, waits, len(waits), 0, 0, 0.0)

    wait = day.wait(share)

    assert wait in waits
    assert sum(one <= wait for one in waits) >= share * len(waits) - 1e-9


def test_together_is_all_of_it() -> None:
    days = [Day(date(2026, 3, 1), [1.0], 1, 1, 0, 60.0), Day(date(2026, 3, 2), [3.0, 5.0], 2, 0, 1, 0.0)]

    whole = together(days)

    assert (whole.day, whole.started, whole.failure_rate, whole.wait(0.5)) == (None, 3, 0.5, 3.0)
