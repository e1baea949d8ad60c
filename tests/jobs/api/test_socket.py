import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.serving import PASSWORD, Server, until


@contextmanager
def open_socket(
    server: Server, token: str | None = None, origin: str | None = None, ticket: str | None = None
) -> Iterator[ClientConnection]:
    token = token or server.client.headers["Authorization"].removeprefix("Bearer ")
    with connect(f"ws://127.0.0.1:{server.port}/api/events", origin=origin) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"ticket": ticket} if ticket else {"token": token}))
        yield socket


def messages(socket: ClientConnection) -> list[dict[str, Any]]:
    """All messages until the job has ended."""
    messages_so_far = []
    while True:
        messages_so_far.append(json.loads(socket.recv(timeout=30)))
        if messages_so_far[-1]["type"] == "job" and messages_so_far[-1]["job"]["status"] in (
            "done",
            "failed",
            "cancelled",
            "deleted",
        ):
            return messages_so_far


def job_messages_until(socket: ClientConnection, status: str) -> list[dict[str, Any]]:
    """The jobs of all messages until one has this status: an earlier change may be sent once more before it."""
    jobs: list[dict[str, Any]] = []
    while not jobs or jobs[-1]["status"] != status:
        message = json.loads(socket.recv(timeout=30))
        if message["type"] == "job":
            jobs.append(message["job"])
    return jobs


def events_until_renamed(socket: ClientConnection, times: int) -> list[dict[str, Any]]:
    """The events of all messages until a recording was renamed so many times."""
    events: list[dict[str, Any]] = []
    while sum(event["kind"] == "recording.renamed" for event in events) < times:
        message = json.loads(socket.recv(timeout=30))
        if message["type"] == "event":
            events.append(message["event"])
    return events


def test_the_socket_receives_every_change_of_a_job(server: Server, recording: Path) -> None:
    with open_socket(server) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"
        _, job = server.upload(recording)
        messages_so_far = [message["job"] for message in messages(socket) if message["type"] == "job"]

    assert {one["id"] for one in messages_so_far} == {job}
    assert messages_so_far[-1]["status"] == "done"
    stages = {stage["name"]: stage for stage in messages_so_far[-1]["stages"]}
    assert set(stages) == {"prepare", "transcribe", "diarize", "merge"}
    assert all(stage["done_seconds"] == stage["total_seconds"] == 20.0 for stage in stages.values())


def test_a_later_client_receives_the_job_in_the_snapshot(server: Server, recording: Path) -> None:
    _, job = server.upload(recording)
    server.ended(job)

    with open_socket(server) as socket:
        snapshot = json.loads(socket.recv(timeout=10))

    assert {one["id"]: one["status"] for one in snapshot["jobs"]}[job] == "done"


def test_the_deletion_of_a_recording_is_sent_to_the_socket(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    with open_socket(server) as socket:
        socket.recv(timeout=10)
        server.client.delete(f"/api/recordings/{id}")
        jobs = job_messages_until(socket, "deleted")

    assert jobs[-1] == {"id": job, "status": "deleted"}


def test_jobs_of_others_are_not_sent(server: Server, recording: Path, other_user: httpx.Client) -> None:
    token = other_user.headers["Authorization"].removeprefix("Bearer ")
    with open_socket(server, token) as socket:
        snapshot = json.loads(socket.recv(timeout=10))
        assert (snapshot["type"], snapshot["jobs"]) == ("snapshot", [])
        _, job = server.upload(recording)
        server.ended(job)

        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)


def test_a_client_that_was_away_gets_the_events_since_its_last_one_once_and_in_order(
    server: Server, recording: Path
) -> None:
    id, job = server.upload(recording)
    server.ended(job)
    token = server.client.headers["Authorization"].removeprefix("Bearer ")
    with open_socket(server) as socket:
        cursor = json.loads(socket.recv(timeout=10))["cursor"]
    for name in ("one", "two", "three"):
        server.client.patch(f"/api/recordings/{id}", json={"name": name}).raise_for_status()

    with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
        socket.send(json.dumps({"token": token, "after": cursor}))
        snapshot = json.loads(socket.recv(timeout=10))
        events = events_until_renamed(socket, times=3)
        server.client.patch(f"/api/recordings/{id}", json={"name": "four"}).raise_for_status()
        events += events_until_renamed(socket, times=1)

    assert snapshot["complete"]
    # The transcript's publication may have had no position yet when the cursor was given: then it comes first.
    assert [(event["kind"], event["recording_id"]) for event in events[-4:]] == [("recording.renamed", id)] * 4
    assert {event["kind"] for event in events[:-4]} <= {"transcript.published"}
    assert [event["id"] for event in events] == sorted({event["id"] for event in events})


