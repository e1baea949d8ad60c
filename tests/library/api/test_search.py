"""The list of recordings with their speakers and jobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without models: a job with a real speech recognition engine fails."""
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder, MODELS_DIR=str(folder / "none"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def recordings(server: Server, recording: Path) -> Iterator[dict[str, str]]:
    """Names and ids of three recordings: two are done, the job of the third has failed."""
    ids = {}
    for name in ("乙 周会.wav", "Alpha.wav", "beta.wav"):
        with recording.open("rb") as file:
            form = {"allow_duplicate": "true"} | ({"transcriber": "vosk"} if name == "beta.wav" else {})
            answer = server.client.post("/api/recordings", files={"file": (name, file)}, data=form).json()
        ids[name] = answer["recording"]["id"]
        server.ended(answer["job"]["id"])
    return ids


def list_names(server: Server, **query: Any) -> list[str]:
    answer = server.client.get("/api/recordings", params=query).raise_for_status().json()
    assert answer["total"] == len(answer["items"])
    return [row["name"] for row in answer["items"]]


def test_a_row_contains_the_speakers_and_the_job(server: Server, recordings: dict[str, str]) -> None:
    id = recordings["Alpha.wav"]
    document = server.client.get(f"/api/recordings/{id}/transcript").json()
    speaker = document["document"]["speakers"][0]["id"]
    server.client.patch(f"/api/recordings/{id}/transcript/speakers/{speaker}", json={"name": "王芳"}).raise_for_status()

    [row] = server.client.get("/api/recordings", params={"q": "alpha"}).json()["items"]

    named = server.client.get(f"/api/recordings/{id}/transcript").json()["document"]["speakers"]
    assert row["speakers"] == [{"id": one["id"], "name": one["name"]} for one in named]
    assert "王芳" in [one["name"] for one in row["speakers"]]
    assert row["job"] == server.job(row["job"]["id"])
    assert (row["job"]["status"], row["job"]["recording_id"]) == ("done", id)
    first = document["document"]["segments"][0]["text"]
    assert row["excerpt"].startswith(first[:20])
    details = server.client.get(f"/api/recordings/{id}").json()
    assert details.pop("notes") == []
    assert row | details == row


def test_recordings_are_sorted_as_requested_and_newest_first_by_default(
    server: Server, recordings: dict[str, str]
) -> None:
    assert list_names(server) == ["beta.wav", "Alpha.wav", "乙 周会.wav"]
    assert list_names(server, order="asc") == ["乙 周会.wav", "Alpha.wav", "beta.wav"]
    assert list_names(server, sort="name", order="asc") == ["Alpha.wav", "beta.wav", "乙 周会.wav"]
    assert list_names(server, sort="duration", order="asc")[0] in recordings
    assert server.client.get("/api/recordings", params={"sort": "owner_id"}).status_code == 422


def test_recordings_are_filtered_by_the_status_of_their_newest_job(server: Server, recordings: dict[str, str]) -> None:
    assert list_names(server, status="failed") == ["beta.wav"]
    assert list_names(server, status="done") == ["Alpha.wav", "乙 周会.wav"]
    assert list_names(server, status=["done", "failed"], q="a.wav") == ["beta.wav", "Alpha.wav"]
    assert list_names(server, status="running") == []


def test_a_cancelled_job_does_not_hide_what_was_made_before(server: Server, recordings: dict[str, str]) -> None:
    id = recordings["Alpha.wav"]
    for _ in range(10):  # a job may end before it is cancelled
        job = server.client.post(f"/api/recordings/{id}/jobs", json={"fresh": True}).raise_for_status().json()["id"]
        server.client.post(f"/api/jobs/{job}/cancel")
        if server.ended(job)["status"] == "cancelled":
            break
    assert server.job(job)["status"] == "cancelled"

    assert "Alpha.wav" in list_names(server, status="done")
    assert list_names(server, status="cancelled") == []


def test_only_own_recordings_are_listed(server: Server, other_user: httpx.Client, recordings: dict[str, str]) -> None:
    assert other_user.get("/api/recordings").json() == {"items": [], "total": 0}
    assert httpx.get(f"{server.client.base_url}/api/recordings").status_code == 401


def test_page_sizes_and_offsets_are_limited(server: Server) -> None:
    for query in ("limit=0", "limit=101", "offset=-1", "offset=99999999999999999999"):
        assert server.client.get(f"/api/recordings?{query}").status_code == 422


def test_recordings_are_filtered_by_tag_and_folder(server: Server, recordings: dict[str, str]) -> None:
    made = {}
    for thing, name in (("tags", "重要"), ("tags", "客户"), ("folders", "项目")):
        made[name] = server.client.post(f"/api/{thing}", json={"name": name}).raise_for_status().json()["id"]
    inner = {"name": "例会", "parent_id": made["项目"]}
    made["例会"] = server.client.post("/api/folders", json=inner).raise_for_status().json()["id"]
    for name, tags, folder in (("Alpha.wav", ["重要", "客户"], "例会"), ("beta.wav", ["重要"], "项目")):
        body = {"add_tags": [made[one] for one in tags], "folder_id": made[folder]}
        ids = {"recording_ids": [recordings[name]]}
        server.client.post("/api/recordings/organize", json=ids | body).raise_for_status()

    assert list_names(server, tag=made["重要"]) == ["beta.wav", "Alpha.wav"]
    assert list_names(server, tag=[made["重要"], made["客户"]]) == ["Alpha.wav"]
    assert list_names(server, folder=made["项目"]) == ["beta.wav", "Alpha.wav"]
    assert list_names(server, folder=made["例会"]) == ["Alpha.wav"]
    assert list_names(server, folder="") == ["乙 周会.wav"]
    assert list_names(server, tag="none") == []
    [row] = server.client.get("/api/recordings", params={"q": "alpha"}).json()["items"]
    assert [tag["name"] for tag in row["tags"]] == ["客户", "重要"]
    assert row["folder_id"] == made["例会"]
    counted = server.client.get("/api/folders").json()
    assert {one["name"]: one["recordings"] for one in counted} == {"项目": 2, "例会": 1}
