"""What proxies say is believed from trusted ones only; a prefix is found whether or not the proxy has removed it."""

from typing import Any

import pytest

from backend.forwarded_headers import ForwardedHeaders, PathPrefix, UntrustedProxies

PROXY, STRANGER = "10.0.0.2", "192.168.7.7"


class Recorder:
    """An app that keeps the scopes it is called with."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)


async def _receive() -> Any: ...
async def _send(_message: Any) -> None: ...


async def scope_of(
    path: str, *, prefix: str | None, kind: str = "http", peer: str = PROXY, untrusted: Any = None, **headers: str
) -> Any:
    """The scope inside of both middlewares. Names of headers have _ instead of -."""
    app = Recorder()
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    middleware = ForwardedHeaders(PathPrefix(app, prefix), [PROXY], untrusted or UntrustedProxies())
    scope = {"type": kind, "scheme": "http", "path": path, "headers": raw, "client": (peer, 5), "root_path": ""}
    await middleware(scope, _receive, _send)
    return app.scopes[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("path", "inside"), [("/api/events", "/api/events"), ("/", "/")])
@pytest.mark.parametrize("removed", [True, False])
async def test_a_prefix_that_was_removed_and_one_that_was_not_look_the_same_inside(
    kind: str, path: str, inside: str, removed: bool
) -> None:
    scope = await scope_of(path if removed else f"/asr{path}", prefix="/asr", kind=kind)

    assert (scope["root_path"], scope["path"]) == ("/asr", f"/asr{inside}")


async def test_the_prefix_without_a_slash_is_the_page() -> None:
    assert (await scope_of("/asr", prefix="/asr"))["path"] == "/asr/"


async def test_a_path_that_only_begins_with_the_letters_of_the_prefix_is_another_path() -> None:
    assert (await scope_of("/asrx", prefix="/asr"))["path"] == "/asr/asrx"


async def test_without_a_prefix_the_path_is_unchanged() -> None:
    scope = await scope_of("/api/jobs", prefix="", x_forwarded_prefix="/other")

    assert (scope["root_path"], scope["path"]) == ("", "/api/jobs")


async def test_a_trusted_proxy_may_name_the_prefix_if_no_setting_does() -> None:
    assert (await scope_of("/api/jobs", prefix=None, x_forwarded_prefix="/asr/"))["path"] == "/asr/api/jobs"
    assert (await scope_of("/api/jobs", prefix="/ours", x_forwarded_prefix="/asr"))["path"] == "/ours/api/jobs"


@pytest.mark.parametrize("value", ["//evil.example", "/api", '/"><script>', "/a/../b", "asr"])
async def test_a_forwarded_prefix_that_is_none_is_ignored(value: str) -> None:
    assert (await scope_of("/", prefix=None, x_forwarded_prefix=value))["root_path"] == ""


async def test_nothing_is_believed_from_a_peer_that_is_not_trusted() -> None:
    forwarded = {"x_forwarded_for": "203.0.113.9", "x_forwarded_proto": "https", "x_forwarded_prefix": "/asr"}

    believed = await scope_of("/", prefix=None, **forwarded)
    refused = await scope_of("/", prefix=None, peer=STRANGER, **forwarded)

    assert (believed["client"][0], believed["scheme"], believed["root_path"]) == ("203.0.113.9", "https", "/asr")
    assert (refused["client"][0], refused["scheme"], refused["root_path"]) == (STRANGER, "http", "")
    assert refused["headers"] == []


async def test_a_private_peer_that_forwards_and_is_not_trusted_is_recorded_once() -> None:
    untrusted = UntrustedProxies()

    for peer in (STRANGER, STRANGER, PROXY, "8.8.8.8", ""):
        await scope_of("/", prefix=None, peer=peer, untrusted=untrusted, x_forwarded_for="203.0.113.9")
    await scope_of("/", prefix=None, peer="192.168.7.8", untrusted=untrusted)

    assert list(untrusted) == [STRANGER]


async def test_only_a_few_peers_are_recorded() -> None:
    untrusted = UntrustedProxies()

    for number in range(100):
        untrusted.record(f"10.1.0.{number}")

    assert len(list(untrusted)) == 16
