"""Attempts are limited per account and per address, and the wait is bounded."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from starlette.requests import Request

from backend.accounts import device_cookie
from backend.accounts.tables import AttemptCount
from backend.accounts.throttle import Throttle, TooManyAttempts, delete_expired, network_of
from backend.database import Database, utc_now
from tests.accounts.people import PASSWORD, Api
from tests.clocks import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def throttle(database: Database, clock: FixedClock) -> Throttle:
    return Throttle(database, clock)


async def test_the_wait_doubles_up_to_a_maximum(throttle: Throttle, clock: FixedClock) -> None:
    waits = []
    for guess in range(20):
        wait = await _guess(throttle, "ada", f"address {guess}")
        if wait:
            clock.advance(wait)
            waits.append(wait)
            await _guess(throttle, "ada", f"address {guess}")

    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == 300
    clock.advance(301)
    assert await _guess(throttle, "ada", "new") == 0


async def test_one_address_that_tries_many_accounts_is_slowed_down(throttle: Throttle) -> None:
    waits = [await _guess(throttle, f"account {guess}", "here") for guess in range(30)]

    assert waits[:20] == [0] * 20
    assert all(waits[20:])
    assert await _guess(throttle, "account 1", "elsewhere") == 0


async def test_simultaneous_attempts_at_all_servers_count(
    throttle: Throttle, clock: FixedClock, database: Database
) -> None:
    servers = [throttle, Throttle(database, clock)]
    ended = asyncio.Event()
    allowed = 0

    async def guess(number: int) -> None:
        nonlocal allowed
        with suppress(TooManyAttempts):
            async with servers[number % 2].attempt("ada", f"address {number}"):
                allowed += 1
                await ended.wait()

    guesses = [asyncio.create_task(guess(number)) for number in range(40)]
    await asyncio.wait(guesses[5:], return_when=asyncio.FIRST_COMPLETED)
    while sum(guess.done() for guess in guesses) < 35:
        await asyncio.sleep(0)
    ended.set()
    await asyncio.gather(*guesses)

    assert allowed == 5


async def test_a_count_holds_at_every_server(throttle: Throttle, clock: FixedClock, database: Database) -> None:
    other = Throttle(database, clock)
    for number in range(5):
        assert await _guess(throttle, "ada", f"address {number}") == 0

    assert await _guess(other, "ada", "address 9") > 0
    assert await _guess(other, "ada", "home", device="adas browser", succeeded=True) == 0


async def test_rows_are_swept_by_age_and_number(throttle: Throttle, clock: FixedClock, database: Database) -> None:
    await _guess(throttle, "ada", "home", succeeded=True)
    await _guess(throttle, "ada", "long ago")
    clock.advance(3601)
    for number in range(5):
        clock.advance(1)
        await throttle.count(("nonce", f"203.0.113.{number}"))

    async with database.write() as session:
        await delete_expired(session, clock.now, most=3)

    async with database.read() as session:
        kinds = sorted(await session.scalars(select(AttemptCount.kind)))
    assert kinds == ["known", "nonce", "nonce", "nonce"]
    assert await _guess(throttle, "ada", "home", succeeded=True) == 0


async def test_a_success_resets_the_count_of_the_account_but_not_of_the_address(throttle: Throttle) -> None:
    for number in range(19):
        await _guess(throttle, f"victim {number}", "here")
    for _ in range(30):
        assert await _guess(throttle, "mine", "here", succeeded=True) == 0

    await _guess(throttle, "victim 20", "here")
    assert await _guess(throttle, "victim 21", "here") > 0


async def test_guesses_from_elsewhere_do_not_lock_out_a_known_address(throttle: Throttle) -> None:
    await _guess(throttle, "ada", "home", succeeded=True)
    for number in range(50):
        await _guess(throttle, "ada", f"bot {number}")

    assert await _guess(throttle, "ada", "bot 51") > 0
    assert await _guess(throttle, "ada", "home", succeeded=True) == 0


async def test_somebody_who_has_signed_in_from_a_network_is_not_held_by_its_guesses_at_others(
    throttle: Throttle,
) -> None:
    await _guess(throttle, "ada", "office", succeeded=True)
    for guess in range(60):
        await _guess(throttle, f"account {guess}", "office")

    assert await _guess(throttle, "bo", "office") > 0
    assert await _guess(throttle, "ada", "office", succeeded=True) == 0


async def test_a_known_device_signs_in_while_a_neighbour_guesses_at_the_same_account(throttle: Throttle) -> None:
    await _guess(throttle, "ada", "office", succeeded=True)
    for _ in range(20):
        await _guess(throttle, "ada", "office")

    assert await _guess(throttle, "ada", "office") > 0
    assert await _guess(throttle, "ada", "office", device="adas browser", succeeded=True) == 0


async def test_a_known_device_that_guesses_is_slowed_down(throttle: Throttle) -> None:
    waits = [await _guess(throttle, "ada", f"address {number}", device="stolen") for number in range(8)]

    assert waits[:5] == [0] * 5
    assert all(waits[5:])


async def test_all_addresses_of_an_ipv6_network_share_a_count(throttle: Throttle) -> None:
    for number in range(40):
        await _guess(throttle, f"account {number}", f"2001:db8:1:2:{number:x}::{number:x}")

    assert await _guess(throttle, "bo", "2001:db8:1:2:ffff::1") > 0
    assert await _guess(throttle, "bo", "2001:db8:1:3::1") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("203.0.113.7", "203.0.113.7/32"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_a_browser_that_has_signed_in_is_not_locked_out_by_guesses(api: Api) -> None:
    await api.login("ada")  # this client keeps the cookie
    stranger = httpx.AsyncClient(transport=api.client._transport, base_url="http://server")
    guess = {"username": "ada", "password": "a wrong guess"}
    answers = [await stranger.post("/api/auth/login", data=guess) for _ in range(8)]

    right = {"username": "ada", "password": PASSWORD}
    assert answers[-1].status_code == 429
    assert (await stranger.post("/api/auth/login", data=right)).status_code == 429
    assert (await api.login("ada")).status_code == 200


@pytest.mark.parametrize("change", [lambda value: "", lambda value: value[:-1] + "z", lambda value: f"x{value}"])
async def test_a_forged_device_cookie_is_a_strangers(api: Api, change: Callable[[str], str]) -> None:
    await api.login("ada")
    value = str(api.client.cookies.get(device_cookie.NAME))
    cookies = {"Cookie": f"{device_cookie.NAME}={change(value)}"}
    stranger = httpx.AsyncClient(transport=api.client._transport, base_url="http://server", headers=cookies)
    guess = {"username": "ada", "password": "a wrong guess"}
    for _ in range(8):
        await stranger.post("/api/auth/login", data=guess)

    assert (await stranger.post("/api/auth/login", data=guess)).status_code == 429


async def test_a_device_cookie_is_for_the_account_that_has_signed_in(api: Api) -> None:
    await api.login("ada")
    for _ in range(6):
        answer = await api.login("grace", "a wrong guess")
    assert answer.status_code == 429

    cookie = f"{device_cookie.NAME}={api.client.cookies[device_cookie.NAME]}"
    request = Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})
    now = utc_now()
    assert device_cookie.find_device(request, api.settings, "ada", now) is not None
    assert device_cookie.find_device(request, api.settings, "grace", now) is None
    assert device_cookie.find_device(request, api.settings, "ada", now + timedelta(days=366)) is None


async def test_a_signed_in_person_is_not_held_by_guesses_of_others(api: Api) -> None:
    for _ in range(8):
        await api.login("ada", "a wrong guess")

    body = {"current_password": PASSWORD, "new_password": "明天早上九点半在一楼"}
    answer = await api.client.post("/api/auth/password", headers=api.bearer("ada"), json=body)

    assert answer.status_code == 200


async def test_counts_are_reset_after_an_hour(throttle: Throttle, clock: FixedClock) -> None:
    for _ in range(9):
        await _guess(throttle, "ada", "here")

    clock.advance(3601)

    assert [await _guess(throttle, "ada", "here") for _ in range(5)] == [0] * 5


async def test_guesses_at_unknown_names_are_answered_like_at_known_ones(api: Api) -> None:
    known = [await api.login("ada", "a wrong guess") for _ in range(7)]
    unknown = [await api.login("no such name", "a wrong guess") for _ in range(7)]

    assert [answer.status_code for answer in known] == [401] * 5 + [429] * 2
    assert [answer.status_code for answer in unknown] == [401] * 5 + [429] * 2
    assert known[5].json() == unknown[5].json()
    assert int(known[5].headers["Retry-After"]) >= 1
    assert (await api.login("ada")).status_code == 429  # also for the right password
    assert (await api.login("grace")).status_code == 200


async def test_spellings_of_one_name_share_a_count(api: Api) -> None:
    for name in ("ada", "ADA", " ada ", "ＡＤＡ", "Ada"):
        await api.login(name, "a wrong guess")

    assert (await api.login("ada")).status_code == 429


async def test_guesses_at_the_current_password_are_throttled(api: Api) -> None:
    body = {"current_password": "a wrong guess", "new_password": "明天早上九点半在一楼"}

    answers = [await api.client.post("/api/auth/password", headers=api.bearer("ada"), json=body) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert PASSWORD not in answers[-1].text


async def _guess(
    throttle: Throttle, account: str, address: str, *, device: str | None = None, succeeded: bool = False
) -> int:
    """The seconds this attempt has to wait."""
    try:
        async with throttle.attempt(account, address, device) as attempt:
            attempt.succeeded = succeeded
    except TooManyAttempts as error:
        return int((error.headers or {})["Retry-After"])
    return 0
