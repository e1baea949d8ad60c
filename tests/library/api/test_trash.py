"""A deleted recording can be restored, and is not found anywhere until then."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.jobs.api.test_socket import job_messages_until, open_socket
from tests.serving import Server, until


@pytest.fixture
def done_recording(server: Server, recording: Path) -> Iterator[tuple[str, str]]:
    """A recording with a finished job and mirrored transcripts, and the job."""
    id, job = server.upload(recording)
    server.ended(job)
    until(lambda: (server.folder / "uploads" / "transcripts" / f"{id}.json").exists())
    yield id, job
    for address in (f"/api/recordings/{id}?for_good=true", f"/api/trash/{id}"):
        server.client.delete(address)


def mirrors(server: Server, id: str) -> list[str]:
    return sorted(path.name for path in (server.folder / "uploads" / "transcripts").glob(f"{id}.*"))


def test_a_deleted_recording_is_only_in_the_trash(
    server: Server, done_recording: tuple[str, str], recording: Path
) -> None:
    id, job = done_recording

    assert server.client.delete(f"/api/recordings/{id}").status_code == 204

    trash = server.client.get("/api/trash").json()
    assert [(one["id"], one["name"]) for one in trash["items"]] == [(id, recording.name)]
    assert (trash["total"], trash["bytes"], trash["days"]) == (1, recording.stat().st_size, 30)
    assert trash["items"][0]["trashed_at"] < trash["items"][0]["goes_at"]
    assert server.client.get(f"/api/recordings/{id}/original").json()["code"] == "recording_not_found"
    assert server.client.get(f"/api/jobs/{job}").json()["code"] == "job_not_found"
    assert server.client.get(f"/api/recordings/{id}/transcript").json()["code"] == "transcript_not_found"
    assert server.client.delete(f"/api/recordings/{id}").status_code == 404
    assert (server.folder / "uploads" / id).exists()


def test_a_restored_recording_is_unchanged(server: Server, done_recording: tuple[str, str], recording: Path) -> None:
    id, job = done_recording
    before = server.text(id), server.client.get(f"/api/recordings/{id}").json()
    server.client.delete(f"/api/recordings/{id}")
    until(lambda: not mirrors(server, id))

    restored = server.client.post(f"/api/trash/{id}/restore")

    assert restored.status_code == 200
    assert {**restored.json(), "notes": []} == before[1]
    assert (server.text(id), server.client.get(f"/api/recordings/{id}").json()) == before
    assert server.client.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
    assert server.job(job)["status"] == "done"
    until(lambda: mirrors(server, id) == [f"{id}.json", f"{id}.txt"], 60)
    assert server.client.get("/api/trash").json()["total"] == 0
    assert server.client.post(f"/api/trash/{id}/restore").status_code == 404


def test_a_job_stopped_by_the_trash_is_queued_again_after_a_restore(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.client.delete(f"/api/recordings/{id}")
    assert server.client.get("/api/queue").json()["mine_running"] == 0

    server.client.post(f"/api/trash/{id}/restore").raise_for_status()

    assert server.ended(job)["status"] == "done"
    actions = server.client.get("/api/admin/audit", params={"subject_id": id}).json()["entries"]
    assert [one["action"] for one in actions][:2] == ["recording_restored", "recording_trashed"]


def test_an_open_socket_receives_the_deletion_and_the_restore(server: Server, done_recording: tuple[str, str]) -> None:
    id, job = done_recording
    with open_socket(server) as socket:
        socket.recv(timeout=10)
        server.client.delete(f"/api/recordings/{id}")
        assert job_messages_until(socket, "deleted")[-1] == {"id": job, "status": "deleted"}
    with open_socket(server) as socket:
        assert job not in {one["id"] for one in json.loads(socket.recv(timeout=10))["jobs"]}
        server.client.post(f"/api/trash/{id}/restore")
        assert job_messages_until(socket, "done")[-1]["id"] == job


def test_the_trash_counts_towards_the_quota(server: Server, done_recording: tuple[str, str], recording: Path) -> None:
    id, _ = done_recording
    before = server.client.get("/api/quota").json()
    server.client.delete(f"/api/recordings/{id}")

    quota = server.client.get("/api/quota").json()

    assert quota["used_stored_bytes"] == before["used_stored_bytes"]
    assert quota["used_trash_bytes"] == recording.stat().st_size
    server.client.delete(f"/api/trash/{id}")
    assert server.client.get("/api/quota").json()["used_trash_bytes"] == 0


def test_emptying_the_trash_leaves_no_files(server: Server, recording: Path) -> None:
    ids = [server.upload(recording)[0] for _ in range(3)]
    for id in ids:
        server.client.delete(f"/api/recordings/{id}")

    assert server.client.delete(f"/api/trash/{ids[0]}").status_code == 204
    until(lambda: server.nothing_left_of(ids[0]))
    assert server.client.get("/api/trash").json()["total"] == 2
    assert server.client.delete("/api/trash").status_code == 204

    until(lambda: all(server.nothing_left_of(id) for id in ids))
    assert server.client.get("/api/trash").json()["total"] == 0
    assert server.client.post(f"/api/trash/{ids[1]}/restore").status_code == 404


def test_users_have_no_access_to_the_trash_of_others(
    server: Server, done_recording: tuple[str, str], other_user: httpx.Client
) -> None:
    id, _ = done_recording
    server.client.delete(f"/api/recordings/{id}")

    assert other_user.get("/api/trash").json()["total"] == 0
    assert other_user.post(f"/api/trash/{id}/restore").status_code == 404
    assert other_user.delete(f"/api/trash/{id}").status_code == 404
    assert other_user.delete("/api/trash").status_code == 204
    assert server.client.get("/api/trash").json()["total"] == 1
