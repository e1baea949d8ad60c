"""Whatever is done to accounts, by admins, to take something away or to delete it leaves a line in the audit log."""

from typing import Any

import httpx

from backend.accounts.audit import Action
from tests.security.rules import RULES, Whose
from tests.security.world import NOBODYS, World
from tests.serving import PASSWORD, ROOT

#: Ways in and out, exports and deletions that belong to people, with what each leaves in the log.
DONE: list[tuple[str, str, dict[str, Any], Action]] = [
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
#: What admins do that changes nothing that lasts.
UNNOTED = {
    ("POST", "/api/language-model/test"),
    ("POST", "/api/admin/language-model/endpoints/{shared_endpoint_id}/test"),
}
#: Bodies that change something, where that of the rule says what is so already.
CHANGES = {("PATCH", "/api/admin/users/{user_id}"): {"username": "renamed"}}


def entries(world: World) -> list[dict[str, Any]]:
    with httpx.Client(base_url=world.base, headers=world.people["admin"]) as admin:
        found: list[dict[str, Any]] = admin.get("/api/admin/audit", params={"limit": 200}).json()["entries"]
    return found


def newest(world: World) -> int:
    return max(entry["number"] for entry in entries(world))


def test_signing_in_and_failing_to_is_noted_with_the_address(world: World) -> None:
    for password, action in ((PASSWORD, "signed_in"), ("a wrong guess", "sign_in_refused")):
        httpx.post(f"{world.base}/api/auth/login", data={"username": "owner", "password": password})

        newest = entries(world)[0]
        assert (newest["action"], newest["address"]) == (action, "127.0.0.1")
        assert newest["subject_id"] is not None
        assert PASSWORD not in str(newest)


def test_every_change_an_admin_makes_is_noted(world: World) -> None:
    unnoted = []
    with httpx.Client(base_url=world.base, headers=world.people["admin"], timeout=30) as admin:
        for (method, path), rule in sorted(RULES.items(), key=lambda one: (one[1].ends, one[0][1])):
            if rule.whose is not Whose.ADMIN or method == "GET" or (method, path) in UNNOTED:
                continue
            before = newest(world)
            body = CHANGES.get((method, path), rule.body)
            answer = admin.request(method, path.format_map({**NOBODYS, **world.owned, "name": "scripted"}), json=body)
            if answer.is_success and newest(world) == before:
                unnoted.append((method, path))

    assert unnoted == []


def test_what_people_take_away_or_delete_is_noted(world: World) -> None:
    for method, path, sent, action in DONE:
        before = newest(world)
        with httpx.Client(base_url=world.base, headers=world.people["owner"], timeout=30) as owner:
            answer = owner.request(method, path.format_map(world.owned), **sent)

        assert answer.is_success, (path, answer.text)
        noted = [entry["action"] for entry in entries(world) if entry["number"] > before]
        assert action.value in noted, (path, noted)


def test_every_kind_of_entry_is_written_somewhere() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "backend").rglob("*.py"))

    assert [action.name for action in Action if f"Action.{action.name}" not in code] == []
