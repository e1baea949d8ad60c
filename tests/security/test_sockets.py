"""WebSockets require a valid ticket, and a flood of sockets affects only the user who opens them."""

import asyncio
import json
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from backend import migrations
from backend.accounts import service
from backend.accounts.tickets import Purpose, Tickets
from backend.accounts.tokens import Login
from backend.app import create_app
from backend.database import connect as connect_database
from backend.database import utc_now
from backend.settings import Settings
from tests.clocks import FixedClock
from tests.serving import Server

_FLOOD = 150


async def test_an_expired_ticket_is_refused(settings: Settings) -> None:
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    database = connect_database(settings.database_url)
    async with database.write() as session:
        user = await service.create(session, username="ada", password_hash=None)
    past = FixedClock(utc_now() - timedelta(seconds=31))
    fresh, old = [
        await tickets.issue(Login(user.id, 0), Purpose.EVENTS)
        for tickets in (Tickets(database), Tickets(database, clock=past))
    ]
    await database.close()
    app = create_app(settings)

    def open_twice() -> tuple[str, int]:
        with TestClient(app) as client:
            with client.websocket_connect("/api/events") as socket:
                socket.send_json({"ticket": fresh})
                first = socket.receive_json()["type"]
            with client.websocket_connect("/api/events") as socket:
                socket.send_json({"ticket": old})
                with pytest.raises(WebSocketDisconnect) as closed:
                    socket.receive_json()
        return first, closed.value.code

    assert await asyncio.to_thread(open_twice) == ("snapshot", 4401)


async def test_sockets_per_user_are_limited_without_affecting_others(server: Server, other_user: httpx.Client) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/events"
    flooder_token = other_user.headers["Authorization"].removeprefix("Bearer ")
    own_token = server.client.headers["Authorization"].removeprefix("Bearer ")
    all_open = asyncio.Event()

    async def listen(token: str) -> int | str:
        async with connect(address) as socket:
            await socket.send(json.dumps({"token": token}))
            try:
                await socket.recv()
                await all_open.wait()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0
            return "open"

    flood = [asyncio.create_task(listen(flooder_token)) for _ in range(_FLOOD)]
    while sum(task.done() for task in flood) < _FLOOD - 10:
        await asyncio.sleep(0.01)
    other = asyncio.create_task(listen(own_token))
    answer = await asyncio.to_thread(server.client.get, "/health")
    all_open.set()

    assert Counter(await asyncio.gather(*flood)) == {1008: _FLOOD - 10, "open": 10}
    assert await other == "open"
    assert answer.status_code == 200


@pytest.mark.parametrize("message", [b"\xff" * 10, "x" * 65_537, b"x" * (1 << 20)])
async def test_an_invalid_first_message_closes_the_socket(server: Server, message: str | bytes) -> None:
    async with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
        await socket.send(message)
        with pytest.raises(ConnectionClosed):
            await socket.recv()

        assert socket.close_code in (1009, 4401)
