"""A client of tus, as small as it can be."""

import base64
import hashlib
from typing import Any

import httpx

from tests.serving import Server

SPOKEN = {"Tus-Resumable": "1.0.0"}
CHUNK = "application/offset+octet-stream"


def begin(client: httpx.Client, size: int, name: str = "会议.wav", **headers: str) -> httpx.Response:
    told = base64.b64encode(name.encode()).decode()
    return client.post(
        "/api/uploads", headers={**SPOKEN, "Upload-Length": str(size), "Upload-Metadata": f"filename {told}", **headers}
    )


def send(client: httpx.Client, place: str, offset: int, content: Any, **headers: str) -> httpx.Response:
    return client.patch(
        place, headers={**SPOKEN, "Upload-Offset": str(offset), "Content-Type": CHUNK, **headers}, content=content
    )


def how_far(client: httpx.Client, place: str) -> int:
    answer = client.head(place, headers=SPOKEN)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])


def sent(client: httpx.Client, content: bytes, name: str = "会议.wav") -> str:
    """The id of an upload that has come whole."""
    place = begin(client, len(content), name).headers["Location"]
    assert send(client, place, 0, content).status_code == 204
    upload = client.get(place).json()
    assert (upload["received"], upload["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    return str(upload["id"])


def make(client: httpx.Client, *uploads: str, key: str | None = None, **asked: Any) -> httpx.Response:
    """A recording of these uploads."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/api/recordings/from-uploads", json={"uploads": list(uploads), **asked}, headers=headers)


def incoming(server: Server) -> list[str]:
    """Ids of the uploads that have a file."""
    folder = server.folder / "uploads" / "incoming"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
