"""tus 1.0.0, as its clients see it."""

import base64
import hashlib
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.serving import PASSWORD, Server, until
from tests.tus import CHUNK, SPOKEN, begin, how_far, incoming, send, sent

CONTENT = bytes(range(256)) * 100


@pytest.fixture(autouse=True)
def _tidy(server: Server) -> Iterator[None]:
    yield
    for upload in server.client.get("/api/uploads").json()["items"]:
        server.client.delete(f"/api/uploads/{upload['id']}", headers=SPOKEN)


def test_the_server_says_what_it_can_do(server: Server) -> None:
    answer = httpx.options(f"{server.client.base_url}/api/uploads")

    assert answer.status_code == 204
    assert {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-extension": "creation,creation-with-upload,checksum,expiration,termination",
        "tus-checksum-algorithm": "sha256,sha1",
        "tus-max-size": str(6 * 1024**3),
    }.items() <= dict(answer.headers).items()


def test_a_file_comes_in_pieces_and_every_answer_says_how_far_it_is(server: Server) -> None:
    begun = begin(server.client, len(CONTENT), "三月 周会.wav")
    place = begun.headers["Location"]
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
    assert begun.headers["Upload-Expires"].endswith("GMT")

    first = send(server.client, place, 0, CONTENT[:1000])
    asked = server.client.head(place, headers=SPOKEN)
    last = send(server.client, place, 1000, CONTENT[1000:])

    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("1000", str(len(CONTENT)))
    assert asked.headers["Upload-Metadata"] == "filename " + base64.b64encode("三月 周会.wav".encode()).decode()
    assert asked.headers["Cache-Control"] == "no-store"
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    [upload] = server.client.get("/api/uploads").json()["items"]
    assert upload == server.client.get(place).json()
    assert (upload["name"], upload["sha256"]) == ("三月 周会.wav", hashlib.sha256(CONTENT).hexdigest())


