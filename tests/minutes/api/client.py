"""A language model with a replaceable script, and requests to the demo server that uses it."""

import json
from typing import Any

import httpx

from tests.language_server import ModelRequest, Reply
from tests.minutes.models import good, lines_of
from tests.serving import Server


class ScriptedModel:
    """Answers well, unless a test replaces its script."""

    def __init__(self) -> None:
        self.script = good

    def __call__(self, request: ModelRequest) -> Reply:
        return self.script(request)


def ask(server: Server, recording: str, **options: Any) -> dict[str, Any]:
    answer = server.client.post(f"/api/recordings/{recording}/minutes", json=options)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


def get(server: Server, path: str, **query: Any) -> Any:
    return server.client.get(f"/api/recordings/{path}", params=query).raise_for_status().json()


def jobs(server: Server, recording: str, kind: str | None = None) -> list[dict[str, Any]]:
    """The jobs of a recording, all or of one kind."""
    page = server.client.get("/api/jobs", params={"recording_id": recording}).raise_for_status().json()
    return [job for job in page["jobs"] if kind in (None, job["kind"])]


def jobs_of(server: Server, recording: str) -> dict[str, dict[str, Any]]:
    return {job["kind"]: job for job in jobs(server, recording)}


def polisher(request: ModelRequest) -> Reply:
    return Reply({"lines": [{"n": number, "t": text.rstrip("。") + "！"} for number, _, text in lines_of(request)]})


def events(answer: httpx.Response) -> list[tuple[str, dict[str, Any]]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        name, content = (line.partition(": ")[2] for line in block.split("\n"))
        found.append((name, json.loads(content)))
    return found
