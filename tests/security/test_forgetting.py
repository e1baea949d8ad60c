"""Deletion is complete: no bytes of deleted data remain in the data directory."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recordings.conftest import wav
from tests.serving import Server, until

TEXT, NAME, HOTWORD = "只有这份录音里才有的一句话", "谁也不知道的会议", "绝无仅有词"
AUDIO = b"marker of these very bytes"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"sentences": [{"start": 0.2, "end": 1.5, "text": TEXT}]}))
    server = Server(tmp_path / "server", SCRIPT=str(script), HEARTBEAT_SECONDS="0.2")
    (tmp_path / "server").mkdir()
    server.start()
    yield server
    server.close()


def find_markers(server: Server) -> set[tuple[str, str]]:
    """Which files contain which markers."""
    marks = [TEXT.encode(), json.dumps(TEXT)[1:-1].encode(), NAME.encode(), HOTWORD.encode(), AUDIO]
    marks.append(json.dumps(HOTWORD)[1:-1].encode())
    matches: set[tuple[str, str]] = set()
    for folder, _, names in os.walk(server.folder):  # skips folders that were just deleted
        for name in names:
            try:
                content = (Path(folder) / name).read_bytes()
            except FileNotFoundError:  # a file may be deleted meanwhile, too
                continue
            matches |= {(name, mark.decode()) for mark in marks if mark in content}
    return matches


@pytest.mark.parametrize("how", ["recording", "user"])
def test_no_bytes_of_deleted_data_remain(server: Server, tmp_path: Path, how: str) -> None:
    recording = tmp_path / f"{NAME}.wav"
    recording.write_bytes(wav(2) + b"LIST" + len(AUDIO).to_bytes(4, "little") + AUDIO)
    super_admin = server.client.headers["Authorization"]
    password = "a password of the tests"
    created = server.client.post("/api/admin/users", json={"username": "ada", "password": password}).json()
    login = server.client.post("/api/auth/login", data={"username": "ada", "password": password}).json()
    server.client.headers["Authorization"] = f"Bearer {login['access_token']}"
    id, job = server.upload(recording, hotwords=HOTWORD)
    assert server.ended(job)["status"] == "done"
    assert TEXT in server.text(id, "txt")
    until(lambda: list((server.folder / "uploads" / "transcripts").glob(f"{id}.*")))
    assert {mark for _, mark in find_markers(server)} >= {TEXT, NAME, AUDIO.decode()}

    if how == "recording":
        deleted = server.client.delete(f"/api/recordings/{id}", params={"for_good": "true"})
    else:
        server.client.headers["Authorization"] = super_admin
        deleted = server.client.delete(f"/api/admin/users/{created['id']}")

    assert deleted.status_code == 204
    # files are removed after the response, and the database's log is truncated with the next heartbeat
    until(lambda: not find_markers(server))
