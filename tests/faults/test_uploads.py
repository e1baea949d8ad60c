"""SIGKILL at each durable step of an upload and of making a recording: acknowledged data is there, once."""

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
from tests.tus import TUS_HEADERS, create_recording, create_upload, get_offset, incoming_files, send_chunk, upload_file

CONTENT = random.Random(15).randbytes(2_000_000)
#: Steps of an upload in chunks, then of a recording made from two uploads.
UPLOAD_STEPS = ["upload.chunk", "upload.offset"]
RECORDING_STEPS = ["recording.files", "original.sha256", "recording.row"]


def assert_upload_continues(server: Server, place: str, offset: int) -> None:
    """Send the rest, and assert that the file is complete and unchanged."""
    assert send_chunk(server.client, place, offset, CONTENT[offset:]).status_code == 204
    upload = server.client.get(place).json()
    assert (upload["received"], upload["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    [id] = incoming_files(server)
    assert (server.folder / "uploads" / "incoming" / id).read_bytes() == CONTENT


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["upload.row"])
def test_a_server_killed_while_an_upload_is_created_leaves_none_or_one(server: Server, step: str, moment: str) -> None:
    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        create_upload(server.client, len(CONTENT))
    server.wait_for_death()

    server.start()

    left = server.client.get("/api/uploads").json()["items"]
    assert [upload["received"] for upload in left] == ([] if moment == "before" else [0])
    assert_upload_continues(server, create_upload(server.client, len(CONTENT)).headers["Location"], 0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", UPLOAD_STEPS)
def test_a_server_killed_while_a_chunk_arrives_answers_the_true_offset(server: Server, step: str, moment: str) -> None:
    server.start()
    place = create_upload(server.client, len(CONTENT)).headers["Location"]
    send_chunk(server.client, place, 0, CONTENT[:500_000]).raise_for_status()
    server.stop()
    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        send_chunk(server.client, place, 500_000, CONTENT[500_000:1_000_000])
    server.wait_for_death()

    server.start()

    offset = get_offset(server.client, place)
    assert offset == (1_000_000 if (step, moment) == ("upload.offset", "after") else 500_000)
    wrong = send_chunk(server.client, place, 1_500_000 - offset, CONTENT[:10])
    assert (wrong.status_code, wrong.json()["offset"]) == (409, offset)
    assert_upload_continues(server, place, offset)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", RECORDING_STEPS)
def test_a_server_killed_while_uploads_become_a_recording_makes_one(
    server: Server, recording: Path, step: str, moment: str
) -> None:
    server.start()
    contents = [recording.read_bytes(), recording.read_bytes() + bytes(3200)]
    uploads = [upload_file(server.client, content) for content in contents]
    server.stop()
    server.start(CRASH_AT=f"{moment}:{step}")
    with pytest.raises(httpx.TransportError):
        create_recording(server.client, *uploads, key="this-one")
    server.wait_for_death()

    server.start()

    left = {upload["id"] for upload in server.client.get("/api/uploads").json()["items"]}
    assert left == (set() if (step, moment) == ("recording.row", "after") else set(uploads))
    answer = create_recording(server.client, *uploads, key="this-one")  # as a client does that got no answer
    assert answer.status_code == 201
    made = answer.json()["recording"]["id"]
    assert server.ended(answer.json()["job"]["id"])["status"] == "done"
    assert [row["id"] for row in server.client.get("/api/recordings").json()["items"]] == [made]
    assert server.client.get("/api/jobs").json()["total"] == 1
    for number, content in enumerate(contents, 1):
        part = server.client.get(f"/api/recordings/{made}/original", params={"part": number})
        assert part.content == content
    until(lambda: incoming_files(server) == [])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["original", "recording.row"])
def test_a_form_cut_off_by_a_kill_can_be_sent_again_with_its_key(
    server: Server, recording: Path, step: str, moment: str
) -> None:
    def post() -> httpx.Response:
        with recording.open("rb") as file:
            return server.client.post(
                "/api/recordings",
                data={"allow_duplicate": "true"},
                files={"file": (recording.name, file)},
                headers={"Idempotency-Key": "form"},
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
def test_a_server_killed_while_an_upload_is_aborted(server: Server, step: str, moment: str) -> None:
    server.start(CRASH_AT=f"{moment}:{step}")
    place = create_upload(server.client, len(CONTENT)).headers["Location"]
    send_chunk(server.client, place, 0, CONTENT[:1000]).raise_for_status()
    with suppress(httpx.TransportError):
        server.client.delete(place, headers=TUS_HEADERS)
    server.wait_for_death()

    server.start()

    until(lambda: incoming_files(server) == [])
    assert server.client.get("/api/uploads").json()["items"] == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["upload.expired"])
def test_a_server_killed_while_an_upload_expires(server: Server, step: str, moment: str) -> None:
    server.start(UPLOAD_HOURS="0.0000001")
    create_upload(server.client, len(CONTENT))
    server.stop()
    server.start_to_die(CRASH_AT=f"{moment}:{step}")

    server.start()

    until(lambda: incoming_files(server) == [])
    until(lambda: server.rows("SELECT count(*) FROM uploads") == [(0,)])


def test_a_long_chunk_survives_a_kill_up_to_the_acknowledged_offset(server: Server) -> None:
    """F19 with SIGKILL: bytes are sent until the server has acknowledged some."""
    server.start()
    size = 400_000_000
    place = create_upload(server.client, size).headers["Location"]
    block, safe, acknowledged = bytes(range(256)) * 4096, threading.Event(), 0

    def endless() -> object:
        for _ in range(size // len(block)):
            if safe.is_set():
                return
            yield block

    def piece() -> None:
        client = httpx.Client(base_url=server.client.base_url, headers=server.client.headers, timeout=60)
        with client, suppress(httpx.TransportError):
            send_chunk(client, place, 0, endless())

    sending = threading.Thread(target=piece)
    sending.start()
    acknowledged = until(lambda: server.client.get(place).json()["received"])
    server.kill()
    safe.set()
    sending.join()
    server.start()

    offset = get_offset(server.client, place)
    assert acknowledged <= offset < size
    [id] = incoming_files(server)
    file = server.folder / "uploads" / "incoming" / id
    assert file.stat().st_size >= offset
    with file.open("rb") as content:
        while offset > 0:
            assert content.read(min(len(block), offset)) == block[: min(len(block), offset)]
            offset -= len(block)


def test_upload_files_without_rows_are_removed_at_start(server: Server) -> None:
    server.start()
    place = create_upload(server.client, len(CONTENT)).headers["Location"]
    send_chunk(server.client, place, 0, CONTENT[:1000])
    (server.folder / "uploads" / "incoming" / ("0" * 32)).write_bytes(b"a delete was killed after its commit")
    server.kill()

    server.start()

    until(lambda: incoming_files(server) == [place.rpartition("/")[2]])
    assert_upload_continues(server, place, 1000)


def test_a_database_locked_by_another_process_is_a_503_and_the_chunk_can_be_sent_again(server: Server) -> None:
    server.start(DATABASE_BUSY_SECONDS="2")
    place = create_upload(server.client, len(CONTENT)).headers["Location"]
    holder = subprocess.Popen(
        ["python3", "-c", _HOLD, str(server.folder / "server.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdin is not None
    holder.stdout.readline()

    answer = send_chunk(server.client, place, 0, CONTENT[:1000])
    holder.stdin.close()
    holder.wait(10)
    holder.stdout.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert get_offset(server.client, place) == 0
    assert_upload_continues(server, place, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount a small disk")
def test_a_full_disk_is_a_507_and_the_upload_continues_when_there_is_space(server: Server) -> None:
    uploads = server.folder / "uploads"
    uploads.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(uploads)], check=False)
    if mounted.returncode != 0:
        pytest.skip("cannot mount here")
    try:
        server.start()
        assert create_upload(server.client, 9_000_000).status_code == 507  # F16: before a byte is read
        place = create_upload(server.client, len(CONTENT)).headers["Location"]
        send_chunk(server.client, place, 0, CONTENT[:1_000_000]).raise_for_status()
        _fill(uploads / "other data")

        answer = send_chunk(server.client, place, 1_000_000, CONTENT[1_000_000:])

        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
        assert get_offset(server.client, place) == 1_000_000
        (uploads / "other data").unlink()
        assert_upload_continues(server, place, 1_000_000)
    finally:
        server.close()
        subprocess.run(["umount", str(uploads)], check=True)


def test_a_full_queue_keeps_the_uploads(server: Server, recording: Path) -> None:
    play(server, transcribe={"steps": {"1": {"hang": True}}}, diarize={"steps": {"0": {"hang": True}}})
    server.start(JOB_QUEUE_MAX_SIZE="1", JOB_QUEUE_MAX_CONCURRENT="1", JOB_QUEUE_MAX_PER_USER="1")
    _, running = server.upload(recording)
    until(lambda: server.job(running)["status"] == "running")
    _, waiting = server.upload(recording)
    upload = upload_file(server.client, recording.read_bytes() + bytes(3200))

    answer = create_recording(server.client, upload, key="same")

    assert (answer.status_code, answer.json()["code"]) == (429, "queue_full")
    assert answer.headers["Retry-After"].isdigit()
    assert server.client.get(f"/api/uploads/{upload}").json()["received"] > 0
    server.client.post(f"/api/jobs/{waiting}/cancel").raise_for_status()
    assert create_recording(server.client, upload, key="same").status_code == 201


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while file.write(bytes(65536)):
            pass


def test_an_upload_that_expires_is_gone_after_a_restart(server: Server) -> None:
    server.start(UPLOAD_HOURS="0.0000001")
    place = create_upload(server.client, len(CONTENT)).headers["Location"]
    assert server.client.head(place, headers=TUS_HEADERS).status_code == 404
    server.kill()

    server.start()

    until(lambda: incoming_files(server) == [])
    assert server.client.get("/api/uploads").json()["items"] == []
