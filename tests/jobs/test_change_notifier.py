from contextlib import ExitStack

from sqlalchemy import event

from backend.database import Database
from backend.events import Bus, Listener
from backend.jobs import queue
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.queue import Limits
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
    states = {id: (change.state["status"], change.state["position"]) for id, change in listener._newest.items()}
    listener._newest.clear()
    return states


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
        assert await published(notifier, listener, third) == {third: ("queued", 3)}

        async with database.write() as session:
            assert await queue.claim(session, runner="here", limits=LIMITS) is not None

        assert await published(notifier, listener, first) == {
            first: ("running", None),
            second: ("queued", 1),
            third: ("queued", 2),
        }
        assert await published(notifier, listener, first) == {first: ("running", None)}


async def test_a_change_is_read_and_serialised_once_for_all_listeners(
    database: Database, recording_of: MakeRecording
) -> None:
    job = await add_job(database, recording_of)
    bus = Bus()
    notifier = ChangeNotifier(database, bus, LIMITS)
    queries: list[str] = []
    event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *facts: queries.append(facts[2]))

    counts = []
    for listeners in (1, 100):
        queries.clear()
        with ExitStack() as stack:
            here = [stack.enter_context(bus.listen("ann")) for _ in range(listeners)]
            notifier.changed(job)
            notifier.stop()
            await notifier.run()
        counts.append(len(queries))
        assert len({id(change.message) for one in here for change in one._newest.values()}) == 1

    assert counts[0] == counts[1] > 0
