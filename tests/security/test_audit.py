"""Sign-ins, admin changes, exports and deletions leave an entry in the audit log."""

from typing import Any

import httpx

from backend.accounts.audit import Action
from tests.security.rules import RULES, Access
from tests.security.scenario import PATH_DEFAULTS, Scenario
from tests.serving import PASSWORD, ROOT

#: Requests of the owner, each with the action it logs.
LOGGED: list[tuple[str, str, dict[str, Any], Action]] = [
    ("GET", "/api/recordings/{recording_id}/export", {}, Action.EXPORTED),
    ("GET", "/api/recordings/{recording_id}/transcript/export", {}, Action.EXPORTED),
    ("GET", "/api/recordings/{recording_id}/minutes/export", {}, Action.EXPORTED),
    ("GET", "/api/recordings/{recording_id}/original", {}, Action.EXPORTED),
    ("POST", "/api/recordings/{recording_id}/shares", {"json": {"audio": True}}, Action.SHARE_CREATED),
    ("DELETE", "/api/recordings/{recording_id}/shares/{share_id}", {}, Action.SHARE_REVOKED),
    ("POST", "/api/auth/keys", {"json": {"name": "k", "scopes": ["read"]}}, Action.KEY_CREATED),
    ("DELETE", "/api/auth/keys/{key_id}", {}, Action.KEY_REVOKED),
    ("DELETE", "/api/jobs/{job_id}", {}, Action.JOB_DELETED),
    ("DELETE", "/api/recordings/{recording_id}", {}, Action.RECORDING_TRASHED),
    ("POST", "/api/trash/{recording_id}/restore", {}, Action.RECORDING_RESTORED),
    ("DELETE", "/api/recordings/{recording_id}", {"params": {"for_good": "true"}}, Action.RECORDING_DELETED),
    ("POST", "/api/auth/logout-everywhere", {}, Action.LOGINS_ENDED),
]
#: Admin routes that change nothing, so they are not logged.
NOT_LOGGED = {
    ("POST", "/api/language-model/test"),
    ("POST", "/api/admin/language-model/endpoints/{shared_endpoint_id}/test"),
}
#: Bodies that change something, for rules whose body would not.
CHANGES = {("PATCH", "/api/admin/users/{user_id}"): {"username": "renamed"}}


def entries(scenario: Scenario) -> list[dict[str, Any]]:
    with httpx.Client(base_url=scenario.base, headers=scenario.people["admin"]) as admin:
        found: list[dict[str, Any]] = admin.get("/api/admin/audit", params={"limit": 200}).json()["entries"]
    return found


def newest(scenario: Scenario) -> int:
    return max(entry["number"] for entry in entries(scenario))


def test_sign_ins_and_failures_are_logged_with_the_address(scenario: Scenario) -> None:
    for password, action in ((PASSWORD, "signed_in"), ("a wrong guess", "sign_in_refused")):
        httpx.post(f"{scenario.base}/api/auth/login", data={"username": "owner", "password": password})

        newest = entries(scenario)[0]
        assert (newest["action"], newest["address"]) == (action, "127.0.0.1")
        assert newest["subject_id"] is not None
        assert PASSWORD not in str(newest)


def test_every_change_by_an_admin_is_logged(scenario: Scenario) -> None:
    missing = []
    with httpx.Client(base_url=scenario.base, headers=scenario.people["admin"], timeout=30) as admin:
        for (method, path), rule in sorted(RULES.items(), key=lambda one: (one[1].ends, one[0][1])):
            if rule.access is not Access.ADMIN or method == "GET" or (method, path) in NOT_LOGGED:
                continue
            before = newest(scenario)
            body = CHANGES.get((method, path), rule.body)
            answer = admin.request(
                method, path.format_map({**PATH_DEFAULTS, **scenario.owned, "name": "scripted"}), json=body
            )
            if answer.is_success and newest(scenario) == before:
                missing.append((method, path))

    assert missing == []


def test_exports_and_deletions_are_logged(scenario: Scenario) -> None:
    for method, path, kwargs, action in LOGGED:
        before = newest(scenario)
        with httpx.Client(base_url=scenario.base, headers=scenario.people["owner"], timeout=30) as owner:
            answer = owner.request(method, path.format_map(scenario.owned), **kwargs)

        assert answer.is_success, (path, answer.text)
        logged = [entry["action"] for entry in entries(scenario) if entry["number"] > before]
        assert action.value in logged, (path, logged)


def test_every_action_is_used_in_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "backend").rglob("*.py"))

    assert [action.name for action in Action if f"Action.{action.name}" not in code] == []
