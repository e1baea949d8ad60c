"""Self-registration: three modes, the same response for every name, and never a role."""

from typing import Any

import httpx
import pytest

from backend.accounts import audit, identities, service
from backend.accounts.google import GoogleIdentity
from backend.accounts.passwords import Passwords
from backend.accounts.registration import TooManyPendingAccounts, register
from backend.database import Database
from backend.settings import Registration, Settings
from tests.accounts.people import TEST_MEMORY_KIB, Api, make_app, open_api

PASSWORD = "明天早上九点半在一楼"
USERS = "/api/admin/users"


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    mode = getattr(request, "param", Registration.APPROVAL)
    return settings.model_copy(update={"registration": mode})


off = pytest.mark.parametrize("settings", [Registration.OFF], indirect=True)
open_to_all = pytest.mark.parametrize("settings", [Registration.OPEN], indirect=True)


async def test_a_registration_waits_for_an_admins_approval(api: Api) -> None:
    assert (await _register(api, "eve")).json() == {"registration": "approval"}
    early, guess = await api.login("eve", PASSWORD), await api.login("eve", "a guess")
    assert (early.status_code, early.json()["code"]) == (403, "waits_for_approval")
    assert (guess.status_code, guess.json()["code"]) == (401, "wrong_credentials")

    (waiting,) = await _pending(api)
    approved = await api.client.post(f"{USERS}/{waiting['id']}/approve", headers=api.bearer("grace"))

    assert (approved.json()["role"], approved.json()["pending"]) == ("user", False)
    assert (await api.login("eve", PASSWORD)).status_code == 200
    again = await api.client.post(f"{USERS}/{waiting['id']}/approve", headers=api.bearer("grace"))
    assert (again.status_code, again.json()["code"]) == (409, "not_waiting")


async def test_a_rejected_registration_is_deleted(api: Api) -> None:
    await _register(api, "eve")
    (waiting,) = await _pending(api)

    answer = await api.client.post(f"{USERS}/{waiting['id']}/reject", headers=api.bearer("grace"))

    assert answer.status_code == 204
    assert await _pending(api) == []
    assert (await api.login("eve", PASSWORD)).status_code == 401
    await _register(api, "eve")
    assert len(await _pending(api)) == 1


async def test_only_a_pending_account_can_be_rejected(api: Api) -> None:
    answer = await api.client.post(f"{USERS}/{api.people['ada'].id}/reject", headers=api.bearer("root"))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_waiting")
    assert (await api.login("ada")).status_code == 200


async def test_enabling_a_pending_account_approves_it(api: Api) -> None:
    await _register(api, "eve")
    (waiting,) = await _pending(api)

    await api.client.patch(f"{USERS}/{waiting['id']}", headers=api.bearer("grace"), json={"active": True})

    assert await _pending(api) == []
    assert (await api.login("eve", PASSWORD)).status_code == 200


async def test_a_taken_name_is_answered_like_a_free_one(api: Api) -> None:
    answers = [await _register(api, name) for name in ("a new name", "ada", " ADA ", "root")]

    assert len({(answer.status_code, answer.text, str(sorted(answer.headers.items()))) for answer in answers}) == 1
    assert answers[0].status_code == 202
    assert [one["username"] for one in await _pending(api)] == ["a new name"]
    assert (await api.login("ada")).status_code == 200  # the old password, and the old role
    assert (await api.row("root")).role == "super_admin"


@off
async def test_registration_is_refused_while_it_is_off(api: Api) -> None:
    answer = await _register(api, "eve")

    assert (answer.status_code, answer.json()["code"]) == (403, "registration_off")
    assert (await api.client.get("/api/auth/options")).json()["registration"] == "off"


@open_to_all
async def test_open_registration_allows_signing_in_at_once(api: Api) -> None:
    assert (await _register(api, "eve")).status_code == 202

    login = await api.login("eve", PASSWORD)
    me = await api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {login.json()['access_token']}"})
    assert (me.json()["role"], me.json()["active"], me.json()["pending"]) == ("user", True, False)


@open_to_all
@pytest.mark.parametrize(
    "more", [{"role": "super_admin"}, {"is_admin": True}, {"active": True}, {"pending": False}, {"id": "0" * 32}]
)
async def test_a_registration_accepts_name_and_password_only(api: Api, more: dict[str, Any]) -> None:
    answer = await api.client.post(
        "/api/auth/register", json={"username": "eve", "password": PASSWORD, **more}, params=more
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await api.login("eve", PASSWORD)).status_code == 401


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [("eve", "password", "weak_password"), ("eve", "short", "weak_password"), ("", PASSWORD, "invalid_username")],
)
async def test_errors_in_the_request_itself_are_reported(api: Api, username: str, password: str, code: str) -> None:
    answer = await api.client.post("/api/auth/register", json={"username": username, "password": password})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_registrations_from_one_address_are_throttled(api: Api) -> None:
    answers = [await _register(api, f"eve {number}") for number in range(7)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) >= 1


async def test_the_number_of_pending_accounts_is_limited(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.accounts.registration._MAX_PENDING", 1)
    passwords = Passwords(memory_kib=TEST_MEMORY_KIB)
    await register(database, passwords, Registration.APPROVAL, "eve", PASSWORD)

    with pytest.raises(TooManyPendingAccounts):
        await register(database, passwords, Registration.APPROVAL, "adam", PASSWORD)
    passwords.close()


async def test_pending_accounts_are_found(settings: Settings, database: Database) -> None:
    async with open_api(make_app(settings, database)) as api:
        await _register(api, "eve")

        assert [one["username"] for one in await _pending(api)] == ["eve"]


async def _register(api: Api, name: str) -> httpx.Response:
    return await api.client.post("/api/auth/register", json={"username": name, "password": PASSWORD})


async def _pending(api: Api) -> list[dict[str, Any]]:
    answer = await api.client.get(USERS, headers=api.bearer("grace"), params={"pending": True})
    found: list[dict[str, Any]] = answer.json()["accounts"]
    return found


async def test_one_network_cannot_fill_the_waiting_room(database: Database) -> None:
    passwords = Passwords(memory_kib=TEST_MEMORY_KIB)

    async def ask(name: str, address: str) -> None:
        audit.address.set(address)
        await register(database, passwords, Registration.APPROVAL, name, PASSWORD)

    for number in range(50):
        await ask(f"bot {number}", f"2001:db8:1:{number:x}::1")
    with pytest.raises(TooManyPendingAccounts):
        await ask("bot 50", "2001:db8:1:ffff::1")
    await ask("ada", "203.0.113.7")

    async with database.read() as session:
        assert await service.find_by_name(session, "ada") is not None
        assert await service.find_by_name(session, "bot 50") is None
        audit.address.set("2001:db8:1:fffe::1")
        identity = GoogleIdentity("https://accounts.google.com", "7", "bot@gmail.com", "nonce")
    with pytest.raises(TooManyPendingAccounts):
        await identities.sign_in(database, Registration.APPROVAL, identity)
    passwords.close()
