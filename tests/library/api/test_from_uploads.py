"""Uploads become exactly one recording, or stay uploads."""

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
from tests.library.api.test_form_upload import recording_folders
from tests.serving import PASSWORD, Server, until
from tests.tus import TUS_HEADERS, create_recording, create_upload, incoming_files, send_chunk, upload_file

Tone = Callable[..., bytes]


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Tone:
    """A tone of the given duration; never the same file twice."""
    folder = tmp_path_factory.mktemp("tones")
    count = 0

    def tone(seconds: float, extension: str = "wav") -> bytes:
        nonlocal count
        count += 1
        path = folder / f"{count}.{extension}"
        source = f"sine=frequency={300 + count}:duration={seconds}"
        subprocess.run([ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", source, str(path)], check=True)
        return path.read_bytes()

    return tone


@pytest.fixture(autouse=True)
def _tidy(server: Server) -> Iterator[None]:
    yield
    for upload in server.client.get("/api/uploads").json()["items"]:
        server.client.delete(f"/api/uploads/{upload['id']}", headers=TUS_HEADERS)


def test_an_upload_becomes_a_recording_with_a_job_and_is_removed(server: Server, tone: Tone) -> None:
    content = tone(3, "m4a")
    upload = upload_file(server.client, content, "三月 周会.m4a")

    answer = create_recording(server.client, upload, speakers="2-3", hotwords=["火山引擎"])

    assert answer.status_code == 201
    recording, job = answer.json()["recording"], answer.json()["job"]
    assert (recording["name"], recording["size"], recording["parts"]) == ("三月 周会.m4a", len(content), 1)
    assert recording["sha256"] == hashlib.sha256(content).hexdigest()
    assert job["options"] == {"min_speakers": 2, "max_speakers": 3, "hotwords": ["火山引擎"]}
    assert server.client.get(f"/api/recordings/{recording['id']}/original").content == content
    assert server.client.get("/api/uploads").json()["items"] == []
    until(lambda: upload not in incoming_files(server))
    assert server.ended(job["id"])["status"] == "done"
    assert create_recording(server.client, upload).json()["code"] == "upload_not_found"


def test_several_uploads_become_one_recording_in_the_given_order(server: Server, tone: Tone) -> None:
    contents = {extension: tone(seconds, extension) for extension, seconds in (("m4a", 3), ("wav", 2), ("mp3", 4))}
    uploads = [upload_file(server.client, content, f"录音.{extension}") for extension, content in contents.items()]

    answer = create_recording(server.client, *uploads, name="三段会议")

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


def test_an_upload_that_is_not_media_is_named_and_nothing_is_lost(server: Server, tone: Tone) -> None:
    good, bad = upload_file(server.client, tone(1)), upload_file(server.client, "会议记录。".encode() * 99, "notes.txt")
    before = recording_folders(server)

    answer = create_recording(server.client, good, bad)

    assert (answer.status_code, answer.json()["code"]) == (415, "not_media")
    assert (answer.json()["upload"], answer.json()["name"]) == (bad, "notes.txt")
    assert recording_folders(server) == before
    assert create_recording(server.client, good).status_code == 201


def test_an_incomplete_upload_is_refused_and_kept(server: Server, tone: Tone) -> None:
    whole, half = (
        upload_file(server.client, tone(1)),
        create_upload(server.client, 10).headers["Location"].rpartition("/")[2],
    )

    answer = create_recording(server.client, whole, half)

    assert (answer.status_code, answer.json()["code"], answer.json()["upload"]) == (409, "upload_unfinished", half)
    assert len(server.client.get("/api/uploads").json()["items"]) == 2


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"speakers": "many"}, "invalid_options"),
        ({"hotwords": ["http://evil.example/list.txt"]}, "invalid_options"),
        ({"unknown": 1}, "invalid_input"),
    ],
)
def test_invalid_options_keep_the_upload(server: Server, tone: Tone, options: dict[str, object], code: str) -> None:
    upload = upload_file(server.client, tone(1))

    answer = create_recording(server.client, upload, **options)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert create_recording(server.client, upload).status_code == 201


def test_the_same_upload_twice_is_refused(server: Server, tone: Tone) -> None:
    upload = upload_file(server.client, tone(1))

    assert create_recording(server.client, upload, upload).json()["code"] == "invalid_input"


def test_a_duplicate_is_refused_unless_it_is_allowed_explicitly(server: Server, tone: Tone) -> None:
    content = tone(1)
    first = create_recording(server.client, upload_file(server.client, content, "原来的.wav")).json()["recording"]
    again = upload_file(server.client, content, "又一次.wav")

    answer = create_recording(server.client, again)

    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_recording")
    assert (answer.json()["recording"]["id"], answer.json()["recording"]["name"]) == (first["id"], "原来的.wav")
    second = create_recording(server.client, again, allow_duplicate=True)
    assert second.status_code == 201
    assert second.json()["recording"]["id"] != first["id"]


def test_the_same_file_of_another_user_is_not_a_duplicate(server: Server, other_user: httpx.Client, tone: Tone) -> None:
    content = tone(1)
    assert create_recording(server.client, upload_file(server.client, content)).status_code == 201

    assert create_recording(other_user, upload_file(other_user, content)).status_code == 201


def test_uploads_of_another_user_are_not_found(server: Server, other_user: httpx.Client, tone: Tone) -> None:
    upload = upload_file(server.client, tone(1))

    assert create_recording(other_user, upload).json()["code"] == "upload_not_found"
    assert create_recording(server.client, upload).status_code == 201


