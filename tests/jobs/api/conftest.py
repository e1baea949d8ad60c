"""A demo server for the tests of each module, and a recording to upload."""

import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving import PASSWORD, ROOT, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def other_user(server: Server) -> Iterator[httpx.Client]:
    """A client of another user of the same server."""
    created = server.client.post("/api/admin/users", json={"username": "stranger", "password": PASSWORD})
    assert created.status_code == 201, created.text
    with httpx.Client(base_url=server.client.base_url, timeout=30) as client:
        login = client.post("/api/auth/login", data={"username": "stranger", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        yield client


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds of a tone, with a Chinese file name."""
    path = tmp_path_factory.mktemp("audio") / "三月 周会.wav"
    command = [sys.executable, "-c", "from backend.ffmpeg import ffmpeg_path; print(ffmpeg_path())"]
    ffmpeg = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=20", "-ar", "16000"]
    subprocess.run([ffmpeg, "-v", "error", *tone, str(path)], check=True)
    with wave.open(str(path)) as sound:
        assert sound.getnframes() == 320000
    return path
