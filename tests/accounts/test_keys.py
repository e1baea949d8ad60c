"""API keys: shown once, stored as a hash, limited to their scopes."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update

from backend.accounts import keys, second_factor, service
from backend.accounts.tables import ApiKey, AuditEntry, User
from backend.database import utc_now
from tests.accounts.people import PASSWORD, Api

KEYS = "/api/auth/keys"
USERS = "/api/admin/users"


async def test_a_key_is_shown_once(api: Api) -> None:
    created = await _create(api, "ada", name=" upload from the meeting room ", scopes=["upload", "read"])

    listed = (await api.client.get(KEYS, headers=api.bearer("ada"))).json()
    assert created["key"].startswith("masr_")
    assert created["name"] == "upload from the meeting room"
    assert created["scopes"] == ["read", "upload"]
    assert [one["id"] for one in listed] == [created["id"]]
    assert "key" not in listed[0]
    assert created["key"] not in str(listed)
    async with api.database.read() as session:
        assert created["key"] not in repr(vars((await session.scalars(select(ApiKey))).one()))


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_key_is_accepted_in_either_header(api: Api, header: str) -> None:
    key = (await _create(api, "grace", scopes=["admin"]))["key"]
    value = f"Bearer {key}" if header == "Authorization" else key

    assert (await api.client.get(USERS, headers={header: value})).status_code == 200
    assert (await api.client.get(USERS, headers={header: value + "x"})).status_code == 401
    assert (await api.client.get(USERS, params={"key": key, "api_key": key})).status_code == 401


async def test_a_key_is_refused_where_a_login_is_required(api: Api) -> None:
    key = (await _create(api, "root", scopes=["admin", "read", "upload"]))["key"]

    for method, path, body in (
        ("GET", KEYS, None),
        ("POST", KEYS, {"name": "x", "scopes": ["admin"]}),
        ("GET", "/api/auth/logins", None),
        ("POST", "/api/auth/tickets", {}),
        ("POST", "/api/auth/password", {"current_password": PASSWORD, "new_password": "明天早上九点半在一楼"}),
    ):
        answer = await api.client.request(method, path, headers={"X-API-Key": key}, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "key_is_not_enough")


async def test_a_user_cannot_create_an_admin_key(api: Api) -> None:
    answer = await api.client.post(KEYS, headers=api.bearer("ada"), json={"name": "x", "scopes": ["admin"]})

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_scope")


async def test_an_admin_key_takes_the_password_or_a_code(api: Api) -> None:
    async def create(**confirmation: str) -> tuple[int, str | None]:
        body = {"name": "x", "scopes": ["read", "admin"], **confirmation}
        answer = await api.client.post(KEYS, headers=api.bearer("grace"), json=body)
        return answer.status_code, answer.json().get("code")

    assert await create() == (403, "confirmation_needed")
    assert await create(code="123456") == (403, "confirmation_needed")  # there is no authenticator
    assert await create(password="a guess") == (403, "wrong_password")
    assert await create(password=PASSWORD) == (201, None)

    await _turn_second_factor_on(api, "grace")
    assert await create(code="000000") == (401, "wrong_code")
    async with api.database.write() as session:
        recovery = await second_factor.renew_recovery_codes(session, api.people["grace"].id)
    assert await create(code=recovery[0]) == (201, None)
    assert await create(code=recovery[0]) == (401, "wrong_code")


async def test_a_stolen_login_cannot_guess_the_password_for_an_admin_key(api: Api) -> None:
    body = {"name": "x", "scopes": ["admin"], "password": "a guess"}
    answers = [await api.client.post(KEYS, headers=api.bearer("grace"), json=body) for _ in range(7)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 2


async def test_an_admin_with_neither_password_nor_code_cannot_create_an_admin_key(api: Api) -> None:
    async with api.database.write() as session:
        (await service.find(session, api.people["grace"].id)).password_hash = None

    body = {"name": "x", "scopes": ["admin"], "password": "anything"}
    answer = await api.client.post(KEYS, headers=api.bearer("grace"), json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_needed")


@pytest.mark.parametrize("revoke", [False, True])
async def test_ending_every_login_says_how_many_keys_stay(api: Api, revoke: bool) -> None:
    key = (await _create(api, "ada", scopes=["read"]))["key"]
    await _create(api, "ada", scopes=["upload"])
    left = 0 if revoke else 2

    body = {"current_password": PASSWORD, "new_password": "明天早上九点半在一楼", "revoke_keys": revoke}
    changed = await api.client.post("/api/auth/password", headers=api.bearer("ada"), json=body)
    bearer = {"Authorization": f"Bearer {changed.json()['access_token']}"}
    ended = await api.client.post("/api/auth/logout-everywhere", headers=bearer, json={"revoke_keys": False})

    assert (changed.json()["keys_left"], ended.json()["keys_left"]) == (left, left)
    async with api.database.read() as session:
        assert (await keys.find(session, key, utc_now()) is None) == revoke


async def test_keys_can_be_revoked_while_signing_out_everywhere(api: Api) -> None:
    await _create(api, "ada", scopes=["read"])
    await _create(api, "mary", scopes=["read"])

    ended = await api.client.post("/api/auth/logout-everywhere", headers=api.bearer("ada"), json={"revoke_keys": True})

    assert ended.json() == {"keys_left": 0}
    assert len((await api.client.get(KEYS, headers=api.bearer("mary"))).json()) == 1
    async with api.database.read() as session:
        revoked = select(AuditEntry.actor_name).where(AuditEntry.action == "key_revoked")
        assert list(await session.scalars(revoked)) == ["ada"]


async def test_the_key_of_a_demoted_admin_loses_admin_rights(api: Api) -> None:
    key = (await _create(api, "grace", scopes=["admin"]))["key"]

    await api.client.patch(f"{USERS}/{api.people['grace'].id}", headers=api.bearer("root"), json={"role": "user"})

    assert (await api.client.get(USERS, headers={"X-API-Key": key})).status_code == 403


@pytest.mark.parametrize("how", ["revoked", "expired", "disabled", "reset"])
async def test_an_ended_key_is_refused(api: Api, how: str) -> None:
    created = await _create(api, "grace", scopes=["admin"], days=1)
    user = f"{USERS}/{api.people['grace'].id}"

    match how:
        case "revoked":
            await api.client.delete(f"{KEYS}/{created['id']}", headers=api.bearer("grace"))
        case "expired":
            async with api.database.write() as session:
                await session.execute(update(ApiKey).values(expires_at=utc_now() - timedelta(seconds=1)))
        case "disabled":
            async with api.database.write() as session:
                await session.execute(update(User).where(User.username == "grace").values(active=False))
        case _:
            await api.client.post(
                user + "/password", headers=api.bearer("root"), json={"password": "明天早上九点半在一楼"}
            )

    assert (await api.client.get(USERS, headers={"X-API-Key": created["key"]})).status_code == 401


async def test_a_key_is_revoked_by_its_owner_only(api: Api) -> None:
    created = await _create(api, "ada", scopes=["read"])

    assert (await api.client.delete(f"{KEYS}/{created['id']}", headers=api.bearer("root"))).status_code == 404
    assert (await api.client.delete(f"{KEYS}/{created['id']}", headers=api.bearer("ada"))).status_code == 204
    assert (await api.client.delete(f"{KEYS}/{created['id']}", headers=api.bearer("ada"))).status_code == 404
    assert (await api.client.get(KEYS, headers=api.bearer("ada"))).json() == []


async def test_the_last_use_is_saved(api: Api) -> None:
    created = await _create(api, "grace", scopes=["admin"])
    assert created["used_at"] is None

    await api.client.get(USERS, headers={"X-API-Key": created["key"]})

    assert (await api.client.get(KEYS, headers=api.bearer("grace"))).json()[0]["used_at"] is not None


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": " ", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "days": 0},
        {"name": "x", "scopes": ["read"], "user_id": "0" * 32},
    ],
)
async def test_an_invalid_key_request_is_refused(api: Api, body: dict[str, Any]) -> None:
    answer = await api.client.post(KEYS, headers=api.bearer("root"), json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_the_number_of_keys_per_user_is_limited(api: Api) -> None:
    for _ in range(50):
        await _create(api, "ada", scopes=["read"])

    answer = await api.client.post(KEYS, headers=api.bearer("ada"), json={"name": "x", "scopes": ["read"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_keys")


async def _create(api: Api, who: str, *, name: str = "a key", **fields: Any) -> Any:
    confirmed = {"password": PASSWORD} if "admin" in fields["scopes"] else {}
    answer = await api.client.post(KEYS, headers=api.bearer(who), json={"name": name, **fields, **confirmed})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _turn_second_factor_on(api: Api, who: str) -> None:
    now = utc_now()
    async with api.database.write() as session:
        secret, _ = await second_factor.enroll(session, api.settings, api.people[who])
        await second_factor.confirm(session, api.settings, api.people[who], pyotp.TOTP(secret).at(now), now)
