"""Every answer of every route says what a browser may do with it, whoever asks and whatever comes of it."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.settings import Settings
from tests.security.rules import RULES, Rule
from tests.security.world import Route, World

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ROUTES = [pytest.param(route, rule, id=" ".join(route)) for route, rule in RULES.items() if not rule.ends]


_BYTES = ("audio/", "application/octet-stream", "application/zip")


@pytest.mark.parametrize(("route", "_rule"), _ROUTES)
def test_no_route_answers_without_its_headers(world: World, route: Route, _rule: Rule) -> None:
    for who in ("anybody", "other", "owner", "admin"):
        answer = world.ask(route, who)

        assert _lacking(answer) == {}
        policy = _policy(answer)
        assert policy["default-src"] in ("'self'", "'none'")
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy.get("object-src", policy["default-src"]) == "'none'"
        assert "unsafe" not in policy.get("script-src", policy["default-src"])
        assert len(answer.headers["X-Request-Id"]) == 32
        assert "server" not in answer.headers
        if route[1].startswith("/api/"):
            # Media are hours long: the browser may keep them, for this person alone, and asks each time whether it may.
            media = answer.is_success and route[1].endswith(("/audio", "/original", "/peaks"))
            assert answer.headers["Cache-Control"] == ("private, no-cache" if media else "no-store")
        if answer.content and not answer.headers["Content-Type"].startswith(_BYTES):
            assert "json" in answer.headers["Content-Type"] or "charset=utf-8" in answer.headers["Content-Type"]


def _lacking(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in ALWAYS.items() if answer.headers.get(name) != value}


def _policy(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:3030.evil.example",
        "https://localhost:3030",
        "http://localhost:3031",
        "http://LOCALHOST:3030.",
        "http://localhost:3030/",
        "http://user@localhost:3030",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_an_origin_that_is_not_listed_is_given_nothing(world: World, origin: str, method: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "DELETE", **world.people["owner"]}

    answer = httpx.request(method, f"{world.base}/api/recordings", headers=asked)

    assert "access-control-allow-origin" not in answer.headers


def test_the_listed_origin_is_named_exactly_and_never_as_everybody(world: World) -> None:
    answer = httpx.get(f"{world.base}/api/recordings", headers={"Origin": "http://localhost:3030"})

    assert answer.headers["access-control-allow-origin"] == "http://localhost:3030"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_no_method_shows_what_was_sent(world: World, method: str) -> None:
    answer = httpx.request(method, f"{world.base}/api/auth/me", headers={"X-Secret": "a secret"})

    assert answer.status_code in (400, 404, 405)
    assert "a secret" not in answer.text


async def test_a_bug_is_answered_with_every_header_and_a_number_the_log_knows(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app: FastAPI = create_app(settings)

    @app.get("/api/broken")
    async def broken() -> Any:
        raise RuntimeError("SELECT secret FROM /home/somebody")

    transport = httpx.ASGITransport(app)  # a bug that got past us would be raised here
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        answer = await client.get("/api/broken")
    app.state.passwords.close()

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert _lacking(answer) == {}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["request"] == answer.headers["X-Request-Id"]
    assert not any(word in answer.text for word in ("SELECT", "/home", "Traceback", "RuntimeError"))
    log = capsys.readouterr().err
    assert log.count("Request failed") == log.count("Traceback") == 1
    assert f'request="{answer.json()["request"]}"' in log
