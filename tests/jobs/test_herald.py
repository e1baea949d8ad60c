from contextlib import ExitStack

from sqlalchemy import event

from backend.database import Database
from backend.events import Bus, Listener
from backend.jobs import queue
from backend.jobs.herald import Herald
from backend.jobs.queue import Limits
from tests.jobs.conftest import MakeRecording

LIMITS = Limits(concurrent=1)


async def added(database: Database, recording_of: MakeRecording) -> str:
    recording = await recording_of("ann")
    async with database.write() as session:
        job = await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
    return job.id


async def told(herald: Herald, listener: Listener, *ids: str) -> dict[str, tuple[str, int | None]]:
    """What a listener hears when these have changed: status and place of each job."""
    herald.changed(*ids)
    herald.stop()
    await herald.run()
    heard = {id: (change.state["status"], change.state["position"]) for id, change in listener._newest.items()}
    listener._newest.clear()
    return heard


async def test_those_who_wait_hear_of_their_places_only_when_they_change(
    database: Database, recording_of: MakeRecording
) -> None:
    first, second, third = [await added(database, recording_of) for _ in range(3)]
    bus = Bus()
    herald = Herald(database, bus, LIMITS)
    with bus.listen("ann") as listener:
        assert await told(herald, listener, third) == {
            first: ("queued", 1),
            second: ("queued", 2),
            third: ("queued", 3),
        }
        assert await told(herald, listener, third) == {third: ("queued", 3)}

        async with database.write() as session:
            assert await queue.claim(session, runner="here", limits=LIMITS) is not None

        assert await told(herald, listener, first) == {
            first: ("running", None),
            second: ("queued", 1),
            third: ("queued", 2),
        }
        assert await told(herald, listener, first) == {first: ("running", None)}


async def test_a_change_is_read_and_written_once_however_many_listen(
    database: Database, recording_of: MakeRecording
) -> None:
    job = await added(database, recording_of)
    bus = Bus()
    herald = Herald(database, bus, LIMITS)
    asked: list[str] = []
    event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))

    counts = []
    for listeners in (1, 100):
        asked.clear()
        with ExitStack() as stack:
            here = [stack.enter_context(bus.listen("ann")) for _ in range(listeners)]
            herald.changed(job)
            herald.stop()
            await herald.run()
        counts.append(len(asked))
        assert len({id(change.message) for one in here for change in one._newest.values()}) == 1

    assert counts[0] == counts[1] > 0
