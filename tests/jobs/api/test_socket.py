import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.serving import PASSWORD, Server


@contextmanager
def listen(
    server: Server, token: str | None = None, origin: str | None = None, ticket: str | None = None
) -> Iterator[ClientConnection]:
    token = token or server.client.headers["Authorization"].removeprefix("Bearer ")
    with connect(f"ws://127.0.0.1:{server.port}/api/events", origin=origin) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"ticket": ticket} if ticket else {"token": token}))
        yield socket


def messages(socket: ClientConnection) -> list[dict[str, Any]]:
    """All that is told until the job has ended."""
    told = []
    while True:
        told.append(json.loads(socket.recv(timeout=30)))
        if told[-1]["type"] == "job" and told[-1]["job"]["status"] in ("done", "failed", "cancelled", "deleted"):
            return told


def test_a_job_is_told_from_the_queue_to_the_end(server: Server, recording: Path) -> None:
    with listen(server) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"
        _, job = server.upload(recording)
        told = [message["job"] for message in messages(socket)]

    assert {one["id"] for one in told} == {job}
    assert told[-1]["status"] == "done"
    stages = {stage["name"]: stage for stage in told[-1]["stages"]}
    assert set(stages) == {"prepare", "transcribe", "diarize", "merge"}
    assert all(stage["done_seconds"] == stage["total_seconds"] == 20.0 for stage in stages.values())


def test_who_comes_later_finds_the_job_in_the_snapshot(server: Server, recording: Path) -> None:
    _, job = server.upload(recording)
    server.ended(job)

    with listen(server) as socket:
        snapshot = json.loads(socket.recv(timeout=10))

    assert {one["id"]: one["status"] for one in snapshot["jobs"]}[job] == "done"


def test_a_deleted_recording_is_told(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    with listen(server) as socket:
        socket.recv(timeout=10)
        server.client.delete(f"/api/recordings/{id}")
        told = messages(socket)

    assert told[-1]["job"] == {"id": job, "status": "deleted"}


def test_nobody_hears_of_the_jobs_of_others(server: Server, recording: Path, stranger: httpx.Client) -> None:
    token = stranger.headers["Authorization"].removeprefix("Bearer ")
    with listen(server, token) as socket:
        assert json.loads(socket.recv(timeout=10)) == {"type": "snapshot", "jobs": []}
        _, job = server.upload(recording)
        server.ended(job)

        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)


def test_a_ticket_opens_one_socket(server: Server) -> None:
    ticket = server.client.post("/api/auth/tickets", json={}).json()["ticket"]

    with listen(server, ticket=ticket) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"
    with listen(server, ticket=ticket) as socket:
        assert closed(socket) == 4401


@pytest.mark.parametrize(
    "first",
    [
        "not json",
        "{}",
        '{"token": "forged"}',
        '{"token": null}',
        "[]",
        '{"ticket": "forged"}',
        '{"ticket": 7}',
        "[" * 60_000,
    ],
)
def test_without_a_good_token_the_socket_closes_and_says_nothing(server: Server, first: str) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
        socket.send(first)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.close_code == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3030.evil.example"])
def test_a_page_from_elsewhere_is_refused_before_the_upgrade(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, listen(server, origin=origin):
        pass

    assert refusal.value.response.status_code == 403


def test_our_own_page_may_listen(server: Server) -> None:
    for origin in ("http://localhost:3030", f"http://127.0.0.1:{server.port}"):
        with listen(server, origin=origin) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"


def test_a_disabled_account_hears_nothing_more(server: Server, stranger: httpx.Client) -> None:
    made = server.client.post("/api/admin/users", json={"username": "leaver", "password": PASSWORD}).json()
    login = httpx.post(
        f"{server.client.base_url}/api/auth/login", data={"username": "leaver", "password": PASSWORD}
    ).json()
    with listen(server, login["access_token"]) as socket:
        socket.recv(timeout=10)
        answer = server.client.patch(f"/api/admin/users/{made['id']}", json={"active": False})
        assert answer.status_code == 200, answer.text

        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)
        assert socket.close_code == 4401


@pytest.mark.parametrize("how", ["logout", "everywhere", "password", "reset"])
def test_a_login_that_ends_takes_its_sockets_along(server: Server, how: str) -> None:
    name = f"leaver by {how}"
    made = server.client.post("/api/admin/users", json={"username": name, "password": PASSWORD}).json()
    base, new = server.client.base_url, "明天早上九点半在一楼"
    login = httpx.post(f"{base}/api/auth/login", data={"username": name, "password": PASSWORD}).json()
    mine = {"Authorization": f"Bearer {login['access_token']}"}
    ticket = httpx.post(f"{base}/api/auth/tickets", json={}, headers=mine).json()["ticket"]
    with listen(server, ticket=ticket) as socket:
        socket.recv(timeout=10)
        match how:
            case "logout":
                httpx.post(f"{base}/api/auth/logout", headers=mine)
            case "everywhere":
                httpx.post(f"{base}/api/auth/logout-everywhere", headers=mine)
            case "password":
                body = {"current_password": PASSWORD, "new_password": new}
                httpx.post(f"{base}/api/auth/password", headers=mine, json=body)
            case _:
                server.client.post(f"/api/admin/users/{made['id']}/password", json={"password": new})

        assert closed(socket) == 4401


def test_a_message_that_is_too_large_closes_the_socket(server: Server) -> None:
    with listen(server) as socket:
        socket.recv(timeout=10)
        socket.send("x" * (1 << 20))
        assert closed(socket) == 1009


def test_who_talks_on_is_shown_out_and_nobody_else(server: Server, stranger: httpx.Client) -> None:
    with (
        listen(server, stranger.headers["Authorization"].removeprefix("Bearer ")) as quiet,
        listen(server) as socket,
    ):
        quiet.recv(timeout=10)
        socket.recv(timeout=10)
        try:
            for _ in range(200):
                socket.send("{}")
        except ConnectionClosed:
            pass
        assert closed(socket) == 1008
        quiet.ping().wait(10)


def test_one_user_holds_ten_sockets_and_no_more(server: Server, stranger: httpx.Client) -> None:
    token = stranger.headers["Authorization"].removeprefix("Bearer ")
    with ExitStack() as sockets:
        for _ in range(10):
            sockets.enter_context(listen(server, token)).recv(timeout=10)

        assert closed(sockets.enter_context(listen(server, token))) == 1008
        assert sockets.enter_context(listen(server)).recv(timeout=10)


def closed(socket: ClientConnection) -> int | None:
    """The code with which the other side closes."""
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.close_code
