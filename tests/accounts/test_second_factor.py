"""Two-factor sign-in: a code is good once, recovery codes too, and nobody is told about it without the password."""

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pyotp
import pytest

from backend.accounts import second_factor
from backend.accounts.tables import SecondFactor
from backend.database import Database
from backend.settings import Settings
from tests.accounts.people import PASSWORD, House, make_app, open_house, settle

TWO = "/api/auth/two-factor"
NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc)


def at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


async def test_a_code_is_good_once_and_near_its_time(settings: Settings, database: Database) -> None:
    ada = (await settle(database))["ada"]
    secret, address = await _turn_on(settings, database, ada)
    later = NOW + timedelta(minutes=5)

    assert address.startswith("otpauth://totp/Meeting%20ASR:ada?")
    await second_factor.check(database, settings, ada, at(secret, later), later)
    for code, moment in (
        (at(secret, later), later),  # used
        (at(secret, later - timedelta(seconds=30)), later),  # older than the one that was used
        (at(secret, later + timedelta(minutes=2)), later),  # of the future
        ("000000", later),
        ("", later + timedelta(seconds=30)),
        ("１２３４５６", later),
        ("x" * 64, later),
    ):
        with pytest.raises((second_factor.WrongCode, second_factor.SecondFactorNeeded)):
            await second_factor.check(database, settings, ada, code, moment)
    next_step = later + timedelta(seconds=30)
    spaced = f"{at(secret, next_step)[:3]} {at(secret, next_step)[3:]}"
    await second_factor.check(database, settings, ada, spaced, next_step)


async def test_of_two_who_show_one_code_at_once_one_comes_in(settings: Settings, database: Database) -> None:
    ada = (await settle(database))["ada"]
    secret, _ = await _turn_on(settings, database, ada)
    later = NOW + timedelta(minutes=5)

    shown = [second_factor.check(database, settings, ada, at(secret, later), later) for _ in range(4)]
    ends = await asyncio.gather(*shown, return_exceptions=True)

    assert sum(end is None for end in ends) == 1


async def test_the_secret_does_not_lie_open_in_the_database(settings: Settings, database: Database) -> None:
    ada = (await settle(database))["ada"]
    secret, _ = await _turn_on(settings, database, ada)

    async with database.read() as session:
        row = await session.get_one(SecondFactor, ada.id)
    assert secret not in repr(vars(row))


async def test_after_a_change_of_the_key_a_recovery_code_still_works(settings: Settings, database: Database) -> None:
    ada = (await settle(database))["ada"]
    secret, _ = await _turn_on(settings, database, ada)
    async with database.write() as session:
        row = await session.get_one(SecondFactor, ada.id)
        row.recovery_hashes = [second_factor._hash("abcd-efgh")]
    other = Settings(_env_file=None, secret_key="another key, and long enough for tests")

    with pytest.raises(second_factor.WrongCode):
        await second_factor.check(database, other, ada, at(secret, NOW), NOW)
    await second_factor.check(database, other, ada, "ABCDEFGH", NOW)


async def test_signing_in_then_takes_two(house: House) -> None:
    secret, recovery = await _turn_on_over_http(house)
    fresh = at(secret, datetime.now(timezone.utc) + timedelta(seconds=30))

    assert (await house.login("ada", "a wrong guess")).json()["code"] == "wrong_credentials"
    assert (await house.login("ada")).json()["code"] == "second_factor_needed"
    assert (await _login(house, code="000000")).json()["code"] == "wrong_code"
    assert (await _login(house, code=fresh)).status_code == 200
    assert (await _login(house, code=fresh)).status_code == 401
    assert (await _login(house, code=recovery[0])).status_code == 200
    assert (await _login(house, code=recovery[0])).status_code == 401
    state = (await house.client.get(TWO, headers=house.bearer("ada"))).json()
    assert state == {"on": True, "recovery_codes_left": 9, "wanted": False}


async def test_who_knows_the_password_cannot_guess_the_code(house: House) -> None:
    await _turn_on_over_http(house)

    answers = []
    for _ in range(8):
        await house.login("ada")  # the right password forgives nothing
        answers.append((await _login(house, code="000000")).status_code)

    assert answers[:5] == [401] * 5
    assert answers[5:] == [429] * 3


async def test_beginning_needs_the_password_and_counts_only_when_confirmed(house: House) -> None:
    mine = house.bearer("ada")

    assert (await house.client.post(TWO, headers=mine, json={"password": "a guess"})).status_code == 403
    assert (await house.client.post(TWO + "/confirm", headers=mine, json={"code": "123456"})).status_code == 404
    begun = await house.client.post(TWO, headers=mine, json={"password": PASSWORD})
    assert (await house.client.post(TWO + "/confirm", headers=mine, json={"code": "abc"})).status_code == 401

    assert begun.status_code == 201
    assert (await house.login("ada")).status_code == 200


