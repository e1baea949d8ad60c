"""System calls that fail with EIO: only the job or request that needs the file fails, and nothing is lost."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import copy_prepared
from tests.faults.test_housekeeping import run_check
from tests.faults.traced_server import TracedServer
from tests.serving import Server, until
from tests.tus import create_upload, get_offset, incoming_files, send_chunk

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

CONTENT = random.Random(17).randbytes(1_000_000)


@pytest.fixture
def server(tmp_path: Path, prepared: Server) -> Iterator[TracedServer]:
    server = TracedServer(tmp_path, SCRIPT=str(tmp_path / "script.json"), RESCUE_SECONDS="30", HEARTBEAT_SECONDS="1")
    copy_prepared(server, prepared)
    yield server
    server.close()


def stored_recording(server: TracedServer, recording: Path) -> tuple[str, str]:
    """Ids of a stored recording and its job, which has not been started."""
    server.start(CRASH_AT="after:recording.row")
    with pytest.raises(httpx.TransportError):
        server.upload(recording)
    server.wait_for_death()
    [ids] = server.rows("SELECT recording_id, id FROM jobs WHERE status = 'queued'")
    return str(ids[0]), str(ids[1])


def segments(server: TracedServer, id: str) -> list[Any]:
    return list(json.loads(server.text(id))["segments"])


def another_is_done(server: TracedServer, recording: Path) -> list[Any]:
    """The segments of a second recording of the same audio in another file."""
    id, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"
    return segments(server, id)


@pytest.mark.parametrize("when", ["1+", "4+"], ids=["from the beginning", "from the middle"])
async def test_an_unreadable_original_fails_its_own_job_until_it_is_readable(
    server: TracedServer, recording: Path, when: str
) -> None:
    id, job = stored_recording(server, recording)
    server.fail("read", server.folder / "uploads" / id / "original.wav", when=when)
    server.start()

    state = server.ended(job)

    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "input_unreadable", 1)
    others = another_is_done(server, recording)
    assert server.stop() == 0
    server.repair()
    server.start()
    server.client.post(f"/api/jobs/{job}/retry").raise_for_status()
    assert (server.ended(job)["status"], server.job(job)["warnings"]) == ("done", [])
    assert segments(server, id) == others
    assert (await run_check(server)).problems == []


def test_recognised_text_that_could_not_be_written_is_recognised_again(server: TracedServer, recording: Path) -> None:
    id, job = stored_recording(server, recording)
    server.fail("write", server.folder / "uploads" / id / "jobs" / job / "finished.jsonl", when="6")
    server.start()

    state = server.ended(job)

    assert (state["status"], state["attempt"], state["warnings"]) == ("done", 2, [])
    assert "disk_failed" in server.log.read_text(encoding="utf-8")
    assert segments(server, id) == another_is_done(server, recording)


async def test_artifacts_that_cannot_be_synced_fail_their_own_job_until_a_retry(
    server: TracedServer, recording: Path
) -> None:
    id, job = stored_recording(server, recording)
    server.fail("fsync", server.folder / "uploads" / id / "jobs" / job)
    server.start()

    state = server.ended(job)

    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "disk_failed", 3)
    others = another_is_done(server, recording)
    assert server.stop() == 0
    server.repair()
    server.start()
    server.client.post(f"/api/jobs/{job}/retry").raise_for_status()
    assert server.ended(job)["status"] == "done"
    assert segments(server, id) == others
    assert (await run_check(server)).problems == []


def test_a_job_waits_when_there_is_no_space_for_an_artifact(server: TracedServer, recording: Path) -> None:
    id, job = stored_recording(server, recording)
    server.fail("fsync", server.folder / "uploads" / id / "jobs" / job, "ENOSPC")
    server.start()

    waiting = until(lambda: (state := server.job(job))["error"] and state)

    assert (waiting["status"], waiting["error"]["code"]) == ("queued", "waiting_disk")
    assert server.rows("SELECT failures FROM jobs") == [(0,)]


def test_a_chunk_that_could_not_be_synced_is_not_acknowledged_and_can_be_sent_again(server: TracedServer) -> None:
    server.start()
    place = create_upload(server.client, len(CONTENT)).headers["Location"]
    send_chunk(server.client, place, 0, CONTENT[:300_000]).raise_for_status()
    assert server.stop() == 0
    file = server.folder / "uploads" / "incoming" / place.rpartition("/")[2]
    server.fail("fsync", file)
    server.start()

    refused = send_chunk(server.client, place, 300_000, CONTENT[300_000:600_000])

    assert (refused.status_code, refused.json()["code"]) == (500, "internal_error")
    assert get_offset(server.client, place) == 300_000
    until(lambda: file.read_bytes() == CONTENT[:300_000])
    assert server.stop() == 0
    server.repair()
    server.start()
    assert send_chunk(server.client, place, 300_000, CONTENT[300_000:]).status_code == 204
    assert incoming_files(server) == [file.name]
    assert file.read_bytes() == CONTENT
