"""The routes of channels, deliveries and the event log."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from backend.accounts import tokens
from backend.accounts.tables import User
from backend.coordination.clock import ServerClock
from backend.database import utc_now
from backend.delivery.api import channels, event_log
from backend.delivery.errors import MAX_PER_OWNER
from backend.delivery.kinds.webhook import PREFIX
from backend.delivery.tables import Channel
from backend.errors import install_handlers
from backend.events import log
from backend.events.tables import Event, EventKind
from tests.delivery.conftest import Scene
from tests.delivery.receiver import Reply

NEW = {"kind": "webhook", "name": "群", "events": ["recording.renamed"]}


@dataclass
class Api:
    scene: Scene
    ada: httpx.AsyncClient
    eve: httpx.AsyncClient

    async def add(self, **values: object) -> dict[str, object]:
        body = {**NEW, "address": self.scene.receiver.url, **values}
        made: dict[str, object] = (await self.ada.post("/api/channels", json=body)).raise_for_status().json()
        return made


@pytest.fixture
async def api(scene: Scene) -> AsyncIterator[Api]:
    app = FastAPI()
    app.state.settings, app.state.database, app.state.sender = scene.settings, scene.database, scene.sender
    app.state.clock = ServerClock()
    install_handlers(app)
    for module in (channels, event_log):
        app.include_router(module.router)

    def client(user: User) -> httpx.AsyncClient:
        token = tokens.issue(scene.settings, tokens.Login(user.id, user.token_epoch), utc_now())
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server", headers=headers)

    async with client(scene.scenario.ada) as ada, client(scene.scenario.eve) as eve:
        yield Api(scene, ada, eve)


async def test_a_secret_is_shown_once_and_is_nowhere_in_the_database(api: Api) -> None:
    made = await api.add(address=api.scene.receiver.url + "?key=hush-hush")
    listed = await api.ada.get("/api/channels")
    renewed = (await api.ada.post(f"/api/channels/{made['id']}/secret")).json()["secret"]

    assert str(made["secret"]).startswith(PREFIX)
    assert renewed != made["secret"]
    assert "hush" not in listed.text
    assert PREFIX not in listed.text
    [shown] = listed.json()
    assert shown["host"] == api.scene.receiver.url.split("/")[2]
    assert shown["has_secret"] is True
    async with api.scene.database.read() as session:
        row = (await session.scalars(select(Channel))).one()
        stored = repr(vars(row))
    assert "hush" not in stored
    assert PREFIX not in stored


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://example.org/", "https://user:word@example.org/", "https://example.org/#x", "example.org", "https://"),
        *("https://example.org:22/", "https://example.org/ a", "https://example.org/周会", "javascript:alert(1)"),
    ],
)
async def test_an_address_that_cannot_be_called_is_refused(api: Api, address: str) -> None:
    answer = await api.ada.post("/api/channels", json={**NEW, "address": address})

    assert (answer.status_code, answer.json()["code"]) == (422, "channel_address")


@pytest.mark.parametrize("change", [{"events": ["no.such"]}, {"events": []}, {"kind": "pigeon"}, {"name": " "}])
async def test_values_that_mean_nothing_are_refused(api: Api, change: dict[str, object]) -> None:
    answer = await api.ada.post("/api/channels", json={**NEW, "address": api.scene.receiver.url, **change})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_person_has_a_limited_number_of_channels(api: Api) -> None:
    for _ in range(MAX_PER_OWNER):
        await api.add()
    answer = await api.ada.post("/api/channels", json={**NEW, "address": api.scene.receiver.url})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_channels")


async def test_a_test_answers_what_the_receiver_said(api: Api) -> None:
    made = await api.add()
    api.scene.receiver.script = lambda _: Reply(503, b"a text of the receiver", {"retry-after": "1"})

    tested = (await api.ada.post(f"/api/channels/{made['id']}/test")).raise_for_status()

    [tried] = tested.json()["history"]
    assert (tried["status"], tried["code"]) == (503, "receiver_busy")
    assert "a text of the receiver" not in tested.text
    assert [one.json["type"] for one in api.scene.receiver.received] == ["test.ping"]


async def test_a_channel_that_is_off_gets_nothing_and_cannot_be_tested(api: Api) -> None:
    made = await api.add()
    path = f"/api/channels/{made['id']}"
    assert (await api.ada.patch(path, json={"on": False})).json()["state"] == "off"
    await api.scene.happen()
    await api.scene.work()
    refused = await api.ada.post(f"{path}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "channel_off")

    assert (await api.ada.patch(path, json={"on": True})).json()["state"] == "active"
    await api.scene.happen()
    await api.scene.work()
    assert len(api.scene.receiver.received) == 1


async def test_deliveries_come_newest_first_and_page_by_page(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_PAGE", 2)
    made = await api.add()
    for _ in range(3):
        await api.scene.happen()
        await api.scene.work()
    path = f"/api/channels/{made['id']}/deliveries"

    first = (await api.ada.get(path)).json()
    second = (await api.ada.get(path, params={"before": first["next"]})).json()

    ids = [one["id"] for page in (first, second) for one in page["deliveries"]]
    assert ids == [one.headers["webhook-id"] for one in reversed(api.scene.receiver.received)]
    assert second["next"] is None


async def test_a_delivery_can_be_sent_again(api: Api) -> None:
    made = await api.add()
    await api.scene.happen()
    await api.scene.work()
    [delivery] = (await api.ada.get(f"/api/channels/{made['id']}/deliveries")).json()["deliveries"]

    again = await api.ada.post(f"/api/channels/{made['id']}/deliveries/{delivery['id']}/send")
    await api.scene.work()

    assert again.raise_for_status().json()["status"] == "waiting"
    assert [one.headers["webhook-id"] for one in api.scene.receiver.received] == [delivery["id"]] * 2


async def test_channels_of_others_do_not_exist(api: Api) -> None:
    made = await api.add()
    other = (await api.eve.post("/api/channels", json={**NEW, "address": api.scene.receiver.url})).json()
    await api.scene.happen()
    await api.scene.work()
    [delivery] = (await api.ada.get(f"/api/channels/{made['id']}/deliveries")).json()["deliveries"]

    assert [one["id"] for one in (await api.eve.get("/api/channels")).json()] == [other["id"]]
    assert (await api.eve.get(f"/api/channels/{made['id']}/deliveries")).status_code == 404
    # also not through a channel of one's own
    for id in (made["id"], other["id"]):
        answer = await api.eve.post(f"/api/channels/{id}/deliveries/{delivery['id']}/send")
        assert answer.status_code == 404


async def test_the_log_has_ones_own_events_after_a_position(api: Api) -> None:
    start = (await api.ada.get("/api/events/log")).json()["last"]
    await api.scene.happen(number=1)
    async with api.scene.database.write() as session:
        log.record(session, EventKind.RECORDING_RENAMED, owner_id=api.scene.scenario.eve.id, recording_id="hers")
    await api.scene.happen(number=2)

    page = (await api.ada.get("/api/events/log", params={"after": start})).json()
    rest = (await api.ada.get("/api/events/log", params={"after": page["last"]})).json()

    assert [event["facts"] for event in page["events"]] == [{"number": 1}, {"number": 2}]
    assert page["more"] is False
    assert rest["events"] == []
    assert rest["last"] == page["last"]


async def test_a_position_that_is_no_longer_kept_is_told(api: Api) -> None:
    start = (await api.ada.get("/api/events/log")).json()["last"]
    await api.scene.happen()
    async with api.scene.database.write() as session:
        await session.execute(update(Event).values(at=utc_now() - timedelta(days=31)))
    await log.delete_expired(api.scene.database, days=30)

    answer = await api.ada.get("/api/events/log", params={"after": start})
    anew = await api.ada.get("/api/events/log", params={"after": answer.json()["last"]})

    assert (answer.status_code, answer.json()["code"]) == (410, "events_gone")
    assert anew.json()["events"] == []


async def test_no_event_is_left_out_between_two_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    start = (await api.ada.get("/api/events/log")).json()["last"]
    for number in range(5):
        await api.scene.happen(number=number)
    monkeypatch.setattr(log, "BATCH", 2)

    seen, after, more = [], start, True
    while more:
        page = (await api.ada.get("/api/events/log", params={"after": after})).json()
        seen += [event["facts"]["number"] for event in page["events"]]
        after, more = page["last"], page["more"]

    assert seen == [0, 1, 2, 3, 4]
