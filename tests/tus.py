"""A minimal tus client."""

import base64
import hashlib
from typing import Any

import httpx

from tests.serving import Server

TUS_HEADERS = {"Tus-Resumable": "1.0.0"}
CHUNK = "application/offset+octet-stream"


def create_upload(client: httpx.Client, size: int, name: str = "会议.wav", **headers: str) -> httpx.Response:
    encoded = base64.b64encode(name.encode()).decode()
    return client.post(
        "/api/uploads",
        headers={**TUS_HEADERS, "Upload-Length": str(size), "Upload-Metadata": f"filename {encoded}", **headers},
    )


def send_chunk(client: httpx.Client, location: str, offset: int, content: Any, **headers: str) -> httpx.Response:
    return client.patch(
        location,
        headers={**TUS_HEADERS, "Upload-Offset": str(offset), "Content-Type": CHUNK, **headers},
        content=content,
    )


def get_offset(client: httpx.Client, location: str) -> int:
    answer = client.head(location, headers=TUS_HEADERS)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])


def upload_file(client: httpx.Client, content: bytes, name: str = "会议.wav") -> str:
    """Upload a complete file and return the id of the upload."""
    location = create_upload(client, len(content), name).headers["Location"]
    assert send_chunk(client, location, 0, content).status_code == 204
    upload = client.get(location).json()
    assert (upload["received"], upload["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    return str(upload["id"])


def create_recording(client: httpx.Client, *uploads: str, key: str | None = None, **options: Any) -> httpx.Response:
    """Create a recording from these uploads."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/api/recordings/from-uploads", json={"uploads": list(uploads), **options}, headers=headers)


def incoming_files(server: Server) -> list[str]:
    """The ids of the uploads that have a file."""
    folder = server.folder / "uploads" / "incoming"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
