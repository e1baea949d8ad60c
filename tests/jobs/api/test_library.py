"""The library: what a person has, with who speaks in it and how far it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A house without models: whoever asks for a real recogniser fails."""
    folder = tmp_path_factory.mktemp("house")
    server = Server(folder, MODELS_DIR=str(folder / "none"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def shelf(server: Server, recording: Path) -> Iterator[dict[str, str]]:
    """Names and ids of three recordings: two that are done, one whose job was refused by its engine."""
    ids = {}
    for name in ("乙 周会.wav", "Alpha.wav", "beta.wav"):
        with recording.open("rb") as file:
            form = {"transcriber": "vosk"} if name == "beta.wav" else {}
            answer = server.client.post("/api/recordings", files={"file": (name, file)}, data=form).json()
        ids[name] = answer["recording"]["id"]
        server.ended(answer["job"]["id"])
    return ids


def listed(server: Server, **query: Any) -> list[str]:
    answer = server.client.get("/api/recordings", params=query).raise_for_status().json()
    assert answer["total"] == len(answer["items"])
    return [row["name"] for row in answer["items"]]


def test_a_row_tells_who_speaks_and_how_far_it_is(server: Server, shelf: dict[str, str]) -> None:
    id = shelf["Alpha.wav"]
    document = server.client.get(f"/api/recordings/{id}/transcript").json()
    speaker = document["document"]["speakers"][0]["id"]
    server.client.patch(f"/api/recordings/{id}/transcript/speakers/{speaker}", json={"name": "王芳"}).raise_for_status()

    [row] = server.client.get("/api/recordings", params={"q": "alpha"}).json()["items"]

    named = server.client.get(f"/api/recordings/{id}/transcript").json()["document"]["speakers"]
    assert row["speakers"] == [{"id": one["id"], "name": one["name"]} for one in named]
    assert "王芳" in [one["name"] for one in row["speakers"]]
    assert row["job"] == server.job(row["job"]["id"])
    assert (row["job"]["status"], row["job"]["recording_id"]) == ("done", id)
    assert row | server.client.get(f"/api/recordings/{id}").json() == row


def test_sorted_as_asked_and_newest_first_by_itself(server: Server, shelf: dict[str, str]) -> None:
    assert listed(server) == ["beta.wav", "Alpha.wav", "乙 周会.wav"]
    assert listed(server, order="asc") == ["乙 周会.wav", "Alpha.wav", "beta.wav"]
    assert listed(server, sort="name", order="asc") == ["Alpha.wav", "beta.wav", "乙 周会.wav"]
    assert listed(server, sort="duration", order="asc")[0] in shelf
    assert server.client.get("/api/recordings", params={"sort": "owner_id"}).status_code == 422


def test_filtered_by_the_state_of_the_newest_job(server: Server, shelf: dict[str, str]) -> None:
    assert listed(server, status="failed") == ["beta.wav"]
    assert listed(server, status="done") == ["Alpha.wav", "乙 周会.wav"]
    assert listed(server, status=["done", "failed"], q="a.wav") == ["beta.wav", "Alpha.wav"]
    assert listed(server, status="running") == []


def test_only_ones_own_are_listed(server: Server, stranger: httpx.Client, shelf: dict[str, str]) -> None:
    assert stranger.get("/api/recordings").json() == {"items": [], "total": 0}
    assert httpx.get(f"{server.client.base_url}/api/recordings").status_code == 401


def test_pages_are_bounded(server: Server) -> None:
    for query in ("limit=0", "limit=101", "offset=-1", "offset=99999999999999999999"):
        assert server.client.get(f"/api/recordings?{query}").status_code == 422
