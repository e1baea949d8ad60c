"""The routes of one's own account."""

import json
import re
from typing import Any

import httpx
import jwt
import pytest

from backend.accounts import service
from backend.forwarded_headers import PathPrefix
from tests.accounts.people import PASSWORD, Api, make_app

NEW = "明天早上九点半在一楼"


async def test_signing_in_returns_a_valid_token(api: Api) -> None:
    answer = await api.login("ada")

    token = answer.json()
    me = await api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (token["token_type"], token["expires_in"]) == ("bearer", 60 * api.settings.access_token_expire_minutes)
    assert me.status_code == 200
    assert me.json()["username"] == "ada"


async def test_a_token_contains_neither_role_nor_name(api: Api) -> None:
    token = (await api.login("root")).json()["access_token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "typ", "epoch", "login", "jti", "iat", "exp"}


async def test_an_unknown_name_a_wrong_password_and_a_disabled_account_look_alike(api: Api) -> None:
    await _disable(api, "mary")

    answers = [
        await api.login("ada", "wrong"),
        await api.login("unknown"),
        await api.login("unknown\x00"),
        await api.login("mary"),
        await api.login("x" * 5000, "y" * 5000),
    ]

    seen = {(answer.status_code, answer.content, str(sorted(answer.headers.items()))) for answer in answers}
    assert len(seen) == 1
    assert (answers[0].status_code, answers[0].json()["code"]) == (401, "wrong_credentials")


async def test_credentials_are_accepted_as_a_form_only(api: Api) -> None:
    credentials = {"username": "ada", "password": PASSWORD}

    assert (await api.client.post("/api/auth/login", json=credentials)).status_code == 422
    assert (await api.client.post("/api/auth/login", params=credentials)).status_code == 422
    assert (await api.client.get("/api/auth/login", params=credentials)).status_code == 405


async def test_an_error_does_not_repeat_the_input(api: Api) -> None:
    secret = "my old password 1"

    answers = [
        await api.login("ada", secret),
        await api.client.post("/api/auth/login", json={"username": "ada", "password": secret}),
        await api.client.post(
            "/api/auth/password",
            headers=api.bearer("ada"),
            json={"current_password": secret, "new_password": 7, "role": secret},
        ),
    ]

    assert all(answer.status_code in (401, 422) for answer in answers)
    assert all(secret not in answer.text for answer in answers)


async def test_me_shows_no_hash_and_no_epoch(api: Api) -> None:
    me = await api.client.get("/api/auth/me", headers=api.bearer("grace"))

    assert set(me.json()) == {"id", "username", "role", "active", "pending", "created_at", "time_zone"}
    assert me.json()["role"] == "admin"


async def test_a_new_user_name_works_at_once_and_ends_no_login(api: Api) -> None:
    elsewhere = api.bearer("ada")

    answer = await _rename(api, username=" Ada Lovelace ", password=PASSWORD)

    assert (answer.status_code, answer.json()["username"]) == (200, "Ada Lovelace")
    assert (await api.client.get("/api/auth/me", headers=elsewhere)).json()["username"] == "Ada Lovelace"
    assert (await api.login("ada lovelace")).status_code == 200
    assert (await api.login("ada")).status_code == 401
    logged = (await api.client.get("/api/admin/audit", headers=api.bearer("grace"))).json()["entries"]
    [entry] = [one for one in logged if one["action"] == "user_changed"]
    assert (entry["actor_name"], entry["subject_id"]) == ("ada", api.people["ada"].id)
    assert entry["facts"] == {"username": ["ada", "Ada Lovelace"]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"username": "eve", "password": "a guess"}, 403, "wrong_password"),
        ({"username": "eve"}, 403, "wrong_password"),
        ({"username": "GRACE", "password": PASSWORD}, 409, "username_taken"),
        ({"username": " ", "password": PASSWORD}, 422, "invalid_username"),
        ({"username": "a\u202eb", "password": PASSWORD}, 422, "invalid_username"),
        ({"username": "eve", "password": PASSWORD, "role": "super_admin"}, 422, "invalid_input"),
        ({"username": "eve", "password": PASSWORD, "id": "0" * 32}, 422, "invalid_input"),
    ],
)
async def test_an_invalid_rename_is_refused(api: Api, body: dict[str, Any], status: int, code: str) -> None:
    answer = await _rename(api, **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ((await api.row("ada")).username, (await api.row("ada")).role) == ("ada", "user")
    logged = (await api.client.get("/api/admin/audit", headers=api.bearer("grace"))).json()["entries"]
    assert "user_changed" not in {entry["action"] for entry in logged}


async def test_password_guesses_while_renaming_are_throttled(api: Api) -> None:
    answers = [(await _rename(api, username="eve", password="a guess")).status_code for _ in range(7)]

    assert answers == [403] * 5 + [429] * 2


async def test_a_user_without_a_password_renames_without_one(api: Api) -> None:
    async with api.database.write() as session:
        (await service.find(session, api.people["ada"].id)).password_hash = None

    assert (await _rename(api, username="Ada of Google")).status_code == 200


async def test_changing_the_password_ends_every_other_login(api: Api) -> None:
    elsewhere = api.bearer("ada")

    answer = await _change(api, current_password=PASSWORD, new_password=NEW)

    here = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await api.client.get("/api/auth/me", headers=here)).status_code == 200
    assert (await api.client.get("/api/auth/me", headers=elsewhere)).status_code == 401
    assert (await api.login("ada", NEW)).status_code == 200
    assert (await api.login("ada", PASSWORD)).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"current_password": "a guess", "new_password": NEW}, 403, "wrong_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, 422, "weak_password"),
        ({"current_password": PASSWORD, "new_password": "x" * 2000}, 422, "invalid_input"),
        ({"current_password": PASSWORD, "new_password": "password1"}, 422, "weak_password"),
        ({"current_password": PASSWORD}, 422, "invalid_input"),
        ({"current_password": PASSWORD, "new_password": NEW, "role": "super_admin"}, 422, "invalid_input"),
        ({"current_password": PASSWORD, "new_password": NEW, "user_id": "0" * 32}, 422, "invalid_input"),
    ],
)
async def test_an_invalid_password_change_is_refused(api: Api, body: dict[str, Any], status: int, code: str) -> None:
    answer = await _change(api, **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await api.login("ada")).status_code == 200
    assert (await api.row("ada")).role == "user"


