"""From an event to a receiver, and what becomes of what cannot be delivered."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from standardwebhooks.webhooks import Webhook

from backend.accounts.tables import User
from backend.database import utc_now
from backend.delivery import channels, queue, schedule
from backend.delivery.call import Caller
from backend.delivery.errors import DeliveryUnderWay, TooManyTests
from backend.delivery.fan_out import make_deliveries
from backend.delivery.kinds.protocol import Outcome
from backend.delivery.problems import Problem
from backend.delivery.sender import Sender
from backend.delivery.tables import Channel, ChannelState, Content, Delivery
from backend.events.tables import Event, EventKind
from backend.recordings.tables import Recording
from backend.transcripts.document import Document
from tests.delivery.conftest import Scene
from tests.delivery.receiver import Received, Reply


def failing(_: Received) -> Reply:
    return Reply(500)


async def test_an_event_arrives_signed_so_that_the_reference_library_verifies_it(scene: Scene) -> None:
    _, secret = await scene.add()
    await scene.happen(number=3)

    await scene.work()

    [received] = scene.receiver.received
    [delivery] = await scene.deliveries()
    assert secret is not None
    verified = Webhook(secret).verify(received.body, received.headers)
    assert verified["type"] == "recording.renamed"
    assert verified["data"] == {"recording_id": scene.scenario.recording_id, "number": 3}
    assert received.headers["webhook-id"] == delivery.id
    assert [delivery.status, delivery.code] == ["delivered", None]


async def test_every_attempt_has_the_same_id_and_follows_the_schedule(scene: Scene) -> None:
    scene.receiver.script = failing
    await scene.add()
    await scene.happen()

    for tries, seconds in enumerate(schedule.DELAYS, 1):
        await scene.work()
        [delivery] = await scene.deliveries()
        assert (delivery.status, delivery.tries) == ("waiting", tries)
        assert len(scene.receiver.received) == tries
        await scene.elapse(seconds=seconds * 1.2 + schedule.TRIAL_EVERY.total_seconds())
    await scene.work()

    assert await scene.statuses() == [("failed", "http_status")]
    assert len({one.headers["webhook-id"] for one in scene.receiver.received}) == 1
    assert len(scene.receiver.received) == schedule.MAX_TRIES


async def test_two_signatures_are_sent_for_a_day_after_a_change_of_the_secret(scene: Scene) -> None:
    channel, old = await scene.add()
    async with scene.database.write() as session:
        new = await channels.change_secret(session, scene.settings, owner_id=scene.scenario.ada.id, id=channel.id)
    await scene.happen()
    await scene.work()
    async with scene.database.write() as session:
        await session.execute(update(Channel).values(old_secret_until=utc_now() - timedelta(minutes=1)))
    await scene.happen()
    await scene.work()

    both, only_new = scene.receiver.received
    for secret in (old, new):
        assert secret is not None
        assert Webhook(secret).verify(both.body, both.headers)
    assert Webhook(new).verify(only_new.body, only_new.headers)
    assert [len(one.headers["webhook-signature"].split()) for one in (both, only_new)] == [2, 1]


async def test_a_receiver_that_answers_410_gets_nothing_more_and_its_owner_is_told(scene: Scene) -> None:
    scene.receiver.script = lambda _: Reply(410)
    channel, _ = await scene.add()
    await scene.happen()
    await scene.work()
    await scene.happen()
    await scene.elapse(days=1)
    await scene.work()

    assert len(scene.receiver.received) == 1
    assert (await scene.channel(channel.id)).state == ChannelState.STOPPED.value
    async with scene.database.read() as session:
        told = (await session.scalars(select(Event).where(Event.kind == EventKind.CHANNEL_PAUSED.value))).one()
    assert told.facts == {"channel": channel.id, "state": "stopped", "code": "receiver_gone"}
    assert told.owner_id == scene.scenario.ada.id


async def test_retry_after_is_granted(scene: Scene) -> None:
    scene.receiver.script = lambda _: Reply(429, headers={"retry-after": "7200"})
    channel, _ = await scene.add()
    await scene.happen()
    before = utc_now()
    await scene.work()

    [delivery] = await scene.deliveries()
    least = before + timedelta(seconds=7000)
    assert delivery.code == "receiver_busy"
    assert delivery.not_before > least
    assert (await scene.channel(channel.id)).free_at > least  # its other messages wait too


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(scene: Scene, status: int) -> None:
    scene.receiver.script = lambda _: Reply(status, headers={"location": scene.receiver.url + "/inside"})
    await scene.add()
    await scene.happen()
    await scene.work()

    assert [one.path for one in scene.receiver.received] == ["/hook"]
    assert await scene.statuses() == [("waiting", "redirected")]


async def test_an_address_in_a_private_network_is_not_called(scene: Scene) -> None:
    scene.sender.settings = scene.settings.model_copy(update={"delivery_private_hosts": ()})
    await scene.add()
    await scene.happen()
    await scene.work()

    assert scene.receiver.received == []
    assert await scene.statuses() == [("waiting", "private_address")]


async def test_a_receiver_that_never_answers_is_left(scene: Scene) -> None:
    never = threading.Event()
    scene.receiver.script = lambda _: Reply(until=never)
    scene.sender.caller = Caller(["127.0.0.1"], seconds=0.2)
    await scene.add()
    await scene.happen()
    await scene.work()
    never.set()

    assert await scene.statuses() == [("waiting", "timeout")]


async def test_an_endless_answer_is_not_read(scene: Scene) -> None:
    scene.receiver.script = lambda _: Reply(body=b"x" * 65536, endless=True)
    await scene.add()
    await scene.happen()
    await scene.work()

    assert await scene.statuses() == [("delivered", None)]
    assert scene.receiver.hung_up.wait(30)


async def test_a_channel_that_fails_for_a_day_is_paused_and_goes_on_when_it_works_again(scene: Scene) -> None:
    scene.receiver.script = failing
    channel, _ = await scene.add()
    await scene.happen()
    for _ in range(schedule.PAUSE_TRIES):
        await scene.work()
        await scene.elapse(hours=9)
    await scene.work()
    paused = await scene.channel(channel.id)
    assert paused.state == ChannelState.PAUSED.value
    assert paused.problem == "http_status"

    scene.receiver.script = lambda _: Reply()
    await scene.happen()
    await scene.elapse(hours=15)
    await scene.work()

    working = await scene.channel(channel.id)
    assert (working.state, working.failures, working.problem) == (ChannelState.ACTIVE.value, 0, None)
    assert await scene.statuses() == [("delivered", None), ("delivered", None)]


async def test_another_channel_tells_of_the_one_that_is_stopped(scene: Scene) -> None:
    scene.receiver.script = lambda one: Reply(410 if one.path == "/hook" else 200)
    stopped, _ = await scene.add()
    await scene.add(address=scene.receiver.url + "/other", events=[EventKind.CHANNEL_PAUSED.value])
    await scene.happen()
    await scene.work()
    await scene.number()
    await scene.work()

    told = [one.json for one in scene.receiver.received if one.path == "/hook/other"]
    assert [one["data"] for one in told] == [{"channel": stopped.id, "state": "stopped", "code": "receiver_gone"}]


@pytest.mark.parametrize("reason", ["trashed", "deleted", "transferred", "user disabled", "channel off"])
async def test_nothing_goes_out_of_what_is_gone(scene: Scene, reason: str) -> None:
    channel, _ = await scene.add()
    await scene.happen()
    await make_deliveries(scene.database)
    recording = Recording.id == scene.scenario.recording_id
    async with scene.database.write() as session:
        if reason == "trashed":
            await session.execute(update(Recording).where(recording).values(trashed_at=utc_now()))
        elif reason == "deleted":
            await session.execute(delete(Recording).where(recording))
        elif reason == "transferred":
            await session.execute(update(Recording).where(recording).values(owner_id=scene.scenario.eve.id))
        elif reason == "user disabled":
            await session.execute(update(User).where(User.id == scene.scenario.ada.id).values(active=False))
    if reason == "channel off":
        await scene.change(channel, on=False)
    await scene.work()

    assert scene.receiver.received == []
    code = {"user disabled": "user_disabled", "channel off": "channel_off"}.get(reason, "recording_gone")
    assert await scene.statuses() == [("skipped", code)]


async def test_a_deleted_channel_ends_its_delivery_under_way_without_a_trace(scene: Scene) -> None:
    channel, _ = await scene.add()
    await scene.happen()
    await make_deliveries(scene.database)
    async with scene.database.write() as session:
        claimed = await queue.claim(session, channel_id=channel.id, runner="one")
        assert claimed is not None
        await channels.delete(session, owner_id=scene.scenario.ada.id, id=channel.id)

    await scene.sender.attempt(claimed)

    assert scene.receiver.received == []
    assert await scene.deliveries() == []


async def test_that_a_recording_was_trashed_is_told_though_it_is_in_the_trash(scene: Scene) -> None:
    await scene.add(events=[EventKind.RECORDING_TRASHED.value], content=Content.TRANSCRIPT)
    async with scene.database.write() as session:
        await session.execute(update(Recording).values(trashed_at=utc_now()))
    await scene.happen(EventKind.RECORDING_TRASHED, jobs=[])
    await scene.work()

    [received] = scene.receiver.received
    assert received.json["data"] == {"recording_id": scene.scenario.recording_id, "jobs": []}  # no name


async def test_what_goes_along_is_what_the_channel_wants(scene: Scene, document: Document) -> None:
    scene.sender.settings = scene.settings.model_copy(update={"public_url": "https://asr.example.org/"})
    for content in Content:
        await scene.add(
            content=content,
            events=[EventKind.TRANSCRIPT_PUBLISHED.value],
            address=f"{scene.receiver.url}/{content.value}",
        )
    await scene.scenario.publish(document)
    await scene.number()
    await scene.work()

    sent = {one.path.rpartition("/")[2]: one.json["data"] for one in scene.receiver.received}
    extra = {content: sorted(data.keys() & {"recording_name", "link", "transcript"}) for content, data in sent.items()}
    assert extra == {
        "ids": [],
        "link": ["link", "recording_name"],
        "minutes": ["link", "recording_name"],
        "transcript": ["link", "recording_name", "transcript"],
    }
    assert sent["link"]["link"] == f"https://asr.example.org/recordings/{scene.scenario.recording_id}"
    assert "我们今天讨论预算" in sent["transcript"]["transcript"]


async def test_edits_within_a_minute_are_one_delivery(scene: Scene) -> None:
    await scene.add(events=[EventKind.TRANSCRIPT_EDITED.value])
    for number in (2, 3, 4):
        await scene.happen(EventKind.TRANSCRIPT_EDITED, number=number)
    await scene.work()
    assert scene.receiver.received == []

    await scene.elapse(seconds=61)
    await scene.work()

    assert [one.json["data"]["number"] for one in scene.receiver.received] == [4]
    assert sorted(await scene.statuses()) == [
        *(("delivered", None), ("skipped", "superseded"), ("skipped", "superseded")),
    ]


async def test_a_channel_gets_what_happens_after_it_was_made_and_only_what_it_wants(scene: Scene) -> None:
    await scene.happen(number=1)
    await scene.add()
    await scene.happen(number=2)
    await scene.happen(EventKind.SHARE_CREATED, share="x")
    await scene.work()

    assert [one.json["data"]["number"] for one in scene.receiver.received] == [2]


async def test_two_servers_make_one_delivery_of_an_event_and_send_it_once(scene: Scene) -> None:
    await scene.add()
    await scene.happen()
    other = Sender(scene.database, scene.settings)
    assert await make_deliveries(scene.database) == 1
    assert await make_deliveries(other.database) == 0
    [delivery] = await scene.deliveries()
    async with scene.database.write() as session:
        first = await queue.claim(session, channel_id=delivery.channel_id, runner="one")
    async with scene.database.write() as session:
        second = await queue.claim(session, channel_id=delivery.channel_id, runner="two")

    assert first is not None
    assert second is None


async def test_the_claim_of_a_killed_server_is_taken_over_and_its_late_result_is_not_written(scene: Scene) -> None:
    channel, _ = await scene.add()
    await scene.happen()
    await make_deliveries(scene.database)
    async with scene.database.write() as session:
        lost = await queue.claim(session, channel_id=channel.id, runner="killed")
    assert lost is not None
    await scene.work()
    assert scene.receiver.received == []  # its lease holds

    await scene.elapse(seconds=queue.LEASE.total_seconds() + 1)
    await scene.work()

    assert [one.headers["webhook-id"] for one in scene.receiver.received] == [lost.delivery_id]
    async with scene.database.write() as session:
        assert not await queue.finish(session, lost, Outcome(Problem.TIMEOUT), 1.0)
    assert await scene.statuses() == [("delivered", None)]


async def test_one_message_of_a_channel_is_under_way_at_a_time(scene: Scene) -> None:
    await scene.add()
    for _ in range(3):
        await scene.happen()
    await make_deliveries(scene.database)
    [first, *_] = await scene.deliveries()
    async with scene.database.write() as session:
        assert await queue.claim(session, channel_id=first.channel_id, runner="one")

    async with scene.database.read() as session:
        assert await queue.due_channels(session, 10, failing=False) == []


async def test_a_stopping_sender_puts_back_what_hangs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.delivery.sender._STOP_SECONDS", 0.0)
    never, arrived = threading.Event(), threading.Event()

    def hang(_: Received) -> Reply:
        arrived.set()
        return Reply(until=never)

    scene.receiver.script = hang
    await scene.add()
    await scene.happen()
    scene.sender.start()
    async with scene.database.read() as session:  # other tasks of the loop run meanwhile
        while not arrived.is_set():
            await session.scalar(select(Delivery.id).limit(1))
    await scene.sender.stop()
    never.set()

    [delivery] = await scene.deliveries()
    assert (delivery.status, delivery.tries, delivery.runner) == ("waiting", 0, None)


async def test_a_test_says_what_the_receiver_answers_and_is_not_repeated(scene: Scene) -> None:
    scene.receiver.script = failing
    channel, _ = await scene.add()
    owner = scene.scenario.ada.id
    for _ in range(5):
        await scene.sender.test(owner_id=owner, channel_id=channel.id)
    with pytest.raises(TooManyTests):
        await scene.sender.test(owner_id=owner, channel_id=channel.id)

    assert [one.json["type"] for one in scene.receiver.received] == ["test.ping"] * 5
    assert set(await scene.statuses()) == {("failed", "http_status")}


async def test_a_delivery_is_sent_again_under_the_same_id(scene: Scene) -> None:
    channel, _ = await scene.add()
    await scene.happen()
    await scene.work()
    [delivery] = await scene.deliveries()
    async with scene.database.write() as session:
        again = await queue.send_again(session, await session.get_one(Channel, channel.id), id=delivery.id)
    assert again.status == "waiting"
    await scene.work()

    assert len({one.headers["webhook-id"] for one in scene.receiver.received}) == 1
    assert len(scene.receiver.received) == 2


async def test_a_delivery_under_way_is_not_sent_again(scene: Scene) -> None:
    channel, _ = await scene.add()
    await scene.happen()
    await make_deliveries(scene.database)
    async with scene.database.write() as session:
        claimed = await queue.claim(session, channel_id=channel.id, runner="one")
    assert claimed is not None

    async with scene.database.write() as session:
        row = await session.get_one(Channel, channel.id)
        with pytest.raises(DeliveryUnderWay):
            await queue.send_again(session, row, id=claimed.delivery_id)


async def test_what_waits_too_long_is_given_up_and_old_deliveries_are_deleted(scene: Scene) -> None:
    channel, _ = await scene.add()
    await scene.happen()
    await scene.work()
    await scene.happen()
    await make_deliveries(scene.database)
    await scene.elapse(days=8)
    async with scene.database.write() as session:
        delivered = Delivery.status == "delivered"
        await session.execute(update(Delivery).where(delivered).values(ended_at=utc_now() - timedelta(days=31)))
    async with scene.database.write() as session:
        assert await queue.delete_expired(session, days=30) == 1

    assert await scene.statuses() == [("failed", "expired")]
    assert (await scene.channel(channel.id)).state == ChannelState.ACTIVE.value


async def test_a_changed_secret_key_stops_the_channel_and_sends_nothing(scene: Scene) -> None:
    channel, _ = await scene.add()
    other = type(scene.settings.secret_key)("quite another key for tests, long enough as well")
    scene.sender.settings = scene.settings.model_copy(update={"secret_key": other})
    await scene.happen()
    await scene.work()

    assert scene.receiver.received == []
    assert await scene.statuses() == [("failed", "secret_unreadable")]
    assert (await scene.channel(channel.id)).state == ChannelState.STOPPED.value
