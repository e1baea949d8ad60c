"""A short recording starts beside long ones, and takes no place from them."""

from sqlalchemy import update

from backend.jobs.queue import Limits
from backend.jobs.reserved_place import SHORT_SECONDS, without_reserved
from backend.jobs.tables import Job
from backend.recordings.tables import Recording
from tests.jobs.queue_actions import QueueActions

LIMITS = Limits(concurrent=2, per_user=2, size=50)
HOUR = 3600.0


async def add(actions: QueueActions, owner: str, seconds: float) -> Job:
    job = await actions.add(owner, LIMITS)
    async with actions.database.write() as session:
        await session.execute(update(Recording).where(Recording.id == job.recording_id).values(duration=seconds))
    return job


async def claimed(actions: QueueActions) -> list[str]:
    """The jobs that may start now."""
    found = []
    while job := await actions.claim(limits=LIMITS):
        found.append(job.id)
    return found


async def test_a_short_recording_starts_though_long_ones_have_every_place(actions: QueueActions) -> None:
    for owner in ("ann", "bob", "eve"):
        await add(actions, owner, HOUR)
    assert 2 == len(await claimed(actions))

    short = await add(actions, "dan", 20.0)

    assert [short.id] == await claimed(actions)


async def test_a_user_at_the_limit_has_a_short_one_started_too(actions: QueueActions) -> None:
    for _ in range(2):
        await add(actions, "ann", HOUR)
    await claimed(actions)

    short = await add(actions, "ann", SHORT_SECONDS)

    assert [short.id] == await claimed(actions)


async def test_there_is_one_such_place_and_the_one_who_waited_longest_has_it_next(actions: QueueActions) -> None:
    for owner in ("ann", "bob"):
        await add(actions, owner, HOUR)
    await claimed(actions)
    first, second, third = [await add(actions, owner, 20.0) for owner in ("zoe", "ann", "ann")]

    assert [first.id] == await claimed(actions)
    await actions.done(await actions.row(first.id))
    assert [second.id] == await claimed(actions)
    await actions.done(await actions.row(second.id))
    assert [third.id] == await claimed(actions)


async def test_a_long_one_gets_the_place_of_a_long_one_though_short_ones_keep_coming(actions: QueueActions) -> None:
    long = [await add(actions, owner, HOUR) for owner in ("ann", "bob")]
    await claimed(actions)
    waiting = await add(actions, "eve", HOUR)
    short = await add(actions, "dan", 20.0)
    await claimed(actions)
    await add(actions, "dan", 20.0)

    await actions.done(await actions.row(long[0].id))

    assert [waiting.id] == await claimed(actions)
    assert (await actions.row(short.id)).status == "running"


async def test_short_ones_among_themselves_keep_the_limits(actions: QueueActions) -> None:
    for owner in ("ann", "bob", "eve"):
        await add(actions, owner, 20.0)

    assert 2 == len(await claimed(actions))


def test_the_limits_count_all_but_the_short_one_beside_long_ones() -> None:
    by_owner = {"ann": 2, "bob": 1}

    assert {"ann": 2} == without_reserved(by_owner, [("ann", False), ("bob", True), ("ann", False)])
    assert {"ann": 1, "bob": 1} == without_reserved(by_owner, [("ann", True), ("bob", True), ("ann", False)])
    assert by_owner == without_reserved(by_owner, [("ann", True), ("bob", True), ("ann", True)])