async def test_the_error_for_a_weak_password_gives_the_reason(api: Api) -> None:
    answer = await _change(api, current_password=PASSWORD, new_password="qwertyuiop")

    assert answer.json()["reason"] == "common"


async def test_a_lone_surrogate_in_a_password_is_no_server_error(api: Api) -> None:
    body = json.dumps(
        {"current_password": "\ud83d" * 9, "new_password": "\ude00" * 9}
    )  # JSON may contain a lone \ud83d

    answer = await api.client.post(
        "/api/auth/password", headers={**api.bearer("ada"), "Content-Type": "application/json"}, content=body
    )

    assert answer.status_code in (403, 422)


async def test_signing_out_everywhere_ends_every_login(api: Api) -> None:
    here, there = [(await api.login("ada")).json()["access_token"] for _ in range(2)]
    others = api.bearer("grace")

    answer = await api.client.post("/api/auth/logout-everywhere", headers={"Authorization": f"Bearer {here}"})

    assert (answer.status_code, answer.json()) == (200, {"keys_left": 0})
    for token in (here, there):
        me = await api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert me.status_code == 401
    assert (await api.client.get("/api/auth/me", headers=others)).status_code == 200
    assert (await api.login("ada")).status_code == 200


@pytest.mark.parametrize("name", [None, "ada", "grace", "root"])
async def test_account_routes_are_open_to_every_role(api: Api, name: str | None) -> None:
    for method, path, status in (
        ("GET", "/api/auth/me", 200),
        ("POST", "/api/auth/password", 422),  # without a body: authenticated, but invalid
        ("POST", "/api/auth/logout-everywhere", 200),
    ):
        answer = await api.client.request(method, path, headers=api.bearer(name))

        assert answer.status_code == (401 if name is None else status)


async def test_there_is_only_one_registration_route(api: Api) -> None:
    body = {"username": "eve", "password": PASSWORD, "role": "super_admin"}

    for path in ("/register", "/api/register", "/api/users"):
        assert (await api.client.post(path, json=body)).status_code == 404


async def _rename(api: Api, **body: Any) -> Any:
    return await api.client.patch("/api/auth/me", headers=api.bearer("ada"), json=body)


async def _change(api: Api, **body: Any) -> Any:
    return await api.client.post("/api/auth/password", headers=api.bearer("ada"), json=body)


async def _disable(api: Api, name: str) -> None:
    path = f"/api/admin/users/{api.people[name].id}"
    assert (await api.client.patch(path, headers=api.bearer("root"), json={"active": False})).status_code == 200


async def test_cookies_are_sent_only_to_the_path_under_which_the_server_is(api: Api) -> None:
    proxied = PathPrefix(make_app(api.settings, api.database), "/asr")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(proxied), base_url="http://server") as client:
        signed_in = await client.post("/asr/api/auth/login", data={"username": "mary", "password": PASSWORD})
        signed_out = await client.post("/api/auth/logout-everywhere", headers=api.bearer("mary"))

    for answer in (signed_in, signed_out):
        cookies = answer.headers.get_list("set-cookie")
        paths = {re.search("(?i)path=([^;]*)", cookie)[1] for cookie in cookies}
        assert paths == {"/asr/api/auth", "/asr/api/recordings"}
