"""Odd endpoints, one after another: the test says what is so, and minutes come, or the sentence says why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.language_server import KEY
from tests.minutes.api.client import ask, get
from tests.minutes.models import obliging
from tests.odd_endpoints import UNUSABLE, USABLE, OddEndpoints, answer_test_or, serve_odd_endpoints
from tests.serving import Server

PATH = "/api/admin/language-model"
#: What the test says about an endpoint that wants something else than most.
ADAPTED = {
    "thinks-within-limit": ["thinking_room"],
    "thinking-not-unstreamed": ["thinking_off"],
    "always-thinks": ["stream_only"],
    "stream-only": ["stream_only"],
    "no-system-role": ["no_system_role"],
    "json-schema": ["json_schema"],
    "no-json-format": ["no_json_format"],
    "other-length-name": ["length_parameter"],
    "one-temperature": ["no_temperature"],
    "cuts-prompts": ["small_context"],
    "small-context": ["small_context"],
    "plain": [],
}


@pytest.fixture(scope="module")
def odd() -> Iterator[OddEndpoints]:
    def works(request: Any) -> Any:
        return obliging(request.__class__(request.body | {"stream": False}, request.system, request.prompt, 0))

    with serve_odd_endpoints(answer_test_or(works)) as server:
        yield server


@contextmanager
def chosen(server: Server, url: str) -> Iterator[dict[str, Any]]:
    """An endpoint that is set and chosen in the console; what its test says."""
    body = {"name": "odd", "url": url, "key": KEY, "model": "m", "allow_private": True, "headers": {"X-Team": "asr"}}
    added = server.client.post(f"{PATH}/endpoints", json=body).raise_for_status().json()
    server.client.put(PATH, json={"default": added["id"], "own_endpoints": False}).raise_for_status()
    yield server.client.post(f"{PATH}/endpoints/{added['id']}/test").raise_for_status().json()
    server.client.delete(f"{PATH}/endpoints/{added['id']}").raise_for_status()


def test_minutes_come_from_every_usable_endpoint(server: Server, transcribed: str, odd: OddEndpoints) -> None:
    outcomes = {}
    for name in USABLE:
        if name == "busy-at-first":  # its pauses are real here
            continue
        with chosen(server, odd.url(name)) as tested:
            job = server.ended(ask(server, transcribed)["id"])
            outcomes[name] = (tested["ok"], tested["code"], job["status"], job["error"])
            assert tested["adapted"] == ADAPTED.get(name, tested["adapted"])

    assert {name: one for name, one in outcomes.items() if one != (True, None, "done", None)} == {}
    coverage = get(server, f"{transcribed}/minutes")["content"]["coverage"]
    assert coverage["covered"] == coverage["segments"] > 0


def test_the_sentence_says_why_no_minutes_come(server: Server, transcribed: str, odd: OddEndpoints) -> None:
    for name, (_, code, reason) in UNUSABLE.items():
        if code == "busy":  # its pauses are real here
            continue
        with chosen(server, odd.url(name)) as tested:
            job = server.ended(ask(server, transcribed)["id"])

        assert (name, tested["ok"], tested["code"]) == (name, False, f"language_model_{code}")
        assert (name, job["status"], job["error"]["code"]) == (name, "failed", f"language_model_{code}")
        assert reason in (tested["reason"] or "")
        assert reason in job["error"]["detail"]
        assert KEY not in f"{tested}{job}"


def test_other_users_see_neither_reason_nor_headers(
    server: Server, transcribed: str, odd: OddEndpoints, other_user: Any
) -> None:
    other_user.base_url = server.client.base_url
    with chosen(server, odd.url("no-balance")):
        (shown,) = [one for one in other_user.get("/api/language-model/endpoints").json() if one["default"]]
        tested = other_user.post(f"/api/language-model/endpoints/{shown['id']}/test").json()
        (mine,) = [one for one in server.client.get(f"{PATH}/endpoints").json() if one["default"]]

    assert (tested["code"], tested["reason"]) == ("language_model_balance", None)
    assert (shown["headers"], mine["headers"]) == ([], ["X-Team"])
