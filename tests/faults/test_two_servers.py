"""Two servers on one database: whatever happens to one, no job is lost, and none is done twice."""

import json
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.conftest import move_in, play, script
from tests.serving import Server, until


@pytest.fixture
def pair(tmp_path: Path, furnished: Server) -> Iterator[tuple[Server, Server]]:
    """Two servers of one house, of which neither is started yet; who falls silent is given up after two seconds."""
    patience = {"RESCUE_SECONDS": "2", "HEARTBEAT_SECONDS": "0.3", "SCRIPT": str(tmp_path / "script.json")}
    one, other = Server(tmp_path, **patience), Server(tmp_path, **patience)
    other.log = tmp_path / "other.log"
    move_in(one, furnished)
    yield one, other
    for server in (one, other):
        if server.process is not None and server.process.poll() is None:
            server.process.send_signal(signal.SIGCONT)
        server.close()


def join(one: Server, other: Server) -> None:
    """Start the other one too."""
    other.client.headers["Authorization"] = one.client.headers["Authorization"]
    other.start()


def bystander(one: Server, other: Server) -> psutil.Process:
    """Start both, and let the other stand still: to start it takes longer than a job, where much else goes on."""
    one.start()
    join(one, other)
    return pause(other)


def running(server: Server) -> Counter[str]:
    """How many jobs each server is at."""
    return Counter(runner for (runner,) in server.rows("SELECT runner FROM jobs WHERE status = 'running'"))


def versions(server: Server, recording: str) -> list[int]:
    answer = server.client.get(f"/api/recordings/{recording}/transcript/versions")
    return [version["number"] for version in answer.raise_for_status().json()]


def test_two_servers_on_one_database_share_its_jobs_and_keep_its_limits(
    pair: tuple[Server, Server], recording: Path
) -> None:
    one, other = pair
    one.start()
    join(one, other)
    taken = [server.upload(recording) for server in (one, other, one, other, one, other)]
    most, seen = 0, Counter[str]()

    def all_ended() -> bool:
        nonlocal most
        now = running(one)
        most = max(most, sum(now.values()))
        seen.update(now.keys())
        return all(one.job(job)["status"] == "done" for _, job in taken)

    until(all_ended, 60)

    assert most <= 2  # they are all of one user
    assert len(seen) == 2
    assert [one.job(job)["attempt"] for _, job in taken] == [1] * 6
    assert [versions(other, id) for id, _ in taken] == [[1]] * 6


def test_a_server_that_was_paused_cannot_publish_over_its_successor(
    pair: tuple[Server, Server], recording: Path
) -> None:
    one, other = pair
    play(one, transcribe={"delay": 0.4})
    successor = bystander(one, other)
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
    heard = "".join(segment["text"] for segment in json.loads(document)["segments"])
    assert heard == "".join(row["text"] for row in script()["sentences"])


def test_a_server_whose_heart_has_stopped_loses_its_job_and_not_its_head(
    pair: tuple[Server, Server], recording: Path
) -> None:
    one, other = pair
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


def test_a_server_that_dies_leaves_its_jobs_to_the_other(pair: tuple[Server, Server], recording: Path) -> None:
    one, other = pair
    play(one, transcribe={"delay": 0.4})
    successor = bystander(one, other)
    taken = [one.upload(recording) for _ in range(2)]
    until(lambda: sum(running(one).values()) == 2)

    one.kill()
    successor.resume()

    ends: list[dict[str, Any]] = [other.ended(job) for _, job in taken]
    assert [(end["status"], end["attempt"]) for end in ends] == [("done", 2)] * 2
    assert [versions(other, id) for id, _ in taken] == [[1]] * 2


def test_after_a_crash_at_the_cap_of_a_user_both_of_his_jobs_run_again(
    pair: tuple[Server, Server], recording: Path
) -> None:
    server, _ = pair
    play(server, transcribe={"delay": 0.3})
    server.start()
    taken = [server.upload(recording) for _ in range(3)]
    until(lambda: sum(running(server).values()) == 2)

    server.kill()
    server.start()

    until(lambda: sum(running(server).values()) == 2, seconds=5)
    assert [server.ended(job)["status"] for _, job in taken] == ["done"] * 3


def pause(server: Server) -> psutil.Process:
    """SIGSTOP, at a moment when the server does not write: on SQLite everybody else would wait with it."""
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    while True:
        process.suspend()
        with closing(sqlite3.connect(server.folder / "house.db", timeout=0.2, isolation_level=None)) as rows:
            try:
                rows.execute("BEGIN IMMEDIATE")
                rows.execute("ROLLBACK")
                return process
            except sqlite3.OperationalError:
                process.resume()
