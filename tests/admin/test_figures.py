from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.admin.figures import Day, combine, daily_figures
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


async def test_every_day_has_its_figures(filled: Database) -> None:
    async with filled.read() as session:
        days = await daily_figures(session, NOW, 5, timedelta(0))

    assert [day.day for day in days] == [date(2026, 3, number) for number in range(6, 11)]
    counts = [(day.started, day.done, day.failed) for day in days]
    assert counts == [(0, 0, 0), (1, 1, 0), (0, 0, 0), (21, 20, 1), (0, 0, 0)]
    assert (days[3].wait_percentile(0.5), days[3].wait_percentile(0.95)) == (10.0, 19.0)
    assert days[3].failure_rate == pytest.approx(1 / 21)
    assert (days[0].wait_percentile(0.5), days[0].failure_rate) == (None, None)


async def test_audio_seconds_count_finished_transcripts_only(filled: Database) -> None:
    async with filled.read() as session:
        days = await daily_figures(session, NOW, 5, timedelta(0))

    assert [day.audio_seconds for day in days] == [0.0, 0.0, 0.0, 20 * 60.0, 0.0]


async def test_a_wait_for_an_engine_counts_as_one_in_the_queue(
    database: Database, recording_of: MakeRecording  # noqa: F811
) -> None:  # fmt: skip
    waited = job(await recording_of("a"), NOW, 0.1, Status.DONE)
    waited.progress = {"transcribe": [60.0, 60.0], "waited": [1200.0]}
    async with database.write() as session:
        session.add(waited)

    async with database.read() as session:
        (today,) = await daily_figures(session, NOW, 1, timedelta(0))

    assert today.wait_percentile(0.5) == pytest.approx(1200.1)


async def test_days_begin_at_local_midnight(filled: Database) -> None:
    late = datetime(2026, 3, 9, 17, 0, tzinfo=timezone.utc)  # 1:00 on the tenth in China

    async with filled.read() as session:
        (today,) = await daily_figures(session, late, 1, CHINA)
        (day_of_utc,) = await daily_figures(session, late, 1, timedelta(0))

    assert (today.day, today.started) == (date(2026, 3, 10), 0)
    assert (day_of_utc.day, day_of_utc.started) == (date(2026, 3, 9), 21)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_an_actual_wait_and_covers_its_fraction(waits: list[float], fraction: float) -> None:
    day = Day(None, waits, len(waits), 0, 0, 0.0)

    wait = day.wait_percentile(fraction)

    assert wait in waits
    assert sum(one <= wait for one in waits) >= fraction * len(waits) - 1e-9


def test_combined_figures_cover_all_days() -> None:
    days = [Day(date(2026, 3, 1), [1.0], 1, 1, 0, 60.0), Day(date(2026, 3, 2), [3.0, 5.0], 2, 0, 1, 0.0)]

    whole = combine(days)

    assert (whole.day, whole.started, whole.failure_rate, whole.wait_percentile(0.5)) == (None, 3, 0.5, 3.0)