@pytest.mark.parametrize("after", [-1, 10**30, "7", None, [], True])
def test_a_client_whose_cursor_is_not_kept_gets_a_snapshot_and_is_told_so(server: Server, after: object) -> None:
    token = server.client.headers["Authorization"].removeprefix("Bearer ")
    with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
        socket.send(json.dumps({"token": token, "after": after}))
        snapshot = json.loads(socket.recv(timeout=10))

    assert (snapshot["type"], snapshot["complete"]) == ("snapshot", False)


def test_a_ticket_opens_one_socket(server: Server) -> None:
    ticket = server.client.post("/api/auth/tickets", json={}).json()["ticket"]

    with open_socket(server, ticket=ticket) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"
    with open_socket(server, ticket=ticket) as socket:
        assert close_code(socket) == 4401


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
def test_without_a_valid_token_the_socket_closes_without_a_message(server: Server, first: str) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
        socket.send(first)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.close_code == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3030.evil.example"])
def test_a_foreign_origin_is_refused_before_the_upgrade(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, open_socket(server, origin=origin):
        pass

    assert refusal.value.response.status_code == 403


def test_allowed_origins_may_open_a_socket(server: Server) -> None:
    for origin in ("http://localhost:3030", f"http://127.0.0.1:{server.port}"):
        with open_socket(server, origin=origin) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"


def test_disabling_an_account_closes_its_sockets(server: Server, other_user: httpx.Client) -> None:
    user = server.client.post("/api/admin/users", json={"username": "leaver", "password": PASSWORD}).json()
    login = httpx.post(
        f"{server.client.base_url}/api/auth/login", data={"username": "leaver", "password": PASSWORD}
    ).json()
    with open_socket(server, login["access_token"]) as socket:
        socket.recv(timeout=10)
        answer = server.client.patch(f"/api/admin/users/{user['id']}", json={"active": False})
        assert answer.status_code == 200, answer.text

        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)
        assert socket.close_code == 4401


@pytest.mark.parametrize("how", ["logout", "everywhere", "password", "reset"])
def test_ending_a_login_closes_its_sockets(server: Server, how: str) -> None:
    name = f"leaver by {how}"
    user = server.client.post("/api/admin/users", json={"username": name, "password": PASSWORD}).json()
    base, new = server.client.base_url, "明天早上九点半在一楼"
    login = httpx.post(f"{base}/api/auth/login", data={"username": name, "password": PASSWORD}).json()
    auth_headers = {"Authorization": f"Bearer {login['access_token']}"}
    ticket = httpx.post(f"{base}/api/auth/tickets", json={}, headers=auth_headers).json()["ticket"]
    with open_socket(server, ticket=ticket) as socket:
        socket.recv(timeout=10)
        match how:
            case "logout":
                httpx.post(f"{base}/api/auth/logout", headers=auth_headers)
            case "everywhere":
                httpx.post(f"{base}/api/auth/logout-everywhere", headers=auth_headers)
            case "password":
                body = {"current_password": PASSWORD, "new_password": new}
                httpx.post(f"{base}/api/auth/password", headers=auth_headers, json=body)
            case _:
                server.client.post(f"/api/admin/users/{user['id']}/password", json={"password": new})

        assert close_code(socket) == 4401


def test_a_ping_is_answered(server: Server) -> None:
    with open_socket(server) as socket:
        socket.send(json.dumps({"type": "ping"}))
        until(lambda: json.loads(socket.recv(timeout=30))["type"] == "pong")


def test_a_message_that_is_too_large_closes_the_socket(server: Server) -> None:
    with open_socket(server) as socket:
        socket.recv(timeout=10)
        socket.send("x" * (1 << 20))
        assert close_code(socket) == 1009


def test_too_many_messages_close_only_the_socket_that_sent_them(server: Server, other_user: httpx.Client) -> None:
    with (
        open_socket(server, other_user.headers["Authorization"].removeprefix("Bearer ")) as quiet,
        open_socket(server) as socket,
    ):
        quiet.recv(timeout=10)
        socket.recv(timeout=10)
        try:
            for _ in range(200):
                socket.send("{}")
        except ConnectionClosed:
            pass
        assert close_code(socket) == 1008
        quiet.ping().wait(10)


def test_one_user_may_open_at_most_ten_sockets(server: Server, other_user: httpx.Client) -> None:
    token = other_user.headers["Authorization"].removeprefix("Bearer ")
    with ExitStack() as sockets:
        for _ in range(10):
            sockets.enter_context(open_socket(server, token)).recv(timeout=10)

        assert close_code(sockets.enter_context(open_socket(server, token))) == 1008
        assert sockets.enter_context(open_socket(server)).recv(timeout=10)


def close_code(socket: ClientConnection) -> int | None:
    """The code with which the server closes the socket."""
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.close_code
