"""Every route of the schema × anybody, another user, an admin, keys of every scope, and the owner."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Rule, Whose
from tests.security.world import Route, World
from tests.serving import until

#: Refusals of what was asked, by routes that know who asks.
_PAST_THE_DOOR = {"wrong_password", "wrong_code", "second_factor_off", "google_off", "not_linked", "engine_not_found"}
#: What takes away more than its own thing; the last of all comes first.
_LAST = ("/api/auth/logout-everywhere", "/api/trash")


@pytest.fixture
def trashed(world: World) -> Iterator[None]:
    """The recording is in the trash, and comes back."""
    ended = ("GET", "/api/jobs/{job_id}")
    until(lambda: world.ask(ended, "owner").json()["status"] not in ("queued", "running"))
    assert world.ask(("DELETE", "/api/recordings/{recording_id}"), "owner").status_code == 204
    yield
    assert world.ask(("POST", "/api/trash/{recording_id}/restore"), "owner").status_code == 200


def _ruled(*whose: Whose) -> list[Any]:
    return [pytest.param(route, rule, id=" ".join(route)) for route, rule in RULES.items() if rule.whose in whose]


def test_every_route_has_a_rule_and_every_rule_a_route(world: World) -> None:
    assert world.routes == set(RULES)


@pytest.mark.parametrize(("route", "_rule"), _ruled(Whose.SIGNED_IN, Whose.OWNER, Whose.ADMIN))
def test_nobody_comes_in_unseen(world: World, route: Route, _rule: Rule) -> None:
    for who in ("anybody", "forged"):
        answer = world.ask(route, who)

        assert _told(answer) == (401, "not_signed_in")


@pytest.mark.parametrize(("route", "rule"), _ruled(Whose.OWNER))
def test_what_is_somebody_elses_does_not_exist(world: World, route: Route, rule: Rule) -> None:
    others = ["other", "admin"] + ([f"key {rule.scope}"] if rule.scope else [])

    for who in others:
        assert world.ask(route, who).status_code == 404, who


@pytest.mark.parametrize(("route", "_rule"), _ruled(Whose.ADMIN))
def test_administration_is_for_admins(world: World, route: Route, _rule: Rule) -> None:
    for who in ("owner", "other"):
        answer = world.ask(route, who)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(("route", "rule"), _ruled(Whose.SIGNED_IN, Whose.OWNER, Whose.ADMIN))
def test_a_key_opens_what_its_scope_says_and_nothing_else(world: World, route: Route, rule: Rule) -> None:
    for who in ("key upload", "key read", "key admin", "own key upload", "own key read"):
        if who.endswith(rule.scope or "nothing"):
            continue
        answer = world.ask(route, who)

        assert _told(answer) == (403, "key_is_not_enough"), who


@pytest.mark.parametrize(
    ("route", "rule"),
    [
        one
        for one in _ruled(Whose.OWNER, Whose.SIGNED_IN, Whose.ADMIN)
        if one.values[1].scope and not one.values[1].ends
    ],
)
def test_a_key_with_the_scope_comes_in(world: World, route: Route, rule: Rule) -> None:
    who = "key admin" if rule.whose is Whose.ADMIN else f"own key {rule.scope}"

    assert _came_in(world.ask(route, who))


@pytest.mark.parametrize(("route", "rule"), _ruled(Whose.ANYBODY))
def test_some_doors_are_open(world: World, route: Route, rule: Rule) -> None:
    answer = world.ask(route, "anybody")

    assert (
        answer.status_code in (200, 202, 204, 422)
        or route[1].startswith(("/api/auth/refresh", "/api/auth/google", "/metrics"))
        or answer.json()["code"] in ("code_wanted", "wrong_access_code")
    )


@pytest.mark.parametrize(
    ("route", "rule"),
    [
        one
        for one in _ruled(Whose.OWNER)
        if not one.values[1].trashed and any(part in one.values[0][1] for part in ("{recording_id}", "{job_id}"))
    ],
)
def test_what_is_in_the_trash_is_not_found(world: World, trashed: None, route: Route, rule: Rule) -> None:
    for who in ["owner"] + ([f"own key {rule.scope}"] if rule.scope else []):
        assert world.ask(route, who).status_code == 404, who


def test_what_is_in_the_trash_is_in_no_list(world: World, trashed: None) -> None:
    id, job = world.owned["recording_id"], world.owned["job_id"]
    lists = [("GET", path) for method, path in world.routes if method == "GET" and "{" not in path]
    lists = [route for route in lists if "audit" not in route[1]]  # the log forgets nothing

    for route in lists:
        for who in ("owner", "admin"):
            text = world.ask(route, who).text
            assert job not in text, route
            assert id not in text or route[1] == "/api/trash", route
    assert id in world.ask(("GET", "/api/trash"), "owner").text


# Last, because the owner takes things away; sorted so that what ends a thing comes after what looks at it.
@pytest.mark.parametrize(
    ("route", "rule"),
    sorted(
        _ruled(Whose.SIGNED_IN, Whose.OWNER, Whose.ADMIN),
        key=lambda one: (one.values[1].ends, *(one.values[0][1] == path for path in _LAST), one.values[0][1]),
    ),
)
def test_whose_it_is_comes_in(world: World, route: Route, rule: Rule) -> None:
    if rule.trashed and not rule.ends:
        world.ask(("DELETE", "/api/recordings/{recording_id}"), "owner")
    answer = world.ask(route, "admin" if rule.whose is Whose.ADMIN else "owner")

    assert _came_in(answer), answer.text
    assert answer.status_code < 500


def _told(answer: httpx.Response) -> tuple[int, str]:
    if answer.request.method == "HEAD":  # it has no body: the status says it
        return answer.status_code, {401: "not_signed_in", 403: "key_is_not_enough"}.get(answer.status_code, "")
    return answer.status_code, answer.json()["code"]


def _came_in(answer: httpx.Response) -> bool:
    return answer.status_code not in (401, 403, 404) or _told(answer)[1] in _PAST_THE_DOOR
