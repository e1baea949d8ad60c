"""A language model in any mood, and what is asked of the demo server that has it."""

import json
from typing import Any

import httpx

from tests.language_server import Asked, Reply
from tests.minutes.models import good, lines_of
from tests.serving import Server


class Moody:
    """A good model, unless a test tells it otherwise."""

    def __init__(self) -> None:
        self.script = good

    def __call__(self, asked: Asked) -> Reply:
        return self.script(asked)


def ask(server: Server, recording: str, **options: Any) -> dict[str, Any]:
    answer = server.client.post(f"/api/recordings/{recording}/minutes", json=options)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


def get(server: Server, path: str, **query: Any) -> Any:
    return server.client.get(f"/api/recordings/{path}", params=query).raise_for_status().json()


def jobs(server: Server, recording: str, kind: str | None = None) -> list[dict[str, Any]]:
    """All of a recording, or those of one kind."""
    page = server.client.get("/api/jobs", params={"recording_id": recording}).raise_for_status().json()
    return [job for job in page["jobs"] if kind in (None, job["kind"])]


def jobs_of(server: Server, recording: str) -> dict[str, dict[str, Any]]:
    return {job["kind"]: job for job in jobs(server, recording)}


def polisher(asked: Asked) -> Reply:
    return Reply({"lines": [{"n": number, "t": text.rstrip("。") + "！"} for number, _, text in lines_of(asked)]})


def events(answer: httpx.Response) -> list[tuple[str, dict[str, Any]]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        name, content = (line.partition(": ")[2] for line in block.split("\n"))
        found.append((name, json.loads(content)))
    return found
