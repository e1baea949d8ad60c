"""Two servers behind a proxy that sends each connection to the next one: for people they are one."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.databases import DatabaseServer, kinds_for_several_servers
from tests.faults.conftest import play
from tests.proxies import RoundRobin
from tests.serving import PASSWORD, Server, until

KINDS = kinds_for_several_servers()


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, database_servers: Callable[[str], DatabaseServer]) -> str:
    return database_servers(request.param).create()


@pytest.fixture
def servers(url: str, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers of one installation; the script is slow enough to disturb them."""
    settings = {"DATABASE_URL": url, "SCRIPT": str(tmp_path / "script.json")}
    timeouts = {"RESCUE_SECONDS": "3", "HEARTBEAT_SECONDS": "0.5"}
    one, other = Server(tmp_path, **settings, **timeouts), Server(tmp_path, **settings, **timeouts)
    other.log = tmp_path / "other.log"
    play(one, transcribe={"delay": 0.5})
    one.start()
    other.client.headers["Authorization"] = one.client.headers["Authorization"]
    other.start()
    yield one, other
    one.close()
    other.close()


@contextmanager
def open_socket(port: int, ticket: str) -> Iterator[ClientConnection]:
    with connect(f"ws://127.0.0.1:{port}/api/events") as socket:
        socket.send(json.dumps({"ticket": ticket}))
        yield socket


def test_a_journey_through_both_servers_goes_on_when_one_is_killed(
    servers: tuple[Server, Server], recording: Path
) -> None:
    one, other = servers
    with RoundRobin([one.port, other.port]) as proxy, ExitStack() as stack:
        person = stack.enter_context(Server(one.folder).client)
        person.base_url = httpx.URL(f"http://127.0.0.1:{proxy.port}")
        person.headers["Connection"] = "close"  # each request is a connection of its own

        # Guesses at both servers are counted together, and do not hold somebody else.
        guesses = [person.post("/api/auth/login", data={"username": "eve", "password": "a guess"}) for _ in range(7)]
        wrong = sum(answer.status_code == 401 for answer in guesses)
        assert one.rows("SELECT attempts FROM attempt_counts WHERE kind = 'account'") == [(wrong,)]
        assert wrong >= 5
        signed_in = person.post("/api/auth/login", data={"username": "chief", "password": PASSWORD}).raise_for_status()
        person.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"

        # Tickets work at the other server, and once.
        tickets = [person.post("/api/auth/tickets", json={}).raise_for_status().json()["ticket"] for _ in range(2)]
        sockets = [stack.enter_context(open_socket(proxy.port, ticket)) for ticket in tickets]
        assert [json.loads(socket.recv(timeout=30))["type"] for socket in sockets] == ["snapshot"] * 2
        again = stack.enter_context(open_socket(proxy.port, tickets[0]))
        with pytest.raises(ConnectionClosed):
            again.recv(timeout=30)
        assert again.close_code == 4401

        # Jobs that come in spread over both.
        one.client.base_url = person.base_url
        one.client.headers.update(person.headers)
        uploaded = [one.upload(recording) for _ in range(2)]
        runners = "SELECT id, runner FROM jobs WHERE status = 'running'"
        until(lambda: len({runner for _, runner in one.rows(runners)}) == 2)
        at_work = dict(one.rows(runners))

        # A cancel at any server is felt at the one that works.
        cancelled, kept = (job for _, job in uploaded)
        one.client.post(f"/api/jobs/{cancelled}/cancel").raise_for_status()
        pid = int(at_work[cancelled].split(":")[2])
        worker, survivor = (one, other) if one.process is not None and one.process.pid == pid else (other, one)
        until(lambda: "Job was taken from this attempt" in worker.log.read_text(encoding="utf-8"))

        # The server of the other job is killed: its job is done by the one that is left, which serves everybody.
        survivor.kill()
        assert one.ended(kept)["status"] == "done"
        assert one.job(kept)["attempt"] == 2
        assert one.job(cancelled)["status"] == "cancelled"

        # Signing out ends the sockets, at whichever server they are.
        assert person.post("/api/auth/logout-everywhere").status_code == 200
        for socket in sockets:
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=30)
    assert min(proxy.connections.values()) > 3


@pytest.mark.parametrize("url", KINDS[:1], indirect=True)
def test_workers_of_one_command_serve_one_port_and_are_replaced(url: str, tmp_path: Path) -> None:
    server = Server(tmp_path, DATABASE_URL=url, RESCUE_SECONDS="2", HEARTBEAT_SECONDS="0.3")
    server.arguments = ["--workers", "2"]
    server.start()

    def workers() -> set[int]:
        return {int(name.split(":")[2]) for (name,) in server.rows("SELECT id FROM servers")}

    assert server.process is not None
    first = until(lambda: len(found := workers()) == 2 and found)
    assert server.process.pid not in first
    killed = first.pop()
    psutil.Process(killed).send_signal(signal.SIGKILL)
    until(lambda: len(found := workers()) == 2 and killed not in found, 60)
    assert server.client.get("/api/recordings").raise_for_status().json()["total"] == 0

    assert server.stop() == 0
    assert workers() == set()
    server.close()
