"""The tus 1.0.0 routes, as clients use them."""

import base64
import hashlib
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.serving import PASSWORD, Server, until
from tests.tus import CHUNK, TUS_HEADERS, create_upload, get_offset, incoming_files, send_chunk, upload_file

CONTENT = bytes(range(256)) * 100


@pytest.fixture(autouse=True)
def _tidy(server: Server) -> Iterator[None]:
    yield
    for upload in server.client.get("/api/uploads").json()["items"]:
        server.client.delete(f"/api/uploads/{upload['id']}", headers=TUS_HEADERS)


def test_options_returns_the_capabilities_of_the_server(server: Server) -> None:
    answer = httpx.options(f"{server.client.base_url}/api/uploads")

    assert answer.status_code == 204
    assert {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-extension": "creation,creation-with-upload,checksum,expiration,termination",
        "tus-checksum-algorithm": "sha256,sha1",
        "tus-max-size": str(6 * 1024**3),
    }.items() <= dict(answer.headers).items()


def test_every_response_to_a_chunk_contains_the_offset(server: Server) -> None:
    created = create_upload(server.client, len(CONTENT), "三月 周会.wav")
    location = created.headers["Location"]
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "0")
    assert created.headers["Upload-Expires"].endswith("GMT")

    first = send_chunk(server.client, location, 0, CONTENT[:1000])
    head = server.client.head(location, headers=TUS_HEADERS)
    last = send_chunk(server.client, location, 1000, CONTENT[1000:])

    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("1000", str(len(CONTENT)))
    assert head.headers["Upload-Metadata"] == "filename " + base64.b64encode("三月 周会.wav".encode()).decode()
    assert head.headers["Cache-Control"] == "no-store"
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    [upload] = server.client.get("/api/uploads").json()["items"]
    assert upload == server.client.get(location).json()
    assert (upload["name"], upload["sha256"]) == ("三月 周会.wav", hashlib.sha256(CONTENT).hexdigest())


