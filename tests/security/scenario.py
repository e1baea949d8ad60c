"""Test data on a real server: an owner with a recording, another user, an admin, and API keys of every scope."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.security.rules import RULES, Rule
from tests.serving import PASSWORD, Server

Route = tuple[str, str]

#: Values for path parameters that the owner's data does not provide.
PATH_DEFAULTS = {"speaker": "S1", "name": "none", "version": "1", "kind": "originals", "language": "en"}
#: Headers of the tus upload protocol.
TUS_HEADERS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}


@dataclass
class Scenario:
    """The ids of the owner's things, and the request headers of every person and key."""

    base: str
    schema: dict[str, Any]
    owned: dict[str, str]
    people: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def routes(self) -> set[Route]:
        return {(method.upper(), path) for path, methods in self.schema["paths"].items() for method in methods}

    def send(self, route: Route, who: str) -> httpx.Response:
        method, path = route
        rule = RULES[route]
        with httpx.Client(base_url=self.base, timeout=30) as client:
            path = path.format_map({**PATH_DEFAULTS, **self.owned})
            headers = {**TUS_HEADERS, **self.people[who]}
            return client.request(method, path, headers=headers, json=body_of(rule, self.owned))


def body_of(rule: Rule, owned: dict[str, str]) -> Any:
    body = json.dumps(rule.body)
    for name, id in owned.items():
        body = body.replace(f"{{{name}}}", id)
    return json.loads(body)


@pytest.fixture(scope="module")
def scenario(server: Server, recording: Path) -> Scenario:
    base = str(server.client.base_url)
    people: dict[str, dict[str, str]] = {"anybody": {}, "forged": {"Authorization": "Bearer a.b.c"}}
    owned = {}
    for name, role in (("owner", "user"), ("other", "user"), ("admin", "admin"), ("target", "user")):
        created = server.client.post("/api/admin/users", json={"username": name, "password": PASSWORD, "role": role})
        assert created.status_code == 201, created.text
        people[name] = _sign_in(base, name)
    owned["user_id"] = created.json()["id"]  # the user "target", whom only admins may change
    super_admin = {"Authorization": server.client.headers["Authorization"]}
    for scope in ("upload", "read", "admin"):
        people[f"key {scope}"] = {"X-API-Key": _create_key(base, super_admin, scope)["key"]}  # keys of a super admin
        if scope != "admin":
            people[f"own key {scope}"] = {"Authorization": f"Bearer {_create_key(base, people['owner'], scope)['key']}"}
    with httpx.Client(base_url=base, headers=people["owner"], timeout=30) as owner:
        with recording.open("rb") as file:
            uploaded = owner.post(
                "/api/recordings", data={"allow_duplicate": "true"}, files={"file": ("meeting.mp4", file)}
            ).json()
        owned |= {"recording_id": uploaded["recording"]["id"], "job_id": uploaded["job"]["id"]}
        upload = owner.post("/api/uploads", headers={**TUS_HEADERS, "Upload-Length": "4"}).raise_for_status()
        owned["upload_id"] = upload.headers["Location"].rpartition("/")[2]
        owned["key_id"] = _create_key(base, people["owner"], "read")["id"]
        template = owner.post("/api/templates", json=RULES["POST", "/api/templates"].body)
        owned["template"] = template.raise_for_status().json()["key"]
        for thing in ("tag", "folder"):
            made = owner.post(f"/api/{thing}s", json={"name": "另一个"}).raise_for_status()
            owned[f"{thing}_id"] = made.json()["id"]
        shared = owner.post(f"/api/recordings/{owned['recording_id']}/shares", json={"transcript": True})
        owned["share_id"] = shared.raise_for_status().json()["id"]
        for name, id, path in (("endpoint_id", "id", "language-model/endpoints"), ("template", "key", "templates")):
            created = httpx.post(
                f"{base}/api/admin/{path}", headers=super_admin, json=RULES["POST", f"/api/admin/{path}"].body
            )
            owned[f"shared_{name}"] = created.raise_for_status().json()[id]
        choice = {"default": None, "own_endpoints": True}
        httpx.put(f"{base}/api/admin/language-model", headers=super_admin, json=choice).raise_for_status()
        endpoint = owner.post("/api/language-model/endpoints", json=RULES["POST", "/api/language-model/endpoints"].body)
        owned["endpoint_id"] = endpoint.raise_for_status().json()["id"]
        channel = owner.post("/api/channels", json=RULES["POST", "/api/channels"].body).raise_for_status()
        owned["channel_id"] = channel.json()["id"]
        tested = owner.post(f"/api/channels/{owned['channel_id']}/test").raise_for_status()
        owned["delivery_id"] = tested.json()["id"]
        _sign_in(base, "owner")
        logins = owner.get("/api/auth/logins").json()
        owned["login_id"] = next(login["id"] for login in logins if not login["current"])
    authorization = server.client.headers["Authorization"]
    server.client.headers["Authorization"] = people["owner"]["Authorization"]
    assert server.ended(uploaded["job"]["id"])["status"] == "done"
    for thing, body in (("minutes", {}), ("polish", {}), ("repair", {}), ("translations", {"language": "en"})):
        created = server.client.post(f"/api/recordings/{owned['recording_id']}/{thing}", json=body)
        assert server.ended(created.raise_for_status().json()["id"])["status"] == "done"
    transcript = server.client.get(f"/api/recordings/{owned['recording_id']}/transcript").raise_for_status().json()
    owned |= _named_person(server.client, f"/api/recordings/{owned['recording_id']}/people/S1")
    first = transcript["document"]["segments"][0]
    owned["segment"] = first["id"]
    comment = {"text": "?", "segment_id": first["id"], "start": 0, "end": 1, "quote": first["text"][0]}
    made = server.client.post(f"/api/recordings/{owned['recording_id']}/comments", json=comment)
    owned["comment_id"] = made.raise_for_status().json()
    server.client.headers["Authorization"] = authorization
    return Scenario(base, httpx.get(f"{base}/openapi.json", timeout=30).json(), owned, people)


def _sign_in(base: str, name: str) -> dict[str, str]:
    login = httpx.post(f"{base}/api/auth/login", data={"username": name, "password": PASSWORD})
    return {"Authorization": f"Bearer {login.raise_for_status().json()['access_token']}"}


def _named_person(owner: httpx.Client, speaker: str) -> dict[str, str]:
    """A person who consents, and a sample: this speaker, who has the name that the rules give."""
    person = owner.post("/api/people", json={"name": "王小明", "consent": {"at": "2026-11-02T09:00:00+08:00"}})
    id = person.raise_for_status().json()["id"]
    assert owner.put(speaker, json={"person_id": id}).raise_for_status().json()["sample"]
    [sample] = owner.get(f"/api/people/{id}/samples").raise_for_status().json()
    return {"person_id": id, "sample_id": sample["id"]}


def _create_key(base: str, headers: dict[str, str], scope: str) -> dict[str, str]:
    body = {"name": scope, "scopes": [scope]} | ({"password": PASSWORD} if scope == "admin" else {})
    created = httpx.post(f"{base}/api/auth/keys", headers=headers, json=body)
    key: dict[str, str] = created.raise_for_status().json()
    return key
