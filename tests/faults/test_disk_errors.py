"""EIO, from the very system calls: what cannot be read or written ends its own job or request, and nothing is lost."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import move_in
from tests.faults.test_housekeeping import checked
from tests.faults.watched import Watched
from tests.serving import Server, until
from tests.tus import begin, how_far, incoming, send

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")

CONTENT = random.Random(17).randbytes(1_000_000)


@pytest.fixture
def server(tmp_path: Path, furnished: Server) -> Iterator[Watched]:
    server = Watched(tmp_path, SCRIPT=str(tmp_path / "script.json"), RESCUE_SECONDS="30", HEARTBEAT_SECONDS="1")
    move_in(server, furnished)
    yield server
    server.close()


def taken(server: Watched, recording: Path) -> tuple[str, str]:
    """Ids of a recording that is stored, and of its job that nobody has begun."""
    server.start(CRASH_AT="after:recording.row")
    with pytest.raises(httpx.TransportError):
        server.upload(recording)
    server.wait_for_death()
    [ids] = server.rows("SELECT recording_id, id FROM jobs WHERE status = 'queued'")
    return str(ids[0]), str(ids[1])


def segments(server: Watched, id: str) -> list[Any]:
    return list(json.loads(server.text(id))["segments"])


def another_is_done(server: Watched, recording: Path) -> list[Any]:
    """The segments of a second recording of the same sound, which lies elsewhere on the disk."""
    id, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"
    return segments(server, id)


@pytest.mark.parametrize("when", ["1+", "4+"], ids=["from the beginning", "from the middle"])
async def test_an_original_that_the_disk_does_not_give_back_fails_its_own_job_until_it_does(
    server: Watched, recording: Path, when: str
) -> None:
    id, job = taken(server, recording)
    server.fail("read", server.folder / "uploads" / id / "original.wav", when=when)
    server.start()

    state = server.ended(job)

    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "input_unreadable", 1)
    others = another_is_done(server, recording)
    assert server.stop() == 0
    server.mend()
    server.start()
    server.client.post(f"/api/jobs/{job}/retry").raise_for_status()
    assert (server.ended(job)["status"], server.job(job)["warnings"]) == ("done", [])
    assert segments(server, id) == others
    assert (await checked(server)).problems == []


def test_what_was_heard_and_could_not_be_kept_once_is_heard_again(server: Watched, recording: Path) -> None:
    id, job = taken(server, recording)
    server.fail("write", server.folder / "uploads" / id / "jobs" / job / "finished.jsonl", when="3")
    server.start()

    state = server.ended(job)

    assert (state["status"], state["attempt"], state["warnings"]) == ("done", 2, [])
    assert "disk_failed" in server.log.read_text(encoding="utf-8")
    assert segments(server, id) == another_is_done(server, recording)


async def test_artifacts_that_cannot_be_made_to_last_fail_their_own_job_and_a_retry_mends_it(
    server: Watched, recording: Path
) -> None:
    id, job = taken(server, recording)
    server.fail("fsync", server.folder / "uploads" / id / "jobs" / job)
    server.start()

    state = server.ended(job)

    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "disk_failed", 3)
    others = another_is_done(server, recording)
    assert server.stop() == 0
    server.mend()
    server.start()
    server.client.post(f"/api/jobs/{job}/retry").raise_for_status()
    assert server.ended(job)["status"] == "done"
    assert segments(server, id) == others
    assert (await checked(server)).problems == []


def test_an_artifact_that_finds_no_room_lets_its_job_wait(server: Watched, recording: Path) -> None:
    id, job = taken(server, recording)
    server.fail("fsync", server.folder / "uploads" / id / "jobs" / job, "ENOSPC")
    server.start()

    waiting = until(lambda: (state := server.job(job))["error"] and state)

    assert (waiting["status"], waiting["error"]["code"]) == ("queued", "waiting_disk")
    assert server.rows("SELECT failures FROM jobs") == [(0,)]


def test_a_piece_that_could_not_be_made_to_last_is_not_acknowledged_and_comes_again(server: Watched) -> None:
    server.start()
    place = begin(server.client, len(CONTENT)).headers["Location"]
    send(server.client, place, 0, CONTENT[:300_000]).raise_for_status()
    assert server.stop() == 0
    file = server.folder / "uploads" / "incoming" / place.rpartition("/")[2]
    server.fail("fsync", file)
    server.start()

    refused = send(server.client, place, 300_000, CONTENT[300_000:600_000])

    assert (refused.status_code, refused.json()["code"]) == (500, "internal_error")
    assert how_far(server.client, place) == 300_000
    until(lambda: file.read_bytes() == CONTENT[:300_000])
    assert server.stop() == 0
    server.mend()
    server.start()
    assert send(server.client, place, 300_000, CONTENT[300_000:]).status_code == 204
    assert incoming(server) == [file.name]
    assert file.read_bytes() == CONTENT