def test_the_first_chunk_may_be_sent_with_the_creation(server: Server) -> None:
    created = server.client.post(
        "/api/uploads",
        headers={**TUS_HEADERS, "Upload-Length": str(len(CONTENT)), "Content-Type": CHUNK},
        content=CONTENT[:500],
    )

    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "500")
    assert get_offset(server.client, created.headers["Location"]) == 500


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": ""}, 422, "invalid_upload"),
        ({"Upload-Length": "-5"}, 422, "invalid_upload"),
        ({"Upload-Length": "0"}, 422, "empty_file"),
        ({"Upload-Length": str(6 * 1024**3 + 1)}, 413, "too_large"),
        ({"Upload-Metadata": "filename ####"}, 422, "invalid_upload"),
        ({"Tus-Resumable": "0.2.2"}, 412, "unsupported_version"),
    ],
)
def test_an_upload_with_invalid_headers_is_refused(
    server: Server, headers: dict[str, str], status: int, code: str
) -> None:
    answer = create_upload(server.client, 10, **headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert server.client.get("/api/uploads").json()["items"] == []


@pytest.mark.parametrize(
    ("offset", "headers", "status", "code"),
    [
        (999, {}, 409, "wrong_offset"),
        (1001, {}, 409, "wrong_offset"),
        (1000, {"Content-Type": "application/octet-stream"}, 415, "not_a_chunk"),
        (1000, {"Upload-Checksum": "md5 " + "A" * 22 + "=="}, 400, "unknown_checksum"),
        (1000, {"Upload-Checksum": "sha1 " + base64.b64encode(bytes(20)).decode()}, 460, "checksum_mismatch"),
        (1000, {"Tus-Resumable": "2.0.0"}, 412, "unsupported_version"),
        (1000, {"Upload-Offset": "x"}, 422, "invalid_upload"),
    ],
)
def test_an_invalid_chunk_changes_nothing(
    server: Server, offset: int, headers: dict[str, str], status: int, code: str
) -> None:
    location = create_upload(server.client, len(CONTENT)).headers["Location"]
    send_chunk(server.client, location, 0, CONTENT[:1000])

    answer = send_chunk(server.client, location, offset, CONTENT[1000:], **headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert get_offset(server.client, location) == 1000
    assert (server.folder / "uploads" / "incoming" / location.rpartition("/")[2]).read_bytes() == CONTENT[:1000]


def test_a_chunk_longer_than_the_rest_is_refused(server: Server) -> None:
    location = create_upload(server.client, 10).headers["Location"]

    answer = send_chunk(server.client, location, 0, b"x" * 11)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert get_offset(server.client, location) == 0


def test_a_broken_connection_keeps_the_bytes_that_arrived(server: Server) -> None:
    content = CONTENT * (3 * 2**20 // len(CONTENT))
    location = create_upload(server.client, len(content)).headers["Location"]
    file = server.folder / "uploads" / "incoming" / location.rpartition("/")[2]

    # Bytes that are still in the socket when it breaks are lost; the server writes the others by the mebibyte.
    with _half_sent(server, location, content[: 2 * 2**20], len(content)):
        until(lambda: file.is_file() and file.stat().st_size >= 2**20)

    received = until(lambda: server.client.get(location).json()["received"])
    assert received >= 2**20
    assert file.read_bytes() == content[:received]
    assert send_chunk(server.client, location, received, content[received:]).status_code == 204


def test_a_request_for_the_offset_ends_a_dead_connection(server: Server) -> None:
    location = create_upload(server.client, len(CONTENT)).headers["Location"]

    with _half_sent(server, location, CONTENT[:7000]) as connection:
        until(lambda: incoming_files(server))
        assert send_chunk(server.client, location, 0, CONTENT).status_code == 423
        until(lambda: get_offset(server.client, location) == 7000)
        assert connection.recv(20).startswith(b"HTTP/1.1 409")

    assert send_chunk(server.client, location, 7000, CONTENT[7000:]).status_code == 204


def test_an_upload_can_be_deleted(server: Server) -> None:
    id = upload_file(server.client, CONTENT)

    assert server.client.delete(f"/api/uploads/{id}", headers=TUS_HEADERS).status_code == 204

    assert server.client.head(f"/api/uploads/{id}", headers=TUS_HEADERS).status_code == 404
    until(lambda: id not in incoming_files(server))


def test_an_unauthenticated_chunk_is_refused_before_its_body_is_read(server: Server) -> None:
    location = create_upload(server.client, 1 << 30).headers["Location"]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 30}\r\n\r\n".encode())

        assert connection.recv(20).startswith(b"HTTP/1.1 401")  # although no byte of the body was sent

    assert server.client.get(location).json()["received"] == 0


def test_announced_bytes_count_towards_the_quota(server: Server) -> None:
    user = server.client.post("/api/admin/users", json={"username": "limited", "password": PASSWORD}).json()
    server.client.patch(f"/api/admin/users/{user['id']}/quotas", json={"stored_bytes": 1000}).raise_for_status()
    with httpx.Client(base_url=server.client.base_url) as client:
        login = client.post("/api/auth/login", data={"username": "limited", "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {login['access_token']}"

        assert create_upload(client, 600).status_code == 201
        answer = create_upload(client, 600)
        assert (answer.status_code, answer.json()["code"]) == (413, "quota_bytes")
        assert create_upload(client, 400).status_code == 201
        assert client.get("/api/quota").json()["used_stored_bytes"] == 1000


def test_a_ticket_creates_one_upload_and_its_token_is_valid_only_for_that_upload(server: Server) -> None:
    other = create_upload(server.client, 10).headers["Location"]
    ticket = server.client.post("/api/auth/tickets", json={"purpose": "upload"}).json()["ticket"]
    with httpx.Client(base_url=server.client.base_url) as worker:
        created = create_upload(worker, len(CONTENT), **{"X-Upload-Ticket": ticket})
        location, list_open = created.headers["Location"], {"X-Upload-Token": created.headers["X-Upload-Token"]}

        assert create_upload(worker, 10, **{"X-Upload-Ticket": ticket}).status_code == 401
        assert send_chunk(worker, location, 0, CONTENT).status_code == 401
        assert send_chunk(worker, location, 0, CONTENT, **list_open).status_code == 204
        assert worker.head(location, headers={**TUS_HEADERS, **list_open}).status_code == 200
        assert send_chunk(worker, other, 0, b"x", **list_open).status_code == 401
        for token in (list_open["X-Upload-Token"], ticket):
            assert worker.get("/api/uploads", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert worker.get("/api/uploads", headers=list_open).status_code == 401
        events = server.client.post("/api/auth/tickets", json={"purpose": "events"}).json()["ticket"]
        assert create_upload(worker, 10, **{"X-Upload-Ticket": events}).status_code == 401
    assert server.client.get(location).json()["received"] == len(CONTENT)


def test_a_browser_from_an_allowed_origin_may_send_and_read_what_it_needs(server: Server) -> None:
    preflight = {
        "Origin": "http://localhost:3030",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,tus-resumable,upload-offset,idempotency-key",
    }
    assert server.client.options("/api/uploads/x", headers=preflight).status_code == 200

    answer = create_upload(server.client, 10, Origin="http://localhost:3030")

    assert {"Location", "Upload-Offset", "Upload-Expires"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )


def _half_sent(server: Server, location: str, content: bytes, size: int = len(CONTENT)) -> socket.socket:
    """A PATCH request for the whole file, of which only `content` is sent."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = {
        **TUS_HEADERS,
        "Host": "x",
        "Authorization": server.client.headers["Authorization"],
        "Content-Type": CHUNK,
        "Upload-Offset": "0",
        "Content-Length": str(size),
    }
    connection.sendall(f"PATCH {location} HTTP/1.1\r\n".encode())
    connection.sendall("".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n" + content)
    return connection


def test_an_upload_is_where_the_proxy_serves_it(server: Server) -> None:
    # 127.0.0.1 is trusted; a proxy there has removed /asr
    created = create_upload(server.client, len(CONTENT), **{"X-Forwarded-Prefix": "/asr"})

    location = created.headers["Location"]
    assert location.startswith("/asr/api/uploads/")
    assert get_offset(server.client, location.removeprefix("/asr")) == 0


def test_a_client_without_patch_and_delete_uploads_with_post(server: Server) -> None:
    location = create_upload(server.client, len(CONTENT)).headers["Location"]
    chunk = {**TUS_HEADERS, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": CHUNK}

    sent = server.client.post(location, content=CONTENT, headers=chunk)
    upload = server.client.get(location).json()
    deleted = server.client.post(location, headers={**TUS_HEADERS, "X-HTTP-Method-Override": "DELETE"})

    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    assert upload["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert deleted.status_code == 204
    assert server.client.get(location).status_code == 404
