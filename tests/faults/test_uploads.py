"""SIGKILL at each durable step of an upload and of its becoming a recording: what was acknowledged is there, once."""

import hashlib
import os
import random
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import play
from tests.faults.test_trouble import _HOLD
from tests.serving import Server, until
from tests.tus import SPOKEN, begin, how_far, incoming, make, send, sent

CONTENT = random.Random(15).randbytes(2_000_000)
#: Of one upload in pieces, then of one recording made of two.
UPLOAD_STEPS = ["upload.chunk", "upload.offset"]
RECORDING_STEPS = ["recording.files", "original.sha256", "recording.row"]


def gone_on_with(server: Server, place: str, offset: int) -> None:
    """The rest is sent, and the file is what it was."""
    assert send(server.client, place, offset, CONTENT[offset:]).status_code == 204
    upload = server.client.get(place).json()
    assert (upload["received"], upload["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    [id] = incoming(server)
    assert (server.folder / "uploads" / "incoming" / id).read_bytes() == CONTENT


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["upload.row"])
def test_a_server_killed_while_an_upload_begins_leaves_none_or_one(server: Server, step: str, moment: str) -> None:
    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        begin(server.client, len(CONTENT))
    server.wait_for_death()

    server.start()

    left = server.client.get("/api/uploads").json()["items"]
    assert [upload["received"] for upload in left] == ([] if moment == "before" else [0])
    gone_on_with(server, begin(server.client, len(CONTENT)).headers["Location"], 0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", UPLOAD_STEPS)
def test_a_server_killed_while_a_piece_comes_tells_the_true_offset(server: Server, step: str, moment: str) -> None:
    server.start()
    place = begin(server.client, len(CONTENT)).headers["Location"]
    send(server.client, place, 0, CONTENT[:500_000]).raise_for_status()
    server.stop()
    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        send(server.client, place, 500_000, CONTENT[500_000:1_000_000])
    server.wait_for_death()

    server.start()

    offset = how_far(server.client, place)
    assert offset == (1_000_000 if (step, moment) == ("upload.offset", "after") else 500_000)
    wrong = send(server.client, place, 1_500_000 - offset, CONTENT[:10])
    assert (wrong.status_code, wrong.json()["offset"]) == (409, offset)
    gone_on_with(server, place, offset)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", RECORDING_STEPS)
def test_a_server_killed_while_uploads_become_a_recording_makes_one(
    server: Server, recording: Path, step: str, moment: str
) -> None:
    server.start()
    contents = [recording.read_bytes(), recording.read_bytes() + bytes(3200)]
    uploads = [sent(server.client, content) for content in contents]
    server.stop()
    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        make(server.client, *uploads, key="this-one")
    server.wait_for_death()

    server.start()

    left = {upload["id"] for upload in server.client.get("/api/uploads").json()["items"]}
    assert left == (set() if (step, moment) == ("recording.row", "after") else set(uploads))
    answer = make(server.client, *uploads, key="this-one")  # as a client does that heard nothing
    assert answer.status_code == 201
    made = answer.json()["recording"]["id"]
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"
    assert [row["id"] for row in server.client.get("/api/recordings").json()["items"]] == [made]
    assert server.client.get("/api/jobs").json()["total"] == 1
    for number, content in enumerate(contents, 1):
        part = server.client.get(f"/api/recordings/{made}/original", params={"part": number})
        assert part.content == content
    until(lambda: incoming(server) == [])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["original", "recording.row"])
def test_a_form_cut_off_by_a_kill_can_be_sent_again_with_its_key(
    server: Server, recording: Path, step: str, moment: str
) -> None:
    def post() -> httpx.Response:
        with recording.open("rb") as file:
            return server.client.post(
                "/api/recordings", files={"file": (recording.name, file)}, headers={"Idempotency-Key": "form"}
            )

    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        post()
    server.wait_for_death()
    server.start()

    answer = post()

    assert answer.status_code == 201
    assert server.client.get("/api/jobs").json()["total"] == 1
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["upload.gone"])
def test_a_server_killed_while_an_upload_is_given_up(server: Server, step: str, moment: str) -> None:
    server.start(CRASH_AT=f"{moment}:{step}")
    place = begin(server.client, len(CONTENT)).headers["Location"]
    send(server.client, place, 0, CONTENT[:1000]).raise_for_status()
    with suppress(httpx.TransportError):
        server.client.delete(place, headers=SPOKEN)
    server.wait_for_death()

    server.start()

    until(lambda: incoming(server) == [])
    assert server.client.get("/api/uploads").json()["items"] == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["upload.expired"])
def test_a_server_killed_while_an_upload_expires(server: Server, step: str, moment: str) -> None:
    server.start(UPLOAD_HOURS="0.0000001")
    begin(server.client, len(CONTENT))
    server.stop()
    server.start_to_die(CRASH_AT=f"{moment}:{step}")

    server.start()

    until(lambda: incoming(server) == [])
    until(lambda: server.rows("SELECT count(*) FROM uploads") == [(0,)])


