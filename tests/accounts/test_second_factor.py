"""Two-factor sign-in: codes and recovery codes are accepted once, and only after the right password."""

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
from tests.accounts.people import PASSWORD, Api, create_users, make_app, open_api

TWO_FACTOR = "/api/auth/two-factor"
NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc)


def at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


async def test_a_code_is_accepted_once_and_near_its_time(settings: Settings, database: Database) -> None:
    ada = (await create_users(database))["ada"]
    secret, address = await _turn_on(settings, database, ada)
    later = NOW + timedelta(minutes=5)

    assert address.startswith("otpauth://totp/Meeting%20ASR:ada?")
    await second_factor.check(database, settings, ada, at(secret, later), later)
    for code, moment in (
        (at(secret, later), later),  # used
        (at(secret, later - timedelta(seconds=30)), later),  # older than the used one
        (at(secret, later + timedelta(minutes=2)), later),  # in the future
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


async def test_a_code_sent_several_times_at_once_is_accepted_once(settings: Settings, database: Database) -> None:
    ada = (await create_users(database))["ada"]
    secret, _ = await _turn_on(settings, database, ada)
    later = NOW + timedelta(minutes=5)

    checks = [second_factor.check(database, settings, ada, at(secret, later), later) for _ in range(4)]
    results = await asyncio.gather(*checks, return_exceptions=True)

    assert sum(result is None for result in results) == 1


async def test_the_secret_is_encrypted_in_the_database(settings: Settings, database: Database) -> None:
    ada = (await create_users(database))["ada"]
    secret, _ = await _turn_on(settings, database, ada)

    async with database.read() as session:
        row = await session.get_one(SecondFactor, ada.id)
    assert secret not in repr(vars(row))


async def test_recovery_codes_work_after_secret_key_has_changed(settings: Settings, database: Database) -> None:
    ada = (await create_users(database))["ada"]
    secret, _ = await _turn_on(settings, database, ada)
    async with database.write() as session:
        row = await session.get_one(SecondFactor, ada.id)
        row.recovery_hashes = [second_factor._hash("abcd-efgh")]
    other = Settings(_env_file=None, secret_key="another key, and long enough for tests")

    with pytest.raises(second_factor.WrongCode):
        await second_factor.check(database, other, ada, at(secret, NOW), NOW)
    await second_factor.check(database, other, ada, "ABCDEFGH", NOW)


async def test_signing_in_requires_password_and_code(api: Api) -> None:
    secret, recovery = await _turn_on_over_http(api)
    fresh = at(secret, datetime.now(timezone.utc) + timedelta(seconds=30))

    assert (await api.login("ada", "a wrong guess")).json()["code"] == "wrong_credentials"
    assert (await api.login("ada")).json()["code"] == "second_factor_needed"
    assert (await _login(api, code="000000")).json()["code"] == "wrong_code"
    assert (await _login(api, code=fresh)).status_code == 200
    assert (await _login(api, code=fresh)).status_code == 401
    assert (await _login(api, code=recovery[0])).status_code == 200
    assert (await _login(api, code=recovery[0])).status_code == 401
    state = (await api.client.get(TWO_FACTOR, headers=api.bearer("ada"))).json()
    assert state == {"on": True, "recovery_codes_left": 9, "wanted": False}


async def test_guessing_the_code_is_throttled_despite_the_right_password(api: Api) -> None:
    await _turn_on_over_http(api)

    answers = []
    for _ in range(8):
        await api.login("ada")  # the right password does not reset the count
        answers.append((await _login(api, code="000000")).status_code)

    assert answers[:5] == [401] * 5
    assert answers[5:] == [429] * 3


async def test_enrolment_requires_the_password_and_takes_effect_when_confirmed(api: Api) -> None:
    headers = api.bearer("ada")

    assert (await api.client.post(TWO_FACTOR, headers=headers, json={"password": "a guess"})).status_code == 403
    assert (await api.client.post(TWO_FACTOR + "/confirm", headers=headers, json={"code": "123456"})).status_code == 404
    enrolled = await api.client.post(TWO_FACTOR, headers=headers, json={"password": PASSWORD})
    assert (await api.client.post(TWO_FACTOR + "/confirm", headers=headers, json={"code": "abc"})).status_code == 401

    assert enrolled.status_code == 201
    assert (await api.login("ada")).status_code == 200


async def test_enrolling_twice_is_refused(api: Api) -> None:
    await _turn_on_over_http(api)

    again = await api.client.post(TWO_FACTOR, headers=api.bearer("ada"), json={"password": PASSWORD})

    assert (again.status_code, again.json()["code"]) == (409, "second_factor_on")


async def test_it_is_removed_with_a_code_or_by_an_admin(api: Api) -> None:
    _, recovery = await _turn_on_over_http(api)
    headers, path = api.bearer("ada"), f"/api/admin/users/{api.people['ada'].id}/two-factor"

    wrong = await api.client.post(TWO_FACTOR + "/remove", headers=headers, json={"code": "000000"})
    right = await api.client.post(TWO_FACTOR + "/remove", headers=headers, json={"code": recovery[3]})
    assert (wrong.status_code, right.status_code) == (401, 204)
    assert (await api.login("ada")).status_code == 200

    await _turn_on_over_http(api)
    assert (await api.client.delete(path, headers=api.bearer("mary"))).status_code == 403
    assert (await api.client.delete(path, headers=api.bearer("grace"))).status_code == 204
    assert (await api.client.delete(path, headers=api.bearer("grace"))).status_code == 404
    assert (await api.login("ada")).status_code == 200


async def test_new_recovery_codes_require_a_code_and_replace_the_old_ones(api: Api) -> None:
    _, before = await _turn_on_over_http(api)
    headers = api.bearer("ada")

    wrong = await api.client.post(TWO_FACTOR + "/recovery-codes", headers=headers, json={"code": "000000"})
    right = await api.client.post(TWO_FACTOR + "/recovery-codes", headers=headers, json={"code": before[0]})

    after = right.json()["recovery_codes"]
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    assert right.status_code == 200
    assert len(set(after)) == 10
    assert not set(after) & set(before)
    assert (await _login(api, code=before[1])).json()["code"] == "wrong_code"
    assert (await _login(api, code=after[1])).status_code == 200
    assert (await api.client.get(TWO_FACTOR, headers=headers)).json() == {
        "on": True,
        "recovery_codes_left": 9,
        "wanted": False,
    }
    logged = (await api.client.get("/api/admin/audit", headers=api.bearer("grace"))).json()["entries"]
    assert [one["actor_name"] for one in logged if one["action"] == "recovery_codes_renewed"] == ["ada"]


async def test_recovery_codes_require_an_enabled_second_factor(api: Api) -> None:
    headers = api.bearer("ada")

    before = await api.client.post(TWO_FACTOR + "/recovery-codes", headers=headers, json={"code": "000000"})
    await api.client.post(TWO_FACTOR, headers=headers, json={"password": PASSWORD})
    unconfirmed = await api.client.post(TWO_FACTOR + "/recovery-codes", headers=headers, json={"code": "000000"})

    assert [(answer.status_code, answer.json()["code"]) for answer in (before, unconfirmed)] == [
        (404, "second_factor_off")
    ] * 2


@pytest.fixture
def strict(settings: Settings) -> Settings:
    return settings.model_copy(update={"admin_two_factor": True})


async def test_a_server_can_require_it_of_admins(strict: Settings, database: Database) -> None:
    async with open_api(make_app(strict, database)) as api:
        grace = api.bearer("grace")

        refused = await api.client.get("/api/admin/users", headers=grace)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_wanted")
        assert (await api.client.get(TWO_FACTOR, headers=grace)).json()["wanted"]
        await _turn_on_over_http(api, "grace")

        assert (await api.client.get("/api/admin/users", headers=grace)).status_code == 200
        assert not (await api.client.get(TWO_FACTOR, headers=api.bearer("ada"))).json()["wanted"]


async def _turn_on(settings: Settings, database: Database, user: Any) -> tuple[str, str]:
    async with database.write() as session:
        secret, address = await second_factor.enroll(session, settings, user)
    async with database.write() as session:
        await second_factor.confirm(session, settings, user, at(secret, NOW), NOW)
    return secret, address


async def _turn_on_over_http(api: Api, who: str = "ada") -> tuple[str, list[str]]:
    headers = api.bearer(who)
    secret = (await api.client.post(TWO_FACTOR, headers=headers, json={"password": PASSWORD})).json()["secret"]
    code = at(secret, datetime.now(timezone.utc))
    confirmed = await api.client.post(TWO_FACTOR + "/confirm", headers=headers, json={"code": code})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


async def _login(api: Api, *, code: str) -> httpx.Response:
    form = {"username": "ada", "password": PASSWORD, "code": code}
    return await api.client.post("/api/auth/login", data=form)
