"""Secrets and transcripts leave no traces in logs; secrets are not in the database or in files."""

import json
from pathlib import Path

import httpx
from websockets.sync.client import connect

from tests.serving import PASSWORD, Server

NEW = "明天早上九点半在一楼"


def test_no_secret_is_logged_or_stored(server: Server) -> None:
    base = str(server.client.base_url)
    secrets = [PASSWORD, NEW, "a guess that is typed"]
    with httpx.Client(base_url=base) as client:
        client.post("/api/auth/register", json={"username": "trace", "password": NEW})
        client.post("/api/auth/login", data={"username": "a guess that is typed", "password": "a guess that is typed"})
        login = client.post("/api/auth/login", data={"username": "chief", "password": PASSWORD}).json()
        secrets.append(login["access_token"])
        secrets += [cookie.value or "?" for cookie in client.cookies.jar]
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        secrets.append(
            client.post("/api/auth/keys", headers=headers, json={"name": "x", "scopes": ["read"]}).json()["key"]
        )
        client.get("/api/jobs", headers={"X-API-Key": secrets[-1]})
        secrets.append(client.post("/api/auth/tickets", headers=headers, json={}).json()["ticket"])
        with connect(f"ws://127.0.0.1:{server.port}/api/events") as socket:
            socket.send(json.dumps({"ticket": secrets[-1]}))
            socket.recv(timeout=10)
        secrets.append(
            client.post("/api/auth/two-factor", headers=headers, json={"password": PASSWORD}).json()["secret"]
        )
        client.post("/api/auth/refresh", headers={"X-Requested-With": "tests"})
        secrets += [cookie.value or "?" for cookie in client.cookies.jar]
    # in a refresh token only the part after the dot is secret; the part before it is the id of the login
    secrets = [secret.rpartition(".")[2] if secret.count(".") == 1 else secret for secret in secrets]

    files = [path for path in server.folder.rglob("*") if path.is_file()]
    found = [(path.name, secret) for path in files for secret in secrets if secret.encode() in path.read_bytes()]

    assert {path.name for path in files} >= {"server.log", "server.db"}
    assert found == []


def test_files_of_the_server_are_for_its_own_user_only(server: Server, recording: Path) -> None:
    with recording.open("rb") as file:
        uploaded = server.client.post(
            "/api/recordings", data={"allow_duplicate": "true"}, files={"file": ("a.wav", file)}
        ).json()
    assert server.ended(uploaded["job"]["id"])["status"] == "done"

    ours = [server.folder / "server.db", server.folder / "uploads", *(server.folder / "uploads").rglob("*")]

    assert len(ours) > 8
    assert [path for path in ours if path.stat().st_mode & 0o077] == []


def test_no_transcript_text_is_logged(server: Server, recording: Path) -> None:
    with recording.open("rb") as file:
        files = {"file": ("一个秘密的名字.wav", file)}
        uploaded = server.client.post(
            "/api/recordings", files=files, data={"hotwords": "一个秘密的词", "allow_duplicate": "true"}
        ).json()
    assert server.ended(uploaded["job"]["id"])["status"] == "done"
    lines = [line for line in server.text(uploaded["recording"]["id"], "txt").splitlines() if len(line) > 6]
    id = uploaded["recording"]["id"]
    server.client.post(f"/api/recordings/{id}/questions", json={"question": "一个秘密的问题？"})
    server.client.get("/api/recordings", params={"q": "一个秘密的词"})

    log = server.log.read_text()

    assert lines
    assert [line for line in [*lines, "一个秘密"] if line in log or json.dumps(line)[1:-1] in log] == []


def test_input_cannot_forge_log_lines(server: Server) -> None:
    httpx.get(f"{server.client.base_url}/api/%0d%0a2026-01-01 00:00:00 INFO forged")
    httpx.post(f"{server.client.base_url}/api/auth/login", data={"username": "x\r\nforged entry", "password": "x"})

    assert not any(line.startswith(("forged", "2026-01-01 00:00:00")) for line in server.log.read_text().splitlines())
