"""Disk usage, clean-up and retention rules, on a real server."""

import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.admin.test_operations import _person, _send
from tests.serving import Server, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.close()


@pytest.fixture
def ada(server: Server, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with _person(server, f"ada {request.node.name}"[:60]) as client:
        yield client
        for one in client.get("/api/recordings").json()["items"]:
            client.delete(f"/api/recordings/{one['id']}", params={"for_good": True})
        client.delete("/api/trash")


def send_and_mirror(server: Server, client: httpx.Client, recording: Path) -> tuple[str, str]:
    id, job = _send(server, client, recording)
    until(lambda: (server.folder / "uploads" / "transcripts" / f"{id}.json").exists())
    return id, job


def preview(server: Server) -> tuple[str, dict[str, dict[str, Any]]]:
    answer = server.client.get("/api/admin/storage/cleanup").raise_for_status().json()
    return answer["as_of"], {one["kind"]: one for one in answer["kinds"]}


def size(path: Path) -> int:
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def test_storage_adds_up_and_names_no_recordings(server: Server, ada: httpx.Client, recording: Path) -> None:
    kept_id, _ = send_and_mirror(server, ada, recording)
    trashed_id, _ = send_and_mirror(server, ada, recording)
    ada.delete(f"/api/recordings/{trashed_id}")
    until(lambda: not list((server.folder / "uploads" / "transcripts").glob(f"{trashed_id}.*")))

    state = server.client.get("/api/admin/storage").raise_for_status().json()

    uploads = server.folder / "uploads"
    assert state["total"] == sum(state["kinds"].values()) == size(uploads)
    (usage,) = [one for one in state["users"] if one["user_id"] == ada.headers["X-Id"]]
    assert (usage["recordings"], usage["originals"]) == (1, recording.stat().st_size)
    assert usage["trash"] == size(uploads / trashed_id)
    assert usage["artifacts"] == size(uploads / kept_id / "jobs")
    assert usage["listening_copies"] == sum(
        (uploads / kept_id / name).stat().st_size for name in ("listen.m4a", "peaks.json")
    )
    assert usage["transcripts"] > 0
    assert usage["total"] == sum(usage[kind] for kind in state["kinds"] if kind in usage)
    assert state["disk"]["free"] > 0
    assert state["database"] > 0
    assert recording.stem not in str(state)


def test_a_clean_up_deletes_what_its_preview_showed(server: Server, ada: httpx.Client, recording: Path) -> None:
    kept_id, job = send_and_mirror(server, ada, recording)
    trashed_id, _ = send_and_mirror(server, ada, recording)
    ada.delete(f"/api/recordings/{trashed_id}")
    orphan = server.folder / "uploads" / ("0" * 32)
    orphan.mkdir()
    (orphan / "original.wav").write_bytes(b"x" * 1000)
    for path in (orphan / "original.wav", orphan):
        os.utime(path, (time.time() - 7200,) * 2)

    as_of, shown = preview(server)
    assert server.client.get("/api/admin/storage/cleanup").json()["kinds"] == list(
        shown.values()
    )  # a preview deletes nothing
    late, _ = send_and_mirror(server, ada, recording)
    ada.delete(f"/api/recordings/{late}")
    body = {"as_of": as_of, "kinds": ["orphans", "uploads", "artifacts", "trash"]}
    deleted = server.client.post("/api/admin/storage/cleanup", json=body).raise_for_status().json()

    assert deleted == {"as_of": as_of, "kinds": list(shown.values())}
    assert shown["orphans"] | {"count": 1, "bytes": 1000} == shown["orphans"]
    assert shown["orphans"]["users"] == [{"user_id": None, "username": None, "count": 1, "bytes": 1000}]
    assert [one["user_id"] for one in shown["trash"]["users"]] == [ada.headers["X-Id"]]
    assert not orphan.exists()
    assert server.nothing_left_of(trashed_id)
    assert [one["id"] for one in ada.get("/api/trash").json()["items"]] == [late]
    assert sorted(path.name for path in (server.folder / "uploads" / kept_id).iterdir()) == [
        *("jobs", "listen.m4a", "original.wav", "peaks.json")
    ]
    assert ada.get(f"/api/jobs/{job}/transcript").json()["whole"]
    _, remaining = preview(server)
    assert (remaining["orphans"]["count"], remaining["artifacts"]["count"], remaining["trash"]["count"]) == (0, 0, 1)
    logged = server.client.get("/api/admin/audit", params={"action": "storage_cleaned"}).json()["entries"]
    assert {one["subject_id"]: one["facts"]["bytes"] for one in logged} == {
        kind: shown[kind]["bytes"] for kind in ("orphans", "artifacts", "trash")
    }


def test_a_clean_up_deletes_the_selected_kinds_only(server: Server, ada: httpx.Client, recording: Path) -> None:
    id, _ = send_and_mirror(server, ada, recording)
    as_of, shown = preview(server)
    assert shown["artifacts"]["count"] == 1

    body = {"as_of": as_of, "kinds": ["trash"]}
    assert server.client.post("/api/admin/storage/cleanup", json=body).json()["kinds"][0]["count"] == 0

    assert size(server.folder / "uploads" / id / "jobs") == shown["artifacts"]["bytes"]


@pytest.mark.parametrize("minutes", [-61, 5])
def test_a_preview_is_valid_for_an_hour(server: Server, minutes: int) -> None:
    then = (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat()

    answer = server.client.post("/api/admin/storage/cleanup", json={"as_of": then, "kinds": ["trash"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "preview_outdated")


def test_retention_rules_are_off_by_default_and_set_one_by_one(server: Server) -> None:
    kinds = ["originals", "listening_copies", "artifacts", "recordings"]
    before = server.client.get("/api/admin/retention").raise_for_status().json()
    assert [(rule["kind"], rule["days"]) for rule in before["rules"]] == [(kind, None) for kind in kinds]

    rule = (
        server.client.put("/api/admin/retention/artifacts", json={"days": 90, "since": "worked"})
        .raise_for_status()
        .json()
    )

    assert rule | {"kind": "artifacts", "days": 90, "since": "worked"} == rule
    assert server.client.get("/api/admin/retention").json()["rules"][2] == rule
    server.client.put("/api/admin/retention/artifacts", json={"days": None}).raise_for_status()
    assert [rule["days"] for rule in server.client.get("/api/admin/retention").json()["rules"]] == [None] * 4
    for invalid in ({"days": 0}, {"days": 10**9}, {"days": 1, "since": "never"}, {}):
        assert server.client.put("/api/admin/retention/artifacts", json=invalid).status_code == 422
    assert server.client.put("/api/admin/retention/everything", json={"days": 1}).status_code == 422
    logged = server.client.get("/api/admin/audit", params={"action": "retention_set"}).json()["entries"]
    assert [one["facts"]["days"] for one in logged][:2] == [None, 90]


def test_the_preview_of_a_rule_deletes_nothing(server: Server, ada: httpx.Client, recording: Path) -> None:
    id, _ = send_and_mirror(server, ada, recording)
    with sqlite3.connect(server.folder / "server.db", timeout=30) as database:
        database.execute("UPDATE recordings SET created_at = '2026-01-01 00:00:00.000000' WHERE id = ?", (id,))
    database.close()
    address = "/api/admin/retention/originals/preview"

    shown = server.client.get(address, params={"days": 30}).raise_for_status().json()

    assert (shown["count"], shown["bytes"]) == (1, recording.stat().st_size)
    assert [one["user_id"] for one in shown["users"]] == [ada.headers["X-Id"]]
    assert server.client.get(address, params={"days": 30, "since": "worked"}).json()["count"] == 0
    assert server.client.get(address, params={"days": 36500}).json()["count"] == 0
    assert ada.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
