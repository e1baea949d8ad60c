"""A recording becomes a transcript on a real server with each kind of database, although the server is killed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.databases import SQLITE, DatabaseServer, kinds_to_test
from tests.serving import Server, until

OTHERS = [kind for kind in kinds_to_test() if kind != SQLITE]


@pytest.mark.skipif(not OTHERS, reason="only SQLite is selected: set TEST_DATABASES=all")
@pytest.mark.parametrize("kind", OTHERS)
def test_a_recording_becomes_a_transcript_although_the_server_is_killed(
    kind: str, database_servers: Callable[[str], DatabaseServer], recording: Path, tmp_path: Path
) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"transcribe": {"delay": 0.3}}))
    url = database_servers(kind).create()
    server = Server(tmp_path, DATABASE_URL=url, SCRIPT=str(tmp_path / "script.json"))
    server.start()
    id, job = server.upload(recording, hotwords="火山引擎，飞书")
    until(lambda: server.job(job)["stage"] == "transcribe")

    server.kill()
    server.start()

    state = server.ended(job)
    assert (state["status"], state["attempt"], state["options"]) == ("done", 2, {"hotwords": ["火山引擎", "飞书"]})
    assert "".join(segment["text"] for segment in json.loads(server.text(id))["segments"])
    found = server.client.get("/api/recordings", params={"q": "周会"}).json()
    assert [one["id"] for one in found["items"]] == [id]
    assert server.client.get(f"/api/recordings/{id}/transcript").json()["number"] == 1
    assert server.client.delete(f"/api/recordings/{id}").status_code == 204
    assert server.client.get(f"/api/jobs/{job}").status_code == 404
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
    server.close()
