"""Uploads become a recording, once, or stay what they are."""

import hashlib
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from backend.ffmpeg import ffmpeg_path
from tests.jobs.api.test_intake import folders
from tests.serving import PASSWORD, Server, until
from tests.tus import SPOKEN, begin, incoming, make, send, sent

Tone = Callable[..., bytes]


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Tone:
    """So many seconds of a tone, never the same file twice."""
    folder = tmp_path_factory.mktemp("tones")
    made = 0

    def tone(seconds: float, extension: str = "wav") -> bytes:
        nonlocal made
        made += 1
        path = folder / f"{made}.{extension}"
        source = f"sine=frequency={300 + made}:duration={seconds}"
        subprocess.run([ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", source, str(path)], check=True)
        return path.read_bytes()

    return tone


@pytest.fixture(autouse=True)
def _tidy(server: Server) -> Iterator[None]:
    yield
    for upload in server.client.get("/api/uploads").json()["items"]:
        server.client.delete(f"/api/uploads/{upload['id']}", headers=SPOKEN)


def test_an_upload_becomes_a_recording_with_its_job_and_is_gone(server: Server, tone: Tone) -> None:
    content = tone(3, "m4a")
    upload = sent(server.client, content, "三月 周会.m4a")

    answer = make(server.client, upload, speakers="2-3", hotwords=["火山引擎"])

    assert answer.status_code == 201
    recording, job = answer.json()["recording"], answer.json()["job"]
    assert (recording["name"], recording["size"], recording["parts"]) == ("三月 周会.m4a", len(content), 1)
    assert recording["sha256"] == hashlib.sha256(content).hexdigest()
    assert job["options"] == {"min_speakers": 2, "max_speakers": 3, "hotwords": ["火山引擎"]}
    assert server.client.get(f"/api/recordings/{recording['id']}/original").content == content
    assert server.client.get("/api/uploads").json()["items"] == []
    until(lambda: upload not in incoming(server))
    assert server.ended(job["id"])["status"] == "done"
    assert make(server.client, upload).json()["code"] == "upload_not_found"


def test_several_uploads_are_one_meeting_in_the_order_given(server: Server, tone: Tone) -> None:
    contents = {extension: tone(seconds, extension) for extension, seconds in (("m4a", 3), ("wav", 2), ("mp3", 4))}
    uploads = [sent(server.client, content, f"录音.{extension}") for extension, content in contents.items()]

    answer = make(server.client, *uploads, name="三段会议")

    recording, job = answer.json()["recording"], answer.json()["job"]
    assert (recording["name"], recording["parts"], recording["size"]) == (
        "三段会议",
        3,
        sum(map(len, contents.values())),
    )
    assert server.ended(job["id"])["status"] == "done"
    whole = server.client.get(f"/api/recordings/{recording['id']}").json()["duration"]
    assert whole == pytest.approx(9, abs=0.2)
    original = f"/api/recordings/{recording['id']}/original"
    for number, (extension, content) in enumerate(contents.items(), 1):
        part = server.client.get(original, params={"part": number})
        assert part.content == content
        assert f"({number}).{extension}" in part.headers["Content-Disposition"]
    assert server.client.get(original, params={"part": 4}).status_code == 404
    folder = server.folder / "uploads" / recording["id"]
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "original.sha256"], cwd=folder, check=True)
    assert recording["sha256"] == hashlib.sha256((folder / "original.sha256").read_bytes()).hexdigest()


def test_what_is_no_media_is_named_and_nothing_is_lost(server: Server, tone: Tone) -> None:
    good, bad = sent(server.client, tone(1)), sent(server.client, "会议记录。".encode() * 99, "notes.txt")
    before = folders(server)

    answer = make(server.client, good, bad)

    assert (answer.status_code, answer.json()["code"]) == (415, "not_media")
    assert (answer.json()["upload"], answer.json()["name"]) == (bad, "notes.txt")
    assert folders(server) == before
    assert make(server.client, good).status_code == 201


def test_an_unfinished_upload_waits_for_its_rest(server: Server, tone: Tone) -> None:
    whole, half = sent(server.client, tone(1)), begin(server.client, 10).headers["Location"].rpartition("/")[2]

    answer = make(server.client, whole, half)

    assert (answer.status_code, answer.json()["code"], answer.json()["upload"]) == (409, "upload_unfinished", half)
    assert len(server.client.get("/api/uploads").json()["items"]) == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"speakers": "many"}, "invalid_options"),
        ({"hotwords": ["http://evil.example/list.txt"]}, "invalid_options"),
        ({"unknown": 1}, "invalid_input"),
    ],
)
def test_bad_options_keep_the_upload(server: Server, tone: Tone, asked: dict[str, object], code: str) -> None:
    upload = sent(server.client, tone(1))

    answer = make(server.client, upload, **asked)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert make(server.client, upload).status_code == 201


def test_the_same_upload_twice_is_a_mistake(server: Server, tone: Tone) -> None:
    upload = sent(server.client, tone(1))

    assert make(server.client, upload, upload).json()["code"] == "invalid_input"


def test_a_duplicate_of_ones_own_is_offered_and_stored_only_when_asked_for(server: Server, tone: Tone) -> None:
    content = tone(1)
    first = make(server.client, sent(server.client, content, "原来的.wav")).json()["recording"]
    again = sent(server.client, content, "又一次.wav")

    answer = make(server.client, again)

    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_recording")
    assert (answer.json()["recording"]["id"], answer.json()["recording"]["name"]) == (first["id"], "原来的.wav")
    second = make(server.client, again, allow_duplicate=True)
    assert second.status_code == 201
    assert second.json()["recording"]["id"] != first["id"]


