"""Asking for an account: three modes, one answer for every name, and never a role."""

from typing import Any

import httpx
import pytest

from backend.accounts.passwords import Passwords
from backend.accounts.registration import TooManyWaiting, register
from backend.database import Database
from backend.settings import Registration, Settings
from tests.accounts.people import House, make_app, open_house

PASSWORD = "明天早上九点半在一楼"
USERS = "/api/admin/users"


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    mode = getattr(request, "param", Registration.APPROVAL)
    return settings.model_copy(update={"registration": mode})


off = pytest.mark.parametrize("settings", [Registration.OFF], indirect=True)
open_to_all = pytest.mark.parametrize("settings", [Registration.OPEN], indirect=True)


async def test_who_asks_waits_until_an_admin_says_yes(house: House) -> None:
    assert (await _ask(house, "eve")).json() == {"registration": "approval"}
    early, guess = await house.login("eve", PASSWORD), await house.login("eve", "a guess")
    assert (early.status_code, early.json()["code"]) == (403, "waits_for_approval")
    assert (guess.status_code, guess.json()["code"]) == (401, "wrong_credentials")

    (waiting,) = await _waiting(house)
    approved = await house.client.post(f"{USERS}/{waiting['id']}/approve", headers=house.bearer("grace"))

    assert (approved.json()["role"], approved.json()["pending"]) == ("user", False)
    assert (await house.login("eve", PASSWORD)).status_code == 200
    again = await house.client.post(f"{USERS}/{waiting['id']}/approve", headers=house.bearer("grace"))
    assert (again.status_code, again.json()["code"]) == (409, "not_waiting")


async def test_who_is_turned_away_is_forgotten(house: House) -> None:
    await _ask(house, "eve")
    (waiting,) = await _waiting(house)

    answer = await house.client.post(f"{USERS}/{waiting['id']}/reject", headers=house.bearer("grace"))

    assert answer.status_code == 204
    assert await _waiting(house) == []
    assert (await house.login("eve", PASSWORD)).status_code == 401
    await _ask(house, "eve")
    assert len(await _waiting(house)) == 1


async def test_only_who_waits_is_turned_away(house: House) -> None:
    answer = await house.client.post(f"{USERS}/{house.people['ada'].id}/reject", headers=house.bearer("root"))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_waiting")
    assert (await house.login("ada")).status_code == 200


async def test_to_enable_who_waits_is_to_approve(house: House) -> None:
    await _ask(house, "eve")
    (waiting,) = await _waiting(house)

    await house.client.patch(f"{USERS}/{waiting['id']}", headers=house.bearer("grace"), json={"active": True})

    assert await _waiting(house) == []
    assert (await house.login("eve", PASSWORD)).status_code == 200


async def test_a_name_that_is_taken_is_answered_like_one_that_is_free(house: House) -> None:
    answers = [await _ask(house, name) for name in ("a new name", "ada", " ADA ", "root")]

    assert len({(answer.status_code, answer.text, str(sorted(answer.headers.items()))) for answer in answers}) == 1
    assert answers[0].status_code == 202
    assert [one["username"] for one in await _waiting(house)] == ["a new name"]
    assert (await house.login("ada")).status_code == 200  # the old password, and the old role
    assert (await house.row("root")).role == "super_admin"


@off
async def test_where_it_is_off_nobody_registers(house: House) -> None:
    answer = await _ask(house, "eve")

    assert (answer.status_code, answer.json()["code"]) == (403, "registration_off")
    assert (await house.client.get("/api/auth/options")).json()["registration"] == "off"


@open_to_all
async def test_where_it_is_open_one_signs_in_at_once(house: House) -> None:
    assert (await _ask(house, "eve")).status_code == 202

    login = await house.login("eve", PASSWORD)
    me = await house.client.get("/api/auth/me", headers={"Authorization": f"Bearer {login.json()['access_token']}"})
    assert (me.json()["role"], me.json()["active"], me.json()["pending"]) == ("user", True, False)


@open_to_all
@pytest.mark.parametrize(
    "more", [{"role": "super_admin"}, {"is_admin": True}, {"active": True}, {"pending": False}, {"id": "0" * 32}]
)
async def test_nothing_but_a_name_and_a_password_can_be_wished_for(house: House, more: dict[str, Any]) -> None:
    answer = await house.client.post(
        "/api/auth/register", json={"username": "eve", "password": PASSWORD, **more}, params=more
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await house.login("eve", PASSWORD)).status_code == 401


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [("eve", "password", "weak_password"), ("eve", "short", "weak_password"), ("", PASSWORD, "invalid_username")],
)
async def test_what_is_wrong_with_the_wish_itself_is_said(
    house: House, username: str, password: str, code: str
) -> None:
    answer = await house.client.post("/api/auth/register", json={"username": username, "password": password})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_one_address_asks_for_a_few_accounts_only(house: House) -> None:
    answers = [await _ask(house, f"eve {number}") for number in range(7)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) >= 1


async def test_there_is_an_end_to_those_who_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.accounts.registration._MOST_WAITING", 1)
    passwords = Passwords()
    await register(database, passwords, Registration.APPROVAL, "eve", PASSWORD)

    with pytest.raises(TooManyWaiting):
        await register(database, passwords, Registration.APPROVAL, "adam", PASSWORD)
    passwords.close()


async def test_people_who_wait_are_found(settings: Settings, database: Database) -> None:
    async with open_house(make_app(settings, database)) as house:
        await _ask(house, "eve")

        assert [one["username"] for one in await _waiting(house)] == ["eve"]


async def _ask(house: House, name: str) -> httpx.Response:
    return await house.client.post("/api/auth/register", json={"username": name, "password": PASSWORD})


async def _waiting(house: House) -> list[dict[str, Any]]:
    answer = await house.client.get(USERS, headers=house.bearer("grace"), params={"pending": True})
    found: list[dict[str, Any]] = answer.json()["accounts"]
    return found
