"""Two servers on one database: whatever happens to one, no job is lost, and none is done twice."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy.exc import DBAPIError

from tests.databases import DatabaseServer, kinds_for_several_servers
from tests.faults.conftest import play, script
from tests.serving import Server, until

KINDS = kinds_for_several_servers()
#: What needs no certain kind of database runs on the other one, so that each kind has its share for no more time.
on_the_other_kind = pytest.mark.parametrize("servers", KINDS[-1:], indirect=True)


@pytest.fixture(params=KINDS[:1])
def servers(
    request: pytest.FixtureRequest, tmp_path: Path, database_servers: Callable[[str], DatabaseServer]
) -> Iterator[tuple[Server, Server]]:
    """Two servers of one installation, not started yet. A job without heartbeats is rescued after two seconds."""
    timeouts = {"RESCUE_SECONDS": "2", "HEARTBEAT_SECONDS": "0.3", "SCRIPT": str(tmp_path / "script.json")}
    settings = {"DATABASE_URL": database_servers(request.param).create(), **timeouts}
    one, other = Server(tmp_path, **settings), Server(tmp_path, **settings)
    other.log = tmp_path / "other.log"
    play(one)
    yield one, other
    for server in (one, other):
        if server.process is not None and server.process.poll() is None:
            server.process.send_signal(signal.SIGCONT)
        server.close()


def join(one: Server, other: Server) -> None:
    """Start the other server too."""
    other.client.headers["Authorization"] = one.client.headers["Authorization"]
    other.start()


def start_paused(one: Server, other: Server) -> psutil.Process:
    """Start both and pause the other: on a busy machine a start takes longer than a job."""
    one.start()
    join(one, other)
    return pause(other)


def running(server: Server) -> Counter[str]:
    """The number of running jobs of each server."""
    return Counter(runner for (runner,) in server.rows("SELECT runner FROM jobs WHERE status = 'running'"))


def versions(server: Server, recording: str) -> list[int]:
    answer = server.client.get(f"/api/recordings/{recording}/transcript/versions")
    return [version["number"] for version in answer.raise_for_status().json()]


def test_two_servers_on_one_database_share_the_jobs_and_the_limits(
    servers: tuple[Server, Server], recording: Path
) -> None:
    one, other = servers
    one.start()
    join(one, other)
    uploaded = [server.upload(recording) for server in (one, other, one, other, one, other)]
    most, seen = 0, Counter[str]()

    def all_ended() -> bool:
        nonlocal most
        now = running(one)
        most = max(most, sum(now.values()))
        seen.update(now.keys())
        return all(one.job(job)["status"] == "done" for _, job in uploaded)

    until(all_ended, 180)  # on a busy machine

    assert most <= 2  # the limit of one user
    assert len(seen) == 2
    assert [one.job(job)["attempt"] for _, job in uploaded] == [1] * 6
    assert [versions(other, id) for id, _ in uploaded] == [[1]] * 6


def test_a_paused_server_cannot_publish_over_its_successor(servers: tuple[Server, Server], recording: Path) -> None:
    one, other = servers
    play(one, transcribe={"delay": 0.4})
    successor = start_paused(one, other)
    id, job = one.upload(recording)
    until(lambda: one.job(job)["stage"] == "transcribe")

    paused = pause(one)
    successor.resume()
    state = other.ended(job)
    document = other.text(id)
    paused.resume()

    assert (state["status"], state["attempt"]) == ("done", 2)
    until(lambda: "Job was taken from this attempt" in one.log.read_text(encoding="utf-8"))
    assert versions(one, id) == [1]
    assert one.text(id) == document
    transcript = "".join(segment["text"] for segment in json.loads(document)["segments"])
    assert transcript == "".join(row["text"] for row in script()["sentences"])


@on_the_other_kind
def test_a_server_without_heartbeats_loses_its_job_and_keeps_running(
    servers: tuple[Server, Server], recording: Path
) -> None:
    one, other = servers
    play(one, transcribe={"steps": {"3": {"hang": True, "once": str(one.folder / "hung")}}})
    one.start(HEARTBEAT_SECONDS="3600")
    id, job = one.upload(recording)
    until((one.folder / "hung").exists)
    join(one, other)

    state = other.ended(job)

    assert (state["status"], state["attempt"]) == ("done", 2)
    assert one.client.get("/health").status_code == 200
    assert one.stop() == 0
    assert other.job(job)["status"] == "done"
    assert versions(other, id) == [1]


@on_the_other_kind
def test_jobs_of_a_killed_server_are_done_by_the_other(servers: tuple[Server, Server], recording: Path) -> None:
    one, other = servers
    play(one, transcribe={"delay": 0.4})
    successor = start_paused(one, other)
    uploaded = [one.upload(recording) for _ in range(2)]
    until(lambda: sum(running(one).values()) == 2)

    one.kill()
    successor.resume()

    ends: list[dict[str, Any]] = [other.ended(job) for _, job in uploaded]
    assert [(end["status"], end["attempt"]) for end in ends] == [("done", 2)] * 2
    assert [versions(other, id) for id, _ in uploaded] == [[1]] * 2


def test_after_a_crash_at_the_limit_of_a_user_both_jobs_run_again(
    servers: tuple[Server, Server], recording: Path
) -> None:
    server, _ = servers
    play(server, transcribe={"delay": 0.3})
    server.start()
    uploaded = [server.upload(recording) for _ in range(3)]
    until(lambda: sum(running(server).values()) == 2)

    server.kill()
    server.start()

    until(lambda: sum(running(server).values()) == 2, seconds=5)
    assert [server.ended(job)["status"] for _, job in uploaded] == ["done"] * 3


def pause(server: Server) -> psutil.Process:
    """SIGSTOP the server while it holds no lock of the queue: it would block every other writer."""
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    while True:
        process.suspend()
        try:
            server.rows("SELECT moves FROM queue_gate FOR UPDATE NOWAIT")
            return process
        except DBAPIError:
            process.resume()