def test_what_somebody_else_has_is_no_duplicate(server: Server, stranger: httpx.Client, tone: Tone) -> None:
    content = tone(1)
    assert make(server.client, sent(server.client, content)).status_code == 201

    assert make(stranger, sent(stranger, content)).status_code == 201


def test_nobody_makes_recordings_of_somebody_elses_uploads(server: Server, stranger: httpx.Client, tone: Tone) -> None:
    upload = sent(server.client, tone(1))

    assert make(stranger, upload).json()["code"] == "upload_not_found"
    assert make(server.client, upload).status_code == 201


def test_a_quota_that_is_passed_keeps_the_upload(server: Server, tone: Tone) -> None:
    made = server.client.post("/api/admin/users", json={"username": "modest", "password": PASSWORD}).json()
    quotas = f"/api/admin/users/{made['id']}/quotas"
    server.client.patch(quotas, json={"minutes_a_month": 0.1}).raise_for_status()
    with httpx.Client(base_url=server.client.base_url, timeout=30) as client:
        login = client.post("/api/auth/login", data={"username": "modest", "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {login['access_token']}"
        upload = sent(client, tone(8))

        answer = make(client, upload)

        assert (answer.status_code, answer.json()["code"]) == (413, "quota_minutes")
        assert client.get("/api/recordings").json()["total"] == 0
        server.client.patch(quotas, json={"minutes_a_month": 1}).raise_for_status()
        assert make(client, upload).status_code == 201


def test_fifty_at_once_with_one_key_make_one_recording(server: Server, tone: Tone) -> None:
    upload = sent(server.client, tone(1))
    before = server.client.get("/api/recordings").json()["total"]
    jobs = server.client.get("/api/jobs").json()["total"]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: make(server.client, upload, key="fifty"), range(50)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 49
    assert server.client.get("/api/recordings").json()["total"] == before + 1
    assert server.client.get("/api/jobs").json()["total"] == jobs + 1


def test_ten_at_once_without_a_key_make_one_recording_too(server: Server, tone: Tone) -> None:
    upload = sent(server.client, tone(1))
    before = len(folders(server))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: make(server.client, upload, allow_duplicate=True), range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [404] * 9
    assert len(folders(server)) == before + 1


def test_one_key_stands_for_one_request(server: Server, stranger: httpx.Client, tone: Tone) -> None:
    first, other = sent(server.client, tone(1)), sent(server.client, tone(1))
    made = make(server.client, first, key="once")

    assert make(server.client, first, key="once").json() == made.json()
    for reused in (make(server.client, other, key="once"), make(server.client, first, key="once", speakers="2")):
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert make(stranger, sent(stranger, tone(1)), key="once").status_code == 201


def test_what_failed_is_not_remembered(server: Server, tone: Tone) -> None:
    content = tone(2)
    place = begin(server.client, len(content)).headers["Location"]
    id = place.rpartition("/")[2]
    assert make(server.client, id, key="patient").status_code == 409

    send(server.client, place, 0, content)

    assert make(server.client, id, key="patient").status_code == 201


def test_what_another_server_has_answered_meanwhile_is_not_done_a_second_time(
    server: Server, recording: Path, tone: Tone
) -> None:
    content = recording.read_bytes()
    id, _ = server.upload(recording)
    upload = sent(server.client, tone(1))
    key = {"Idempotency-Key": "slower"}
    ways: list[Callable[[], httpx.Response]] = [
        lambda: make(server.client, upload, key="slower"),
        lambda: server.client.post("/api/recordings", files={"file": ("a.wav", content)}, headers=key),
        lambda: server.client.post(f"/api/recordings/{id}/jobs", json={}, headers=key),
    ]

    def there() -> list[object]:
        return [
            len(folders(server)),
            *(server.client.get(f"/api/{what}").json()["total"] for what in ("recordings", "jobs")),
        ]

    before = there()
    with closing(sqlite3.connect(server.folder / "house.db", timeout=30)) as rows:
        # It has the key's row, of which we can know nothing until we write ours.
        rows.execute("CREATE TRIGGER faster BEFORE INSERT ON answered BEGIN SELECT RAISE(ABORT, 'it is there'); END")
        answers = [way() for way in ways]
        rows.execute("DROP TRIGGER faster")

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "busy")] * 3
    assert there() == before
    assert make(server.client, upload, key="slower").status_code == 201


@pytest.mark.parametrize("key", ["a b", "x" * 256])
def test_a_key_that_is_none_is_refused(server: Server, tone: Tone, key: str) -> None:
    assert make(server.client, sent(server.client, tone(1)), key=key).json()["code"] == "invalid_idempotency_key"


def test_a_form_sent_twice_with_one_key_is_stored_once(server: Server, recording: Path) -> None:
    def send_form(speakers: str) -> httpx.Response:
        with recording.open("rb") as file:
            return server.client.post(
                "/api/recordings",
                files={"file": (recording.name, file)},
                data={"speakers": speakers},
                headers={"Idempotency-Key": "form"},
            )

    first = send_form("2")
    stored = folders(server)

    assert send_form("2").json() == first.json()
    assert send_form("3").json()["code"] == "idempotency_key_reused"
    assert folders(server) == stored


def test_a_job_asked_for_fifty_times_with_one_key_is_one(server: Server, recording: Path) -> None:
    id, _ = server.upload(recording)
    before = server.client.get("/api/jobs").json()["total"]

    def again(_: int) -> httpx.Response:
        return server.client.post(f"/api/recordings/{id}/jobs", json={}, headers={"Idempotency-Key": "again"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(again, range(50)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert server.client.get("/api/jobs").json()["total"] == before + 1
    other = server.client.post(
        f"/api/recordings/{id}/jobs", json={"polish": True}, headers={"Idempotency-Key": "again"}
    )
    assert other.json()["code"] == "idempotency_key_reused"