def test_the_first_piece_may_come_with_the_beginning(server: Server) -> None:
    begun = server.client.post(
        "/api/uploads",
        headers={**SPOKEN, "Upload-Length": str(len(CONTENT)), "Content-Type": CHUNK},
        content=CONTENT[:500],
    )

    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "500")
    assert how_far(server.client, begun.headers["Location"]) == 500


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
def test_an_upload_that_cannot_be_is_refused(server: Server, headers: dict[str, str], status: int, code: str) -> None:
    answer = begin(server.client, 10, **headers)

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
def test_a_piece_that_does_not_fit_changes_nothing(
    server: Server, offset: int, headers: dict[str, str], status: int, code: str
) -> None:
    place = begin(server.client, len(CONTENT)).headers["Location"]
    send(server.client, place, 0, CONTENT[:1000])

    answer = send(server.client, place, offset, CONTENT[1000:], **headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert how_far(server.client, place) == 1000
    assert (server.folder / "uploads" / "incoming" / place.rpartition("/")[2]).read_bytes() == CONTENT[:1000]


def test_a_piece_longer_than_what_is_left_is_refused(server: Server) -> None:
    place = begin(server.client, 10).headers["Location"]

    answer = send(server.client, place, 0, b"x" * 11)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert how_far(server.client, place) == 0


def test_a_line_that_breaks_keeps_what_it_brought(server: Server) -> None:
    content = CONTENT * (3 * 2**20 // len(CONTENT))
    place = begin(server.client, len(content)).headers["Location"]
    file = server.folder / "uploads" / "incoming" / place.rpartition("/")[2]

    # what lies in a socket when it breaks is nobody's; what was taken out of it is written by the mebibyte
    with _half_sent(server, place, content[: 2 * 2**20], len(content)):
        until(lambda: file.is_file() and file.stat().st_size >= 2**20)

    received = until(lambda: server.client.get(place).json()["received"])
    assert received >= 2**20
    assert file.read_bytes() == content[:received]
    assert send(server.client, place, received, content[received:]).status_code == 204


def test_asking_for_the_offset_ends_a_dead_line(server: Server) -> None:
    place = begin(server.client, len(CONTENT)).headers["Location"]

    with _half_sent(server, place, CONTENT[:7000]) as line:
        until(lambda: incoming(server))
        assert send(server.client, place, 0, CONTENT).status_code == 423
        until(lambda: how_far(server.client, place) == 7000)
        assert line.recv(20).startswith(b"HTTP/1.1 409")

    assert send(server.client, place, 7000, CONTENT[7000:]).status_code == 204


def test_an_upload_can_be_given_up(server: Server) -> None:
    id = sent(server.client, CONTENT)

    assert server.client.delete(f"/api/uploads/{id}", headers=SPOKEN).status_code == 204

    assert server.client.head(f"/api/uploads/{id}", headers=SPOKEN).status_code == 404
    until(lambda: id not in incoming(server))


def test_a_stranger_is_turned_away_before_his_piece_is_read(server: Server) -> None:
    place = begin(server.client, 1 << 30).headers["Location"]
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(f"PATCH {place} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 30}\r\n\r\n".encode())

        assert line.recv(20).startswith(b"HTTP/1.1 401")  # with not a byte of the body sent

    assert server.client.get(place).json()["received"] == 0


def test_announced_bytes_count_towards_the_quota(server: Server) -> None:
    made = server.client.post("/api/admin/users", json={"username": "thrifty", "password": PASSWORD}).json()
    server.client.patch(f"/api/admin/users/{made['id']}/quotas", json={"stored_bytes": 1000}).raise_for_status()
    with httpx.Client(base_url=server.client.base_url) as client:
        login = client.post("/api/auth/login", data={"username": "thrifty", "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {login['access_token']}"

        assert begin(client, 600).status_code == 201
        answer = begin(client, 600)
        assert (answer.status_code, answer.json()["code"]) == (413, "quota_bytes")
        assert begin(client, 400).status_code == 201
        assert client.get("/api/quota").json()["used_stored_bytes"] == 1000


def test_a_ticket_begins_one_upload_and_its_token_opens_that_one_alone(server: Server) -> None:
    other = begin(server.client, 10).headers["Location"]
    ticket = server.client.post("/api/auth/tickets", json={"purpose": "upload"}).json()["ticket"]
    with httpx.Client(base_url=server.client.base_url) as worker:
        begun = begin(worker, len(CONTENT), **{"X-Upload-Ticket": ticket})
        place, mine = begun.headers["Location"], {"X-Upload-Token": begun.headers["X-Upload-Token"]}

        assert begin(worker, 10, **{"X-Upload-Ticket": ticket}).status_code == 401
        assert send(worker, place, 0, CONTENT).status_code == 401
        assert send(worker, place, 0, CONTENT, **mine).status_code == 204
        assert worker.head(place, headers={**SPOKEN, **mine}).status_code == 200
        assert send(worker, other, 0, b"x", **mine).status_code == 401
        for token in (mine["X-Upload-Token"], ticket):
            assert worker.get("/api/uploads", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert worker.get("/api/uploads", headers=mine).status_code == 401
        events = server.client.post("/api/auth/tickets", json={"purpose": "events"}).json()["ticket"]
        assert begin(worker, 10, **{"X-Upload-Ticket": events}).status_code == 401
    assert server.client.get(place).json()["received"] == len(CONTENT)


def test_a_browser_from_an_allowed_origin_may_send_and_read_what_it_needs(server: Server) -> None:
    asked = {
        "Origin": "http://localhost:3030",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,tus-resumable,upload-offset,idempotency-key",
    }
    assert server.client.options("/api/uploads/x", headers=asked).status_code == 200

    answer = begin(server.client, 10, Origin="http://localhost:3030")

    assert {"Location", "Upload-Offset", "Upload-Expires"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )


def _half_sent(server: Server, place: str, content: bytes, whole: int = len(CONTENT)) -> socket.socket:
    """A PATCH of the whole file, of which so much came."""
    line = socket.create_connection(("127.0.0.1", server.port))
    head = {
        **SPOKEN,
        "Host": "x",
        "Authorization": server.client.headers["Authorization"],
        "Content-Type": CHUNK,
        "Upload-Offset": "0",
        "Content-Length": str(whole),
    }
    line.sendall(f"PATCH {place} HTTP/1.1\r\n".encode())
    line.sendall("".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n" + content)
    return line
