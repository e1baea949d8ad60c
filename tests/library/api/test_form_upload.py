from pathlib import Path

import httpx
import pytest

from backend.lingering_close import LingeringCloseProtocol
from tests.recordings.conftest import wav
from tests.serving import Server


def recording_folders(server: Server) -> list[str]:
    """The ids of the recordings that have a folder."""
    return sorted(path.name for path in (server.folder / "uploads").iterdir() if len(path.name) == 32)


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("notes.mp4", "这不是录音。".encode() * 100, 415, "not_media"),
        ("empty.wav", b"", 422, "empty_file"),
        ("list.wav", b"ffconcat version 1.0\nfile 'victim.wav'\n", 415, "not_media"),
        ("list.mp3", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nvictim.wav\n#EXT-X-ENDLIST\n", 415, "not_media"),
    ],
)
def test_a_file_that_is_not_media_is_refused_and_not_stored(
    server: Server, name: str, content: bytes, status: int, code: str
) -> None:
    before = recording_folders(server), server.client.get("/api/recordings").json()["total"]

    answer = server.client.post("/api/recordings", files={"file": (name, content)})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (recording_folders(server), server.client.get("/api/recordings").json()["total"]) == before


@pytest.mark.parametrize("fields", [{"speakers": "many"}, {"hotwords": "http://evil.example/list.txt"}])
def test_a_form_with_invalid_options_stores_nothing(server: Server, recording: Path, fields: dict[str, str]) -> None:
    before = recording_folders(server)

    with recording.open("rb") as file:
        answer = server.client.post("/api/recordings", files={"file": file}, data=fields)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")
    assert recording_folders(server) == before


def test_the_short_path_accepts_recordings(server: Server, recording: Path) -> None:
    with recording.open("rb") as file:
        answer = server.client.post("/upload", data={"allow_duplicate": "true"}, files={"file": (recording.name, file)})

    assert answer.status_code == 201
    assert answer.json()["recording"]["name"] == recording.name
    assert answer.json()["job"]["status"] in ("queued", "running")


def test_the_path_in_a_file_name_is_removed(server: Server, recording: Path) -> None:
    with recording.open("rb") as file:
        answer = server.client.post(
            "/upload", data={"allow_duplicate": "true"}, files={"file": ("../../会议.wav", file)}
        )

    assert answer.json()["recording"]["name"] == "会议.wav"


def test_other_routes_refuse_large_bodies(server: Server) -> None:
    answer = httpx.post(f"{server.client.base_url}/api/auth/login", content=b"x" * 200_000)

    assert answer.status_code == 413


def test_an_unauthenticated_form_upload_is_refused_before_its_body_is_read(server: Server) -> None:
    sent = 0

    def gigabyte() -> object:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        for _ in range(1024):
            sent += 1 << 20
            yield b"\0" * (1 << 20)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = httpx.post(f"{server.client.base_url}/api/recordings", content=gigabyte(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401
    except (httpx.WriteError, httpx.ReadError):
        pass  # the server had answered and closed the connection before everything was sent

    # 64 MiB allow for the operating system's socket buffers
    assert sent < LingeringCloseProtocol.linger_bytes + (64 << 20)


@pytest.mark.parametrize("path", ["/upload", "/api/recordings"])
def test_the_same_content_is_refused_unless_it_is_allowed_explicitly(server: Server, path: str) -> None:
    content = wav(1.0, tone=100.0 + len(path))
    first = server.client.post(path, files={"file": ("原来的.wav", content)}).raise_for_status().json()["recording"]
    before = recording_folders(server)

    answer = server.client.post(path, files={"file": ("又一次.wav", content)})

    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_recording")
    assert (answer.json()["recording"]["id"], answer.json()["recording"]["name"]) == (first["id"], "原来的.wav")
    assert recording_folders(server) == before
    allowed = {"allow_duplicate": "true"}
    second = server.client.post(path, files={"file": ("又一次.wav", content)}, data=allowed)
    assert second.status_code == 201
    unclear = server.client.post(path, files={"file": ("a.wav", content)}, data={"allow_duplicate": "perhaps"})
    assert unclear.json()["code"] == "invalid_options"