async def test_what_is_on_is_not_begun_anew(house: House) -> None:
    await _turn_on_over_http(house)

    again = await house.client.post(TWO, headers=house.bearer("ada"), json={"password": PASSWORD})

    assert (again.status_code, again.json()["code"]) == (409, "second_factor_on")


async def test_it_is_removed_with_a_code_or_by_an_admin(house: House) -> None:
    _, recovery = await _turn_on_over_http(house)
    mine, path = house.bearer("ada"), f"/api/admin/users/{house.people['ada'].id}/two-factor"

    wrong = await house.client.post(TWO + "/remove", headers=mine, json={"code": "000000"})
    right = await house.client.post(TWO + "/remove", headers=mine, json={"code": recovery[3]})
    assert (wrong.status_code, right.status_code) == (401, 204)
    assert (await house.login("ada")).status_code == 200

    await _turn_on_over_http(house)
    assert (await house.client.delete(path, headers=house.bearer("nobody"))).status_code == 403
    assert (await house.client.delete(path, headers=house.bearer("grace"))).status_code == 204
    assert (await house.client.delete(path, headers=house.bearer("grace"))).status_code == 404
    assert (await house.login("ada")).status_code == 200


async def test_other_recovery_codes_come_for_a_code_and_end_those_before(house: House) -> None:
    _, before = await _turn_on_over_http(house)
    mine = house.bearer("ada")

    wrong = await house.client.post(TWO + "/recovery-codes", headers=mine, json={"code": "000000"})
    right = await house.client.post(TWO + "/recovery-codes", headers=mine, json={"code": before[0]})

    after = right.json()["recovery_codes"]
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    assert right.status_code == 200
    assert len(set(after)) == 10
    assert not set(after) & set(before)
    assert (await _login(house, code=before[1])).json()["code"] == "wrong_code"
    assert (await _login(house, code=after[1])).status_code == 200
    assert (await house.client.get(TWO, headers=mine)).json() == {"on": True, "recovery_codes_left": 9, "wanted": False}
    noted = (await house.client.get("/api/admin/audit", headers=house.bearer("grace"))).json()["entries"]
    assert [one["actor_name"] for one in noted if one["action"] == "recovery_codes_renewed"] == ["ada"]


async def test_where_it_is_off_there_are_no_recovery_codes_to_be_had(house: House) -> None:
    mine = house.bearer("ada")

    never = await house.client.post(TWO + "/recovery-codes", headers=mine, json={"code": "000000"})
    await house.client.post(TWO, headers=mine, json={"password": PASSWORD})
    begun = await house.client.post(TWO + "/recovery-codes", headers=mine, json={"code": "000000"})

    assert [(answer.status_code, answer.json()["code"]) for answer in (never, begun)] == [
        (404, "second_factor_off")
    ] * 2


@pytest.fixture
def strict(settings: Settings) -> Settings:
    return settings.model_copy(update={"admin_two_factor": True})


async def test_a_server_can_want_it_of_its_admins(strict: Settings, database: Database) -> None:
    async with open_house(make_app(strict, database)) as house:
        grace = house.bearer("grace")

        refused = await house.client.get("/api/admin/users", headers=grace)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_wanted")
        assert (await house.client.get(TWO, headers=grace)).json()["wanted"]
        await _turn_on_over_http(house, "grace")

        assert (await house.client.get("/api/admin/users", headers=grace)).status_code == 200
        assert not (await house.client.get(TWO, headers=house.bearer("ada"))).json()["wanted"]


async def _turn_on(settings: Settings, database: Database, user: Any) -> tuple[str, str]:
    async with database.write() as session:
        secret, address = await second_factor.begin(session, settings, user)
    async with database.write() as session:
        await second_factor.confirm(session, settings, user, at(secret, NOW), NOW)
    return secret, address


async def _turn_on_over_http(house: House, who: str = "ada") -> tuple[str, list[str]]:
    mine = house.bearer(who)
    secret = (await house.client.post(TWO, headers=mine, json={"password": PASSWORD})).json()["secret"]
    code = at(secret, datetime.now(timezone.utc))
    confirmed = await house.client.post(TWO + "/confirm", headers=mine, json={"code": code})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


async def _login(house: House, *, code: str) -> httpx.Response:
    form = {"username": "ada", "password": PASSWORD, "code": code}
    return await house.client.post("/api/auth/login", data=form)