def test_a_long_piece_survives_a_kill_up_to_what_was_made_durable(server: Server) -> None:
    """F19 with SIGKILL in place of a cut: bytes come for ever, until the server has said that some are safe."""
    server.start()
    size = 400_000_000
    place = begin(server.client, size).headers["Location"]
    block, safe, told = bytes(range(256)) * 4096, threading.Event(), 0

    def endless() -> object:
        for _ in range(size // len(block)):
            if safe.is_set():
                return
            yield block

    def piece() -> None:
        client = httpx.Client(base_url=server.client.base_url, headers=server.client.headers, timeout=60)
        with client, suppress(httpx.TransportError):
            send(client, place, 0, endless())

    sending = threading.Thread(target=piece)
    sending.start()
    told = until(lambda: server.client.get(place).json()["received"])
    server.kill()
    safe.set()
    sending.join()
    server.start()

    offset = how_far(server.client, place)
    assert told <= offset < size
    [id] = incoming(server)
    file = server.folder / "uploads" / "incoming" / id
    assert file.stat().st_size >= offset
    with file.open("rb") as content:
        while offset > 0:
            assert content.read(min(len(block), offset)) == block[: min(len(block), offset)]
            offset -= len(block)


def test_files_whose_rows_are_gone_are_swept_at_start(server: Server) -> None:
    server.start()
    place = begin(server.client, len(CONTENT)).headers["Location"]
    send(server.client, place, 0, CONTENT[:1000])
    (server.folder / "uploads" / "incoming" / ("0" * 32)).write_bytes(b"a delete was killed after its commit")
    server.kill()

    server.start()

    until(lambda: incoming(server) == [place.rpartition("/")[2]])
    gone_on_with(server, place, 1000)


def test_a_database_held_by_another_is_a_503_and_the_piece_can_be_sent_again(server: Server) -> None:
    server.start(DATABASE_BUSY_SECONDS="2")
    place = begin(server.client, len(CONTENT)).headers["Location"]
    holder = subprocess.Popen(
        ["python3", "-c", _HOLD, str(server.folder / "house.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdin is not None
    holder.stdout.readline()

    answer = send(server.client, place, 0, CONTENT[:1000])
    holder.stdin.close()
    holder.wait(10)
    holder.stdout.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert how_far(server.client, place) == 0
    gone_on_with(server, place, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_a_507_and_the_upload_goes_on_when_there_is_room(server: Server) -> None:
    uploads = server.folder / "uploads"
    uploads.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(uploads)], check=False)
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        server.start()
        assert begin(server.client, 9_000_000).status_code == 507  # F16: before a byte is read
        place = begin(server.client, len(CONTENT)).headers["Location"]
        send(server.client, place, 0, CONTENT[:1_000_000]).raise_for_status()
        _fill(uploads / "somebody else's")

        answer = send(server.client, place, 1_000_000, CONTENT[1_000_000:])

        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
        assert how_far(server.client, place) == 1_000_000
        (uploads / "somebody else's").unlink()
        gone_on_with(server, place, 1_000_000)
    finally:
        server.close()
        subprocess.run(["umount", str(uploads)], check=True)


def test_a_queue_that_is_full_keeps_the_uploads(server: Server, recording: Path) -> None:
    play(server, transcribe={"steps": {"1": {"hang": True}}}, diarize={"steps": {"0": {"hang": True}}})
    server.start(JOB_QUEUE_MAX_SIZE="1", JOB_QUEUE_MAX_CONCURRENT="1", JOB_QUEUE_MAX_PER_USER="1")
    _, running = server.upload(recording)
    until(lambda: server.job(running)["status"] == "running")
    _, waiting = server.upload(recording)
    upload = sent(server.client, recording.read_bytes() + bytes(3200))

    answer = make(server.client, upload, key="patient")

    assert (answer.status_code, answer.json()["code"]) == (429, "queue_full")
    assert answer.headers["Retry-After"].isdigit()
    assert server.client.get(f"/api/uploads/{upload}").json()["received"] > 0
    server.client.post(f"/api/jobs/{waiting}/cancel").raise_for_status()
    assert make(server.client, upload, key="patient").status_code == 201


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while file.write(bytes(65536)):
            pass


def test_an_upload_that_expires_is_gone_after_a_restart(server: Server) -> None:
    server.start(UPLOAD_HOURS="0.0000001")
    place = begin(server.client, len(CONTENT)).headers["Location"]
    assert server.client.head(place, headers=SPOKEN).status_code == 404
    server.kill()

    server.start()

    until(lambda: incoming(server) == [])
    assert server.client.get("/api/uploads").json()["items"] == []
