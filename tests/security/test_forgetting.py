"""What is deleted is gone: no byte of it is left in the data directory."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recordings.conftest import wav
from tests.serving import Server, until

SAID, NAMED, WORD = "只有这份录音里才有的一句话", "谁也不知道的会议", "绝无仅有词"
HEARD = b"marker of these very bytes"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"sentences": [{"start": 0.2, "end": 1.5, "text": SAID}]}))
    server = Server(tmp_path / "house", SCRIPT=str(script), HEARTBEAT_SECONDS="0.2")
    (tmp_path / "house").mkdir()
    server.start()
    yield server
    server.close()


def found(server: Server) -> set[tuple[str, str]]:
    """Which markers lie in which files."""
    marks = [SAID.encode(), json.dumps(SAID)[1:-1].encode(), NAMED.encode(), WORD.encode(), HEARD]
    marks.append(json.dumps(WORD)[1:-1].encode())
    there: set[tuple[str, str]] = set()
    for folder, _, names in os.walk(server.folder):  # passes over a folder that was just deleted
        for name in names:
            try:
                content = (Path(folder) / name).read_bytes()
            except FileNotFoundError:  # as may be a file
                continue
            there |= {(name, mark.decode()) for mark in marks if mark in content}
    return there


@pytest.mark.parametrize("how", ["recording", "user"])
def test_a_search_for_the_bytes_of_what_was_deleted_finds_nothing(server: Server, tmp_path: Path, how: str) -> None:
    recording = tmp_path / f"{NAMED}.wav"
    recording.write_bytes(wav(2) + b"LIST" + len(HEARD).to_bytes(4, "little") + HEARD)
    chief = server.client.headers["Authorization"]
    password = "a password of the tests"
    made = server.client.post("/api/admin/users", json={"username": "ada", "password": password}).json()
    login = server.client.post("/api/auth/login", data={"username": "ada", "password": password}).json()
    server.client.headers["Authorization"] = f"Bearer {login['access_token']}"
    id, job = server.upload(recording, hotwords=WORD)
    assert server.ended(job)["status"] == "done"
    assert SAID in server.text(id, "txt")
    until(lambda: list((server.folder / "uploads" / "transcripts").glob(f"{id}.*")))
    assert {mark for _, mark in found(server)} >= {SAID, NAMED, HEARD.decode()}

    if how == "recording":
        gone = server.client.delete(f"/api/recordings/{id}", params={"for_good": "true"})
    else:
        server.client.headers["Authorization"] = chief
        gone = server.client.delete(f"/api/admin/users/{made['id']}")

    assert gone.status_code == 204
    # the files are removed after the answer, and the database's log is emptied with the next beat
    until(lambda: not found(server))