def test_an_exceeded_quota_keeps_the_upload(server: Server, tone: Tone) -> None:
    user = server.client.post("/api/admin/users", json={"username": "modest", "password": PASSWORD}).json()
    quotas = f"/api/admin/users/{user['id']}/quotas"
    server.client.patch(quotas, json={"minutes_a_month": 0.1}).raise_for_status()
    with httpx.Client(base_url=server.client.base_url, timeout=30) as client:
        login = client.post("/api/auth/login", data={"username": "modest", "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {login['access_token']}"
        upload = upload_file(client, tone(8))

        answer = create_recording(client, upload)

        assert (answer.status_code, answer.json()["code"]) == (413, "quota_minutes")
        assert client.get("/api/recordings").json()["total"] == 0
        server.client.patch(quotas, json={"minutes_a_month": 1}).raise_for_status()
        assert create_recording(client, upload).status_code == 201


def test_fifty_simultaneous_requests_with_one_key_create_one_recording(server: Server, tone: Tone) -> None:
    upload = upload_file(server.client, tone(1))
    before = server.client.get("/api/recordings").json()["total"]
    jobs = server.client.get("/api/jobs").json()["total"]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: create_recording(server.client, upload, key="fifty"), range(50)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 49
    assert server.client.get("/api/recordings").json()["total"] == before + 1
    assert server.client.get("/api/jobs").json()["total"] == jobs + 1


def test_ten_simultaneous_requests_without_a_key_create_one_recording(server: Server, tone: Tone) -> None:
    upload = upload_file(server.client, tone(1))
    before = len(recording_folders(server))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: create_recording(server.client, upload, allow_duplicate=True), range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [404] * 9
    assert len(recording_folders(server)) == before + 1


def test_an_idempotency_key_is_valid_for_one_request_only(server: Server, other_user: httpx.Client, tone: Tone) -> None:
    first, other = upload_file(server.client, tone(1)), upload_file(server.client, tone(1))
    first_answer = create_recording(server.client, first, key="once")

    assert create_recording(server.client, first, key="once").json() == first_answer.json()
    for reused in (
        create_recording(server.client, other, key="once"),
        create_recording(server.client, first, key="once", speakers="2"),
    ):
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert create_recording(other_user, upload_file(other_user, tone(1)), key="once").status_code == 201


def test_a_failed_request_is_not_stored_under_its_key(server: Server, tone: Tone) -> None:
    content = tone(2)
    location = create_upload(server.client, len(content)).headers["Location"]
    id = location.rpartition("/")[2]
    assert create_recording(server.client, id, key="patient").status_code == 409

    send_chunk(server.client, location, 0, content)

    assert create_recording(server.client, id, key="patient").status_code == 201


def test_a_request_answered_by_another_server_is_not_executed_twice(
    server: Server, recording: Path, tone: Tone
) -> None:
    content = recording.read_bytes()
    id, _ = server.upload(recording)
    upload = upload_file(server.client, tone(1))
    key = {"Idempotency-Key": "slower"}
    requests: list[Callable[[], httpx.Response]] = [
        lambda: create_recording(server.client, upload, key="slower"),
        lambda: server.client.post(
            "/api/recordings", data={"allow_duplicate": "true"}, files={"file": ("a.wav", content)}, headers=key
        ),
        lambda: server.client.post(f"/api/recordings/{id}/jobs", json={}, headers=key),
    ]

    def counts() -> list[object]:
        return [
            len(recording_folders(server)),
            *(server.client.get(f"/api/{what}").json()["total"] for what in ("recordings", "jobs")),
        ]

    before = counts()
    with closing(sqlite3.connect(server.folder / "server.db", timeout=30)) as rows:
        # The other server has stored the row of the key; this server only notices when it stores its own.
        rows.execute("CREATE TRIGGER faster BEFORE INSERT ON answered BEGIN SELECT RAISE(ABORT, 'stored already'); END")
        answers = [request() for request in requests]
        rows.execute("DROP TRIGGER faster")

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "busy")] * 3
    assert counts() == before
    assert create_recording(server.client, upload, key="slower").status_code == 201


@pytest.mark.parametrize("key", ["a b", "x" * 256])
def test_an_invalid_idempotency_key_is_refused(server: Server, tone: Tone, key: str) -> None:
    assert (
        create_recording(server.client, upload_file(server.client, tone(1)), key=key).json()["code"]
        == "invalid_idempotency_key"
    )


def test_a_form_sent_twice_with_one_key_is_stored_once(server: Server, recording: Path) -> None:
    def send_form(speakers: str) -> httpx.Response:
        with recording.open("rb") as file:
            return server.client.post(
                "/api/recordings",
                files={"file": (recording.name, file)},
                data={"speakers": speakers, "allow_duplicate": "true"},
                headers={"Idempotency-Key": "form"},
            )

    first = send_form("2")
    stored = recording_folders(server)

    assert send_form("2").json() == first.json()
    assert send_form("3").json()["code"] == "idempotency_key_reused"
    assert recording_folders(server) == stored


def test_fifty_job_requests_with_one_key_create_one_job(server: Server, recording: Path) -> None:
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


def test_the_notes_of_a_recording_are_kept_and_bad_ones_refused(server: Server, tone: Tone) -> None:
    upload = upload_file(server.client, tone(1))
    body = {"uploads": [upload], "allow_duplicate": True}

    refused = [
        server.client.post("/api/recordings/from-uploads", json={**body, "notes": notes}).status_code
        for notes in ([{"at": -1}], [{"at": 1, "text": "字" * 501}], [{"at": 1}] * 501, [{"at": 1, "who": "x"}])
    ]
    notes = [{"at": 0.5, "text": ""}, {"at": 0.9, "text": "预算要改"}]
    created = server.client.post("/api/recordings/from-uploads", json={**body, "notes": notes}).json()

    assert refused == [422] * 4
    assert server.client.get(f"/api/recordings/{created['recording']['id']}").json()["notes"] == notes
