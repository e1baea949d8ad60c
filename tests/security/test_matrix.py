"""Every route in the schema, requested by nobody, another user, an admin, keys of every scope, and the owner."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Access, Rule
from tests.security.scenario import Route, Scenario
from tests.serving import until

#: Error codes of routes that allowed the caller but refused the request.
_ALLOWED_BUT_REFUSED = {
    "wrong_password",
    "wrong_code",
    "second_factor_off",
    "google_off",
    "not_linked",
    "engine_not_found",
    "nothing_to_find",
}
#: Routes that delete more than one thing, tested after all others, in reverse order.
_LAST = ("/api/auth/logout-everywhere", "/api/trash")


def _order(route: Route, rule: Rule) -> tuple[Any, ...]:
    """Routes that delete come after the others, parts of a thing before the thing itself."""
    path = route[1]
    return rule.ends, *(path == last for last in _LAST), -path.count("/") if rule.ends else 0, path


@pytest.fixture
def trashed(scenario: Scenario) -> Iterator[None]:
    """The recording is in the trash during the test."""
    job = ("GET", "/api/jobs/{job_id}")
    until(lambda: scenario.send(job, "owner").json()["status"] not in ("queued", "running"))
    assert scenario.send(("DELETE", "/api/recordings/{recording_id}"), "owner").status_code == 204
    yield
    assert scenario.send(("POST", "/api/trash/{recording_id}/restore"), "owner").status_code == 200


def _routes_for(*access: Access) -> list[Any]:
    return [pytest.param(route, rule, id=" ".join(route)) for route, rule in RULES.items() if rule.access in access]


def test_every_route_has_a_rule_and_every_rule_a_route(scenario: Scenario) -> None:
    assert scenario.routes == set(RULES)


@pytest.mark.parametrize(("route", "_rule"), _routes_for(Access.SIGNED_IN, Access.OWNER, Access.ADMIN))
def test_a_request_without_valid_login_is_refused(scenario: Scenario, route: Route, _rule: Rule) -> None:
    for who in ("anybody", "forged"):
        answer = scenario.send(route, who)

        assert _status_and_code(answer) == (401, "not_signed_in")


@pytest.mark.parametrize(("route", "rule"), _routes_for(Access.OWNER))
def test_things_of_other_users_are_not_found(scenario: Scenario, route: Route, rule: Rule) -> None:
    others = ["other", "admin"] + ([f"key {rule.scope}"] if rule.scope else [])

    for who in others:
        assert scenario.send(route, who).status_code == 404, who


@pytest.mark.parametrize(("route", "_rule"), _routes_for(Access.ADMIN))
def test_admin_routes_are_for_admins(scenario: Scenario, route: Route, _rule: Rule) -> None:
    for who in ("owner", "other"):
        answer = scenario.send(route, who)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(("route", "rule"), _routes_for(Access.SIGNED_IN, Access.OWNER, Access.ADMIN))
def test_a_key_is_refused_outside_of_its_scope(scenario: Scenario, route: Route, rule: Rule) -> None:
    for who in ("key upload", "key read", "key admin", "own key upload", "own key read"):
        if who.endswith(rule.scope or "nothing"):
            continue
        answer = scenario.send(route, who)

        assert _status_and_code(answer) == (403, "key_is_not_enough"), who


@pytest.mark.parametrize(
    ("route", "rule"),
    [
        one
        for one in _routes_for(Access.OWNER, Access.SIGNED_IN, Access.ADMIN)
        if one.values[1].scope and not one.values[1].ends
    ],
)
def test_a_key_with_the_scope_is_allowed(scenario: Scenario, route: Route, rule: Rule) -> None:
    who = "key admin" if rule.access is Access.ADMIN else f"own key {rule.scope}"

    assert _was_allowed(scenario.send(route, who))


@pytest.mark.parametrize(("route", "rule"), _routes_for(Access.ANYBODY))
def test_public_routes_need_no_login(scenario: Scenario, route: Route, rule: Rule) -> None:
    answer = scenario.send(route, "anybody")

    assert (
        answer.status_code in (200, 202, 204, 422)
        or route[1].startswith(("/api/auth/refresh", "/api/auth/google", "/metrics"))
        or answer.json()["code"] in ("code_wanted", "wrong_access_code")
    )


@pytest.mark.parametrize(
    ("route", "rule"),
    [
        one
        for one in _routes_for(Access.OWNER)
        if not one.values[1].trashed and any(part in one.values[0][1] for part in ("{recording_id}", "{job_id}"))
    ],
)
def test_a_trashed_recording_is_not_found(scenario: Scenario, trashed: None, route: Route, rule: Rule) -> None:
    for who in ["owner"] + ([f"own key {rule.scope}"] if rule.scope else []):
        assert scenario.send(route, who).status_code == 404, who


def test_a_trashed_recording_is_in_no_list(scenario: Scenario, trashed: None) -> None:
    id, job = scenario.owned["recording_id"], scenario.owned["job_id"]
    lists = [("GET", path) for method, path in scenario.routes if method == "GET" and "{" not in path]
    lists = [route for route in lists if "audit" not in route[1]]  # the audit log keeps everything

    for route in lists:
        for who in ("owner", "admin"):
            text = scenario.send(route, who).text
            assert job not in text, route
            assert id not in text or route[1] == "/api/trash", route
    assert id in scenario.send(("GET", "/api/trash"), "owner").text


# Last in this file, because the owner deletes things; routes that delete come after routes that read.
@pytest.mark.parametrize(
    ("route", "rule"),
    sorted(
        _routes_for(Access.SIGNED_IN, Access.OWNER, Access.ADMIN),
        key=lambda one: _order(*one.values),
    ),
)
def test_the_rightful_user_is_allowed(scenario: Scenario, route: Route, rule: Rule) -> None:
    if rule.trashed and not rule.ends:
        scenario.send(("DELETE", "/api/recordings/{recording_id}"), "owner")
    answer = scenario.send(route, "admin" if rule.access is Access.ADMIN else "owner")

    assert _was_allowed(answer), answer.text
    assert answer.status_code < 500


def _status_and_code(answer: httpx.Response) -> tuple[int, str]:
    if answer.request.method == "HEAD":  # HEAD has no body, so the code follows from the status
        return answer.status_code, {401: "not_signed_in", 403: "key_is_not_enough"}.get(answer.status_code, "")
    return answer.status_code, answer.json()["code"]


def _was_allowed(answer: httpx.Response) -> bool:
    return answer.status_code not in (401, 403, 404) or _status_and_code(answer)[1] in _ALLOWED_BUT_REFUSED
