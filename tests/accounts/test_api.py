"""The routes of one's own account, as their callers see them."""

import json
from typing import Any

import jwt
import pytest

from backend.accounts import service
from tests.accounts.people import PASSWORD, House

NEW = "明天早上九点半在一楼"


async def test_signing_in_gives_a_token_that_opens_the_doors(house: House) -> None:
    answer = await house.login("ada")

    token = answer.json()
    me = await house.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (token["token_type"], token["expires_in"]) == ("bearer", 60 * house.settings.access_token_expire_minutes)
    assert me.status_code == 200
    assert me.json()["username"] == "ada"


async def test_a_token_says_nothing_about_the_role_or_the_name(house: House) -> None:
    token = (await house.login("root")).json()["access_token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "typ", "epoch", "login", "jti", "iat", "exp"}


async def test_an_unknown_name_a_wrong_password_and_a_disabled_account_look_alike(house: House) -> None:
    await _disable(house, "nobody")

    answers = [
        await house.login("ada", "wrong"),
        await house.login("unknown"),
        await house.login("unknown\x00"),
        await house.login("nobody"),
        await house.login("x" * 5000, "y" * 5000),
    ]

    seen = {(answer.status_code, answer.content, str(sorted(answer.headers.items()))) for answer in answers}
    assert len(seen) == 1
    assert (answers[0].status_code, answers[0].json()["code"]) == (401, "wrong_credentials")


async def test_signing_in_is_not_for_json_or_the_address(house: House) -> None:
    credentials = {"username": "ada", "password": PASSWORD}

    assert (await house.client.post("/api/auth/login", json=credentials)).status_code == 422
    assert (await house.client.post("/api/auth/login", params=credentials)).status_code == 422
    assert (await house.client.get("/api/auth/login", params=credentials)).status_code == 405


async def test_a_refusal_repeats_nothing_that_was_typed(house: House) -> None:
    secret = "my old password 1"

    answers = [
        await house.login("ada", secret),
        await house.client.post("/api/auth/login", json={"username": "ada", "password": secret}),
        await house.client.post(
            "/api/auth/password",
            headers=house.bearer("ada"),
            json={"current_password": secret, "new_password": 7, "role": secret},
        ),
    ]

    assert all(answer.status_code in (401, 422) for answer in answers)
    assert all(secret not in answer.text for answer in answers)


async def test_me_shows_no_hash_and_no_epoch(house: House) -> None:
    me = await house.client.get("/api/auth/me", headers=house.bearer("grace"))

    assert set(me.json()) == {"id", "username", "role", "active", "pending", "created_at"}
    assert me.json()["role"] == "admin"


async def test_a_new_name_is_signed_in_with_and_ends_no_login(house: House) -> None:
    elsewhere = house.bearer("ada")

    answer = await _rename(house, username=" Ada Lovelace ", password=PASSWORD)

    assert (answer.status_code, answer.json()["username"]) == (200, "Ada Lovelace")
    assert (await house.client.get("/api/auth/me", headers=elsewhere)).json()["username"] == "Ada Lovelace"
    assert (await house.login("ada lovelace")).status_code == 200
    assert (await house.login("ada")).status_code == 401
    noted = (await house.client.get("/api/admin/audit", headers=house.bearer("grace"))).json()["entries"]
    [entry] = [one for one in noted if one["action"] == "user_changed"]
    assert (entry["actor_name"], entry["subject_id"]) == ("ada", house.people["ada"].id)
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
async def test_nobody_is_renamed_so(house: House, body: dict[str, Any], status: int, code: str) -> None:
    answer = await _rename(house, **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ((await house.row("ada")).username, (await house.row("ada")).role) == ("ada", "user")
    noted = (await house.client.get("/api/admin/audit", headers=house.bearer("grace"))).json()["entries"]
    assert "user_changed" not in {entry["action"] for entry in noted}


async def test_who_guesses_at_the_password_while_renaming_is_slowed_down(house: House) -> None:
    answers = [(await _rename(house, username="eve", password="a guess")).status_code for _ in range(7)]

    assert answers == [403] * 5 + [429] * 2


async def test_who_has_no_password_is_renamed_without(house: House) -> None:
    async with house.database.write() as session:
        (await service.find(session, house.people["ada"].id)).password_hash = None

    assert (await _rename(house, username="Ada of Google")).status_code == 200


async def test_changing_the_password_ends_every_login_but_this(house: House) -> None:
    elsewhere = house.bearer("ada")

    answer = await _change(house, current_password=PASSWORD, new_password=NEW)

    here = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await house.client.get("/api/auth/me", headers=here)).status_code == 200
    assert (await house.client.get("/api/auth/me", headers=elsewhere)).status_code == 401
    assert (await house.login("ada", NEW)).status_code == 200
    assert (await house.login("ada", PASSWORD)).status_code == 401


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
async def test_a_password_is_not_changed_so(house: House, body: dict[str, Any], status: int, code: str) -> None:
    answer = await _change(house, **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await house.login("ada")).status_code == 200
    assert (await house.row("ada")).role == "user"


async def test_a_weak_password_says_why(house: House) -> None:
    answer = await _change(house, current_password=PASSWORD, new_password="qwertyuiop")

    assert answer.json()["reason"] == "common"


async def test_half_a_character_is_no_crash(house: House) -> None:
    body = json.dumps({"current_password": "\ud83d" * 9, "new_password": "\ude00" * 9})  # JSON may say \ud83d

    answer = await house.client.post(
        "/api/auth/password", headers={**house.bearer("ada"), "Content-Type": "application/json"}, content=body
    )

    assert answer.status_code in (403, 422)


async def test_signing_out_everywhere_ends_every_login(house: House) -> None:
    here, there = [(await house.login("ada")).json()["access_token"] for _ in range(2)]
    others = house.bearer("grace")

    answer = await house.client.post("/api/auth/logout-everywhere", headers={"Authorization": f"Bearer {here}"})

    assert answer.status_code == 204
    for token in (here, there):
        me = await house.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert me.status_code == 401
    assert (await house.client.get("/api/auth/me", headers=others)).status_code == 200
    assert (await house.login("ada")).status_code == 200


@pytest.mark.parametrize("name", [None, "ada", "grace", "root"])
async def test_whoever_is_signed_in_has_an_account_of_his_own(house: House, name: str | None) -> None:
    for method, path, status in (
        ("GET", "/api/auth/me", 200),
        ("POST", "/api/auth/password", 422),  # without a body: past the door
        ("POST", "/api/auth/logout-everywhere", 204),
    ):
        answer = await house.client.request(method, path, headers=house.bearer(name))

        assert answer.status_code == (401 if name is None else status)


async def test_registering_has_one_way_only(house: House) -> None:
    body = {"username": "eve", "password": PASSWORD, "role": "super_admin"}

    for path in ("/register", "/api/register", "/api/users"):
        assert (await house.client.post(path, json=body)).status_code == 404


async def _rename(house: House, **body: Any) -> Any:
    return await house.client.patch("/api/auth/me", headers=house.bearer("ada"), json=body)


async def _change(house: House, **body: Any) -> Any:
    return await house.client.post("/api/auth/password", headers=house.bearer("ada"), json=body)


async def _disable(house: House, name: str) -> None:
    path = f"/api/admin/users/{house.people[name].id}"
    assert (await house.client.patch(path, headers=house.bearer("root"), json={"active": False})).status_code == 200
