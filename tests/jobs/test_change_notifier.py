from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from backend.accounts.tables import User
from backend.database import Database, utc_now
from backend.events import log
from backend.events.bus import Bus, Listener, MissedEvents
from backend.events.tables import Event
from backend.jobs import queue
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.queue import Limits
from backend.jobs.tables import Job
from backend.library import trash
from backend.recordings.tables import Recording
from backend.settings import Settings
from tests.jobs.conftest import MakeRecording

LIMITS = Limits(concurrent=1)


async def add_job(database: Database, recording_of: MakeRecording) -> str:
    recording = await recording_of("ann")
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
    return job.id


async def published(notifier: ChangeNotifier, listener: Listener, *ids: str) -> dict[str, tuple[str, int | None]]:
    """The status and place of each job that a listener gets when these jobs have changed."""
    notifier.changed(*ids)
    notifier.stop()
    await notifier.run()
    states = {id: (change.state["status"], change.state.get("position")) for id, change in listener._newest.items()}
    listener._newest.clear()
    return states


async def claim(database: Database) -> None:
    async with database.write() as session:
        assert await queue.claim(session, runner="here", limits=LIMITS) is not None


async def test_waiting_jobs_are_published_only_when_their_place_changes(
    database: Database, recording_of: MakeRecording
) -> None:
    first, second, third = [await add_job(database, recording_of) for _ in range(3)]
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    with bus.listen("ann") as listener:
        assert await published(notifier, listener, third) == {
            first: ("queued", 1),
            second: ("queued", 2),
            third: ("queued", 3),
        }
        assert await published(notifier, listener, third) == {}

        await claim(database)

        assert await published(notifier, listener) == {
            first: ("running", None),
            second: ("queued", 1),
            third: ("queued", 2),
        }
        assert await published(notifier, listener, first) == {}


async def test_a_change_is_read_and_serialised_once_for_all_listeners(
    database: Database, recording_of: MakeRecording
) -> None:
    jobs = [await add_job(database, recording_of) for _ in range(3)]
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    queries: list[str] = []
    event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *facts: queries.append(facts[2]))

    counts = []
    for listeners, job in zip((1, 1, 100), jobs, strict=True):  # the first time it only finds the end of the log
        with ExitStack() as stack:
            here = [stack.enter_context(bus.listen("ann")) for _ in range(listeners)]
            async with database.write() as session:
                await queue.to_front(session, await session.get_one(Job, job))
            queries.clear()
            await published(notifier, Listener("nobody"), job)
        counts.append(len(queries))
        assert len({id(one._newest[job].message) for one in here}) == 1

    assert counts[1] == counts[2] > 0


async def test_the_progress_of_a_job_of_another_server_is_published(
    database: Database, recording_of: MakeRecording
) -> None:
    job = await add_job(database, recording_of)
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    async with database.write() as session:
        claimed = await queue.claim(session, runner="elsewhere", limits=LIMITS)
    assert claimed is not None
    with bus.listen("ann") as listener:
        await published(notifier, listener)
        async with database.write() as session:
            await queue.report(session, claimed, progress={"transcribe": [3.0, 20.0]})

        notifier.stop()
        await notifier.run()

        (stage,) = listener._newest[job].state["stages"]
        assert (stage["name"], stage["done_seconds"], stage["total_seconds"]) == ("transcribe", 3.0, 20.0)


async def test_a_job_whose_recording_is_trashed_is_published_as_deleted_and_comes_back_with_it(
    database: Database, recording_of: MakeRecording, settings: Settings
) -> None:
    job = await add_job(database, recording_of)
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    with bus.listen("ann") as listener:
        await published(notifier, listener)
        async with database.write() as session:
            recording = await session.get_one(Recording, (await session.get_one(Job, job)).recording_id)
            await trash.move_to_trash(session, recording, utc_now())
        assert await published(notifier, listener) == {job: ("deleted", None)}

        async with database.write() as session:
            ann = await session.get_one(User, "ann")
            await trash.restore(session, ann, recording, limits=LIMITS, settings=settings, now=utc_now())

        assert await published(notifier, listener) == {job: ("queued", 1)}
        kinds = [happening.event["kind"] for happening in listener._events]
        assert kinds == ["recording.trashed", "recording.restored"]


async def test_nothing_is_told_of_a_transaction_that_is_rolled_back(
    database: Database, recording_of: MakeRecording
) -> None:
    job = await add_job(database, recording_of)
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    with bus.listen("ann") as listener:
        assert await published(notifier, listener, job) == {job: ("queued", 1)}

        with pytest.raises(LookupError):
            await cancel_in_vain(database, job)

        assert await published(notifier, listener, job) == {}


async def cancel_in_vain(database: Database, job: str) -> None:
    async with database.write() as session:
        await queue.cancel(session, await session.get_one(Job, job))
        raise LookupError


async def test_a_listener_gets_a_snapshot_where_events_were_deleted_before_they_were_told(
    database: Database, recording_of: MakeRecording
) -> None:
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    with bus.listen("ann") as listener:
        await published(notifier, listener)
        await add_job(database, recording_of)
        async with database.write() as session:
            await log.number(session)
        async with database.write() as session:  # while this server was paused, another one kept house
            await session.execute(update(Event).values(at=utc_now() - timedelta(days=31)))
        await log.delete_expired(database, days=30)

        await published(notifier, listener)

        assert isinstance(await anext(aiter(listener)), MissedEvents)
