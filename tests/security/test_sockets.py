"""Sockets: a ticket in time or nothing at all, and whoever makes a flood is alone with it."""

import asyncio
import json
from collections import Counter

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
from backend.settings import Settings
from tests.serving import Server

_FLOOD = 150


async def test_an_old_ticket_opens_nothing(settings: Settings) -> None:
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    database = connect_database(settings.database_url)
    async with database.write() as session:
        user = await service.create(session, username="ada", password_hash=None)
    await database.close()
    now = 0.0
    app = create_app(settings)
    app.state.tickets = Tickets(clock=lambda: now)
    fresh, old = (app.state.tickets.issue(Login(user.id, 0), Purpose.EVENTS) for _ in range(2))

    def look() -> tuple[str, int]:
        nonlocal now
        with TestClient(app) as client:
            with client.websocket_connect("/api/events") as socket:
                socket.send_json({"ticket": fresh})
                first = socket.receive_json()["type"]
            now = 31.0
            with client.websocket_connect("/api/events") as socket:
                socket.send_json({"ticket": old})
                with pytest.raises(WebSocketDisconnect) as closed:
                    socket.receive_json()
        return first, closed.value.code

    assert await asyncio.to_thread(look) == ("snapshot", 4401)


async def test_hundreds_of_sockets_of_one_user_are_ten_and_others_hear_on(
    server: Server, stranger: httpx.Client
) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/events"
    theirs = stranger.headers["Authorization"].removeprefix("Bearer ")
    mine = server.client.headers["Authorization"].removeprefix("Bearer ")
    all_in = asyncio.Event()

    async def listen(token: str) -> int | str:
        async with connect(address) as socket:
            await socket.send(json.dumps({"token": token}))
            try:
                await socket.recv()
                await all_in.wait()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0
            return "listens"

    flood = [asyncio.create_task(listen(theirs)) for _ in range(_FLOOD)]
    while sum(task.done() for task in flood) < _FLOOD - 10:
        await asyncio.sleep(0.01)
    other = asyncio.create_task(listen(mine))
    answer = await asyncio.to_thread(server.client.get, "/health")
    all_in.set()

    assert Counter(await asyncio.gather(*flood)) == {1008: _FLOOD - 10, "listens": 10}
    assert await other == "listens"
    assert answer.status_code == 200


@pytest.mark.parametrize("message", [b"\xff" * 10, "x" * 65_537, b"x" * (1 << 20)])
async def test_a_first_message_that_is_none_closes_the_socket_unheard(server: Server, message: str | bytes) -> None:
    async with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
        await socket.send(message)
        with pytest.raises(ConnectionClosed):
            await socket.recv()

        assert socket.close_code in (1009, 4401)
